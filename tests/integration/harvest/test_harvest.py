"""A source's file goes in at one end; datasets, states, files and reports come out at the other."""

from __future__ import annotations

import csv
import errno
import os
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
import yaml

pytestmark = pytest.mark.usefixtures("clean")

SHARED = Path(__file__).parents[4] / "shared" / "data" / "catalogues"
CANARY = "金丝雀暗号七四一"
HEADINGS = (
    "目录id", "信息资源名称", "信息资源提供方", "信息资源摘要", "格式分类", "格式类型", "信息项名称", "数据类型",
    "数据长度", "共享类型", "使用要求", "共享方式分类", "共享方式类型", "开放类型", "更新周期", "发布日期", "数据分级",
    "涉密标识", "下载地址", "关键字",
)  # fmt: skip
GIVEN = {
    "信息资源提供方": "示例市交通运输局",
    "信息资源摘要": "全市公共停车场的名称、地址、泊位数和收费标准。",
    "格式分类": "电子表格",
    "格式类型": "csv",
    "信息项名称": "停车场名称",
    "数据类型": "字符型C",
    "数据长度": "60",
    "共享类型": "无条件共享",
    "使用要求": "工作参考",
    "共享方式分类": "共享平台方式",
    "共享方式类型": "文件",
    "开放类型": "无条件开放",
    "更新周期": "每年",
    "发布日期": "2026-03-01",
    "数据分级": "L1",
    "涉密标识": "非涉密",
}
RELEASE = {"kind": "reviewed", "number": "示密审〔2026〕1号", "approver": "审查小组", "date": "2026-10-01"}


class Department:
    """One department's source: a catalogue in a folder, harvested as often as asked."""

    def __init__(self, folder: Path, name: str = "laiyuan", **settings: Any) -> None:
        self.folder, self.name = folder, name
        self.settings = {
            "name": name,
            "path": f"{name}.csv",
            "provider": "示例市交通运输局",
            "region": "990100",
            "files": "copy",
            "release": RELEASE,
        } | settings
        folder.mkdir(exist_ok=True)

    def harvest(self, *rows: dict[str, str], one_by_one: bool = False) -> Any:
        from harvesters.harvest import harvest
        from harvesters.source import load_source

        return harvest(load_source(self.write(*rows)), one_by_one=one_by_one)

    def write(self, *rows: dict[str, str]) -> str:
        """The catalogue and its description; the description's path."""
        with (self.folder / f"{self.name}.csv").open("w", encoding="gb18030", newline="") as stream:
            writer = csv.DictWriter(stream, HEADINGS, restval="")
            writer.writeheader()
            writer.writerows(rows)
        path = self.folder / f"{self.name}.yaml"
        path.write_text(yaml.safe_dump(self.settings, allow_unicode=True), "utf-8")
        return str(path)


def row(identifier: str, title: str, **more: str) -> dict[str, str]:
    return GIVEN | {"目录id": identifier, "信息资源名称": title} | more


@pytest.fixture
def department(tmp_path: Path) -> Department:
    make_department("示例市交通运输局")
    return Department(tmp_path / "source")


def make_department(title: str) -> str:
    from ckanext.govcn.catalog.entry import Provider

    from harvesters.portal import create_department

    return create_department(Provider(title, "990100"))


def delete_department(identifier: str) -> None:
    from ckan.tests import factories
    from ckan.tests.helpers import call_action

    call_action("organization_delete", {"user": factories.Sysadmin()["name"]}, id=identifier)


def dataset(title: str) -> dict[str, Any]:
    from ckan import model
    from ckan.tests.helpers import call_action

    found = model.Session.query(model.Package).filter_by(title=title).one()
    return call_action("package_show", {"ignore_auth": True, "user": "", "use_cache": False}, id=found.id)


def public_titles() -> set[str]:
    from ckan.tests.helpers import call_action

    answer = call_action("package_search", {"user": "", "ignore_auth": False}, rows=100)
    return {each["title"] for each in answer["results"]}


def scalar(query: str, **values: Any) -> Any:
    import sqlalchemy as sa
    from ckan import model

    return model.Session.execute(sa.text(query), values).scalar()


# ── publishing


def test_a_source_that_states_its_release_publishes(department: Department) -> None:
    department.harvest(row("1", "停车场"))
    assert public_titles() == {"停车场"}
    assert scalar("SELECT number FROM govcn_release") == RELEASE["number"]


