"""Departments on the real stack: names, renames, proposals, confirmation."""

from typing import Any

import pytest
from ckan import model
from ckan.plugins import toolkit as tk
from ckan.tests import factories
from ckan.tests.helpers import call_action
from ckanext.govcn.catalog.entry import Provider
from ckanext.govcn.department import action
from ckanext.govcn.department import model as departments
from integration.making import acting, call, create, department, internal, member
from sqlalchemy import text

pytestmark = pytest.mark.usefixtures("clean")


class TestNames:
    def test_the_same_name_in_two_regions_is_two_departments(self) -> None:
        one = department("330102", title="综合行政执法局")
        other = department("330105", title="综合行政执法局")
        assert one["name"] != other["name"]
        assert departments.department_for(Provider("综合行政执法局", "330105")).id == other["id"]

    def test_the_same_name_twice_in_one_region_is_refused(self) -> None:
        department("330102", title="综合行政执法局")
        with pytest.raises(tk.ValidationError):
            department("330102", title="综合 行政执法局")

    @pytest.mark.parametrize("name", ["地区管理员", "管理员", "系统管理员"])
    def test_roles_are_no_organizations(self, name: str) -> None:
        with pytest.raises(tk.ValidationError):
            department(title=name)

    def test_social_credit_code(self) -> None:
        assert department(uscc="1141160000593120X0")["uscc"] == "1141160000593120X0"
        with pytest.raises(tk.ValidationError):
            department(uscc="1141160000593120X1")

    def test_pinyin_order(self) -> None:
        """ckan.md §7.14: the database has no Chinese collation, so the key is stored."""
        for title in ["示例局", "安监局", "卫健委"]:
            department(title=title)
        assert [row["name"] for row in call("govcn_department_list")] == ["安监局", "示例局", "卫健委"]

    def test_successor(self) -> None:
        new = department(title="地方金融管理局")
        department(title="金融工作办公室", successor=new["name"], valid_to="2024-01-01")
        assert departments.department_for(Provider("金融工作办公室", "330100")).id == new["id"]


class TestRename:
    """ckan.md §7.14: renaming an organization reindexes nothing in stock CKAN."""

    def test_datasets_are_indexed_anew_and_the_former_name_is_kept(self) -> None:
        health = department(title="卫生和计划生育委员会")
        dataset = create(owner_org=health["id"])
        call("organization_patch", id=health["id"], title="卫生健康委员会")
        found = call("package_search", q=f"id:{dataset['id']}", include_private=True)["results"][0]
        assert found["organization"]["title"] == "卫生健康委员会"
        assert call("package_show", id=dataset["id"])["organization"]["title"] == "卫生健康委员会"
        shown = call("organization_show", id=health["id"])
        assert shown["former_names"] == ["卫生和计划生育委员会"]
        assert shown["name"] == health["name"]
        assert departments.department_for(Provider("卫生和计划生育委员会", "330100")).id == health["id"]

    def test_many_datasets_are_left_to_the_worker(self, monkeypatch: pytest.MonkeyPatch) -> None:
        jobs: list[Any] = []
        monkeypatch.setattr(action, "REINDEX_AT_ONCE", 0)
        monkeypatch.setattr(tk, "enqueue_job", lambda fn, args, **more: jobs.append((fn, args)))
        owner = department(title="旧名")
        dataset = create(owner_org=owner["id"])
        call("organization_patch", id=owner["id"], title="新名")
        assert jobs == [(action.index_datasets, [[dataset["id"]]])]


class TestIdentity:
    """What a department is decides which datasets a harvest gives it: its own admin does not change that."""

    def test_an_admin_edits_the_contact_but_not_the_name(self) -> None:
        organization = department(title="水利局", former_names=["水务局"])
        admin = acting(member(organization, "admin"))
        shown = call("organization_show", id=organization["id"])
        call_action("organization_update", {**admin}, **(shown | {"contact_phone": "0571-12345678"}))
        for change in ({"title": "财政局"}, {"region_code": "330200"}, {"former_names": ["财政局"]}):
            with pytest.raises(tk.ValidationError):
                call_action("organization_patch", {**admin}, id=organization["id"], **change)
        assert departments.department_for(Provider("财政局", "330100")) is None

    def test_the_bureau_founds_and_renames(self, ckan_config: Any, monkeypatch: pytest.MonkeyPatch) -> None:
        bureau, organization = department(title="数据局"), department(title="水利局")
        monkeypatch.setitem(ckan_config, "ckanext.govcn.bureau", bureau["name"])
        clerk = acting(member(bureau))
        call_action("organization_patch", {**clerk}, id=organization["id"], title="水务局")
        assert departments.department_for(Provider("水利局", "330100")).id == organization["id"]
        call_action("organization_create", {**clerk}, title="新局", region_code="330100")


