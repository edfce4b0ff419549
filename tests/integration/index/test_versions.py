"""An older document never replaces a newer one, whoever indexes, in whatever order."""

from __future__ import annotations

from typing import Any

import pytest
from integration.index.test_triggers import dataset, document, drained, sql, waiting

__all__ = ["dataset"]

pytestmark = pytest.mark.usefixtures("clean")


def rename(package_id: str, title: str) -> None:
    sql("UPDATE package SET title = :title WHERE id = :id", title=title, id=package_id)


def sent(made: tuple[list[Any], list[str]]) -> None:
    from ckanext.govcn.index import solr

    solr.send(*made)
    solr.commit()


def test_an_older_document_that_comes_last_is_left_out(dataset: dict[str, Any]) -> None:
    from ckanext.govcn.index import builder, outbox

    rename(dataset["id"], "较旧")
    older = builder.built(outbox.claim("slow", 1))
    rename(dataset["id"], "较新")
    newer = builder.built({dataset["id"]: older[0][0]["index_version"] + 1})
    sent(newer)
    sent(older)
    assert document(dataset["id"])["title"] == "较新"


def test_what_changed_while_it_was_indexed_waits_on(dataset: dict[str, Any]) -> None:
    from ckanext.govcn.index import outbox

    rename(dataset["id"], "较旧")
    claimed = outbox.claim("one", 1)
    rename(dataset["id"], "较新")
    assert outbox.claim("two", 1) == {}  # nobody else does the same work
    outbox.indexed(claimed, "one")
    assert waiting() == {dataset["id"]}
    drained()
    assert document(dataset["id"])["title"] == "较新"


def test_a_document_that_was_taken_out_does_not_come_back(dataset: dict[str, Any]) -> None:
    """The slow one sends what the quick one has deleted already: the quick one's work is done once more."""
    from ckanext.govcn.index import builder, outbox

    rename(dataset["id"], "较旧")
    claimed = outbox.claim("slow", 1)
    made = builder.built(claimed)
    sql("UPDATE package SET state = 'deleted' WHERE id = :id", id=dataset["id"])
    drained()
    assert document(dataset["id"]) is None
    sent(made)
    outbox.indexed(claimed, "slow")
    drained()
    assert document(dataset["id"]) is None


def test_the_work_of_an_indexer_that_died_is_taken_over(dataset: dict[str, Any]) -> None:
    from ckanext.govcn.index import outbox

    rename(dataset["id"], "新名称")
    assert outbox.claim("dead", 1)
    sql("UPDATE govcn_index_document SET claimed_until = now() - interval '1 second'")
    drained()
    assert document(dataset["id"])["title"] == "新名称"
