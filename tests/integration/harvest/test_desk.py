"""The desk of a department: what its pages and actions show, to whom, and what never leaves."""

from __future__ import annotations

import io
import json
from typing import Any

import pytest

pytestmark = pytest.mark.usefixtures("clean")

SOURCE = "jiaotong"
SECRET = "sk-geheim"
MARKUP = "<script>alert(1)</script>"


def session() -> Any:
    from ckan import model

    return model.Session


def execute(statement: str, **values: Any) -> Any:
    import sqlalchemy as sa

    result = session().execute(sa.text(statement), values)
    session().commit()
    return result


@pytest.fixture
def people() -> dict[str, str]:
    """An editor of the source's department, an admin of another one, a member, an administrator, with API tokens."""
    from ckan.tests import factories

    made: dict[str, Any] = {name: factories.User() for name in ("editor", "stranger", "member")}
    made["boss"] = factories.Sysadmin()
    own = factories.Organization(
        title="示例市交通运输局",
        users=[
            {"name": made["editor"]["name"], "capacity": "editor"},
            {"name": made["member"]["name"], "capacity": "member"},
        ],
    )
    factories.Organization(title="示例市统计局", users=[{"name": made["stranger"]["name"], "capacity": "admin"}])
    settings = {"protocol": "rest_json", "provider": "示例市交通运输局", "headers": {"X-Key": SECRET}, "url": SECRET}
    execute(
        "INSERT INTO govcn_harvest_source (name, title, owner_org, settings) VALUES (:name, :title, :org, :settings)",
        name=SOURCE, title=f"交通运输局{MARKUP}", org=own["id"], settings=json.dumps(settings),
    )  # fmt: skip
    return {name: each["name"] for name, each in made.items()}


@pytest.fixture
def run(people: dict[str, str]) -> int:
    """A finished run with three refusals and a warning."""
    counts = {"records": 10, "added": 6, "refused": 3, "warnings": 1}
    number = execute(
        "INSERT INTO govcn_harvest_run (source, state, counts) VALUES (:source, 'finished', :counts) RETURNING id",
        source=SOURCE, counts=json.dumps(counts),
    ).scalar_one()  # fmt: skip
    for at, (rule, severity, given) in enumerate(
        [("E02", "refuse", MARKUP), ("E02", "refuse", '=HYPERLINK("http://x")'), ("E26", "refuse", ""), ("W33", "warn", "")]
    ):
        execute(
            'INSERT INTO govcn_harvest_problem (run_id, source, "row", rule, severity, given, message) '
            "VALUES (:run, :source, :row, :rule, :severity, :given, :message)",
            run=number, source=SOURCE, row=at + 2, rule=rule, severity=severity, given=given, message=f"改法 {rule}",
        )  # fmt: skip
    return number


def ask(user: str, action: str, **data: Any) -> Any:
    from ckan.tests.helpers import call_action

    return call_action(f"govcn_harvest_{action}", {"user": user, "ignore_auth": False}, **data)


def page(app: Any, user: str, path: str, status: int = 200) -> str:
    from ckan.tests import factories

    token = factories.APIToken(user=user)["token"] if user else ""
    return app.get(path, headers={"Authorization": token} if token else {}, status=status, follow_redirects=False).body


PAGES = ["/harvest", f"/harvest/source/{SOURCE}", "/harvest/runs", "/harvest/run/{run}", "/harvest/jobs"]


@pytest.mark.parametrize("path", PAGES)
def test_an_editor_sees_the_pages_and_no_markup_of_a_source(app: Any, people: dict[str, str], run: int, path: str) -> None:
    body = page(app, people["editor"], path.format(run=run))
    assert MARKUP not in body
    assert SECRET not in body
    if path != "/harvest/jobs":
        assert "交通运输局&lt;script&gt;" in body


@pytest.mark.parametrize("who", ["stranger", "member"])
def test_a_source_does_not_exist_for_others(app: Any, people: dict[str, str], run: int, who: str) -> None:
    expected = 404 if who == "stranger" else 403
    for path in (f"/harvest/source/{SOURCE}", f"/harvest/run/{run}", f"/harvest/run/{run}/refusals.csv"):
        page(app, people[who], path, expected)
    if who == "stranger":
        assert "交通运输局" not in page(app, people[who], "/harvest") + page(app, people[who], "/harvest/runs")
        assert ask(people[who], "source_list") == {"count": 0, "results": []}


def test_a_visitor_is_asked_to_log_in(app: Any, people: dict[str, str]) -> None:
    answer = app.get("/harvest", follow_redirects=False)
    assert answer.status_code == 302
    assert "/user/login" in answer.headers["Location"]


