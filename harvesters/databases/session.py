"""One read-only session with a department's database, through a gate, by whichever driver its product needs.

Errors never carry what a driver says: it may name accounts, hosts and values. They carry its code.
"""

from __future__ import annotations

import contextlib
import importlib
import re
import socket
import ssl
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import sqlalchemy as sa

from harvesters import credentials
from harvesters.databases import drivers
from harvesters.databases.drivers import Driver
from harvesters.databases.gate import Gate
from harvesters.exceptions import SourceError, SourceRefused, SourceUnreachable
from harvesters.fetch import Fetcher
from harvesters.source import Database, Source

FETCHED = 200  # rows asked for at a time
APPLICATION = "govcn-harvest"
PLAIN = ("NUMBER", "DATETIME", "DATE", "TIME", "TIMESTAMP")  # types of DB-API drivers that are never long
READING = frozenset({"USAGE", "SELECT", "SHOW VIEW", "SHOW DATABASES", "PROCESS"})


class Session:
    """An open session. Every call has its time and its bytes."""

    def __init__(self, driver: Driver, module: Any, connection: Any, gate: Gate) -> None:
        self._driver = driver
        self._module = module
        self._connection = connection
        self._gate = gate
        self._seconds = gate.limits.statement
        self._dialect = _dialect(driver, module)

    def begin(self) -> None:
        """A read-only transaction that sees one state of the database throughout (where the product can)."""
        with self._calling():
            self._connection.rollback()
            for text in self._driver.begin:
                with contextlib.closing(self._connection.cursor()) as cursor:
                    cursor.execute(text.format(seconds=int(self._seconds), milliseconds=int(self._seconds * 1000)))

    def rows(self, asked: sa.Select[Any]) -> list[tuple[Any, ...]]:
        """All rows of a small answer."""
        with self._calling(), contextlib.closing(self._connection.cursor()) as cursor:
            cursor.execute(*self._worded(asked))
            return [tuple(row) for row in cursor.fetchall()]

    def long_columns(self, asked: sa.Select[Any]) -> set[str]:
        """Names of the columns of an answer without rows whose values may be of any length."""
        plain = [getattr(self._module, name) for name in PLAIN if hasattr(self._module, name)]
        with self._calling(), contextlib.closing(self._connection.cursor()) as cursor:
            cursor.execute(*self._worded(asked))
            named = zip(asked.selected_columns.keys(), cursor.description, strict=True)
            found = {name for name, described in named if not any(kind == described[1] for kind in plain)}
            cursor.fetchall()
            return found

    def stream(self, asked: sa.Select[Any]) -> Iterator[Sequence[Any]]:
        """The rows one after the other, with a cursor on the server's side: never more than some of them are here."""
        with self._calling():
            cursor = _streaming(self._driver, self._connection)
            cursor.execute(*self._worded(asked))
        while True:
            with self._calling():
                found = cursor.fetchmany(FETCHED)
            if not found:
                break
            yield from found
        with self._calling():
            cursor.close()

    def may_write(self) -> bool | None:
        """Has the account more rights than reading? None: it could not be found out."""
        rights = self._driver.rights
        try:
            with self._calling(), contextlib.closing(self._connection.cursor()) as cursor:
                cursor.execute(rights.get("count") or rights["privileges"])
                found = [str(row[0]) for row in cursor.fetchall()]
        except SourceError:
            if self._gate.stopped:
                raise
            return None
        if "count" in rights:
            return int(found[0]) > 0
        return granted(found)

    @contextmanager
    def _calling(self) -> Generator[None]:
        """One call of the driver: its time, its bytes, and errors that say nothing of what the server says."""
        self._gate.allow(self._seconds + self._gate.limits.silence)
        try:
            yield
        except self._module.Error as error:
            raise self._gate.stopped or told(self._gate.where, self._driver, error) from None
        except UnicodeError:
            why = "库里有不是 UTF-8 的文字。请对方改正库的字符集，或在查询里转换编码。"
            raise SourceRefused(self._gate.where, why, "It holds text that is not UTF-8.") from None
        except Exception:  # noqa: BLE001 - drivers raise whatever an answer of nonsense makes them raise
            why = "应答不符合数据库协议。请核对地址、端口和数据库类型"
            broken = SourceUnreachable(self._gate.where, why, "its answer is no database's")
            raise self._gate.stopped or broken from None
        finally:
            self._gate.rest()

    def _worded(self, asked: sa.Select[Any]) -> tuple[str, Any]:
        compiled: Any = asked.compile(dialect=self._dialect, compile_kwargs={"render_postcompile": True})
        values: dict[str, Any] = compiled.construct_params()
        return str(compiled), tuple(values[name] for name in compiled.positiontup) if compiled.positional else values


