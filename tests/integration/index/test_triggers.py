"""No way of writing can forget the index: every change of what a document is made of is noted, plain SQL's too."""

from __future__ import annotations

import itertools
from typing import Any

import pytest
from ckan import model
from integration.making import COMPLETE, call, create, department, publish
from sqlalchemy import text

pytestmark = pytest.mark.usefixtures("clean")


@pytest.fixture
def dataset(clean: None) -> dict[str, Any]:
    """A published dataset, indexed."""
    from ckanext.govcn.index import indexer

    del clean
    made = create(**COMPLETE, owner_org=department()["id"], tag_string="停车场")
    made = publish(made)
    indexer.drain()
    assert waiting() == set()
    return made


def sql(statement: str, **values: Any) -> Any:
    """One statement in a transaction of its own."""
    result = model.Session.execute(text(statement), values)
    rows = result.all() if result.returns_rows else []
    model.Session.commit()
    return rows


def waiting(*, urgent: bool = False) -> set[str]:
    rows = sql("SELECT package_id, urgent FROM govcn_index_document WHERE indexed < version")
    return {row.package_id for row in rows if row.urgent or not urgent}


def document(package_id: str) -> dict[str, Any] | None:
    from ckanext.govcn.index import solr

    found = solr.read(f'id:"{package_id}"', rows=2, fl="*")
    return found.docs[0] if found.docs else None


def drained() -> None:
    from ckanext.govcn.index import indexer

    assert indexer.drain() == 0


def test_plain_sql_reaches_the_index(dataset: dict[str, Any]) -> None:
    sql("UPDATE package SET title = '改由语句写入' WHERE id = :id", id=dataset["id"])
    assert waiting() == {dataset["id"]}
    drained()
    assert document(dataset["id"])["title"] == "改由语句写入"


CHANGES = {
    "a field": 'UPDATE package SET extras = extras || \'{"share_use": "x"}\' WHERE id = :id',
    "a new resource": "INSERT INTO resource (id, package_id, url, state, position) VALUES ('r', :id, '', 'active', 0)",
    "a tag taken off": "DELETE FROM package_tag WHERE package_id = :id",
    "a tag renamed": "UPDATE tag SET name = '泊车' WHERE name = '停车场'",
    "a group": "INSERT INTO member (id, table_name, table_id, capacity, group_id, state) "
    "SELECT 'm', 'package', :id, 'public', id, 'active' FROM \"group\" LIMIT 1",
    "its organization renamed": "UPDATE \"group\" SET title = '新名称' WHERE id = (SELECT owner_org FROM package WHERE id = :id)",
    "a relationship": "INSERT INTO package_relationship (id, subject_package_id, object_package_id, type, state) "
    "VALUES ('p', :id, :id, 'depends_on', 'active')",
}


@pytest.mark.parametrize("change", CHANGES)
def test_every_table_that_a_document_is_made_of_is_watched(dataset: dict[str, Any], change: str) -> None:
    sql(CHANGES[change], id=dataset["id"])
    assert waiting() == {dataset["id"]}


def test_what_changes_nothing_is_not_indexed_again(dataset: dict[str, Any]) -> None:
    sql("UPDATE package SET title = title WHERE id = :id", id=dataset["id"])
    sql('UPDATE "group" SET extras = extras || \'{"region_code": "330106"}\'')
    sql("UPDATE \"user\" SET fullname = 'x'")
    assert waiting() == set()


def test_a_renamed_organization_takes_its_datasets_along(dataset: dict[str, Any]) -> None:
    other = publish(create(**COMPLETE | {"title": "公交站点信息"}, owner_org=dataset["owner_org"]))
    drained()
    call("organization_patch", id=dataset["owner_org"], title="改名后的局")
    drained()
    assert {document(each["id"])["provider"][0] for each in (dataset, other)} == {"改名后的局"}


def test_a_deleted_and_a_purged_dataset_leave_the_index(dataset: dict[str, Any]) -> None:
    other = publish(create(**COMPLETE | {"title": "公交站点信息"}, owner_org=dataset["owner_org"]))
    drained()
    sql("UPDATE package SET state = 'deleted' WHERE id = :id", id=dataset["id"])
    for table in ("govcn_release", "resource", "package_tag", "govcn_editorial_log"):
        sql(f"DELETE FROM {table} WHERE package_id = :id", id=other["id"])  # noqa: S608
    sql("DELETE FROM package WHERE id = :id", id=other["id"])
    assert waiting(urgent=True) == {dataset["id"], other["id"]}
    drained()
    assert document(dataset["id"]) is document(other["id"]) is None


def test_what_is_rolled_back_was_never_noted(dataset: dict[str, Any]) -> None:
    model.Session.execute(text("UPDATE package SET title = 'x' WHERE id = :id"), {"id": dataset["id"]})
    model.Session.rollback()
    assert waiting() == set()


def test_one_transaction_gives_one_version(dataset: dict[str, Any]) -> None:
    def version() -> int:
        query = text("SELECT version FROM govcn_index_document WHERE package_id = :id")
        return model.Session.execute(query, {"id": dataset["id"]}).scalar_one()

    versions = []
    for title in ("一", "二", "三"):
        model.Session.execute(
            text("UPDATE package SET title = :title WHERE id = :id"), {"title": title, "id": dataset["id"]}
        )
        versions.append(version())
    model.Session.commit()
    assert len(set(versions)) == 1


def test_what_reaches_less_far_is_urgent(dataset: dict[str, Any]) -> None:
    """Over every pair of levels: whoever loses sight of an entry, or of its data, loses it by an urgent document."""
    from ckanext.govcn.access import rules

    def reach(state: str, status: str, opening: str, mode: str, sharing: str, *, private: bool) -> tuple[int, set[str]]:
        extras = {"catalog_status": status, "open_type": opening, "access_mode": mode, "share_type": sharing}
        query = text("SELECT govcn_index_reach(:state, :private, jsonb_build_object("
                     "'catalog_status', CAST(:status AS text), 'open_type', CAST(:opening AS text),"
                     "'access_mode', CAST(:mode AS text), 'share_type', CAST(:sharing AS text)))")  # fmt: skip
        values = {"state": state, "private": private, "status": status}
        values |= {"opening": opening, "mode": mode, "sharing": sharing}
        number = model.Session.execute(query, values).scalar_one()
        labels = (
            {rules.BUREAU} if state != "active" else set(rules.labels_for(rules.What.from_fields(extras, "", state)))
        )
        return number, {rules.PUBLIC, rules.DEPARTMENTS} & labels

    entries = [
        reach(*deciding, private=not (deciding[1] == "published" and deciding[2] in ("unconditional", "conditional")))
        for deciding in itertools.product(
            ("active", "deleted", "draft"),
            ("published", "withdrawn", "draft"),
            ("unconditional", "conditional", "none", ""),
            ("", "anonymous", "login"),
            ("1", "3"),
        )
    ]
    for (before, seen_before), (after, seen_after) in itertools.product(entries, entries):
        if seen_before - seen_after and rules.PUBLIC not in seen_after:
            assert after < before
    urgent = 'UPDATE package SET private = true, extras = extras || \'{"open_type": "none"}\' WHERE id = :id'
    sql(urgent, id=dataset["id"])
    assert waiting(urgent=True) == {dataset["id"]}
    drained()
    assert waiting() == set()
    sql("UPDATE package SET title = 'x' WHERE id = :id", id=dataset["id"])
    assert waiting(urgent=True) == set()