def test_without_a_release_entries_wait_for_the_department(tmp_path: Path) -> None:
    make_department("示例市交通运输局")
    department = Department(tmp_path, release=None)
    department.settings.pop("release")
    waiting = department.harvest(row("1", "停车场"))
    assert waiting.standing == {"department_review": 1, "undecided": 0}
    assert public_titles() == set()
    assert dataset("停车场")["catalog_status"] == "department_review"
    department.settings["release"] = RELEASE
    published = department.harvest(row("1", "停车场"))
    assert (published.counts.changed, published.standing) == (1, {"published": 1, "undecided": 0})
    assert public_titles() == {"停车场"}


def test_a_level_that_is_not_understood_is_never_published(department: Department) -> None:
    department.settings["profile"] = "portal"
    department.harvest(row("1", "停车场", 开放类型="用于数据校验"), row("2", "公交线路"))
    assert public_titles() == {"公交线路"}
    waiting = dataset("停车场")
    assert (waiting["catalog_status"], waiting["private"]) == ("department_review", True)
    assert not waiting.get("open_type")


def test_a_level_that_closes_takes_the_entry_from_the_public_at_once(department: Department) -> None:
    department.harvest(row("1", "停车场"), row("2", "公交线路"))
    closed = {"开放类型": "不予开放", "共享类型": "有条件共享"}
    department.settings["profile"] = "portal"
    department.harvest(row("1", "停车场", **closed), row("2", "公交线路"))
    assert public_titles() == {"公交线路"}


# ── what must not happen


def test_nuls_and_halves_of_characters_stop_no_run(department: Department) -> None:
    """They come as JSON escapes; PostgreSQL takes neither, and one record must not keep the others out."""
    import json

    from harvesters.harvest import harvest
    from harvesters.source import load_source

    wrong = {"信息资源名称": "停车\0场\ud800", "摘要\ud83d": "\udc00", "id\0": "a\0", "关键字": "a\0，b\ud800"}
    rows = [wrong, wrong | {"信息资源名称": "\ud800"}, wrong | {"信息资源名称": "公交\u200b线路"}]
    (department.folder / "laiyuan.json").write_text(json.dumps(rows), "ascii")
    department.settings |= {"path": "laiyuan.json", "profile": "portal"}
    report = harvest(load_source(department.write()))
    assert report.state == "finished"
    assert report.counts.added == 3
    assert dataset("停车场�")["source_remote_id"]
    assert scalar('SELECT count(*) FROM govcn_harvest_problem WHERE "column" LIKE \'摘要%\'') > 0


def test_a_department_that_two_runs_make_at_once_is_one(monkeypatch: pytest.MonkeyPatch) -> None:
    from harvesters import portal

    first = make_department("示例市水利局")
    monkeypatch.setattr(portal.model.Group, "by_name", classmethod(lambda *_: None))  # as the other run still sees it
    assert make_department("示例市水利局") == first


def test_a_department_that_an_administrator_deleted_gets_no_entries(tmp_path: Path) -> None:
    department = Department(tmp_path / "source", providers="create")
    delete_department(make_department("示例市交通运输局"))
    report = department.harvest(row("1", "停车场"))
    assert (report.counts.added, report.counts.refused) == (0, 1)
    assert report.refused_by_rule == {"E05": 1}
    assert scalar("SELECT count(*) FROM package WHERE type = 'dataset'") == 0


