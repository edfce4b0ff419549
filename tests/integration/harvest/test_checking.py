"""`./govcn check` names every difference between database, index and files, and none where there is none."""

from __future__ import annotations

from pathlib import Path

import pytest
from harvest.test_harvest import Department, dataset, make_department, row

pytestmark = pytest.mark.usefixtures("clean")


@pytest.fixture
def harvested(tmp_path: Path) -> Department:
    from ckan import model
    from sqlalchemy import text

    for table in ("govcn_harvest_record", "govcn_resource_file"):
        model.Session.execute(text(f"DELETE FROM {table}"))  # noqa: S608  (other tests' rows in tables CKAN does not know)
    model.Session.commit()
    make_department("示例市交通运输局")
    department = Department(tmp_path / "source")
    (department.folder / "a.csv").write_text("名称\n", "utf-8")
    department.harvest(
        row("1", "停车场", 下载地址="a.csv"), row("2", "公交线路"), row("3", "公交站点"), row("4", "路灯")
    )
    return department


def kinds() -> dict[str, list[str]]:
    from harvesters.checking import check

    found: dict[str, list[str]] = {}
    for each in check().differences:
        found.setdefault(each.kind, []).append(each.what)
    return found


def test_nothing_differs_after_a_harvest(harvested: Department) -> None:
    assert kinds() == {}


def test_every_kind_of_difference_is_named_and_the_index_repaired(harvested: Department) -> None:
    from ckan import model
    from ckan.lib.search import make_connection
    from ckanext.govcn.access import files
    from ckanext.govcn.index import builder, solr
    from sqlalchemy import text

    from harvesters.checking import check

    stored, bus, stop, lamp = (dataset(title) for title in ("停车场", "公交线路", "公交站点", "路灯"))
    content, _ = files.delivered_by(stored["resources"][0]["id"])
    content.path.unlink()
    connection = make_connection()
    connection.delete(id=[solr.index_id(bus["id"])], commit=True)
    ghost = {"id": "ghost", "index_id": "ghost", "site_id": "test.ckan.net", "entity_type": "package"}
    from ckan.common import config

    ghost |= {"site_id": config["ckan.site_id"], "dataset_type": "dataset", "state": "active", "name": "ghost"}
    connection.add([ghost | {"metadata_modified": "2026-01-01T00:00:00Z"}], commit=True)
    model.Session.execute(text("UPDATE package SET title = 'x' WHERE id = :id"), {"id": stop["id"]})
    document = builder.documents_of([lamp["id"]])[0] | {"permission_labels": ["member-somebody"]}
    connection.add([document], commit=True)
    model.Session.commit()
    found = kinds()
    assert set(found) == {"file", "missing", "ghost", "stale", "labels"}
    assert (found["missing"], found["ghost"], found["stale"]) == ([bus["id"]], ["ghost"], [stop["id"]])
    assert lamp["id"] in found["labels"]
    assert {each.kind for each in check(repair=True).differences} == {"file"}
