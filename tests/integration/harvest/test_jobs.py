"""Jobs as people meet them: who may ask, what asking twice gives, what cancelling does."""

from __future__ import annotations

from typing import Any

import pytest

pytestmark = pytest.mark.usefixtures("clean")

SOURCE = "jiaotong"


def session() -> Any:
    from ckan import model

    return model.Session


def execute(statement: str, **values: Any) -> Any:
    import sqlalchemy as sa

    result = session().execute(sa.text(statement), values)
    session().commit()
    return result


@pytest.fixture
def people() -> dict[str, Any]:
    """An editor of the source's department, one of another department, a member, an administrator."""
    from ckan.tests import factories

    made = {name: factories.User() for name in ("editor", "stranger", "member")} | {"boss": factories.Sysadmin()}
    role = [
        {"name": made["editor"]["name"], "capacity": "editor"},
        {"name": made["member"]["name"], "capacity": "member"},
    ]
    own = factories.Organization(title="示例市交通运输局", users=role)
    factories.Organization(title="示例市统计局", users=[{"name": made["stranger"]["name"], "capacity": "admin"}])
    execute("INSERT INTO govcn_harvest_source (name, owner_org) VALUES (:name, :org)", name=SOURCE, org=own["id"])
    return {name: each["name"] for name, each in made.items()}


def ask(user: str, action: str, **data: Any) -> Any:
    from ckan.tests.helpers import call_action

    return call_action(f"govcn_harvest_job_{action}", {"user": user, "ignore_auth": False}, **data)


def create(user: str, kind: str = "run", **data: Any) -> Any:
    return ask(user, "create", kind=kind, source=SOURCE, **data)


def test_an_editor_of_the_department_asks_for_a_run(people: dict[str, Any]) -> None:
    job = create(people["editor"])
    assert (job["kind"], job["state"], job["reason"]) == ("run", "waiting", "person")
    assert job["wanted_by"] == people["editor"]
    assert ask(people["editor"], "show", id=job["id"])["id"] == job["id"]


@pytest.mark.parametrize("who", ["stranger", "member", ""])
def test_others_may_neither_ask_nor_look_nor_cancel(people: dict[str, Any], who: str) -> None:
    import ckan.plugins.toolkit as tk

    job, other = create(people["boss"]), people.get(who, "")
    for action, data in (
        ("create", {"kind": "run", "source": SOURCE}), ("create", {"kind": "run", "source": "gibtesnicht"}),
        ("show", {"id": job["id"]}), ("cancel", {"id": job["id"]}), ("show", {"id": 999}), ("show", {"id": "9" * 5000}),
    ):  # fmt: skip
        with pytest.raises(tk.NotAuthorized):
            ask(other, action, **data)
    if who:
        assert ask(other, "list") == []
    else:
        with pytest.raises(tk.NotAuthorized):
            ask(other, "list")


def test_asking_twice_gives_the_same_job_and_the_more_urgent_wins(people: dict[str, Any]) -> None:
    from ckanext.govcn.harvest import jobs

    planned = jobs.create(session(), jobs.Wanted("run", SOURCE, reason="schedule"))
    session().commit()
    again = create(people["editor"])
    assert again["id"] == planned
    assert again["priority"] == jobs.PRIORITIES["person"]
    assert create(people["editor"], arguments={"plan_only": True})["id"] != planned


def test_a_job_that_runs_does_not_keep_the_next_one_from_waiting(people: dict[str, Any]) -> None:
    first = create(people["editor"])
    execute("UPDATE govcn_harvest_job SET state = 'running', worker = 'w', lease_until = now()")
    assert create(people["editor"])["id"] != first["id"]


def test_one_source_has_one_writer_in_the_database_itself(people: dict[str, Any]) -> None:
    import sqlalchemy.exc

    create(people["editor"])
    create(people["editor"], arguments={"plan_only": True})
    with pytest.raises(sqlalchemy.exc.IntegrityError, match="one_writer"):
        execute("UPDATE govcn_harvest_job SET state = 'running', worker = 'w', lease_until = now()")
    session().rollback()