def test_a_full_disk_for_data_files_ends_the_run_and_the_next_one_does_the_rest(
    department: Department, monkeypatch: pytest.MonkeyPatch
) -> None:
    from harvesters.exceptions import StorageFull

    def full(_descriptor: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    (department.folder / "a.csv").write_text("名称\n停车场\n", "utf-8")
    rows = row("1", "停车场", 下载地址="a.csv"), row("2", "公交线路")
    with monkeypatch.context() as patched:
        patched.setattr(os, "fsync", full)
        report = department.harvest(*rows)
    assert isinstance(report.failure, StorageFull)
    assert report.failure.transient
    assert "No space left on device" in report.error
    report = department.harvest(*rows)
    assert (report.state, report.counts.warnings) == ("finished", 0)
    assert public_titles() == {"停车场", "公交线路"}


def test_a_secret_row_leaves_no_trace(department: Department, caplog: pytest.LogCaptureFixture) -> None:
    import sqlalchemy as sa
    from ckan import model
    from ckanext.govcn.access import files

    (department.folder / "canary.csv").write_text(CANARY, "utf-8")
    secret = row(CANARY, CANARY, 信息资源摘要=CANARY, 涉密标识="涉密", 下载地址="canary.csv")
    report = department.harvest(row("1", "停车场"), secret)
    assert report.counts.refused == 1
    tables = model.Session.execute(
        sa.text("SELECT quote_ident(tablename) FROM pg_tables WHERE schemaname = 'public'")
    ).scalars()
    for table in tables:
        found = scalar(f"SELECT count(*) FROM {table} t WHERE t::text LIKE :canary", canary=f"%{CANARY}%")  # noqa: S608
        assert found == 0, table
    stored = [path for path in files.folder().rglob("*") if path.is_file() and CANARY.encode() in path.read_bytes()]
    assert stored == []
    assert CANARY not in caplog.text
    problem = model.Session.execute(sa.text("SELECT * FROM govcn_harvest_problem WHERE rule = 'E26'")).mappings().one()
    filled = {key for key, value in problem.items() if value not in ("", None)}
    assert filled == {"id", "run_id", "source", "row", "rule", "severity", "message", "hash", "at"}
    assert "请立即停止上传" in problem["message"]


def test_a_dataset_whose_row_turns_secret_is_taken_down(department: Department) -> None:
    rows = [row(str(number), f"数据集{number}") for number in range(30)]
    department.harvest(*rows)
    department.harvest(rows[0] | {"涉密标识": "机密"}, *rows[1:])
    assert dataset("数据集0")["catalog_status"] == "withdrawn"
    assert "数据集0" not in public_titles()


def test_a_source_never_takes_over_another_departments_dataset(tmp_path: Path, department: Department) -> None:
    make_department("示例市公安局")
    police = Department(tmp_path / "police", "gongan", provider="示例市公安局")
    police.harvest(row("1", "警务站", 信息资源提供方="示例市公安局"))
    owner = dataset("警务站")["owner_org"]
    report = department.harvest(row("1", "警务站", 信息资源提供方="示例市公安局"), row("2", "停车场"))
    assert [each.rule for each in report.problems if each.severity == "refuse"] == ["H02"]
    assert (report.counts.added, report.counts.refused) == (1, 1)
    assert dataset("警务站")["owner_org"] == owner


def test_departments_of_lists_that_do_not_say_where_they_are_stay_apart_and_are_placed_later(tmp_path: Path) -> None:
    settings = {"provider": "", "providers": "create", "region": "", "profile": "portal"}
    lists = [Department(tmp_path / name, name, **settings) for name in ("jia", "yi")]
    for each in lists:
        each.harvest(row("1", f"{each.name}律师事务所", 信息资源提供方="市司法局"))
    owners = {each.name: dataset(f"{each.name}律师事务所")["owner_org"] for each in lists}
    assert owners["jia"] != owners["yi"]
    lists[1].settings["region"] = "990200"
    report = lists[1].harvest(row("1", "yi律师事务所", 信息资源提供方="市司法局"))
    assert (report.counts.changed, report.counts.refused) == (1, 0)
    assert dataset("yi律师事务所")["owner_org"] == owners["yi"]
    placed = "SELECT region_code || name FROM govcn_department WHERE group_id = :id"
    assert scalar(placed, id=owners["yi"]) == "990200市司法局"
    assert scalar(placed, id=owners["jia"]) == "市司法局"


def test_a_refused_record_says_where_and_why(department: Department) -> None:
    report = department.harvest(row("1", "停车场"), row("2", "公交线路", 信息资源摘要=""))
    (refused,) = [each for each in report.problems if each.severity == "refuse"]
    assert (refused.rule, refused.row, refused.column) == ("E08", 3, "信息资源摘要")
    assert refused.file == "laiyuan.csv"
    assert scalar("SELECT count(*) FROM govcn_harvest_problem WHERE severity = 'refuse'") == 1


def test_an_unknown_provider_is_proposed_and_its_record_waits(tmp_path: Path) -> None:
    source = Department(tmp_path, providers="map", provider_map={"交通局": "示例市交通运输局"}, provider="")
    report = source.harvest(row("1", "停车场", 信息资源提供方="示例市气象局"))
    assert report.counts.refused == 1
    assert scalar("SELECT count(*) FROM govcn_provider_proposal WHERE name = '示例市气象局'") == 1
    make_department("示例市气象局")
    source.settings["provider_map"]["气象局"] = "示例市气象局"
    assert source.harvest(row("1", "停车场", 信息资源提供方="气象局")).counts.added == 1


# ── what must stay


def test_three_hundred_items_keep_their_order(department: Department) -> None:
    names = [f"数据项{number}" for number in range(300)]
    first, *rest = [{"信息项名称": name, "数据类型": "字符型C", "数据长度": "10"} for name in names]
    department.harvest(row("1", "宽表", **first), *rest)
    assert [item["name"] for item in dataset("宽表")["items"]] == names


def test_withdrawn_answers_gone_and_returns_as_it_was(department: Department, app: Any) -> None:
    (department.folder / "停车场.csv").write_text("名称\n示范路停车场\n", "utf-8")
    rows = [row("1", "停车场", 下载地址="停车场.csv"), *(row(str(n), f"数据集{n}") for n in range(2, 12))]
    department.harvest(*rows)
    before = dataset("停车场")
    department.harvest(*rows[1:])
    app.get(f"/dataset/{before['name']}", status=410)
    department.harvest(*rows)
    after = dataset("停车场")
    app.get(f"/dataset/{before['name']}", status=200)
    for name in ("id", "name", "codes", "owner_org"):
        assert after[name] == before[name]
    assert [each["id"] for each in after["resources"]] == [each["id"] for each in before["resources"]]


def test_groups_and_resource_ids_outlive_a_changed_record(department: Department) -> None:
    from ckan.tests import factories
    from ckan.tests.helpers import call_action

    for name in ("a.csv", "b.csv"):
        (department.folder / name).write_text(f"{name}\n", "utf-8")
    department.harvest(row("1", "停车场", 下载地址="a.csv；b.csv"))
    before = dataset("停车场")
    group = factories.Group()
    call_action("member_create", {"ignore_auth": True, "user": ""}, id=group["id"], object=before["id"],
                object_type="package", capacity="public")  # fmt: skip
    report = department.harvest(row("1", "停车场（更名）", 下载地址="b.csv；a.csv"))
    assert report.counts.changed == 1
    after = dataset("停车场（更名）")
    assert [each["name"] for each in after["groups"]] == [group["name"]]
    assert [each["id"] for each in after["resources"]] == [each["id"] for each in reversed(before["resources"])]


def test_a_copied_file_is_downloaded_under_its_chinese_name(department: Department, app: Any) -> None:
    content = "名称,泊位数\n示范路停车场,120\n".encode("gb18030")
    (department.folder / "全市停车场.csv").write_bytes(content)
    department.harvest(row("1", "停车场", 下载地址="全市停车场.csv"))
    (resource,) = dataset("停车场")["resources"]
    answer = app.get(resource["url"].partition("/dataset")[1] + resource["url"].partition("/dataset")[2])
    assert answer.data == content
    assert "%E5%85%A8%E5%B8%82%E5%81%9C%E8%BD%A6%E5%9C%BA.csv" in answer.headers["Content-Disposition"]


def test_a_record_cannot_name_a_file_that_is_not_data(department: Department) -> None:
    for path in ("laiyuan.yaml", "../outside.csv"):
        report = department.harvest(row("1", "停车场", 下载地址=path))
        assert report.state == "finished"
        assert dataset("停车场")["resources"] == []


def test_a_missing_file_is_said_and_tried_again(department: Department) -> None:
    report = department.harvest(row("1", "停车场", 下载地址="later.csv"))
    assert [each.rule for each in report.problems if each.rule == "H03"] == ["H03"]
    (department.folder / "later.csv").write_text("名称\n", "utf-8")
    assert department.harvest(row("1", "停车场", 下载地址="later.csv")).counts.changed == 1
    assert len(dataset("停车场")["resources"]) == 1


# ── numbers, crashes


def test_the_numbers_of_the_report_are_those_of_the_database(department: Department) -> None:
    report = department.harvest(row("1", "停车场"), row("2", "公交线路"), row("3", "缺摘要", 信息资源摘要=""))
    assert scalar("SELECT count(*) FROM package WHERE type = 'dataset'") == report.counts.added == 2
    kept = scalar("SELECT counts FROM govcn_harvest_run WHERE id = :run", run=report.run)
    assert kept == {"records": 3, "repeated": 0, "added": 2, "changed": 0, "unchanged": 0, "removed": 0,
                    "refused": 1, "warnings": kept["warnings"], "waiting": 0}  # fmt: skip
    assert scalar("SELECT count(*) FROM govcn_harvest_record") == 2
    assert scalar("SELECT state FROM govcn_harvest_run WHERE id = :run", run=report.run) == "finished"


def test_what_a_dead_run_left_is_finished_by_the_next(department: Department, monkeypatch: pytest.MonkeyPatch) -> None:
    from ckan import model
    from ckanext.govcn.index.indexer import Indexer

    def die(_self: object, _ids: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(Indexer, "send", die)
        with pytest.raises(KeyboardInterrupt):
            department.harvest(row("1", "停车场"))
    model.Session.rollback()
    assert scalar("SELECT count(*) FROM govcn_index_document WHERE indexed < version") == 1
    scalar("UPDATE govcn_harvest_run SET state = 'running' RETURNING id")  # as a killed process leaves it
    model.Session.commit()
    report = department.harvest(row("1", "停车场"))
    assert report.counts.unchanged == 1
    assert public_titles() == {"停车场"}
    assert scalar("SELECT count(*) FROM govcn_index_document WHERE indexed < version") == 0
    assert scalar("SELECT count(*) FROM govcn_harvest_run WHERE state = 'crashed'") == 1


def test_datasets_are_accepted_while_the_index_is_away(department: Department, monkeypatch: pytest.MonkeyPatch) -> None:
    from ckan.common import config
    from ckanext.govcn.index import indexer

    with monkeypatch.context() as patch:
        patch.setitem(config, "solr_url", "http://127.0.0.1:9/solr/away")
        report = department.harvest(row("1", "停车场"))
    assert (report.state, report.counts.added) == ("finished", 1)
    assert scalar("SELECT count(*) FROM govcn_index_document WHERE indexed < version") == 1
    assert indexer.drain() == 0
    assert public_titles() == {"停车场"}


@pytest.mark.skipif(not SHARED.is_dir(), reason="no real catalogues beside the repository (../shared/data/catalogues)")
def test_a_real_portals_list_goes_in_and_the_second_run_changes_nothing() -> None:
    from harvesters.harvest import harvest
    from harvesters.source import load_source

    source = load_source(str(SHARED / "anhui_huangshan.json.gz"))
    first = harvest(source).counts
    assert first.added >= 0.99 * (first.records - first.repeated)
    second = harvest(source).counts
    assert (second.added, second.changed, second.removed) == (0, 0, 0)
    assert second.unchanged == first.added


# ── files from elsewhere, zones


class _Portal(BaseHTTPRequestHandler):
    """Another portal's download server: a file, a page where a file should be, and an answer that breaks off."""

    def do_GET(self) -> None:
        name = self.path.rpartition("/")[2]
        body = "名称\n示范路停车场\n".encode("gb18030")
        self.send_response(200)
        self.send_header("Content-Type", "text/html" if name == "page.csv" else "text/csv")
        self.send_header("Content-Length", str(len(body) + (10 if name == "half.csv" else 0)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *arguments: object) -> None:  # noqa: A002
        """Quiet."""


@pytest.fixture
def elsewhere() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Portal)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/files"
    server.shutdown()
    thread.join()


def test_a_file_of_another_server_is_copied_and_delivered_from_here(
    department: Department, app: Any, elsewhere: str
) -> None:
    department.settings["allow_private"] = True
    department.harvest(row("1", "停车场", 下载地址=f"{elsewhere}/lots.csv"))
    (resource,) = dataset("停车场")["resources"]
    assert elsewhere not in str(dataset("停车场"))
    path = resource["url"][resource["url"].index("/dataset") :]
    assert app.get(path).data.decode("gb18030").startswith("名称")


@pytest.mark.parametrize("name", ["page.csv", "half.csv"])
def test_what_is_no_file_is_said_and_nothing_is_stored(department: Department, elsewhere: str, name: str) -> None:
    department.settings["allow_private"] = True
    report = department.harvest(row("1", "停车场", 下载地址=f"{elsewhere}/{name}"), row("2", "公交线路"))
    assert (report.state, report.counts.added) == ("finished", 2)
    assert [each.rule for each in report.problems if each.rule == "H03"] == ["H03"]
    assert scalar("SELECT count(*) FROM govcn_resource_file r JOIN package p ON true WHERE p.title = '停车场' "
                  "AND r.resource_id IN (SELECT id FROM resource WHERE package_id = p.id)") == 0  # fmt: skip


def test_an_internal_address_is_not_asked_without_leave(department: Department, elsewhere: str) -> None:
    report = department.harvest(row("1", "停车场", 下载地址=f"{elsewhere}/lots.csv"))
    (problem,) = [each for each in report.problems if each.rule == "H03"]
    assert "内部网络" in problem.message


def test_a_public_instance_takes_only_what_is_released_and_open(department: Department) -> None:
    from ckan import model
    from ckanext.govcn.editorial import zone

    zone.enforce(model.Session, "public")
    model.Session.commit()
    try:
        department.settings["profile"] = "portal"
        report = department.harvest(
            row("1", "停车场"), row("2", "考核明细", 开放类型="不予开放"), row("3", "待核定", 开放类型="用于数据校验")
        )
        assert (report.counts.added, report.counts.refused) == (1, 2)
        assert scalar("SELECT count(*) FROM package WHERE type = 'dataset'") == 1
        assert {each.rule for each in report.problems if each.severity == "refuse"} == {"H04"}
    finally:
        zone.enforce(model.Session, "both")
        model.Session.commit()
