# ruff: noqa: S608
"""A department's database as a source, on real servers: PostgreSQL as the platform brings it, MariaDB where it is installed."""

from __future__ import annotations

import contextlib
import ipaddress
import os
import re
import resource
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from contracts import databases
from contracts.databases import PASSWORD
from contracts.servers import RawServer

from harvesters import freshness
from harvesters.databases import drivers
from harvesters.exceptions import RecordError, SourceError, SourceRefused, SourceUnreachable
from harvesters.extract import records_from
from harvesters.fetch import Fetcher
from harvesters.networks import Networks
from harvesters.reading import read
from harvesters.record import Record
from harvesters.source import Source, source_from_yaml
from harvesters.trail import OPEN_ACCOUNT

LOOPBACK = Networks({"本机": (ipaddress.ip_network("127.0.0.0/8"),)})

TABLES = """
CREATE TABLE exch.catalog_entry (cata_id varchar(40), "cata_title" text, "摘要" longtext, org_name varchar(100),
  "OpenLevel" varchar(40), update_cycle varchar(20), updated date, amount numeric(12, 2), inner_note text, batch_no int,
  op char(4));
CREATE TABLE exch.batch (batch_no int, state varchar(10), done_at timestamp NULL);
"""


@dataclass
class Server:
    """A running server with the tables and two accounts: `reader` may only read, `writer` may write, too."""

    driver: str
    port: int
    _say: Callable[[str], None]

    def say(self, text: str) -> None:
        self._say(text.replace('"', "`") if self.driver == "mysql" else text.replace("longtext", "text"))

    @property
    def name(self) -> str:
        return "exch" if self.driver == "mysql" else "postgres"


@pytest.fixture(scope="module", params=["postgresql", "mysql"])
def running(request: pytest.FixtureRequest) -> Iterator[Server]:
    if request.param == "mysql" and not databases.mariadb_program():
        pytest.skip("MariaDB is not installed (Debian: mariadb-server): MySQL was not tried")
    start = databases.mariadb if request.param == "mysql" else databases.postgresql
    with start() as (port, say):
        server = Server(request.param, port, say)
        quoted = PASSWORD.replace("'", "''")
        if server.driver == "mysql":
            quoted = quoted.replace('"', '\\"')
            say("CREATE DATABASE exch CHARACTER SET utf8mb4")
            say(f"CREATE USER reader@'%' IDENTIFIED BY '{quoted}'; GRANT SELECT ON exch.* TO reader@'%'")
            say(
                f"CREATE USER writer@'%' IDENTIFIED BY '{quoted}'; GRANT SELECT, INSERT ON exch.* TO writer@'%'; GRANT EXECUTE ON exch.* TO writer@'%'"
            )
        else:
            say(
                f"CREATE SCHEMA exch; CREATE ROLE reader LOGIN PASSWORD '{quoted}'; CREATE ROLE writer LOGIN PASSWORD '{quoted}'"
            )
            say("GRANT USAGE ON SCHEMA exch TO reader, writer")
            say("ALTER DEFAULT PRIVILEGES IN SCHEMA exch GRANT SELECT ON TABLES TO reader")
            say("ALTER DEFAULT PRIVILEGES IN SCHEMA exch GRANT SELECT, INSERT ON TABLES TO writer")
        yield server


