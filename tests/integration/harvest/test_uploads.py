"""A department's workbook in the browser: uploaded, checked without a write, taken in by a run; and by nobody else."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from typing import Any

import openpyxl
import pytest

pytestmark = pytest.mark.usefixtures("clean", "storage")

CATALOGUE = (
    "信息资源名称,信息资源摘要,更新周期,信息资源格式分类,信息资源格式类型,信息项名称,数据类型,数据长度,共享类型,共享方式分类,共享方式类型,开放属性,发布日期\n"
    "停车场信息,全市公共停车场的名称、地址、泊位数和收费标准。,每月,电子表格,XLSX,停车场名称,字符型C,100,无条件共享,共享平台方式,文件,无条件开放,2024-03-01\n"
    "充电站信息,全市公共充电站的名称、地址、桩数和收费标准。,每月,电子表格,XLSX,充电站名称,字符型C,100,无条件共享,共享平台方式,文件,无条件开放,2024-03-01\n"
    "没有摘要的,,每月,电子表格,XLSX,名称,字符型C,100,无条件共享,共享平台方式,文件,无条件开放,2024-03-01\n"
)


@pytest.fixture
def storage(tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    import ckan.plugins.toolkit as tk

    monkeypatch.setitem(tk.config, "ckan.storage_path", str(tmp_path))
    return


@pytest.fixture
def people(storage: None) -> dict[str, Any]:
    """An editor of the department, one of another department, a member, an administrator of the platform."""
    from ckan.tests import factories
    from integration import making

    own, other = making.department("990100", title="示例市交通运输局"), making.department("990100")
    made = {
        "editor": making.member(own),
        "colleague": making.member(own, "admin"),
        "member": making.member(own, "member"),
        "stranger": making.member(other),
        "boss": factories.Sysadmin(),
    }
    return {name: each["name"] for name, each in made.items()} | {"own": own, "other": other}


def headers(user: str) -> dict[str, str]:
    from ckan.tests import factories

    return {"Authorization": factories.APIToken(user=user)["token"]} if user else {}


def send(app: Any, user: str, department: str, content: bytes | str = CATALOGUE, name: str = "目录.csv") -> Any:
    data = content.encode() if isinstance(content, str) else content
    form = {"upload": (io.BytesIO(data), name)}
    return app.post(f"/harvest/upload/{department}", data=form, headers=headers(user), follow_redirects=False)


def jobs_of(user: str) -> list[dict[str, Any]]:
    from ckan.tests.helpers import call_action

    return call_action("govcn_harvest_job_list", {"user": user, "ignore_auth": False})


def work() -> dict[str, Any]:
    """What the worker does with the next job."""
    from ckan import model
    from ckanext.govcn.harvest import jobs as records

    from harvesters import jobs, leases
    from harvesters.exceptions import HarvestError

    lease = leases.claim(5)
    assert lease
    with leases.held(lease):
        try:
            jobs.carry_out(lease)
        except HarvestError as error:
            lease.failure = error
        model.Session.rollback()
    leases.finish(lease)
    found = records.get(model.Session, lease.id)
    assert found
    return found


def checked(app: Any, people: dict[str, Any], content: bytes | str = CATALOGUE, name: str = "目录.csv") -> dict[str, Any]:
    assert send(app, people["editor"], people["own"]["name"], content, name).status_code == 302
    job = work()
    assert job["state"] == "finished", job["error"]
    return job


def post(app: Any, user: str, path: str) -> Any:
    return app.post(path, headers=headers(user), follow_redirects=False)


def rows(table: str) -> int:
    import sqlalchemy as sa
    from ckan import model

    return model.Session.execute(sa.text(f"SELECT count(*) FROM {table}")).scalar_one()  # noqa: S608 - of this test


def counts(report: dict[str, Any]) -> dict[str, int]:
    return {name: report[name] for name in ("records", "added", "changed", "unchanged", "removed", "refused", "waiting")}


def marked_row(app: Any, people: dict[str, Any], job: dict[str, Any], number: int) -> dict[str, str]:
    """A row of the workbook that is given back: 问题 and 改法 as written, of every other column its mark."""
    answer = app.get(f"/harvest/job/{job['id']}/workbook", headers=headers(people["editor"]))
    sheet = openpyxl.load_workbook(io.BytesIO(answer.data)).worksheets[0]
    colours = {"FFFF8B8B": "red", "FFFFE08A": "yellow"}
    found: dict[str, str] = {}
    for head, cell in zip(sheet[1], sheet[number], strict=True):
        name = str(head.value)
        found[name] = str(cell.value) if name in ("问题", "改法") else colours.get(cell.fill.fgColor.rgb, "")
        assert (cell.comment is not None) == (name not in ("问题", "改法") and bool(found[name])), name
    return found


FIRST = {"records": 3, "added": 2, "changed": 0, "unchanged": 0, "removed": 0, "refused": 1, "waiting": 0}


def test_the_check_says_what_a_run_would_do_and_writes_nothing(app: Any, people: dict[str, Any]) -> None:
    job = checked(app, people)
    assert counts(job["result"]["report"]) == FIRST
    assert [each["title"] for each in job["result"]["changes"]] == ["停车场信息", "充电站信息"]
    assert not job["result"]["clean"]
    for table in ("package", "govcn_harvest_run", "govcn_harvest_record", "govcn_harvest_change"):
        assert rows(table) == 0, table
    body = app.get(f"/harvest/job/{job['id']}", headers=headers(people["editor"])).body
    for text in ("停车场信息", "第 4 行", "还没有写入任何数据", "确认入库", "csrf"):
        assert text in body, text


def test_confirming_is_a_run_like_any_other(app: Any, people: dict[str, Any]) -> None:
    from ckan import model
    from ckan.tests.helpers import call_action
    from ckanext.govcn.editorial import model as editorial

    job = checked(app, people)
    assert post(app, people["editor"], f"/harvest/job/{job['id']}/confirm").status_code == 302
    run = work()
    assert counts(run["result"]) == FIRST
    packages = model.Session.query(model.Package).filter_by(type="dataset").all()
    assert {each.title for each in packages} == {"停车场信息", "充电站信息"}
    assert {each.extras["catalog_status"] for each in packages} == {"department_review"}
    editor = model.User.get(people["editor"])
    assert editor
    assert all(editorial.writers(model.Session, each.id) == {editor.id} for each in packages)
    again = checked(app, people)
    assert counts(again["result"]["report"]) == FIRST | {"added": 0, "unchanged": 2}
    undo = {"kind": "undo", "source": run["source"], "arguments": {"run": run["run_id"]}}
    call_action("govcn_harvest_job_create", {"user": people["editor"], "ignore_auth": False}, **undo)
    assert work()["result"]["withdrawn"] == 2


def test_the_template_comes_back_with_a_hand_kept_entry_changed(app: Any, people: dict[str, Any]) -> None:
    from integration.making import COMPLETE, call, create

    kept = [create(owner_org=people["own"]["id"], **COMPLETE | {"title": title}) for title in ("桥梁信息", "隧道信息")]
    assert post(app, people["editor"], f"/harvest/upload/{people['own']['name']}/template").status_code == 302
    made = work()
    assert made["result"]["entries"] == 2
    call("package_patch", id=kept[1]["id"], notes="下载之后在网页上改过的摘要，工作簿里还是旧的。")
    answer = app.get(f"/harvest/job/{made['id']}/workbook", headers=headers(people["editor"]))
    book = openpyxl.load_workbook(io.BytesIO(answer.data))
    for line in book["目录"].iter_rows():
        for cell in line:
            if cell.value == "桥梁信息":
                cell.value = "全市桥梁信息"
    stream = io.BytesIO()
    book.save(stream)

    job = checked(app, people, stream.getvalue(), "目录.xlsx")
    report = job["result"]["report"]
    assert [each["fields"] for each in job["result"]["changes"]] == [["title"]]
    assert counts(report) == FIRST | {"records": 2, "added": 0, "changed": 1, "unchanged": 1, "refused": 0}
    post(app, people["editor"], f"/harvest/job/{job['id']}/confirm")
    assert counts(work()["result"]) == counts(report)
    assert {call("package_show", id=each["id"])["title"] for each in kept} == {"全市桥梁信息", "隧道信息"}
    assert call("package_show", id=kept[1]["id"])["notes"].startswith("下载之后")
    assert rows("package WHERE type = 'dataset'") == 2


def test_entries_of_others_are_sent_back(app: Any, people: dict[str, Any]) -> None:
    from integration.making import COMPLETE, call, create

    theirs = create(owner_org=people["other"]["id"], **COMPLETE | {"title": "别家的"})
    own = create(owner_org=people["own"]["id"], **COMPLETE | {"title": "自己的"})
    head, first, second, _ = CATALOGUE.splitlines()
    job = checked(app, people, f"数据集标识,{head}\n{theirs['id']},{first}\n{own['id']},{second}\n")
    assert counts(job["result"]["report"]) == FIRST | {"records": 2, "added": 0, "changed": 1}
    assert rows("govcn_harvest_record") == 0  # adopting was rehearsed, too
    assert job["result"]["report"]["refused_by_rule"] == {"H09": 1}
    marks = marked_row(app, people, job, 2)
    assert (marks["数据集标识"], marks["信息资源名称"]) == ("red", "")
    assert "由其他归集来源或其他部门维护，或已下架，不能用工作簿修改（退回 H09）" in marks["问题"]
    assert marks["改法"] == "请删去这一行，或在原处修改。"
    assert not job["result"]["clean"]
    post(app, people["editor"], f"/harvest/job/{job['id']}/confirm")
    work()
    assert call("package_show", id=theirs["id"])["title"] == "别家的"


def test_a_new_row_called_like_an_entry_is_warned_of(app: Any, people: dict[str, Any]) -> None:
    from integration.making import COMPLETE, create

    create(owner_org=people["own"]["id"], **COMPLETE | {"title": "充电站信息"})
    create(owner_org=people["other"]["id"], **COMPLETE | {"title": "停车场信息"})
    job = checked(app, people)
    report = job["result"]["report"]
    assert counts(report) == FIRST
    assert [each["row"] for each in report["problems"] if each["rule"] == "H10"] == [3]
    marks = marked_row(app, people, job, 3)
    assert marks["信息资源名称"] == "yellow"
    assert "【信息资源名称】本部门已有同名条目" in marks["问题"]
    assert "H10" in marks["问题"]
    assert "下载工作簿" in marks["改法"]


def test_a_row_of_another_department_is_marked(app: Any, people: dict[str, Any]) -> None:
    head, first, *_ = CATALOGUE.splitlines()
    job = checked(app, people, f"信息资源提供方,{head}\n{people['other']['title']},{first}\n")
    assert job["result"]["report"]["refused_by_rule"] == {"H02": 1}
    marks = marked_row(app, people, job, 2)
    assert marks["信息资源提供方"] == "red"
    assert "H02" in marks["问题"]


def test_what_a_workbook_leaves_out_stays(app: Any, people: dict[str, Any]) -> None:
    post(app, people["editor"], f"/harvest/job/{checked(app, people)['id']}/confirm")
    work()
    head, first, *_ = CATALOGUE.splitlines()
    job = checked(app, people, f"{head}\n{first}\n")
    assert counts(job["result"]["report"]) == FIRST | {"records": 1, "added": 0, "unchanged": 1, "refused": 0}
    assert "1 条保持不变" in job["result"]["report"]["brake"]


@pytest.mark.parametrize("who", ["", "stranger", "member", "boss"])
def test_nobody_else_gets_anything(app: Any, people: dict[str, Any], who: str) -> None:
    job = checked(app, people)
    user, own = people.get(who, ""), people["own"]["name"]
    refused = {302} if not user else {403, 404}
    for path in (f"/harvest/upload/{own}", f"/harvest/job/{job['id']}/workbook"):
        answer = app.get(path, headers=headers(user), status=None, follow_redirects=False)
        assert answer.status_code in refused, (path, answer.status_code)
        assert "停车场" not in answer.body
    for path in (f"/harvest/upload/{own}/template", f"/harvest/job/{job['id']}/confirm", f"/harvest/job/{job['id']}/discard"):
        post(app, user, path)
    send(app, user, own)
    assert len(jobs_of(people["editor"])) == 1
    assert app.get(f"/harvest/job/{job['id']}/workbook", headers=headers(people["editor"])).status_code == 200


@pytest.mark.parametrize("who", ["", "stranger", "member", "boss"])
def test_the_actions_refuse_everybody_else(app: Any, people: dict[str, Any], who: str) -> None:
    import ckan.plugins.toolkit as tk
    from ckan.tests.helpers import call_action

    job = checked(app, people)
    context = {"user": people.get(who, ""), "ignore_auth": False}
    own, taken = people["own"]["id"], {"upload": job["arguments"]["upload"], "filename": "目录.csv"}
    for action, data in (
        ("upload_create", {"department": own}), ("upload_create", {"department": "gibtesnicht"}),
        ("template_create", {"department": own}), ("upload_delete", {"id": job["id"]}), ("upload_delete", {"id": 99}),
        ("job_create", {"kind": "run", "source": job["source"], "arguments": taken}),
    ):  # fmt: skip
        with pytest.raises(tk.NotAuthorized):
            call_action(f"govcn_harvest_{action}", dict(context), **data)


@pytest.mark.parametrize(
    ("content", "name", "said"),
    [(b"", "", "请选择文件"), (b"x", "a.exe", "只能上传"), (b"x" * 2048, "a.csv", "上限"), (b"{}", "a.json", "只能上传")],
)
def test_what_cannot_be_uploaded(app: Any, people: dict[str, Any], content: bytes, name: str, said: str) -> None:
    import ckan.plugins.toolkit as tk

    limit = tk.config["ckanext.govcn.harvest.upload_size"]
    tk.config["ckanext.govcn.harvest.upload_size"] = 1024
    try:
        send(app, people["editor"], people["own"]["name"], content, name)
    finally:
        tk.config["ckanext.govcn.harvest.upload_size"] = limit
    assert jobs_of(people["editor"]) == []


def test_a_broken_workbook_fails_with_a_sentence(app: Any, people: dict[str, Any]) -> None:
    send(app, people["editor"], people["own"]["name"], b"PK\x03\x04 broken", "目录.xlsx")
    job = work()
    assert job["state"] == "failed"
    body = app.get(f"/harvest/job/{job['id']}", headers=headers(people["editor"])).body
    assert job["error"] in body
    assert "重新上传" in body


def test_discarding_deletes_and_nothing_can_be_taken_in(app: Any, people: dict[str, Any], tmp_path: Any) -> None:
    job = checked(app, people)
    assert list((tmp_path / "govcn-uploads").rglob("*.csv"))
    post(app, people["editor"], f"/harvest/job/{job['id']}/discard")
    assert not [path for path in (tmp_path / "govcn-uploads").rglob("*") if path.is_file()]
    post(app, people["editor"], f"/harvest/job/{job['id']}/confirm")
    assert [each["kind"] for each in jobs_of(people["editor"])] == ["preview"]
    body = app.get(f"/harvest/job/{job['id']}", headers=headers(people["editor"])).body
    assert "工作簿已删除" in body


def test_uploads_expire_and_the_oldest_make_room(people: dict[str, Any]) -> None:
    import time

    import ckan.plugins.toolkit as tk
    from ckanext.govcn.harvest import uploads

    source = f"upload-{people['own']['id']}"
    limit = tk.config["ckanext.govcn.harvest.upload_files"]
    tk.config["ckanext.govcn.harvest.upload_files"] = 2
    try:
        kept = [uploads.store(source, "目录.csv", io.BytesIO(str(n).encode())) for n in range(3)]
    finally:
        tk.config["ckanext.govcn.harvest.upload_files"] = limit
    assert [uploads.find(source, each.sha256, each.filename) is not None for each in kept][-1]
    assert sum(uploads.find(source, each.sha256, each.filename) is not None for each in kept) == 2
    assert uploads.find("upload-other", kept[-1].sha256, "目录.csv") is None
    assert uploads.sweep() == 0
    assert uploads.sweep(time.time() + 31 * uploads.DAY) == 2
    assert uploads.find(source, kept[-1].sha256, "目录.csv") is None


def test_a_run_without_a_workbook_is_no_job(people: dict[str, Any]) -> None:
    import ckan.plugins.toolkit as tk
    from ckan.tests.helpers import call_action

    context = {"user": people["editor"], "ignore_auth": False}
    call_action("govcn_harvest_template_create", dict(context), department=people["own"]["id"])
    with pytest.raises(tk.ValidationError, match="工作簿|upload"):
        call_action(
            "govcn_harvest_job_create", dict(context), kind="run", source=f"upload-{people['own']['id']}"
        )


def test_a_workbook_that_is_only_planned_writes_nothing(app: Any, people: dict[str, Any]) -> None:
    from ckan.tests.helpers import call_action

    job = checked(app, people)
    taken = {"upload": job["arguments"]["upload"], "filename": "目录.csv", "plan_only": True}
    context = {"user": people["editor"], "ignore_auth": False}
    call_action("govcn_harvest_job_create", context, kind="run", source=job["source"], arguments=taken)
    assert counts(work()["result"]) == FIRST | {"added": 0, "waiting": 2}
    assert rows("package WHERE type = 'dataset'") == 0


def test_a_row_marked_secret_takes_its_entry_down(app: Any, people: dict[str, Any]) -> None:
    from integration.making import COMPLETE, call, create

    own, left = (create(owner_org=people["own"]["id"], **COMPLETE | {"title": title}) for title in ("自己的", "另一条"))
    theirs = create(owner_org=people["other"]["id"], **COMPLETE | {"title": "别家的"})
    head, first, second, _ = CATALOGUE.splitlines()
    marked = f"数据集标识,涉密标识,{head}\n{own['id']},涉密,{first}\n{theirs['id']},涉密,{second}\n"
    job = checked(app, people, marked)
    assert counts(job["result"]["report"]) == FIRST | {"records": 2, "added": 0, "removed": 1, "refused": 2}
    assert "/confirm" in app.get(f"/harvest/job/{job['id']}", headers=headers(people["editor"])).body
    assert call("package_show", id=own["id"])["catalog_status"] != "withdrawn"
    post(app, people["editor"], f"/harvest/job/{job['id']}/confirm")
    assert work()["result"]["removed"] == 1
    shown = {each["title"]: call("package_show", id=each["id"])["catalog_status"] for each in (own, left, theirs)}
    assert [title for title, status in shown.items() if status == "withdrawn"] == ["自己的"]


def test_the_check_is_not_for_administrators(app: Any, people: dict[str, Any]) -> None:
    job = checked(app, people)
    for path in (f"/harvest/job/{job['id']}", f"/api/3/action/govcn_harvest_job_show?id={job['id']}"):
        hidden = app.get(path, headers=headers(people["boss"])).body
        assert "充电站" not in hidden
        assert json.dumps("充电站").strip('"') not in hidden
        seen = app.get(path, headers=headers(people["colleague"])).body
        assert "充电站" in seen or json.dumps("充电站").strip('"') in seen


def test_one_content_under_many_names_has_its_limit(people: dict[str, Any], tmp_path: Any) -> None:
    import ckan.plugins.toolkit as tk
    from ckanext.govcn.harvest import uploads

    source = f"upload-{people['own']['id']}"
    limit = tk.config["ckanext.govcn.harvest.upload_files"]
    tk.config["ckanext.govcn.harvest.upload_files"] = 2
    try:
        kept = [uploads.store(source, f"目录{n}.csv", io.BytesIO(b"1")) for n in range(5)]
    finally:
        tk.config["ckanext.govcn.harvest.upload_files"] = limit
    assert len([path for path in (tmp_path / "govcn-uploads").rglob("*") if path.is_file()]) <= 2
    assert uploads.find(source, kept[-1].sha256, "目录4.csv")