def granted(lines: Sequence[str]) -> bool | None:
    """Do MySQL's grants allow more than reading? None when a role is among them whose grants are not shown."""
    hidden = False
    for line in lines:
        match = re.match(r"GRANT (.+?) ON (\S+) TO (\S+)", line, re.IGNORECASE)
        if match and match[3] == "PUBLIC" and match[2].startswith("`test"):
            continue  # what MariaDB grants to everybody on its empty database `test`
        if match is None:
            hidden = True
            continue
        words = re.sub(r"\([^)]*\)", "", match[1]).upper().split(",")
        if any(word.strip() not in READING for word in words):
            return True
    return None if hidden and len(lines) < 3 else False


@contextmanager
def opened(source: Source, database: Database, fetcher: Fetcher) -> Generator[Session]:
    """A session of the source. Raises SourceError when the server must not be asked, is not there, or says no."""
    driver = drivers.driver(database.driver)
    where = name_of(database)
    module = _module(where, driver)
    account, password = credentials.filled(database.account), credentials.filled(database.password)
    server = fetcher.connected(database.host, database.port or driver.port)
    limits = source.limits
    with Gate(where, server, limits) as gate:
        gate.allow(limits.connect + limits.silence)
        try:
            connection = CONNECT[driver.module](module, database, gate, account, password)
        except Exception as error:  # noqa: BLE001 - see Session._calling
            raise gate.stopped or _not_connected(where, driver, error) from None
        session = Session(driver, module, connection, gate)
        try:
            yield session
        except BaseException:
            gate.shut()  # else a driver reads the rest of an answer before it closes
            raise
        finally:
            gate.allow(limits.silence)
            with contextlib.suppress(Exception):
                connection.close()


def name_of(database: Database) -> str:
    """How reports name the database: its product and table, never where it is."""
    return f"{drivers.driver(database.driver).title} {database.table or '查询'}"


def _module(where: str, driver: Driver) -> Any:
    try:
        return importlib.import_module(driver.module)
    except ImportError as error:
        raise SourceRefused(
            where,
            f"没有安装 {driver.title} 的驱动程序。请在平台的 Python 环境中安装 ckanext-govcn[{driver.extra}]。"
            + _untried(driver),
            f"The driver is not installed: install ckanext-govcn[{driver.extra}].",
        ) from error


def _untried(driver: Driver) -> str:
    return "" if driver.tried else f"注意：{driver.title} 未在本平台试用。"


def _code(error: BaseException) -> str:
    """A driver's code for what went wrong: SQLSTATE, or the product's own number."""
    first = error.args[0] if error.args else ""
    own = getattr(error, "pgcode", None) or getattr(first, "full_code", None)
    code = own or getattr(error, "number", None) or first
    text = str(code) if isinstance(code, (int, str)) else ""
    return text if re.fullmatch(r"[A-Z]{0,4}-?[0-9A-Z]{1,8}", text) else type(error).__name__


TIMED_OUT = frozenset({"57014", "3024", "1969", "DPY-4024"})
PASSING = frozenset({"1040", "1053", "1105", "1158", "1159", "1160", "1161", "1205", "1213", "1317", "1927"})
"""Numbers of MySQL for a server that is too busy, stopping, or breaks off."""


def told(where: str, driver: Driver, error: BaseException) -> SourceError:
    """What a driver's error means for the source."""
    code = _code(error)
    if code in TIMED_OUT:
        why = f"查询超过时限（limits.statement）。请缩小范围或由对方建索引。{_untried(driver)}"
        return SourceUnreachable(where, why, f"the statement took longer than limits.statement ({code})")
    if _may_pass(error, code):
        why = f"数据库中断了查询（{code}）{_untried(driver)}"
        return SourceUnreachable(where, why, f"the database broke off ({code})")
    why = f"数据库不接受查询（{code}）。请核对表名、列名、批次表设置和账号的查询权限。{_untried(driver)}"
    return SourceRefused(where, why, f"The database does not take the query ({code}). Check names and permissions.")


