"""The bulk way leaves what CKAN's own way leaves: every row, what is shown, and the document of the index."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

DEMO = Path(__file__).parents[3] / "config" / "demo"
TABLES = {
    "package": "SELECT * FROM package ORDER BY id",
    "resource": "SELECT * FROM resource ORDER BY id",
    "member": "SELECT group_id, table_id, table_name, capacity, state FROM member WHERE table_name = 'package' ORDER BY 2",
    "tags": "SELECT h.package_id, t.name, t.vocabulary_id, h.state FROM package_tag h JOIN tag t ON t.id = h.tag_id "
    "WHERE h.state = 'active' ORDER BY 1, 2",
    "tag names": "SELECT name, count(*) FROM tag GROUP BY name ORDER BY name",
    "views": "SELECT * FROM resource_view ORDER BY id",
    "codes": "SELECT code, package_id FROM govcn_code ORDER BY code",
    "releases": "SELECT package_id, kind, number, approver, date, basis FROM govcn_release ORDER BY package_id",
    "vault": "SELECT resource_id, package_id, url FROM govcn_vault ORDER BY resource_id",
    "files": "SELECT resource_id, sha256, filename FROM govcn_resource_file ORDER BY resource_id",
    "records": "SELECT source, remote_id, hash, package_id, state, entry, resources FROM govcn_harvest_record ORDER BY 1, 2",
    "waiting": "SELECT package_id FROM govcn_index_document WHERE indexed < version",
}
TIMES = {"metadata_created", "metadata_modified", "created", "indexed_ts", "_version_"}


def harvested(*, one_by_one: bool) -> dict[str, Any]:
    """Everything that a harvest of the demo leaves."""
    from harvesters import demo
    from harvesters.harvest import harvest
    from harvesters.source import load_source

    empty_registers()
    demo.load_departments()
    for path in sorted(DEMO.glob("*.yaml")):
        assert harvest(load_source(str(path)), one_by_one=one_by_one).state == "finished"
    return left()


def changed(folder: Path, *, one_by_one: bool) -> dict[str, Any]:
    """Everything that is left when a department changes some of its entries and takes some away."""
    from harvest.test_harvest import Department, make_department, row

    empty_registers()
    make_department("示例市交通运输局")
    source = Department(folder, files="link")
    link = {"下载地址": "https://data.example.gov.cn/a.csv"}
    rows = [row(str(n), f"数据集{n}", 关键字=f"标签{n}、交通", **(link if n % 2 else {})) for n in range(30)]
    source.harvest(*rows, one_by_one=one_by_one)
    rows[0] |= {"信息资源名称": "改名后的数据集"}
    rows[1] |= {"信息资源摘要": "改过的摘要，说明停车场的名称与泊位。", "关键字": "交通、停车"}
    rows[2] |= {"更新周期": "每月", "信息项名称": "泊位数"}
    rows[3] |= {"开放类型": "登录开放"}
    report = source.harvest(*rows[:28], one_by_one=one_by_one)
    assert (report.counts.changed, report.counts.removed) == (4, 2)
    return left()


def empty_registers() -> None:
    """Tables that CKAN does not know stay full between tests."""
    import sqlalchemy as sa
    from ckan import model

    for table in ("govcn_code", "govcn_code_counter", "govcn_harvest_record"):
        model.Session.execute(sa.text(f"DELETE FROM {table}"))  # noqa: S608
    model.Session.commit()


def left() -> dict[str, Any]:
    """All rows, dicts and documents, organizations by their names and times left out."""
    import sqlalchemy as sa
    from ckan import logic, model
    from ckanext.govcn.index import builder

    found: dict[str, Any] = {
        name: [dict(row) for row in model.Session.execute(sa.text(query)).mappings()] for name, query in TABLES.items()
    }
    ids = [row["id"] for row in found["package"]]
    context = {"ignore_auth": True, "user": ""}
    found["shown"] = [logic.package_show_default_and_custom_schemas(context, each) for each in ids]
    documents = builder.documents_of(ids)
    for document in documents:
        for name in ("data_dict", "validated_data_dict"):
            document[name] = json.loads(document[name])
    found["documents"] = sorted(documents, key=lambda document: document["id"])
    names = {row.id: row.name for row in model.Session.execute(sa.text('SELECT id, name FROM "group"'))}
    tags = {row.id: row.name for row in model.Session.execute(sa.text("SELECT id, name FROM tag"))}
    users = {row.id: row.name for row in model.Session.execute(sa.text('SELECT id, name FROM "user"'))}
    text = json.dumps(_settled(found), ensure_ascii=False, default=str)
    for identifier, name in (names | tags | users).items():
        text = text.replace(identifier, name)
    return json.loads(text)


def same(fast: dict[str, Any], slow: dict[str, Any]) -> None:
    """Row by row, so that a failure names the first thing that differs."""
    for name, rows in slow.items():
        assert len(fast[name]) == len(rows), name
        for ours, theirs in zip(fast[name], rows, strict=True):
            assert ours == theirs, name


def _settled(value: Any) -> Any:
    """Without times, and with extras in a fixed order."""
    if isinstance(value, dict):
        kept = {key: _settled(each) for key, each in value.items() if key not in TIMES}
        if isinstance(kept.get("extras"), list):
            kept["extras"] = sorted(kept["extras"], key=lambda extra: extra["key"])
        return kept
    return [_settled(each) for each in value] if isinstance(value, (list, tuple)) else value


@pytest.mark.usefixtures("clean")
def test_bulk_leaves_what_ckan_leaves(migrated: Any, migrate_db_for: Any) -> None:
    from ckan.lib import search

    slow = harvested(one_by_one=True)
    migrated(migrate_db_for)
    search.clear_all()
    fast = harvested(one_by_one=False)
    assert len(slow["package"]) == 60
    same(fast, slow)


@pytest.mark.usefixtures("clean")
def test_bulk_changes_what_ckan_changes(tmp_path: Path, migrated: Any, migrate_db_for: Any) -> None:
    from ckan.lib import search

    slow = changed(tmp_path, one_by_one=True)
    migrated(migrate_db_for)
    search.clear_all()
    same(changed(tmp_path, one_by_one=False), slow)


@pytest.mark.usefixtures("clean")
def test_the_documents_are_those_of_ckans_own_reindexing() -> None:
    from ckan import logic
    from ckanext.govcn.index import builder

    harvested(one_by_one=False)
    import sqlalchemy as sa
    from ckan import model

    ids = list(model.Session.execute(sa.text("SELECT id FROM package ORDER BY id")).scalars())
    ours = {document["id"]: document for document in builder.documents_of(ids)}
    with builder.gathered() as documents:
        for each in ids:
            logic.index_update_package({"ignore_auth": True, "user": ""}, each, defer_commit=True)
    for document in documents:
        mine = ours[document["id"]]
        for name in ("data_dict", "validated_data_dict"):
            assert _settled(json.loads(mine.pop(name))) == _settled(json.loads(document.pop(name)))
        assert mine == document
