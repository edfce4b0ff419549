"""编目 on the real stack: two reviews, four eyes, 410, the zone's guards for raw SQL."""

import json
from typing import Any

import pytest
from ckan import model
from ckan.plugins import toolkit as tk
from ckan.tests import factories
from ckan.tests.helpers import call_action
from ckanext.govcn.catalog.entry import Release
from ckanext.govcn.dataset.cli import govcn
from ckanext.govcn.editorial import model as records
from ckanext.govcn.editorial import zone
from integration.making import COMPLETE, acting, call, create, department, internal, member, publish
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

pytestmark = pytest.mark.usefixtures("clean")


@pytest.fixture
def people() -> dict[str, Any]:
    """A department with an editor and two reviewers, and the bureau."""
    owner = department()
    return {
        "owner": owner,
        "editor": member(owner),
        "reviewer": member(owner, "admin"),
        "bureau": factories.Sysadmin(),
        "stranger": member(department(), "admin"),
    }


def drafted(people: dict[str, Any], by: str = "editor", **more: Any) -> dict[str, Any]:
    """A complete draft, written by one of the people."""
    return create(acting(people[by]), owner_org=people["owner"]["id"], **(COMPLETE | more))


def step(people: dict[str, Any], who: str, action: str, dataset: dict[str, Any], **more: Any) -> dict[str, Any]:
    return call_action(f"govcn_{action}", acting(people[who]), id=dataset["id"], **more)


class TestSteps:
    def test_two_reviews_publish(self, people: dict[str, Any]) -> None:
        dataset = drafted(people)
        assert step(people, "editor", "submit", dataset)["catalog_status"] == "department_review"
        assert step(people, "reviewer", "approve", dataset)["catalog_status"] == "bureau_review"
        published = step(people, "bureau", "approve", dataset, number="保审〔2026〕1号")
        assert (published["catalog_status"], published["private"]) == ("published", False)
        assert published["release_kind"] == "reviewed"
        release = records.release_of(model.Session, dataset["id"])
        assert (release.kind, release.number) == ("reviewed", "保审〔2026〕1号")
        assert release.approver
        log = call_action("govcn_editorial_log", acting(people["editor"]), id=dataset["id"])
        assert [line["event"] for line in log] == ["approve", "approve", "submit", "edit"]

    def test_who_wrote_an_entry_does_not_approve_it(self, people: dict[str, Any]) -> None:
        dataset = drafted(people, by="reviewer")
        step(people, "reviewer", "submit", dataset)
        with pytest.raises(tk.NotAuthorized):
            step(people, "reviewer", "approve", dataset)
        people["second"] = member(people["owner"], "admin")
        assert step(people, "second", "approve", dataset)["catalog_status"] == "bureau_review"

    def test_a_system_administrator_who_wrote_it_neither(self, people: dict[str, Any]) -> None:
        dataset = drafted(people, by="bureau")
        step(people, "editor", "submit", dataset)
        step(people, "reviewer", "approve", dataset)
        with pytest.raises(tk.NotAuthorized):
            step(people, "bureau", "approve", dataset)

    @pytest.mark.parametrize("action", ["submit", "approve", "return", "withdraw", "restore"])
    def test_strangers_and_the_public_may_nothing(self, people: dict[str, Any], action: str) -> None:
        dataset = drafted(people)
        with pytest.raises(tk.ObjectNotFound):
            step(people, "stranger", action, dataset, reason="理由")
        with pytest.raises(tk.NotAuthorized):
            call_action(f"govcn_{action}", {"user": "", "ignore_auth": False}, id=dataset["id"], reason="理由")

    def test_an_unfinished_draft_is_not_submitted(self, people: dict[str, Any]) -> None:
        dataset = drafted(people, notes="", update_cycle="", open_type="")
        with pytest.raises(tk.ValidationError) as refused:
            step(people, "editor", "submit", dataset)
        assert {"notes", "update_cycle", "open_type"} <= set(refused.value.error_dict)
        assert call("package_show", id=dataset["id"])["catalog_status"] == "draft"

    def test_an_edit_under_review_needs_the_review_again(self, people: dict[str, Any]) -> None:
        dataset = drafted(people)
        step(people, "editor", "submit", dataset)
        edited = call_action(
            "package_patch", acting(people["editor"]), id=dataset["id"], notes=COMPLETE["notes"] + "补充。"
        )
        assert edited["catalog_status"] == "draft"

    def test_return_needs_a_reason(self, people: dict[str, Any]) -> None:
        dataset = drafted(people)
        step(people, "editor", "submit", dataset)
        with pytest.raises(tk.ValidationError):
            step(people, "reviewer", "return", dataset)
        assert step(people, "reviewer", "return", dataset, reason="摘要不清楚")["catalog_status"] == "draft"

    def test_a_held_level_needs_a_basis_of_a_second_person(self, people: dict[str, Any]) -> None:
        """E32: a title that names an identity card stays 待核定 until somebody else confirms."""
        dataset = drafted(people, title="居民身份证办理点信息")
        step(people, "editor", "submit", dataset)
        step(people, "reviewer", "approve", dataset)
        with pytest.raises(tk.ValidationError) as refused:
            step(people, "bureau", "approve", dataset)
        assert "reason" in refused.value.error_dict
        published = step(people, "bureau", "approve", dataset, reason="只含办理点地址，不含个人信息")
        assert published["private"] is False
        corrected = call_action("package_patch", acting(people["editor"]), id=dataset["id"], contact_name="数据处")
        assert corrected["catalog_status"] == "published"
        edited = call_action(
            "package_patch", acting(people["editor"]), id=dataset["id"], notes=COMPLETE["notes"] + "改。"
        )
        assert (edited["catalog_status"], edited["private"]) == ("draft", True)


