"""Datasets on the real stack: what every way of writing does, and the traps of stock CKAN 2.12."""

import json
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from ckan import model
from ckan.lib.navl.dictization_functions import Invalid
from ckan.plugins import toolkit as tk
from ckan.tests import factories
from ckan.tests.helpers import call_action
from ckanext.govcn.catalog import identifiers
from ckanext.govcn.dataset import batch
from ckanext.govcn.dataset import model as register
from integration.making import acting, call, create, department, internal, member, publish
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

pytestmark = pytest.mark.usefixtures("clean")


class TestFields:
    def test_everything_comes_back_as_it_was_given(self) -> None:
        given = {
            "title": "全市停车场信息（2024）",
            "notes": "停车场的名称、地址和泊位数。",
            "theme": ["6", "5"],
            "region_codes": ["330100"],
            "update_cycle": "7",
            "record_count": 1200,
            "open_type": "conditional",
            "share_type": "1",
            "formats": ["csv", "xlsx"],
            "items": [{"name": "泊位数", "data_type": "N", "length": "6", "nullable": False}],
            "pub_date": "2024-03-01",
            "security_level": "2",
        }
        dataset = create(**given, tags=[{"name": "停车"}])
        shown = call("package_show", id=dataset["id"])
        assert {name: shown[name] for name in given if name != "formats"} == {
            name: value for name, value in given.items() if name != "formats"
        }
        assert [tag["name"] for tag in shown["tags"]] == ["停车"]

    def test_labels_are_read_as_codes_and_unknown_ones_are_refused(self) -> None:
        assert create(update_cycle="每年")["update_cycle"] == "7"
        with pytest.raises(tk.ValidationError) as refused:
            create(update_cycle="有空的时候")
        assert "有空的时候" in refused.value.error_dict["update_cycle"][0]

    def test_free_extras_cannot_set_a_field_of_the_platform(self) -> None:
        with pytest.raises(tk.ValidationError):
            create(extras=[{"key": "catalog_status", "value": "published"}])

    @pytest.mark.parametrize("value", ["javascript:alert(1)", "ftp://x", "//host"])
    def test_only_http_addresses(self, value: str) -> None:
        with pytest.raises(tk.ValidationError):
            create(url=value)

    def test_english_messages_follow_the_reader(self, app: Any) -> None:
        """The API under /en answers in English, the plain one in Chinese."""
        user = factories.SysadminWithToken()
        headers = {"Authorization": user["token"]}
        organization = department()
        data = {"title": "甲", "owner_org": organization["id"], "pub_date": "去年"}
        chinese = app.post("/api/3/action/package_create", json=data, headers=headers, status=409)
        english = app.post("/en/api/3/action/package_create", json=data, headers=headers, status=409)
        assert "日期" in chinese.json["error"]["pub_date"][0]
        assert "date" in english.json["error"]["pub_date"][0]


class TestItems:
    """ckan.md §7.10: scheming's repeating subfields come back as 0, 1, 10, 11, 2 … after a form save."""

    items = [{"name": f"字段{n:03d}", "data_type": "C", "length": "20"} for n in range(300)]

    def test_api(self) -> None:
        dataset = create(items=self.items)
        assert call("package_show", id=dataset["id"])["items"] == self.items

    def test_form(self, app: Any) -> None:
        organization = department()
        user = member(organization)
        token = call("api_token_create", user=user["name"], name="t")["token"]
        headers = {"Authorization": token}
        form = {"title": "三百项", "owner_org": organization["id"], "items": json.dumps(self.items), "save": ""}
        response = app.post("/dataset/new", data=form, headers=headers, follow_redirects=False)
        assert response.status_code == 302, response.body[:2000]
        dataset = call("package_show", id=response.headers["Location"].split("/dataset/")[1].split("/")[0])
        assert dataset["items"] == self.items
        form |= {"pkg_name": dataset["id"], "title": "三百项（改）"}
        app.post(f"/dataset/edit/{dataset['name']}", data=form, headers=headers, follow_redirects=False)
        shown = call("package_show", id=dataset["id"])
        assert (shown["title"], shown["items"]) == ("三百项（改）", self.items)

    def test_four_hundred_long_items(self) -> None:
        """ckan.md §7.11: a stock index refuses a field of more than 32,766 bytes."""
        items = [{"name": f"字段{n}", "description": "说明" * 50} for n in range(400)]
        assert call("package_show", id=create(items=items)["id"])["items"] == items

    def test_harvest(self) -> None:
        dataset = create(internal(), items=self.items, catalog_status="published", open_type="unconditional")
        assert call("package_show", id=dataset["id"])["items"] == self.items

    def test_form_page_holds_the_grid_and_no_inline_script(self, app: Any) -> None:
        organization = department()
        token = call("api_token_create", user=member(organization)["name"], name="t")["token"]
        page = app.get("/dataset/new", headers={"Authorization": token}).body
        assert 'data-module="govcn-items"' in page
        assert 'name="private"' not in page
        sections = ["基本信息", "分类", "分级", "提供方", "格式", "共享", "开放", "数据项"]
        places = [page.index(f">{section}</h2>") for section in sections]
        assert places == sorted(places)