@pytest.fixture
def server(running: Server, monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    monkeypatch.setenv("QZK_ACCOUNT", "reader")
    monkeypatch.setenv("QZK_PASSWORD", PASSWORD)
    running.say("DROP TABLE IF EXISTS exch.catalog_entry; DROP TABLE IF EXISTS exch.batch")
    running.say(TABLES)
    return running


ROWS = 7


def fill(
    server: Server, batch: int = 1, *, rows: int = ROWS, state: str = "完成", op: str = "I", title: str = "公共厕所信息"
) -> None:
    server.say(f"INSERT INTO exch.batch VALUES ({batch}, '{state}', '2026-01-0{batch} 08:00:00')")
    values = ", ".join(
        f"('c-{n:03d}', '{title}（第{n}批）', '名称、位置和开放时间', '示例市城市管理局', '无条件开放', '每年', '2026-01-1{n % 9}', {n}.50, '内部', {batch}, '{op}')"
        for n in range(rows)
    )
    server.say(f"INSERT INTO exch.catalog_entry VALUES {values}")


def source_of(
    server: Server,
    folder: Path,
    more: str = "",
    table: str = "table: exch.catalog_entry",
    *,
    limits: str = "{statement: 20}",
) -> Source:
    text = f"""
name: qianzhiku
protocol: database
provider: 示例市城市管理局
allow_networks: [本机]
key: cata_id
fields: {{cata_title: title, OpenLevel: open_type}}
limits: {limits}
database:
  driver: {server.driver}
  host: localhost
  port: {server.port}
  name: {server.name}
  account: ${{QZK_ACCOUNT}}
  password: ${{QZK_PASSWORD}}
  {table}
  columns: [cata_id, cata_title, 摘要, org_name, OpenLevel, update_cycle, updated, amount]
  {more}
"""
    (folder / "qianzhiku.yaml").write_text(text, "utf-8")
    return source_from_yaml(folder / "qianzhiku.yaml")


def fetcher_of(source: Source) -> Fetcher:
    return Fetcher(source, resolve=lambda _host, _port: ["127.0.0.1"], networks=LOOPBACK)


def records(source: Source, fetcher: Fetcher | None = None) -> list[Record]:
    found = list(records_from(source, fetcher or fetcher_of(source)))
    assert all(isinstance(each, Record) for each in found)
    return found  # pyright: ignore[reportReturnType]


BATCHES = "batches: {table: exch.batch, id: batch_no, mark: state, finished: [完成], order: done_at}"


def test_a_table_becomes_entries(server: Server, tmp_path: Path) -> None:
    fill(server)
    source = source_of(server, tmp_path)
    fetcher = fetcher_of(source)
    outcomes = list(read(source, fetcher).outcomes)
    assert [o.remote_id for o in outcomes] == [f"c-{n:03d}" for n in range(ROWS)]
    entry = outcomes[3].entry
    assert (entry.title, entry.notes, entry.open_type) == (
        "公共厕所信息（第3批）",
        "名称、位置和开放时间",
        "unconditional",
    )
    assert (entry.update_cycle, str(entry.data_updated)[:10], entry.provider.name) == (
        "7",
        "2026-01-13",
        "示例市城市管理局",
    )
    assert not fetcher.trail.remarks


def test_only_listed_columns_are_asked_for(server: Server, tmp_path: Path) -> None:
    fill(server)
    first = records(source_of(server, tmp_path))[1]
    assert set(first.raw) == {
        "cata_id",
        "cata_title",
        "摘要",
        "org_name",
        "OpenLevel",
        "update_cycle",
        "updated",
        "amount",
    }
    assert first.raw["updated"] == "2026-01-11"
    assert first.raw["amount"] == "1.50"
    assert first.place.row == 2
    assert str(server.port) not in first.place.file


def test_a_query_stands_inside_our_own(server: Server, tmp_path: Path) -> None:
    fill(server)
    quote = "`" if server.driver == "mysql" else '"'
    query = f"""query: |
    -- 带百分号、冒号和注释的查询
    SELECT cata_id, CASE WHEN cata_id LIKE 'c-%%' THEN 'x' ELSE cata_title END AS cata_title, '10:30 :now' AS {quote}摘要{quote}, org_name,
      {quote}OpenLevel{quote}, update_cycle, updated, amount FROM exch.catalog_entry WHERE cata_id LIKE '%3' -- 末尾的注释"""
    found = records(source_of(server, tmp_path, table=query))
    assert [(r.raw["cata_id"], r.raw["cata_title"], r.raw["摘要"]) for r in found] == [("c-003", "x", "10:30 :now")]


def test_unfinished_batches_are_not_read(server: Server, tmp_path: Path) -> None:
    fill(server, 1, rows=3)
    fill(server, 2, rows=5, state="写入中")
    assert len(records(source_of(server, tmp_path, BATCHES))) == 3


def test_a_later_batch_takes_the_place_of_the_same_key(server: Server, tmp_path: Path) -> None:
    fill(server, 1, rows=4)
    fill(server, 3, rows=1, title="停车场信息", op="U")
    fill(server, 2, rows=2, title="旧名称", op="U")
    server.say("UPDATE exch.catalog_entry SET op = 'D' WHERE batch_no = 2 AND cata_id = 'c-001'")
    found = records(source_of(server, tmp_path, BATCHES + "\n  deleted: {column: op, values: [D, 删除]}"))
    assert [(r.raw["cata_id"], str(r.raw["cata_title"])[:5]) for r in found] == [
        ("c-000", "停车场信息"), ("c-002", "公共厕所信"), ("c-003", "公共厕所信"),
    ]  # fmt: skip


def test_only_the_latest_batch(server: Server, tmp_path: Path) -> None:
    fill(server, 1, rows=4)
    fill(server, 2, rows=2)
    fill(server, 3, rows=6, state="写入中")
    assert len(records(source_of(server, tmp_path, BATCHES.replace("done_at", "done_at, take: latest")))) == 2


def test_no_finished_batch_is_no_empty_catalogue(server: Server, tmp_path: Path) -> None:
    fill(server, 1, state="写入中")
    with pytest.raises(SourceUnreachable, match="还没有标记为完成的批次"):
        records(source_of(server, tmp_path, BATCHES))


def test_a_batch_that_is_written_again_is_waited_for(server: Server, tmp_path: Path) -> None:
    fill(server, 1)
    source = source_of(server, tmp_path, BATCHES)
    first = fetcher_of(source)
    records(source, first)
    assert first.trail.stamped
    server.say("UPDATE exch.batch SET state = '写入中'")
    fill(server, 2, rows=2)
    second = fetcher_of(source)
    second.trail.before = tuple(first.trail.stamps.values())
    with pytest.raises(SourceUnreachable, match="批次 1 曾经完成"):
        records(source, second)


def test_batches_are_known_again_by_their_marks(server: Server, tmp_path: Path) -> None:
    fill(server, 1)
    source = source_of(server, tmp_path, BATCHES)
    first = fetcher_of(source)
    records(source, first)
    stamps = freshness.worth_keeping(first.trail)
    assert freshness.unmodified(source, stamps, fetcher_of(source))
    fill(server, 2, rows=2, state="写入中")
    assert freshness.unmodified(source, stamps, fetcher_of(source))
    server.say("UPDATE exch.batch SET state = '完成'")
    assert not freshness.unmodified(source, stamps, fetcher_of(source))


def test_a_batch_that_changes_while_it_is_read_is_not_taken(server: Server, tmp_path: Path) -> None:
    fill(server, 1, rows=600)
    source = source_of(server, tmp_path, BATCHES)
    reading = records_from(source, fetcher_of(source))
    for _ in range(300):
        next(reading)
    server.say("UPDATE exch.batch SET state = '写入中'")
    with pytest.raises(SourceUnreachable, match="读取期间批次 1 的状态变了"):
        list(reading)


def test_an_account_that_may_write_is_told_of_and_still_cannot(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("QZK_ACCOUNT", "writer")
    fill(server)
    source = source_of(server, tmp_path)
    fetcher = fetcher_of(source)
    records(source, fetcher)
    assert [each.rule for each in fetcher.trail.remarks] == [OPEN_ACCOUNT]
    assert "只授予 SELECT" in next(iter(fetcher.trail.remarks)).message
    if server.driver == "mysql":
        server.say(
            "DROP FUNCTION IF EXISTS exch.writes; CREATE FUNCTION exch.writes() RETURNS int MODIFIES SQL DATA BEGIN INSERT INTO exch.batch VALUES (9, 'x', NULL); RETURN 1; END"
        )
    else:
        server.say(
            "CREATE OR REPLACE FUNCTION exch.writes() RETURNS int LANGUAGE sql AS $$ INSERT INTO exch.batch VALUES (9, 'x', NULL) RETURNING 1 $$"
        )
    query = "query: SELECT exch.writes() AS cata_id, 'a' AS cata_title, 'a' AS 摘要, 'a' AS org_name, 'a' AS \"OpenLevel\", 'a' AS update_cycle, 'a' AS updated, 1 AS amount"
    query = query.replace('"', "`") if server.driver == "mysql" else query
    with pytest.raises(SourceRefused, match="25006" if server.driver == "postgresql" else "1792"):
        records(source_of(server, tmp_path, table=query))


def test_limits_on_rows_and_cells(server: Server, tmp_path: Path) -> None:
    fill(server)
    with pytest.raises(SourceRefused, match="超过 5 行"):
        records(source_of(server, tmp_path, limits="{rows: 5, statement: 20}"))
    server.say("UPDATE exch.catalog_entry SET \"摘要\" = repeat('长', 300000) WHERE cata_id = 'c-002'")
    found = list(records_from(source := source_of(server, tmp_path), fetcher_of(source)))
    assert [isinstance(each, RecordError) for each in found] == [n == 2 for n in range(ROWS)]
    assert "摘要 的值超过 100000 个字符" in found[2].message  # pyright: ignore[reportAttributeAccessIssue]


SLEEP = {"postgresql": "pg_sleep(30)::text", "mysql": "sleep(30)"}


def test_a_statement_has_its_time(server: Server, tmp_path: Path) -> None:
    query = f"query: SELECT {SLEEP[server.driver]} AS cata_id, 'a' AS cata_title, 'a' AS 摘要, 'a' AS org_name, 'a' AS \"OpenLevel\", 'a' AS update_cycle, 'a' AS updated, 1 AS amount"
    query = query.replace('"', "`") if server.driver == "mysql" else query
    with pytest.raises(SourceUnreachable) as caught:
        records(source_of(server, tmp_path, table=query, limits="{statement: 1, silence: 10}"))
    assert caught.value.transient


@pytest.mark.parametrize(
    ("change", "kind"),
    [
        (("exch.catalog_entry", "exch.nowhere"), SourceRefused),
        (("columns: [cata_id, cata_title", "columns: [cata_id, gone, cata_title"), SourceRefused),
        (("port: ", "port: 1 # "), SourceUnreachable),
        (("${QZK_PASSWORD}", "${QZK_OTHER}"), SourceUnreachable),
        (("${QZK_PASSWORD}", "${QZK_UNSET}"), SourceRefused),
    ],
)
def test_errors_say_what_to_do_and_nothing_of_the_account(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, change: tuple[str, str], kind: type[SourceError]
) -> None:
    monkeypatch.setenv("QZK_OTHER", "falsche-parole")
    fill(server)
    source_of(server, tmp_path)
    path = tmp_path / "qianzhiku.yaml"
    path.write_text(path.read_text("utf-8").replace(*change), "utf-8")
    source = source_from_yaml(path)
    with pytest.raises(kind) as caught:
        records(source)
    for text in (caught.value.message, caught.value.message_en, str(caught.value), repr(source)):
        assert not re.search("reader|Parole|parole|schwierige", text)
    assert re.search("请|重试", caught.value.message)


def test_the_credential_may_be_a_file(server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fill(server)
    (tmp_path / "secret").write_text(PASSWORD + "\n", "utf-8")
    monkeypatch.delenv("QZK_PASSWORD")
    monkeypatch.setenv("QZK_PASSWORD_FILE", str(tmp_path / "secret"))
    assert len(records(source_of(server, tmp_path))) == ROWS


def test_inside_networks_stay_closed_until_they_are_named(server: Server, tmp_path: Path) -> None:
    source = replace(source_of(server, tmp_path), allow_networks=())
    with pytest.raises(SourceRefused, match="allow_networks"):
        records(source)


MANY = {
    "postgresql": "SELECT n::text AS cata_id, repeat(n::text, 40) AS cata_title, repeat('长', {cell}) AS 摘要 FROM generate_series(1, {rows}) AS n",
    "mysql": "SELECT seq AS cata_id, repeat(seq, 40) AS cata_title, repeat('长', {cell}) AS 摘要 FROM exch.many",
}

MEASURED = """
import ipaddress, resource, sys
from pathlib import Path
from harvesters.exceptions import HarvestError
from harvesters.extract import records_from
from harvesters.fetch import Fetcher
from harvesters.networks import Networks
from harvesters.source import source_from_yaml
source = source_from_yaml(Path(sys.argv[1]))
networks = Networks({"本机": (ipaddress.ip_network("127.0.0.0/8"),)})
count, error = 0, ""
try:
    for _ in records_from(source, Fetcher(source, resolve=lambda h, p: ["127.0.0.1"], networks=networks)):
        count += 1
except HarvestError as e:
    error = type(e).__name__
# ru_maxrss would count what the process was a copy of before it became this one
peak = next(int(line.split()[1]) for line in open("/proc/self/status") if line.startswith("VmHWM"))
print(count, peak // 1024, error)
"""


def measured(path: Path) -> tuple[int, int, str]:
    """(records, peak resident memory in MB, error) of a process of its own that only reads."""
    roots = [str(Path(__file__).resolve().parents[3]), str(Path(__file__).resolve().parents[3] / "ckanext-govcn")]
    done = subprocess.run(
        [sys.executable, "-c", MEASURED, str(path)], env={**os.environ, "PYTHONPATH": ":".join(roots)},
        capture_output=True, text=True, timeout=300, check=True,
    )  # fmt: skip
    count, peak, error = done.stdout.rstrip("\n").split(" ")
    return int(count), int(peak), error


@pytest.mark.parametrize(("rows", "cell"), [(2_000, 10), (200_000, 60), (30, 10_000_000)])
def test_memory_does_not_grow_with_the_answer(server: Server, tmp_path: Path, rows: int, cell: int) -> None:
    if server.driver == "mysql":
        server.say(f"DROP TABLE IF EXISTS exch.many; CREATE TABLE exch.many AS SELECT seq FROM exch.seq_1_to_{rows}")
        server.say("SET GLOBAL max_allowed_packet = 67108864")
    query = MANY[server.driver].format(rows=rows, cell=cell)
    source_of(server, tmp_path, table=f"query: {query}", limits="{statement: 200, silence: 100}")
    path = tmp_path / "qianzhiku.yaml"
    path.write_text(
        re.sub(r"columns: .*", "columns: [cata_id, cata_title, 摘要]", path.read_text("utf-8")).replace(
            "fields:", "# "
        ),
        "utf-8",
    )
    count, peak, error = measured(path)
    assert (count, error) == (rows, "")
    assert peak < 200


def test_servers_that_are_no_databases_are_left(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def silent(_head: str, connection: Any) -> None:
        connection.recv(1)

    def endless(_head: str, connection: Any) -> None:
        with contextlib.suppress(OSError):
            while True:
                connection.sendall(b"R" + b"\xff" * 65536)

    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    monkeypatch.setenv("QZK_ACCOUNT", "reader")
    monkeypatch.setenv("QZK_PASSWORD", PASSWORD)
    for driver in ("postgresql", "mysql"):
        for say in (silent, endless):
            with RawServer(say) as raw:
                raw._talk = lambda connection, say=say: say("", connection)  # type: ignore[method-assign]
                source = source_of(
                    Server(driver, raw.port, lambda _: None), tmp_path, limits="{connect: 2, silence: 1, statement: 2}"
                )
                with pytest.raises(SourceError):
                    records(source)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 256 * 1024


def test_a_driver_that_nobody_tried_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("QZK_ACCOUNT", "reader")
    monkeypatch.setenv("QZK_PASSWORD", PASSWORD)
    for name in drivers.names():
        driver = drivers.driver(name)
        if driver.tried:
            continue
        with pytest.raises(SourceError, match="未在本平台试用") as caught:
            records(source_of(Server(name, 1, lambda _: None), tmp_path))
        assert driver.extra in caught.value.message or "连接" in caught.value.message
