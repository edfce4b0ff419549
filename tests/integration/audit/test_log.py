"""The log on the real database: it only grows, and whatever is done to it behind its back is found."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError

pytestmark = [pytest.mark.usefixtures("clean", "own_log")]


@pytest.fixture
def own_log(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """An empty log with heads and keys of its own: other tests' lines stay behind a disabled trigger."""
    from ckan.plugins import toolkit as tk

    monkeypatch.setitem(tk.config, "ckanext.govcn.audit.folder", str(tmp_path / "audit"))
    monkeypatch.setitem(tk.config, "ckanext.govcn.signing.folder", str(tmp_path / "keys"))
    with engine().begin() as connection:
        connection.execute(sa.text("DELETE FROM govcn_audit_note"))
    behind_its_back("DELETE FROM govcn_audit")
    yield
    behind_its_back("DELETE FROM govcn_audit")


def behind_its_back(statement: str) -> None:
    """What a database administrator can do who switches the triggers off."""
    with engine().begin() as connection:
        connection.execute(sa.text("ALTER TABLE govcn_audit DISABLE TRIGGER ALL"))
        connection.execute(sa.text(statement))
        connection.execute(sa.text("ALTER TABLE govcn_audit ENABLE TRIGGER ALL"))


def engine() -> Any:
    from ckan import model

    return model.ensure_engine()


def write(count: int) -> None:
    from ckanext.govcn.audit import log
    from ckanext.govcn.audit.chain import Event

    for n in range(count):
        log.write(Event("data.download", who=f"u{n}", ip="2001:db8::1", port=443, rows=n, detail={"a": "乙\0"}))


def found() -> list[tuple[str, int, int]]:
    from ckanext.govcn.audit import log

    return [(each.kind, each.number, each.until) for each in log.verify()[1]]


def test_lines_are_written_and_the_head_is_signed() -> None:
    from ckanext.govcn.audit import log

    write(5)
    log.seal_head()
    check, faults = log.verify()
    assert (check.lines, check.head.number, faults) == (5, 5, [])
    assert log.seal_head() is None
    assert log.heads_file().stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE govcn_audit SET at = 'x' WHERE number = 1",
        "DELETE FROM govcn_audit WHERE number = 1",
        "DELETE FROM govcn_audit",
        "TRUNCATE govcn_audit",
        "UPDATE govcn_audit SET event = '{}'",
    ],
)
def test_the_table_refuses_changes(statement: str) -> None:
    write(2)
    with pytest.raises(DBAPIError, match="never changed or removed"), engine().begin() as connection:
        connection.execute(sa.text(statement))
    assert found() == []


@pytest.mark.parametrize(
    ("statement", "wanted"),
    [
        (
            """UPDATE govcn_audit SET event = jsonb_set(event, '{who}', '"nobody"') WHERE number = 3""",
            ("altered", 3, 3),
        ),
        ("UPDATE govcn_audit SET event = '{\"x\": 1}' WHERE number = 3", ("altered", 3, 3)),
        ("UPDATE govcn_audit SET at = '2020-01-01T00:00:00.000000+08:00' WHERE number = 6", ("altered", 6, 6)),
        ("DELETE FROM govcn_audit WHERE number = 3", ("missing", 3, 3)),
        ("DELETE FROM govcn_audit WHERE number = 1", ("missing", 1, 1)),
        ("DELETE FROM govcn_audit WHERE number > 4", ("cut_off", 5, 6)),
        ("DELETE FROM govcn_audit", ("cut_off", 1, 6)),
    ],
)
def test_what_is_done_behind_its_back_is_found(statement: str, wanted: tuple[str, int, int]) -> None:
    from ckanext.govcn.audit import log

    write(6)
    log.seal_head()
    behind_its_back(statement)
    assert found() == [wanted]


def test_heads_that_were_touched_are_found() -> None:
    from ckanext.govcn.audit import log

    write(3)
    log.seal_head()
    path = log.heads_file()
    kept = path.read_bytes()
    path.write_bytes(kept[:-40] + b"x" + kept[-39:])
    assert [kind for kind, *_ in found()][0] == "head"
    path.unlink()
    assert found() == [("head", 0, 0)]
    path.write_bytes(kept)
    assert found() == []


def test_many_writers_make_one_chain() -> None:
    from ckanext.govcn.audit import log

    threads = [threading.Thread(target=write, args=(10,)) for _ in range(6)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    check, faults = log.verify()
    assert (check.lines, faults) == (60, [])


def test_a_line_stays_when_what_it_tells_of_is_undone() -> None:
    from ckan import model

    write(1)
    model.Session.rollback()
    assert found() == []


def test_a_key_that_cannot_be_used_stops_no_line(monkeypatch: pytest.MonkeyPatch) -> None:
    from ckanext.govcn.audit import log
    from ckanext.govcn.signing.exceptions import KeyMissing

    def missing() -> Any:
        raise KeyMissing(key_id="", folder="")

    monkeypatch.setattr(log.site, "signing_key", missing)
    write(1)
    monkeypatch.undo()


def test_the_command_says_what_is_wrong(cli: Any) -> None:
    import json

    from ckanext.govcn.audit import log
    from ckanext.govcn.audit.cli import audit

    write(3)
    log.seal_head()
    whole = cli.invoke(audit, ["verify", "--json"])
    assert (whole.exit_code, json.loads(whole.stdout)) == (0, {"lines": 3, "last": 3, "sealed_until": 3, "faults": []})
    behind_its_back("DELETE FROM govcn_audit WHERE number = 2")
    broken = cli.invoke(audit, ["verify"])
    assert broken.exit_code == 1
    assert "缺少第 2 至 2 行" in broken.stdout