class TestTags:
    """ckan.md §7.12: stock rules refuse one-character tags and 、（）/."""

    tags = ["水", "科技/教育", "停车（公共）", "《条例》", "PM2.5"]

    def test_survive(self) -> None:
        dataset = create(tags=[{"name": tag} for tag in self.tags])
        shown = call("package_show", id=dataset["id"])
        assert sorted(tag["name"] for tag in shown["tags"]) == sorted(self.tags)

    def test_a_line_of_tags_is_cut(self) -> None:
        dataset = create(tag_string="水、电，气;热；网,路")
        assert sorted(tag["name"] for tag in dataset["tags"]) == sorted("水电气热网路")

    def test_a_tag_with_separators_becomes_several(self) -> None:
        assert sorted(tag["name"] for tag in create(tags=[{"name": "水、电"}])["tags"]) == sorted("水电")

    def test_stock_rules_would_refuse_them(self) -> None:
        from ckan.logic import validators as stock

        for tag in ["水", "停车（公共）"]:
            with pytest.raises(Invalid):
                stock.tag_name_validator(stock.tag_length_validator(tag, {}), {})


class TestPlatformFields:
    def test_a_user_cannot_publish_or_name_or_code(self) -> None:
        organization = department()
        user = member(organization, "admin")
        context = {"user": user["name"], "ignore_auth": False}
        wish = {
            "catalog_status": "published", "private": False, "codes": ["101/1"], "name": "mine",
            "release_kind": "reviewed", "source_name": "other", "incomplete": ["notes"],
        }  # fmt: skip
        dataset = create(context, owner_org=organization["id"], open_type="unconditional", **wish)
        assert dataset["catalog_status"] == "draft"
        assert dataset["private"] is True
        assert dataset["codes"] != ["101/1"]
        assert dataset["name"] == identifiers.dataset_name(dataset["codes"][0])
        assert not {"release_kind", "source_name", "incomplete"} & set(dataset)

    @pytest.mark.parametrize("action", ["package_update", "package_patch", "package_revise"])
    def test_no_way_of_writing_changes_them(self, action: str) -> None:
        dataset = create(open_type="unconditional")
        wish = {"catalog_status": "published", "private": False, "name": "other", "codes": ["101/9"]}
        sysadmin = {"user": factories.Sysadmin()["name"], "ignore_auth": False}
        if action == "package_revise":
            call_action(action, sysadmin, match={"id": dataset["id"]}, update=wish)
        else:
            kept = dataset if action == "package_update" else {"id": dataset["id"]}
            call_action(action, sysadmin, **(kept | wish))
        shown = call("package_show", id=dataset["id"])
        assert {name: shown[name] for name in wish} == {name: dataset[name] for name in wish}

    @pytest.mark.parametrize("action", ["bulk_update_public", "bulk_update_private"])
    def test_bulk_actions_are_refused(self, action: str) -> None:
        dataset = create(open_type="unconditional")
        with pytest.raises(tk.ValidationError):
            call(action, datasets=[dataset["id"]], org_id=dataset["owner_org"])
        assert call("package_show", id=dataset["id"])["private"] is True

    def test_resource_actions_keep_what_is_derived(self) -> None:
        dataset = publish(create())
        resource = call(
            "resource_create", package_id=dataset["id"], url="http://x.example/a.csv", name="全市停车场.csv"
        )
        call("resource_patch", id=resource["id"], description="说明")
        shown = call("package_show", id=dataset["id"])
        assert (shown["catalog_status"], shown["private"]) == ("published", False)
        assert shown["resources"][0]["name"] == "全市停车场.csv"

    def test_closing_takes_effect_at_once_and_opening_needs_a_review(self) -> None:
        dataset = publish(create())
        assert dataset["private"] is False
        closed = call("package_patch", id=dataset["id"], open_type="none", open_basis="《条例》第十条")
        assert (closed["private"], closed["catalog_status"]) == (True, "published")
        opened = call("package_patch", id=dataset["id"], open_type="unconditional")
        assert (opened["private"], opened["catalog_status"]) == (True, "draft")

    def test_undecided_is_never_published(self) -> None:
        dataset = publish(create(), open_type="")
        assert (dataset["catalog_status"], dataset["private"]) == ("draft", True)

    def test_raw_sql_cannot_open_a_draft(self) -> None:
        dataset = create(open_type="unconditional")
        model.Session.execute(text("UPDATE package SET private = false WHERE id = :id"), {"id": dataset["id"]})
        with pytest.raises(IntegrityError):
            model.Session.commit()
        model.Session.rollback()

    @pytest.mark.parametrize("kind", ["showcase", "harvest", "x"])
    def test_another_type_does_not_escape_the_rules(self, kind: str) -> None:
        with pytest.raises(tk.ValidationError) as refused:
            create(type=kind, name="mine", private=False)
        assert "type" in refused.value.error_dict

    def test_a_published_dataset_is_not_deleted_by_a_person(self) -> None:
        """ckan.md §7.7: CKAN's delete drops groups, and the name can be taken."""
        organization = department()
        dataset = publish(create(owner_org=organization["id"]))
        user = member(organization, "admin")
        with pytest.raises(tk.ValidationError):
            call_action("package_delete", acting(user), id=dataset["id"])
        with pytest.raises(tk.ValidationError):
            call_action("package_patch", acting(user), id=dataset["id"], state="deleted")
        assert call("package_show", id=dataset["id"])["state"] == "active"
        draft = create(owner_org=organization["id"])
        call_action("package_delete", acting(user), id=draft["id"])

    def test_moving_to_another_department_needs_a_review(self) -> None:
        dataset, other = publish(create()), department()
        call("package_owner_org_update", id=dataset["id"], organization_id=other["id"])
        shown = call("package_show", id=dataset["id"])
        assert (shown["owner_org"], shown["catalog_status"], shown["private"]) == (other["id"], "draft", True)

    def test_items_are_never_looser_than_the_dataset(self) -> None:
        items = [{"name": "a", "open_type": "unconditional", "share_type": "1"}, {"name": "b"}]
        dataset = create(open_type="conditional", share_type="2", items=items)
        assert dataset["items"] == [{"name": "a", "open_type": "conditional", "share_type": "2"}, {"name": "b"}]

    def test_what_was_incomplete_and_is_filled_in_is_incomplete_no_more(self) -> None:
        dataset = create(internal(), incomplete=["notes", "update_cycle"], catalog_status="published", open_type="none")
        assert dataset["incomplete"] == ["notes", "update_cycle"]
        edited = call("package_patch", id=dataset["id"], notes="停车场的名称、地址和泊位数。")
        assert edited["incomplete"] == ["update_cycle"]