def test_cancelling(people: dict[str, Any]) -> None:
    import ckan.plugins.toolkit as tk

    job = create(people["editor"])
    assert ask(people["editor"], "cancel", id=job["id"])["state"] == "cancelled"
    with pytest.raises(tk.ValidationError, match="已经结束|already ended"):
        ask(people["editor"], "cancel", id=job["id"])


def test_cancelling_a_job_that_runs_ends_its_run(people: dict[str, Any]) -> None:
    job = create(people["editor"])
    run = execute(
        "INSERT INTO govcn_harvest_run (source, state) VALUES (:source, 'running') RETURNING id", source=SOURCE
    ).scalar()
    execute("UPDATE govcn_harvest_job SET state = 'running', worker = 'w', lease_until = now(), run_id = :run", run=run)
    ask(people["editor"], "cancel", id=job["id"])
    assert execute("SELECT state FROM govcn_harvest_run").scalar() == "failed"


@pytest.mark.parametrize(
    ("kind", "arguments"),
    [
        ("harvest", {}), ("run", {"rm": True}), ("run", []), ("apply", {}), ("apply", {"run": "1"}),
        ("apply", {"run": True}), ("undo", {"run": 2**70}), ("apply", {"run": 77}), ("preview", {"entries": 1}),
    ],
)  # fmt: skip
def test_arguments_are_of_their_type_and_nothing_else(people: dict[str, Any], kind: str, arguments: Any) -> None:
    import ckan.plugins.toolkit as tk

    with pytest.raises(tk.ValidationError):
        create(people["boss"], kind, arguments=arguments)


def test_what_opens_entries_is_not_carried_out_by_the_sources_editors(people: dict[str, Any]) -> None:
    import ckan.plugins.toolkit as tk

    run = execute("INSERT INTO govcn_harvest_run (source, state) VALUES (:s, 'finished') RETURNING id", s=SOURCE)
    number = run.scalar()
    change = (
        "INSERT INTO govcn_harvest_change (run_id, remote_id, kind, state, package_id, opens) "
        "VALUES (:run, :remote, :kind, 'planned', 'x', :opens)"
    )
    execute(change, run=number, remote="1", kind="changed", opens=True)
    execute(change, run=number, remote="2", kind="move", opens=False)
    with pytest.raises(tk.NotAuthorized, match="数据主管部门"):
        create(people["editor"], "apply", arguments={"run": number})
    assert create(people["editor"], "reject", arguments={"run": number})["state"] == "waiting"
    assert create(people["boss"], "apply", arguments={"run": number})["state"] == "waiting"
    execute(change, run=number, remote="3", kind="changed", opens=False)
    assert create(people["editor"], "apply", arguments={"run": number, "keep": "theirs"})["state"] == "waiting"


def test_a_conflict_is_decided_for_one_side_or_the_other(people: dict[str, Any]) -> None:
    import ckan.plugins.toolkit as tk

    run = execute("INSERT INTO govcn_harvest_run (source, state) VALUES (:s, 'finished') RETURNING id", s=SOURCE)
    asked = {"run": run.scalar(), "fields": [["7", "title", "theirs"]]}
    assert create(people["boss"], "apply", arguments=asked)["arguments"] == asked
    for wrong in ({"keep": "both"}, {"fields": [["7", "title"]]}, {"fields": [["7", "title", "old"]]}):
        with pytest.raises(tk.ValidationError, match="theirs"):
            create(people["boss"], "apply", arguments={"run": asked["run"], **wrong})


def test_the_list_is_of_ones_own_sources(people: dict[str, Any]) -> None:
    execute("INSERT INTO govcn_harvest_source (name) VALUES ('tongji')")
    ask(people["boss"], "create", kind="run", source="tongji")
    create(people["editor"], "preview")
    create(people["editor"])
    assert {each["source"] for each in ask(people["editor"], "list")} == {SOURCE}
    assert len(ask(people["boss"], "list")) == 3
    assert [each["kind"] for each in ask(people["boss"], "list", source=SOURCE, kind="preview")] == ["preview"]
    assert ask(people["boss"], "list", state="running") == []