class TestWithdrawn:
    def _withdrawn(self, people: dict[str, Any]) -> dict[str, Any]:
        dataset = drafted(people)
        call("resource_create", package_id=dataset["id"], url="http://x.example/a.csv", name="全市停车场.csv")
        for who, action in (("editor", "submit"), ("reviewer", "approve"), ("bureau", "approve")):
            step(people, who, action, dataset)
        return step(people, "bureau", "withdraw", dataset, reason="数据有误")

    def test_answers_410_and_keeps_everything(self, people: dict[str, Any], app: Any) -> None:
        """ckan.md §7.7: withdrawn is a state of ours, not CKAN's delete."""
        withdrawn = self._withdrawn(people)
        assert (withdrawn["catalog_status"], withdrawn["private"], withdrawn["state"]) == ("withdrawn", True, "active")
        for address in (
            f"/dataset/{withdrawn['name']}",
            f"/dataset/{withdrawn['id']}",
            f"/en/dataset/{withdrawn['name']}",
        ):
            page = app.get(address, status=410)
            assert withdrawn["title"] not in page.body
        resource = withdrawn["resources"][0]["id"]
        app.get(f"/dataset/{withdrawn['name']}/resource/{resource}", status=410)
        token = call("api_token_create", user=people["editor"]["name"], name="t")["token"]
        app.get(f"/dataset/{withdrawn['name']}", headers={"Authorization": token}, status=200)
        step(people, "editor", "restore", withdrawn)
        step(people, "reviewer", "approve", withdrawn)
        back = step(people, "bureau", "approve", withdrawn)
        kept = ("id", "name", "codes")
        assert {key: back[key] for key in kept} == {key: withdrawn[key] for key in kept}
        assert [r["id"] for r in back["resources"]] == [resource]
        app.get(f"/dataset/{withdrawn['name']}", status=200)

    def test_what_the_public_never_saw_is_404(self, app: Any) -> None:
        dataset = publish(create(), open_type="none")
        call_action("package_patch", internal(), id=dataset["id"], catalog_status="withdrawn")
        app.get(f"/dataset/{dataset['name']}", status=404)


class TestPages:
    def test_review(self, people: dict[str, Any], app: Any) -> None:
        dataset = drafted(people)
        step(people, "editor", "submit", dataset)
        tokens = {
            who: {"Authorization": call("api_token_create", user=people[who]["name"], name="t")["token"]}
            for who in ("editor", "reviewer", "bureau", "stranger")
        }
        app.get("/editorial", status=403)
        app.get("/editorial", headers=tokens["editor"], status=403)
        assert dataset["title"] not in app.get("/editorial", headers=tokens["stranger"]).body
        assert dataset["title"] in app.get("/editorial", headers=tokens["reviewer"]).body
        app.post(f"/editorial/{dataset['id']}/approve", headers=tokens["reviewer"], data={})
        assert call("package_show", id=dataset["id"])["catalog_status"] == "bureau_review"
        page = app.get("/editorial", headers=tokens["bureau"]).body
        assert dataset["title"] in page
        assert "<script>" not in page
        app.post(f"/editorial/{dataset['id']}/approve", headers=tokens["bureau"], data={"number": "1号"})
        assert call("package_show", id=dataset["id"])["catalog_status"] == "published"