class TestCodes:
    def test_provisional_code_without_classification(self) -> None:
        dataset = create()
        assert dataset["code_provisional"] is True
        assert identifiers.parse_code(dataset["codes"][0]) is not None
        assert dataset["codes"][0].startswith("307")

    def test_classified_later(self) -> None:
        dataset = create()
        old = dataset["codes"]
        changed = call("govcn_code_assign", id=dataset["id"], categories=["201", "101"])
        assert [code.split("/")[0] for code in changed["codes"]] == ["201000", "101000"]
        again = call("package_patch", id=dataset["id"], notes="说明")
        assert again["codes"] == changed["codes"]
        assert changed["related_codes"] == old
        assert not changed["code_provisional"]
        assert call("package_show", id=dataset["id"])["name"] == dataset["name"]

    def test_numbers_are_never_used_twice(self) -> None:
        organization = department()
        first = create(owner_org=organization["id"], categories=["201"])
        call("dataset_purge", id=first["id"])
        second = create(owner_org=organization["id"], categories=["201"])
        assert second["codes"] != first["codes"]
        assert second["name"] != first["name"]

    def test_a_failed_write_takes_no_code(self) -> None:
        organization = department()
        before = model.Session.execute(text("SELECT count(*) FROM govcn_code")).scalar()
        with pytest.raises(tk.ValidationError):
            create(owner_org=organization["id"], categories=["201"], pub_date="去年")
        assert model.Session.execute(text("SELECT count(*) FROM govcn_code")).scalar() == before

    def test_a_code_belongs_to_one_dataset(self) -> None:
        dataset = create()
        with pytest.raises(tk.ValidationError) as refused:
            create(internal(), codes=dataset["codes"])
        assert "codes" in refused.value.error_dict

    def test_codes_of_a_batch(self) -> None:
        organization = department()
        wanted = [([], organization["id"], [])] * 3 + [(["201"], organization["id"], [])] * 2
        given = batch.assign_codes(model.Session, wanted)
        codes = [code for one in given for code in one.codes]
        assert len(set(codes)) == 5
        dataset = create(
            internal(), owner_org=organization["id"], codes=list(given[0].codes), code_provisional=given[0].provisional,
        )  # fmt: skip
        assert dataset["codes"] == list(given[0].codes)
        assert dataset["code_provisional"] is True
        assert dataset["name"] == identifiers.dataset_name(given[0].codes[0])

    def test_a_foreign_code_moves_the_counter_past_it(self) -> None:
        dataset = create()
        register.claim(model.Session, dataset["id"], ["201/000041"])
        assert register.reserve(model.Session, ["201"]) == ["201/000042"]

    def test_writers_at_the_same_time_get_different_codes(self) -> None:
        """Each with a connection of its own, several nodes in different orders: no code twice, no circle of waits."""

        def reserve(number: int) -> list[str]:
            nodes = ["999001", "999002", "999003"]
            with model.ensure_engine().begin() as connection:
                return register.reserve(connection, (nodes if number % 2 else nodes[::-1]) * 5)

        with ThreadPoolExecutor(6) as pool:
            codes = [code for given in pool.map(reserve, range(12)) for code in given]
        assert len(codes) == len(set(codes)) == 180

    def test_names_of_codes_are_distinct(self) -> None:
        """ckan.md §7.13: `r-<code with ->` alone is not injective."""
        codes = ["201/1", "201-1", "a/b", "A/b", "a-b", "a_b"]
        assert len({identifiers.dataset_name(code) for code in codes}) == len(codes)