class TestConfirmation:
    def test_only_the_bureau_confirms(self) -> None:
        organization = department()
        for user in (member(organization, "admin"), factories.User()):
            with pytest.raises(tk.NotAuthorized):
                call_action("govcn_department_confirm", acting(user), id=organization["id"])
        assert departments.confirmed([organization["id"]]) == set()
        call_action("govcn_department_confirm", acting(factories.Sysadmin()), id=organization["id"])
        assert departments.confirmed([organization["id"]]) == {organization["id"]}
        call_action("govcn_department_confirm", acting(factories.Sysadmin()), id=organization["id"], confirmed=False)
        assert departments.confirmed([organization["id"]]) == set()

    def test_members_of_the_configured_bureau_confirm(self, ckan_config: Any, monkeypatch: pytest.MonkeyPatch) -> None:
        bureau, organization = department(title="数据局"), department()
        monkeypatch.setitem(ckan_config, "ckanext.govcn.bureau", bureau["name"])
        with pytest.raises(tk.NotAuthorized):
            call_action("govcn_department_confirm", acting(member(bureau, "member")), id=organization["id"])
        call_action("govcn_department_confirm", acting(member(bureau)), id=organization["name"])
        assert departments.confirmed([organization["id"]]) == {organization["id"]}

    def test_an_ended_or_deleted_department_is_confirmed_no_more(self) -> None:
        ended, deleted = department(valid_to="2020-01-01"), department()
        for one in (ended, deleted):
            call_action("govcn_department_confirm", acting(factories.Sysadmin()), id=one["id"])
        call("organization_delete", id=deleted["id"])
        assert departments.confirmed([ended["id"], deleted["id"]]) == set()


class TestProposals:
    PROVIDER = Provider("某新设局", "330100", "")

    def _propose(self) -> int:
        departments.propose(model.Session, {self.PROVIDER: 7, Provider("地区管理员", "330100"): 3}, "demo")
        model.Session.commit()
        rows = call_action("govcn_provider_proposal_list", acting(factories.Sysadmin()))
        assert [row["name"] for row in rows if row["name"] != self.PROVIDER.name] == []
        return rows[0]["id"]

    @pytest.fixture(autouse=True)
    def _none_before(self, clean: None) -> None:
        model.Session.execute(text("DELETE FROM govcn_provider_proposal"))
        model.Session.commit()

    def test_accept_makes_a_confirmed_department(self) -> None:
        number = self._propose()
        decided = call_action(
            "govcn_provider_proposal_decide", acting(factories.Sysadmin()), id=number, decision="accept"
        )
        assert departments.department_for(self.PROVIDER).id == decided["group_id"]
        assert departments.confirmed([decided["group_id"]]) == {decided["group_id"]}

    def test_map_lets_the_name_find_the_department(self) -> None:
        number, known = self._propose(), department(title="已有局")
        call_action(
            "govcn_provider_proposal_decide", acting(factories.Sysadmin()),
            id=number, decision="map", department=known["name"],
        )  # fmt: skip
        assert departments.department_for(self.PROVIDER).id == known["id"]
        call("organization_patch", id=known["id"], description="改动后仍能找到")
        assert departments.department_for(self.PROVIDER).id == known["id"]

    def test_refuse_needs_a_reason_and_stays_refused(self) -> None:
        number, admin = self._propose(), acting(factories.Sysadmin())
        with pytest.raises(tk.ValidationError):
            call_action("govcn_provider_proposal_decide", {**admin}, id=number, decision="refuse")
        call_action("govcn_provider_proposal_decide", {**admin}, id=number, decision="refuse", reason="不是部门")
        with pytest.raises(tk.ValidationError):
            call_action("govcn_provider_proposal_decide", {**admin}, id=number, decision="accept")
        departments.propose(model.Session, {self.PROVIDER: 9}, "demo")
        assert call_action("govcn_provider_proposal_list", {**admin}) == []

    def test_page(self, app: Any) -> None:
        number = self._propose()
        admin = factories.SysadminWithToken()
        page = app.get("/department/proposals", headers={"Authorization": admin["token"]})
        assert self.PROVIDER.name in page.body
        app.post(
            f"/department/proposals/{number}", data={"decision": "accept"}, headers={"Authorization": admin["token"]}
        )
        assert departments.department_for(self.PROVIDER) is not None
        app.get("/department/proposals", status=403)


class TestNodes:
    def test_made_once_and_distinct(self) -> None:
        one, other, elsewhere = department(), department(), department(region="")
        nodes = departments.nodes_of(model.Session, [one["id"], other["id"], elsewhere["id"]])
        assert len(set(nodes.values())) == 3
        assert departments.node_of(model.Session, one["id"]) == nodes[one["id"]]
        dataset = create(internal(), owner_org=one["id"])
        assert dataset["codes"][0].startswith(nodes[one["id"]] + "/")