class TestZone:
    """A public instance cannot hold what is not for the public, in code and for raw SQL."""

    @pytest.fixture(autouse=True)
    def _back(self, clean: None) -> Any:
        yield
        model.Session.rollback()
        model.Session.execute(text("UPDATE govcn_zone SET zone = 'both'"))
        model.Session.commit()

    def _public(self) -> None:
        zone.enforce(model.Session, "public")
        model.Session.commit()

    def _released(self) -> dict[str, Any]:
        dataset = publish(create())
        records.set_release(model.Session, dataset["id"], Release("already_public", basis="另一门户"))
        model.Session.commit()
        return dataset

    def test_code_refuses_a_draft(self) -> None:
        owner = department()
        self._public()
        with pytest.raises(tk.ValidationError) as refused:
            create(owner_org=owner["id"], open_type="unconditional")
        assert "互联网" in refused.value.error_dict["open_type"][0]

    def test_a_released_entry_is_taken(self) -> None:
        owner = department()
        self._public()
        dataset = self._insert(owner)
        assert dataset["private"] is False

    def _insert(self, owner: dict[str, Any]) -> dict[str, Any]:
        """As the import of a public instance does it: dataset and release in one transaction."""
        context = internal() | {"govcn_release": True, "defer_commit": True, "return_id_only": True}
        fields = {
            "title": "甲",
            "catalog_status": "published",
            "open_type": "unconditional",
            "release_kind": "reviewed",
        }
        identifier = create(context, owner_org=owner["id"], **fields)
        records.set_release(model.Session, identifier, Release("reviewed", number="1号"))
        model.repo.commit()
        return call("package_show", id=identifier)

    @pytest.mark.parametrize(
        "statement",
        [
            """UPDATE package SET extras = extras || '{"open_type": "none"}', private = true WHERE id = :id""",
            """UPDATE package SET extras = extras - 'open_type', private = true WHERE id = :id""",
            """UPDATE package SET extras = extras || '{"catalog_status": "draft"}', private = true WHERE id = :id""",
            "DELETE FROM govcn_release WHERE package_id = :id",
            """INSERT INTO package (id, name, type, state, private, extras)
               SELECT 'x' || :id, 'x', 'dataset', 'active', false, extras FROM package WHERE id = :id""",
        ],
    )
    def test_raw_sql_is_refused(self, statement: str) -> None:
        dataset = self._released()
        self._public()
        model.Session.execute(text(statement), {"id": dataset["id"]})
        with pytest.raises(IntegrityError):
            model.Session.commit()

    def test_raw_sql_on_an_internal_instance_is_not_hindered(self) -> None:
        dataset = self._released()
        statement = """UPDATE package SET extras = extras || '{"open_type": "none"}', private = true WHERE id = :id"""
        model.Session.execute(text(statement), {"id": dataset["id"]})
        model.Session.commit()

    def test_the_stricter_of_configuration_and_database_holds(
        self, ckan_config: Any, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        assert zone.effective(model.Session) == "both"
        monkeypatch.setitem(ckan_config, "ckanext.govcn.zone", "public")
        assert zone.effective(model.Session) == "public"
        with pytest.raises(tk.ValidationError):
            create(open_type="unconditional")

    def test_command(self, cli: Any) -> None:
        result = cli.invoke(govcn, ["zone", "--set", "public", "--json"])
        assert json.loads(result.stdout) == {"configured": "both", "enforced": "public"}
        assert zone.enforced(model.Session) == "public"

    def test_a_database_with_internal_entries_does_not_become_public(self) -> None:
        create()
        with pytest.raises(ValueError, match="1"):
            zone.enforce(model.Session, "public")

    def test_a_purged_dataset_takes_its_release_along(self) -> None:
        dataset = self._released()
        self._public()
        call("dataset_purge", id=dataset["id"])
        assert records.release_of(model.Session, dataset["id"]) is None
