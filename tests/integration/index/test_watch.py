"""The living indexer: it follows by itself, what is closed goes first, and nothing that is refused holds up the rest."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from integration.index.test_triggers import dataset, document, drained, sql, waiting
from integration.making import COMPLETE, create, publish

__all__ = ["dataset"]

pytestmark = pytest.mark.usefixtures("clean")


@pytest.fixture
def watching(dataset: dict[str, Any], app: Any) -> Iterator[None]:
    """An indexer in this process's threads."""
    from ckanext.govcn.index import watch

    del dataset
    stop = threading.Event()

    def in_thread(work: Callable[[], None]) -> None:
        with app.flask_app.test_request_context():
            work()

    thread = threading.Thread(target=in_thread, args=(lambda: watch.watch(stop, in_thread),))
    thread.start()
    eventually(lambda: len(sql("SELECT name FROM govcn_indexer")) == 2, 20)
    yield
    stop.set()
    thread.join(30)
    assert sql("SELECT name FROM govcn_indexer") == []


def eventually(true: Callable[[], bool], seconds: float) -> float:
    start = time.monotonic()
    while not true():
        assert time.monotonic() - start < seconds
        time.sleep(0.1)
    return time.monotonic() - start


@pytest.mark.usefixtures("watching")
def test_a_change_by_plain_sql_is_found_without_anybody_asking(dataset: dict[str, Any]) -> None:
    sql("UPDATE package SET title = '改由语句写入' WHERE id = :id", id=dataset["id"])
    eventually(lambda: document(dataset["id"])["title"] == "改由语句写入", 20)


@pytest.mark.usefixtures("watching")
def test_what_is_closed_goes_before_a_hundred_thousand_others(dataset: dict[str, Any]) -> None:
    """The backlog is of datasets that are no more: each of them costs the index a deletion and the database its row."""
    sql("INSERT INTO govcn_index_document (package_id) SELECT 'gone-' || n FROM generate_series(1, 100000) AS n")
    closing = 'UPDATE package SET private = true, extras = extras || \'{"open_type": "none"}\' WHERE id = :id'
    sql(closing, id=dataset["id"])
    from ckan.tests.helpers import call_action

    def hidden() -> bool:
        return call_action("package_search", {"user": "", "ignore_auth": False}, q=f"id:{dataset['id']}")["count"] == 0

    took = eventually(hidden, 60)
    left = sql("SELECT count(*) AS n FROM govcn_index_document WHERE indexed < version")[0].n
    sql("DELETE FROM govcn_index_document WHERE package_id LIKE 'gone-%'")
    assert left > 0
    assert took < 5


def test_one_document_that_is_refused_holds_up_no_other(
    dataset: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    from ckanext.govcn.index import indexer, outbox
    from ckanext.govcn.search import fields

    other = publish(create(**COMPLETE | {"title": "公交站点信息"}, owner_org=dataset["owner_org"]))
    third = publish(create(**COMPLETE | {"title": "路灯信息"}, owner_org=dataset["owner_org"]))
    sql("UPDATE package SET notes = 'x'")
    made = fields.document

    def broken(package: Any, label: Any) -> dict[str, Any]:
        if package["id"] == other["id"]:
            raise ValueError("this one cannot be made")
        found = made(package, label)
        return found | {"metadata_created": "not a date"} if package["id"] == third["id"] else found

    monkeypatch.setattr(fields, "document", broken)
    indexer.drain()
    assert waiting() == {other["id"], third["id"]}
    assert document(dataset["id"])["notes"] == "x"
    assert outbox.status().refused == 2
    monkeypatch.undo()
    sql("UPDATE package SET notes = 'y'")
    drained()
    assert document(other["id"])["notes"] == "y"