def test_a_source_with_health_and_settings_but_no_secrets(people: dict[str, str], run: int) -> None:
    (source,) = ask(people["editor"], "source_list")["results"]
    assert source == ask(people["editor"], "source_show", id=SOURCE)
    assert source["health"]["state"] == "refusing"
    assert source["health"]["message_en"]
    assert source["settings"] == {"protocol": "rest_json", "provider": "示例市交通运输局"}
    assert [(each["id"], each["refused"]) for each in source["trend"]] == [(run, 3)]
    assert SECRET not in json.dumps(source)


def test_problems_are_paged_and_narrowed_to_a_rule(people: dict[str, str], run: int) -> None:
    found = ask(people["editor"], "problem_list", run=run, limit=2, offset=1)
    assert found["count"] == 3
    assert [each["row"] for each in found["results"]] == [3, 4]
    only = ask(people["editor"], "problem_list", run=run, rule="E26")
    assert only["count"] == 1
    assert only["results"][0]["given"] == ""
    assert ask(people["editor"], "problem_list", run=run, severity="warn")["count"] == 1


@pytest.mark.parametrize("wrong", [{"limit": "viele"}, {"offset": -1}, {"severity": "hold"}])
def test_wrong_questions_are_refused(people: dict[str, str], run: int, wrong: dict[str, Any]) -> None:
    import ckan.plugins.toolkit as tk

    with pytest.raises(tk.ValidationError):
        ask(people["editor"], "problem_list", run=run, **wrong)


def test_runs_of_all_sources_and_of_one(people: dict[str, str], run: int) -> None:
    import ckan.plugins.toolkit as tk

    assert [each["id"] for each in ask(people["editor"], "run_list")["results"]] == [run]
    assert ask(people["boss"], "run_list", source=SOURCE)["count"] == 1
    with pytest.raises(tk.ObjectNotFound):
        ask(people["stranger"], "run_list", source=SOURCE)
    for number in (run + 1, "9" * 40, "eins"):
        with pytest.raises(tk.ObjectNotFound):
            ask(people["boss"], "run_show", id=number)


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
def test_refusals_as_a_file_hold_no_formula(app: Any, people: dict[str, str], run: int, kind: str) -> None:
    from ckan.tests import factories
    from openpyxl import load_workbook

    token = factories.APIToken(user=people["editor"])["token"]
    answer = app.get(f"/harvest/run/{run}/refusals.{kind}", headers={"Authorization": token})
    assert answer.headers["Cache-Control"] == "private, no-store"
    if kind == "csv":
        rows = answer.data.decode("utf-8-sig").splitlines()
        assert len(rows) == 4
        assert "\"'=HYPERLINK" in rows[2]
    else:
        sheet = load_workbook(io.BytesIO(answer.data)).active
        assert sheet
        assert [cell.value for cell in sheet[1]][:4] == ["文件", "工作表", "行", "列"]
        assert sheet["G3"].data_type == "s"
        assert sheet["G3"].value.startswith("=HYPERLINK")


def test_progress_says_when_the_run_has_ended(app: Any, people: dict[str, str], run: int) -> None:
    from ckan.tests import factories

    headers = {"Authorization": factories.APIToken(user=people["editor"])["token"]}
    assert app.get(f"/harvest/run/{run}/progress", headers=headers).headers["HX-Refresh"] == "true"
    execute("UPDATE govcn_harvest_run SET state = 'running' WHERE id = :run", run=run)
    answer = app.get(f"/harvest/run/{run}/progress", headers=headers)
    assert "HX-Refresh" not in answer.headers
    assert "data-say" in answer.body


def test_run_now_puts_a_job_in(app: Any, people: dict[str, str], run: int) -> None:
    from ckan.tests import factories

    headers = {"Authorization": factories.APIToken(user=people["editor"])["token"]}
    answer = app.post(f"/harvest/source/{SOURCE}/run", headers=headers, follow_redirects=False)
    (job,) = ask(people["editor"], "job_list")
    assert answer.headers["Location"].endswith(f"/harvest/job/{job['id']}")
    assert (job["kind"], job["wanted_by"]) == ("run", people["editor"])
    assert "等待办理" in app.get(f"/harvest/job/{job['id']}", headers=headers).body
    execute("UPDATE govcn_harvest_job SET run_id = :run, state = 'finished' WHERE id = :id", run=run, id=job["id"])
    onward = app.get(f"/harvest/job/{job['id']}/progress", headers=headers)
    assert onward.headers["HX-Redirect"].endswith(f"/harvest/run/{run}")