class TestTime:
    """ckan.md §7.5: package_show serves the index's copy when metadata_modified is equal."""

    def test_rises_although_a_date_in_the_future_was_set(self) -> None:
        dataset = create()
        sysadmin = {"user": factories.Sysadmin()["name"], "ignore_auth": False}
        future = call_action(
            "package_patch", sysadmin, id=dataset["id"], metadata_modified="2999-01-01T00:00:00", notes="一"
        )
        assert future["metadata_modified"].startswith("2999")
        call("package_patch", id=dataset["id"], notes="二")
        model.Session.expire_all()
        assert model.Package.get(dataset["id"]).metadata_modified.isoformat() > "2999-01-01T00:00:00"
        assert call("package_show", id=dataset["id"])["notes"] == "二"

    def test_rises_for_raw_sql(self) -> None:
        dataset = create(title="旧")
        model.Session.execute(text("UPDATE package SET title = '新' WHERE id = :id"), {"id": dataset["id"]})
        model.Session.commit()
        model.Session.expire_all()
        assert call("package_show", id=dataset["id"])["title"] == "新"


class TestResourceDependencies:
    """ckan.md §7.1: without declared dependencies unchanged resources are not validated again."""

    def test_declared(self) -> None:
        from ckan.lib.plugins import lookup_package_plugin

        plugin = lookup_package_plugin("dataset")
        assert {"open_type", "access_mode", "catalog_status"} <= set(plugin.resource_validation_dependencies("dataset"))


class TestChecks:
    def test_both_languages_and_the_form_field(self) -> None:
        dataset = create(title="停车场")
        report = call("govcn_dataset_check", id=dataset["id"])
        assert report["refused"] is True
        rules = {problem["rule"] for problem in report["problems"]}
        assert {"E08", "E14", "E19", "E22"} <= rules
        assert all(problem["message"] and problem["message_en"] for problem in report["problems"])
        assert "owner_org" not in {p["form_field"] for p in report["problems"] if p["severity"] == "refuse"}

    def test_a_published_entry_may_not_get_worse(self) -> None:
        dataset = publish(create(notes="停车场的名称、地址和泊位数。", update_cycle="7", share_type="1"))
        call("package_patch", id=dataset["id"], notes="停车场的名称、地址、泊位数和收费标准。")
        with pytest.raises(tk.ValidationError) as refused:
            call("package_patch", id=dataset["id"], notes="")
        assert refused.value.error_dict["notes"][0].startswith("[E08]")

    def test_code_tables(self) -> None:
        themes = call("govcn_code_table", table="theme")
        assert {k: v for k, v in themes[5].items() if k != "label_en"} == {"code": "6", "label": "交通运输"}
        assert call("govcn_code_lookup", table="region", q="杭州")[0]["value"] == "330100"
        with pytest.raises(tk.ObjectNotFound):
            call("govcn_code_table", table="../secret")
