"""The description of a database source, and the one statement that it amounts to."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy.dialects import mssql, mysql, oracle, postgresql

from harvesters.databases import drivers, select
from harvesters.databases.session import granted
from harvesters.exceptions import SourceInvalid
from harvesters.extract.database import plain
from harvesters.source import Batches, Database, source_from_yaml

EXAMPLE = (Path(__file__).resolve().parents[3] / "config" / "examples" / "qianzhiku.yaml").read_text("utf-8")


def faults(folder: Path, *change: str) -> list[str]:
    assert change[0] in EXAMPLE
    (folder / "qianzhiku.yaml").write_text(EXAMPLE.replace(*change), "utf-8")
    with pytest.raises(SourceInvalid) as caught:
        source_from_yaml(folder / "qianzhiku.yaml")
    return [fault.key for fault in caught.value.faults]


@pytest.mark.parametrize(
    ("change", "key"),
    [
        (("columns: [cata_id,", "columns: ['*', cata_id,"), "columns"),
        (("columns: [cata_id,", "columns: [cata_id, count(*),"), "columns"),
        (("columns: [cata_id,", "columns: ['a; DROP TABLE x', cata_id,"), "columns"),
        (("columns: [cata_id,", "columns: [cata_id, cata_id,"), "columns"),
        (("table: t_catalog", "table: t_catalog x"), "table"),
        (("table: t_catalog", "table: a.b.c"), "table"),
        (("table: t_catalog", "query: DELETE FROM t_catalog"), "query"),
        (("table: t_catalog", "query: SELECT 1; DROP TABLE x"), "query"),
        (("table: t_catalog", "table: t_catalog\n  query: SELECT 1"), "table"),
        (("${MZJ_QZK_PASSWORD}", "geheim"), "password"),
        (("${MZJ_QZK_ACCOUNT}", "reader"), "account"),
        (("driver: mysql", "driver: sqlite"), "driver"),
        (('finished: [完成, "1"]', "finished: []"), "finished"),
        (("key: cata_id\n", ""), "key"),
        (("key: cata_id\n", "key: batch_no\n"), "key"),
        (("port: 3306", "port: 330600"), "port"),
        (("values: [D, 删除]", "values: []"), "deleted"),
    ],
)
def test_what_a_description_may_not_say(change: tuple[str, str], key: str, tmp_path: Path) -> None:
    assert key in faults(tmp_path, *change)


def test_a_literal_credential_is_never_repeated(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text(EXAMPLE.replace("${MZJ_QZK_PASSWORD}", "geheim"), "utf-8")
    with pytest.raises(SourceInvalid) as caught:
        source_from_yaml(tmp_path / "a.yaml")
    assert "geheim" not in caught.value.message + caught.value.message_en


@given(st.text(max_size=40))
def test_an_identifier_holds_nothing_that_ends_one(text: str) -> None:
    if drivers.is_identifier(text, schema=True):
        assert not set(text) & set(" \t\n\"'`[];-*()%:,\\\0")


DIALECTS: dict[str, Any] = {
    "postgresql": postgresql.dialect(),
    "mysql": mysql.dialect(),
    "oracle": oracle.dialect(),
    "sqlserver": mssql.dialect(),
}
DATABASE = Database("mysql", "h", "d", ("id", "Name", "order", "摘要"), "${A}", "${B}", table="exch.entry")


def worded(database: Database, name: str, **more: Any) -> str:
    asked = select.statement(database, drivers.driver(name), ("id",), cell=10, rows=5, long=("摘要",), **more)
    return " ".join(str(asked.compile(dialect=DIALECTS[name], compile_kwargs={"render_postcompile": True})).split())


@pytest.mark.parametrize("name", DIALECTS)
def test_every_product_gets_one_select_of_the_listed_columns(name: str) -> None:
    text = worded(DATABASE, name)
    assert text.startswith("SELECT")
    assert text.count("SELECT") <= 2  # Oracle's way of saying LIMIT may be a second one
    assert "*" not in text
    assert {'"Name"', "`Name`", "[Name]"} & set(text.replace(",", " ").replace(".", " ").split())


@pytest.mark.parametrize("name", DIALECTS)
def test_values_are_bound_and_batches_joined(name: str) -> None:
    taken = Batches("exch.batch", "no", "state", ("完成' OR '1'='1",), "batch_no")
    text = worded(replace(DATABASE, batches=taken, deleted="op", deleted_values=("D",)), name)
    assert "OR '1'" not in text
    assert "rank() OVER (PARTITION BY" in text
    assert " JOIN " in text
    latest = worded(replace(DATABASE, batches=replace(taken, take="latest")), name, latest=7)
    assert "JOIN" not in latest


def test_a_querys_colons_are_no_parameters() -> None:
    query = "SELECT a::text AS id, '10:30', ':x' FROM t -- end"
    text = worded(replace(DATABASE, table="", query=query), "postgresql")
    assert query in text
    assert text.endswith("LIMIT %(param_1)s")


@pytest.mark.parametrize(
    ("lines", "writes"),
    [
        (["GRANT USAGE ON *.* TO `r`@`%`", "GRANT SELECT, SHOW VIEW ON `exch`.* TO `r`@`%`"], False),
        (["GRANT SELECT (`a`, `b`) ON `exch`.`t` TO `r`@`%`"], False),
        (["GRANT USAGE ON *.* TO `r`@`%`", "GRANT SELECT, INSERT ON `exch`.* TO `r`@`%`"], True),
        (["GRANT ALL PRIVILEGES ON *.* TO `r`@`%` WITH GRANT OPTION"], True),
        (["GRANT SELECT ON `a`.* TO `r`@`%`", "GRANT DELETE ON `test\\_%`.* TO PUBLIC"], False),
        (["GRANT USAGE ON *.* TO `r`@`%`", "GRANT `editors`@`%` TO `r`@`%`"], None),
    ],
)
def test_grants_say_whether_an_account_may_write(lines: list[str], writes: bool | None) -> None:
    assert granted(lines) is writes


def test_drivers_say_whether_they_were_tried() -> None:
    tried = {name: bool(drivers.driver(name).tried) for name in drivers.names()}
    assert tried == {
        "postgresql": True, "kingbase": False, "mysql": True, "oracle": False, "dameng": False, "sqlserver": False,
    }  # fmt: skip
    described = (Path(__file__).resolve().parents[3] / "docs" / "harvesting.md").read_text("utf-8")
    for name in drivers.names():
        row = next(line for line in described.splitlines() if line.startswith(f"| `{name}`"))
        assert ("未在本平台试用" in row) is not tried[name]


def test_values_of_drivers_as_json_has_them() -> None:
    import datetime as dt
    from decimal import Decimal

    assert plain(Decimal("12.00"), "a") == 12
    assert plain(Decimal("12.50"), "a") == "12.50"
    assert plain(Decimal("NaN"), "a") == "NaN"
    assert plain(float("inf"), "a") is None
    assert plain(dt.datetime(2026, 1, 2), "a") == "2026-01-02"  # noqa: DTZ001
    assert plain(dt.datetime(2026, 1, 2, 3, 4, 5, 6), "a") == "2026-01-02 03:04:05"  # noqa: DTZ001
    assert plain("名称".encode("gb18030"), "a") == "名称"