def _may_pass(error: BaseException, code: str) -> bool:
    """Is it the server's state and not the query that is wrong? MySQL's drivers call nearly everything operational."""
    operational = any(kind.__name__ in {"OperationalError", "InterfaceError"} for kind in type(error).__mro__)
    return operational and (not re.fullmatch(r"1\d\d\d", code) or code in PASSING)


def _not_connected(where: str, driver: Driver, error: BaseException) -> SourceError:
    code = _code(error)
    why = f"连接或登录失败（{code}），请核对地址、端口、库名、账号和口令{_untried(driver)}"
    return SourceUnreachable(where, why, f"no connection or no login ({code}); check address, name and credentials")


def _dialect(driver: Driver, module: Any) -> Any:
    path, _, name = driver.dialect.partition(":")
    return getattr(importlib.import_module(path), name)(paramstyle=module.paramstyle)


def _streaming(driver: Driver, connection: Any) -> Any:
    """A cursor that leaves the rows on the server's side."""
    if driver.module in {"psycopg2", "ksycopg2"}:
        return connection.cursor(name="govcn")
    if driver.module == "pymysql":
        return connection.cursor(importlib.import_module("pymysql.cursors").SSCursor)
    cursor = connection.cursor()
    with contextlib.suppress(AttributeError):
        cursor.arraysize = FETCHED
    return cursor


# ── connections


def _postgresql(module: Any, database: Database, gate: Gate, account: str, password: str) -> Any:
    limits = gate.limits
    milliseconds = int(limits.statement * 1000)
    options = {
        "default_transaction_read_only": "on",
        "statement_timeout": milliseconds,
        "lock_timeout": 10_000,
        "client_encoding": "UTF8",
    }
    trust = {"sslrootcert": database.ca or "system"} if database.tls == "verify" else {}
    connection = module.connect(
        host=database.host,
        hostaddr=gate.host,
        port=gate.port,
        dbname=database.name,
        user=account,
        password=password,
        connect_timeout=max(2, int(limits.connect)),
        sslmode="verify-full" if database.tls == "verify" else "prefer",
        gssencmode="disable",
        application_name=APPLICATION,
        options=" ".join(f"-c {name}={value}" for name, value in options.items()),
        **trust,
    )
    connection.set_session(isolation_level="REPEATABLE READ", readonly=True)
    return connection


def _mysql(module: Any, database: Database, gate: Gate, account: str, password: str) -> Any:
    trust: dict[str, Any] = {"ssl_disabled": True}
    if database.tls == "verify":
        trust = {"ssl": ssl.create_default_context(cafile=database.ca or None)}
    connection = module.connect(
        host=database.host,
        user=account,
        password=password,
        database=database.name,
        charset="utf8mb4",
        local_infile=False,  # a server may not ask for files of ours
        program_name=APPLICATION,
        defer_connect=True,
        **trust,
    )
    connection.connect(socket.create_connection((gate.host, gate.port), gate.limits.connect))
    return connection


def _oracle(module: Any, database: Database, gate: Gate, account: str, password: str) -> Any:
    connection = module.connect(
        user=account, password=password, host=gate.host, port=gate.port, service_name=database.name
    )
    connection.call_timeout = int(gate.limits.statement * 1000)
    return connection


def _sqlserver(module: Any, database: Database, gate: Gate, account: str, password: str) -> Any:
    return module.connect(
        dsn=gate.host,
        port=gate.port,
        database=database.name,
        user=account,
        password=password,
        login_timeout=gate.limits.connect,
        timeout=gate.limits.statement,
        readonly=True,
        appname=APPLICATION,
    )


def _dameng(module: Any, database: Database, gate: Gate, account: str, password: str) -> Any:
    return module.connect(
        user=account, password=password, server=gate.host, port=gate.port, schema=database.name, autoCommit=False
    )


CONNECT: dict[str, Callable[[Any, Database, Gate, str, str], Any]] = {
    "psycopg2": _postgresql,
    "ksycopg2": _postgresql,
    "pymysql": _mysql,
    "oracledb": _oracle,
    "pytds": _sqlserver,
    "dmPython": _dameng,
}
