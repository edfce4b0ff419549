"""A good and a bad example for every rule; all problems at once; nothing passes unasked."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from ckanext.govcn.catalog import checks, codes
from ckanext.govcn.catalog.batch import context_of, series_stem
from ckanext.govcn.catalog.checks import Confirmation, Context, PersonalDataFinding, check, incomplete_fields
from ckanext.govcn.catalog.entry import CatalogEntry, Item, Provider, Resource
from ckanext.govcn.catalog.levels import settle
from ckanext.govcn.catalog.problem import Problem, Severity
from ckanext.govcn.catalog.registry import RULES, Finding, rule
from hypothesis import given, settings
from hypothesis import strategies as st

TODAY = date(2026, 11, 24)
DEPARTMENT = "示例市交通运输局"

GOOD = CatalogEntry(
    title="公交站点信息",
    notes="全市公交站点的名称、位置和经过线路，供查询和分析使用。",
    theme=("6",),
    update_cycle="7",
    pub_date="2024-01-05",
    data_updated="2026-10-01",
    source_code="307016160002/000012",
    provider=Provider(DEPARTMENT, region_code="411600", uscc="1141160000593120X0"),
    contact_phone="0394-8285678",
    contact_email="jtj@example.gov.cn",
    format_class="2",
    formats=("xlsx",),
    share_type="1",
    share_method_class="1",
    share_method="file",
    open_type="unconditional",
    access_mode="anonymous",
    security_level="1",
    related_codes=("307016160002/000013",),
    items=(Item("站点名称", data_type="C", length="50"), Item("启用日期", data_type="D", length="10")),
)


def everything(**changes: Any) -> Context:
    """A context in which every look-up answers and nothing is wrong."""
    context = Context(
        today=TODAY,
        provider_known=lambda provider: provider.name == DEPARTMENT,
        title_of_code={"307016160002/000013": "公交线路信息"}.get,
        providers_of_title=lambda title: (),
        series_of=lambda entry: (),
        findings=lambda entry: (),
    )
    return replace(context, **changes)


def found(entry: CatalogEntry, profile: checks.Profile = "guide", **context: Any) -> list[Problem]:
    return check(entry, profile, everything(**context))


def items(*changed: Item) -> dict[str, tuple[Item, ...]]:
    return {"items": changed}


CONDITIONAL: dict[str, Any] = {
    "open_type": "conditional",
    "access_mode": "",
    "open_condition": "仅限交通规划研究",
    "open_method": "接口",
    "open_requirements": "注明来源",
    "open_safeguards": "专人保管",
}
NOT_SHARED: dict[str, Any] = {
    "share_type": "3",
    "share_basis": "《中华人民共和国个人信息保护法》第二十五条",
    "share_method_class": "",
    "share_method": "",
    "open_type": "none",
    "access_mode": "",
}
ON_CONDITIONS: dict[str, Any] = {
    "share_type": "2",
    "share_condition": "说明用途",
    "share_scope": "市级部门",
    "share_use": "业务协同",
}

LOOSE = Item("站点", data_type="C", length="9", open_type="unconditional")

# rule, field, what makes it bite; every row is otherwise GOOD, so that no other rule may speak
BAD: list[tuple[str, str, dict[str, Any]]] = [
    ("E01", "title", {"title": ""}),
    ("E01", "title", {"title": "无"}),
    ("E01", "title", {"title": "公" * 129}),
    ("E02", "source_code", {"source_code": "XZ-001"}),
    ("E02", "source_code", {"source_code": "399016160002/000012"}),
    ("W03", "source_code", {"source_code": "30701505003030050000000003"}),
    ("E04", "source_code", {"source_code": "307016160002/000013", "related_codes": ()}),
    ("E05", "provider", {"provider": Provider("")}),
    ("E05", "provider", {"provider": Provider("某某局")}),
    ("E05", "provider", {"provider": Provider("地区管理员")}),
    ("E06", "provider_uscc", {"provider": Provider(DEPARTMENT, uscc="114116000059312")}),
    ("E06", "provider_uscc", {"provider": Provider(DEPARTMENT, uscc="1141160000593120I0")}),
    ("E06", "provider_uscc", {"provider": Provider(DEPARTMENT, uscc="1141160000593120X1")}),
    ("W07", "provider_uscc", {"provider": Provider(DEPARTMENT, uscc="00593120-X")}),
    ("E08", "notes", {"notes": ""}),
    ("E08", "notes", {"notes": "暂无"}),
    ("W08", "notes", {"notes": "公交站点 信息"}),
    ("W08", "notes", {"notes": "站点"}),
    ("W08", "notes", {"notes": "站" * 257}),
    ("E09", "format_class", {"format_class": "", "formats": ()}),
    ("E09", "format_class", {"format_class": "", "unread": {"format_class": "纸质"}}),
    ("E09", "format_class", {"format_class": "8"}),
    ("W09", "formats", {"formats": ("pdf",)}),
    ("W09", "formats", {"formats": (), "unread": {"formats": "MPJ"}}),
    ("E10", "items", {"items": ()}),
    ("E10", "items", {"items": (), "format_class": "", "formats": ("mysql",)}),
    ("E11", "items.1.name", items(Item("站点", data_type="C", length="5"), Item("", data_type="C", length="5"))),
    ("E11", "items.1.name", items(Item("站点", data_type="C", length="5"), Item("站 点", data_type="C", length="5"))),
    ("E12", "items.0.data_type", items(Item("站点"))),
    ("E12", "items", items(Item("站点"), Item("线路"))),
    ("E12", "items.0.data_type", {**items(Item("站点")), "unread": {"items.0.data_type": "火星型"}}),
    ("E12", "items.0.data_type", items(Item("站点", data_type="Z", length="5"))),
    ("W13", "items.0.length", items(Item("站点", data_type="C"))),
    ("W13", "items", items(Item("站点", data_type="C"), Item("线路", data_type="N"))),
    ("W13", "items.0.length", items(Item("站点", data_type="C", length="很长"))),
    ("W13", "items.0.length", items(Item("站点", data_type="C", length="0"))),
    ("W13", "items.0.length", items(Item("站点", data_type="C", length="10,2"))),
    ("W13", "items.0.length", items(Item("日期", data_type="D", length="7"))),
    ("W13", "items.0.length", items(Item("时间", data_type="T", length="10"))),
    ("E14", "share_type", {"share_type": ""}),
    ("E14", "share_type", {"share_type": "", "unread": {"share_type": "看情况"}}),
    ("E15", "share_condition", {**ON_CONDITIONS, "share_condition": "无"}),
    ("W15", "share_scope", {**ON_CONDITIONS, "share_scope": ""}),
    ("W15", "share_use", {**ON_CONDITIONS, "share_use": ""}),
    ("E16", "share_basis", {**NOT_SHARED, "share_basis": ""}),
    ("W16", "share_basis", {**NOT_SHARED, "share_basis": "领导要求"}),
    ("W16", "share_basis", {**NOT_SHARED, "share_basis": "本单位内部规章，办法正在制定"}),
    ("E17", "share_method", {**NOT_SHARED, "share_method": "api"}),
    ("E17", "share_method_class", {**NOT_SHARED, "share_method_class": "2"}),
    ("E18", "share_type", {**NOT_SHARED, "source_code": "101001/1"}),
    ("W18", "share_type", {**ON_CONDITIONS, "categories": ("102001",)}),
    ("E19", "open_type", {"open_type": "", "access_mode": ""}),
    ("E19", "open_type", {"open_type": "", "unread": {"open_flag": "看情况"}}),
    ("E19", "open_type", {"open_type": "", "unread": {"open_type": "开放网站"}}),
    ("E19", "open_type", {"open_type": "", "unread": {"open_type": "是"}}),
    ("E20", "open_type", {**NOT_SHARED, "open_type": "unconditional"}),
    ("E20", "open_type", {**NOT_SHARED, **CONDITIONAL}),
    ("E21", "open_condition", {**CONDITIONAL, "open_condition": ""}),
    ("E21", "open_method", {**CONDITIONAL, "open_method": ""}),
    ("E21", "open_requirements", {**CONDITIONAL, "open_requirements": "暂无"}),
    ("E21", "open_safeguards", {**CONDITIONAL, "open_safeguards": ""}),
    ("E22", "update_cycle", {"update_cycle": ""}),
    ("E22", "update_cycle", {"update_cycle": "", "unread": {"update_cycle": "牲畜饲养"}}),
    ("E23", "pub_date", {"pub_date": "", "unread": {"pub_date": "去年"}}),
    ("E23", "pub_date", {"pub_date": "2026-11-25"}),
    ("E23", "pub_date", {"pub_date": "1900-01-01"}),
    ("W24", "data_updated", {"data_updated": "2024-01-05"}),
    ("W24", "data_updated", {"data_updated": "2027-01-01"}),
    ("W24", "data_updated", {"data_updated": "", "unread": {"data_updated": "0000-00-00"}}),
    ("W25", "related_codes", {"related_codes": ("307016160002/000012",)}),
    ("W25", "related_codes", {"related_codes": ("307016160002/999999",)}),
    ("E26", "secrecy", {"secrecy": "是"}),
    ("E26", "title", {"title": "公交站点信息（秘密）"}),
    ("E26", "notes", {"notes": "全市公交站点，密级：机密"}),
    ("E26", "resources.name", {"resources": (Resource("https://example.org/1", name="站点（绝密）.xlsx"),)}),
    ("E27", "security_level", {"security_level": "2"}),
    ("E27", "security_level", {"security_level": "important"}),
    ("E27", "security_level", {**CONDITIONAL, "security_level": "4"}),
    ("E27", "security_level", {"security_level": "", "unread": {"security_level": "丙"}}),
    ("W28", "items.0.share_type", {**ON_CONDITIONS, **items(Item("站点", data_type="C", length="9", share_type="1"))}),
    ("W28", "items.0.open_type", {**CONDITIONAL, **items(LOOSE)}),
    ("W31", "contact_phone", {"contact_phone": "12"}),
    ("W31", "contact_phone", {"contact_phone": "问门卫"}),
    ("W31", "contact_email", {"contact_email": "jtj#example.gov.cn"}),
    ("E32", "title", {"title": "居民身份证办理点"}),
    ("E32", "title", {"title": "根据统一社会信用代码查询企业信息"}),
    ("E32", "notes", {"notes": "乘客姓名、手机号与乘车记录，供查询和分析使用。"}),
    ("E32", "items", items(Item("指纹", data_type="C", length="9"))),
    ("E32", "items", items(Item("编号", name_en="ID_CARD", data_type="C", length="18"))),
    ("E32", "items", items(Item("编号", description="公民身份号码", data_type="C", length="18"))),
    ("E32", "title", {**CONDITIONAL, "title": "人脸考勤信息"}),
    ("W33", "upper_consent", {"title": "省回流_公交站点信息"}),
    ("W33", "upper_consent", {"data_source": "upper_return"}),
    ("W33", "data_source", {"title": "省回流_公交站点信息", "open_type": "none", "access_mode": ""}),
    ("W35", "temporal_end", {"temporal_start": "2024-01-01", "temporal_end": "2023-12-31"}),
    ("W37", "pub_date", {"unread": {"pub_date.mended": "2024/1/0518:10"}}),
    ("W36", "theme", {"unread": {"theme": "火星开发"}}),
    ("W36", "items.0.share_type", {"unread": {"items.0.share_type": "看情况"}}),
]  # fmt: skip


def changed(changes: dict[str, Any]) -> CatalogEntry:
    return replace(GOOD, **changes)


def test_a_good_entry_has_no_problem() -> None:
    assert found(GOOD) == []
    assert found(GOOD, "portal") == []


@pytest.mark.parametrize("profile", ["guide", "portal"])
@pytest.mark.parametrize(("rule_id", "field", "changes"), BAD, ids=[f"{r}-{f}-{i}" for i, (r, f, _) in enumerate(BAD)])
def test_each_fault_is_found_under_its_id_and_no_other(
    rule_id: str, field: str, changes: dict[str, Any], profile: checks.Profile
) -> None:
    problems = found(changed(changes), profile)
    assert [(p.rule, p.field) for p in problems] == [(rule_id, field)]
    assert problems[0].severity != "not_run"
    assert re.search("[\u4e00-\u9fff]", problems[0].message)
    assert "{" not in problems[0].message + problems[0].message_en


GOOD_VARIANTS: list[tuple[str, dict[str, Any]]] = [
    ("E01", {"title": "公" * 128}),
    ("E02", {"source_code": ""}),
    ("E06", {"provider": Provider(DEPARTMENT, uscc="")}),
    ("W08", {"notes": "站" * 256}),
    ("E09", {"format_class": "", "formats": ("csv",)}),
    ("W09", {"format_class": "6", "formats": ("json", "geojson")}),
    ("E10", {"items": (), "format_class": "1", "formats": ("pdf",)}),
    ("W13", items(Item("金额", data_type="N", length="18,2"))),
    ("W13", items(Item("金额", data_type="Y", length="18，2"))),
    ("W13", items(Item("备注", data_type="M"), Item("是否", data_type="L"))),
    ("W13", items(Item("时间", data_type="T", length="19"))),
    ("E15", ON_CONDITIONS),
    ("E16", NOT_SHARED),
    ("W16", {**NOT_SHARED, "share_basis": "中华人民共和国档案法第二十八条"}),
    ("W16", {**NOT_SHARED, "share_basis": "国发〔2016〕51号第十条"}),
    ("E18", {"source_code": "101001/1"}),
    ("E19", {"open_type": "none", "access_mode": ""}),
    ("E21", CONDITIONAL),
    ("E23", {"pub_date": ""}),
    ("E23", {"pub_date": "2026-11-24"}),
    ("W24", {"data_updated": "2020-01-01", "update_cycle": "8"}),
    ("W24", {"data_updated": "2025-10-24"}),
    ("E27", {**CONDITIONAL, "security_level": "3"}),
    ("E27", {"security_level": ""}),
    ("W28", items(Item("站点", data_type="C", length="9", open_type="none", share_type="3"))),
    ("W31", {"contact_phone": "0394－8285678转801"}),
    ("W31", {"contact_phone": "（0394）8285678"}),
    ("W31", {"contact_phone": "0394-8285678、0394-8285679"}),
    ("W31", {"contact_phone": "12345"}),
    ("W31", {"contact_phone": "", "contact_email": "暂无"}),
    ("E32", {"title": "居民身份证办理点", "open_type": "none", "access_mode": ""}),
    ("W33", {"title": "省回流_公交站点信息", "data_source": "upper_return", "upper_consent": "豫政数函〔2026〕1号"}),
    ("W35", {"temporal_start": "2024-01-01", "temporal_end": "2024-01-01"}),
]


@pytest.mark.parametrize(
    ("rule_id", "changes"), GOOD_VARIANTS, ids=[f"{r}-{i}" for i, (r, _) in enumerate(GOOD_VARIANTS)]
)
def test_what_is_just_allowed_passes(rule_id: str, changes: dict[str, Any]) -> None:
    assert found(changed(changes)) == []


def test_rules_of_other_entries() -> None:
    (one_source,) = found(GOOD, providers_of_title=lambda title: (DEPARTMENT, "示例市公安局"))
    assert (one_source.rule, "示例市公安局" in one_source.message) == ("W29", True)
    (series,) = found(GOOD, series_of=lambda entry: ("公交站点信息2023",))
    assert series.rule == "W34"


def test_personal_data_findings() -> None:
    block = PersonalDataFinding("身份证号", "sheet1!C3")
    (problem,) = found(GOOD, findings=lambda entry: [block])
    assert (problem.rule, problem.severity, problem.given) == ("E30", "refuse", "")
    assert "sheet1!C3" in problem.message
    assert found(GOOD, findings=lambda entry: [replace(block, released=True), replace(block, blocking=False)]) == []


def test_a_second_persons_confirmation_with_basis_ends_the_hold() -> None:
    entry = changed({"title": "居民身份证办理点"})
    assert settle(entry, found(entry)).open_type == ""
    for empty in (None, Confirmation("", "公开的办事地点"), Confirmation("王五", " ")):
        assert settle(entry, found(entry, confirmation=lambda e, c=empty: c)).open_type == ""
    confirmed = found(entry, confirmation=lambda e: Confirmation("王五", "公开的办事地点"))
    assert confirmed == []
    assert settle(entry, confirmed).open_type == "unconditional"


def test_what_cannot_be_asked_has_not_passed() -> None:
    entry = changed({"source_code": "307016160002/000012", "related_codes": ("307016160002/000013",)})
    not_run = {p.rule for p in check(entry, "guide") if p.severity == "not_run"}
    assert not_run == {"E04", "E05", "E23", "W24", "W25", "W29", "E30", "W34"}
    assert not checks.refused(check(entry, "guide"))
    assert all(p.severity == "not_run" for p in check(entry, "guide"))


def test_all_problems_are_returned_at_once_in_order() -> None:
    problems = found(CatalogEntry(secrecy="否", contact_phone="x", unread={"theme": "y"}))
    assert [p.rule for p in problems] == ["E01", "E05", "E08", "E09", "E14", "E19", "E22", "W31", "W36"]
    assert incomplete_fields(problems) == (
        "title", "provider", "notes", "format_class", "share_type", "open_type", "update_cycle", "theme",
    )  # fmt: skip


def test_of_a_secret_entry_nothing_is_repeated() -> None:
    entry = CatalogEntry(
        title="某某名单", notes="绝密内容", secrecy="是", contact_phone="不应出现", unread={"theme": "不应出现"}
    )
    for profile in ("guide", "portal"):
        (problem,) = found(entry, profile)
        assert (problem.rule, problem.given, problem.severity) == ("E26", "", "refuse")
        assert "请立即停止上传，按保密规定处置" in problem.message
        assert not {"某某", "绝密", "不应"} & {problem.message[i : i + 2] for i in range(len(problem.message))}


# profiles ----------------------------------------------------------------------------------------------------

FIXED = {"E01", "E20", "E26", "E27", "E30", "E32"}
STANDARD = [
    "E01",
    "E02",
    "W03",
    "E04",
    "E05",
    "E06",
    "W07",
    "E08",
    "W08",
    "E09",
    "W09",
    "E10",
    "E11",
    "E12",
    "W13",
    "E14",
    "E15",
    "W15",
    "E16",
    "W16",
    "E17",
    "E18",
    "W18",
    "E19",
    "E20",
    "E21",
    "E22",
    "E23",
    "W24",
    "W25",
    "E26",
    "E27",
    "W28",
    "W29",
    "E30",
    "W31",
    "E32",
    "W33",
    "W34",
]
HARDER = {"refuse": 3, "hold": 2, "warn": 1}


def test_every_rule_of_the_standard_is_there_with_texts_in_both_languages() -> None:
    assert set(STANDARD) <= set(RULES)
    assert set(checks.rule_ids()) == set(codes.data("rules")) - {"not_run"}
    for rule_id in checks.rule_ids():
        about = checks.about(rule_id)
        assert about["title"]
        assert about["title_en"]
        assert about["basis"]
        for case in about["cases"].values():
            assert re.search("[\u4e00-\u9fff]", case["zh"])
            assert re.search("[A-Za-z]", case["en"])
            named = {*re.findall(r"\{(\w+)\}", case["zh"])} - {"what", "cycle", "grade", "allowed", "name"}
            assert named <= {*re.findall(r"\{(\w+)\}", case["en"])} | {"length"}


@pytest.mark.parametrize("rule_id", STANDARD)
def test_severities(rule_id: str) -> None:
    about = checks.about(rule_id)
    guide, portal = about["severity"]["guide"], about["severity"]["portal"]
    assert guide == ("hold" if rule_id in {"E32", "W33"} else "refuse" if rule_id.startswith("E") else "warn")
    assert HARDER[portal] <= HARDER[guide]
    if rule_id in FIXED:
        assert portal == guide
        assert about["fixed"]
        assert not any("portal" in case for case in about["cases"].values())
    else:
        assert not about.get("fixed")


MISSING: list[tuple[str, dict[str, Any], Severity]] = [
    ("provider", {"provider": Provider()}, "warn"),
    ("notes", {"notes": ""}, "warn"),
    ("format_class", {"format_class": "", "formats": ()}, "warn"),
    ("items", {"items": ()}, "warn"),
    ("share_type", {"share_type": ""}, "warn"),
    ("share_condition", {**ON_CONDITIONS, "share_condition": ""}, "warn"),
    ("update_cycle", {"update_cycle": ""}, "warn"),
    ("open_condition", {**CONDITIONAL, "open_condition": ""}, "warn"),
    ("open_type", {"open_type": ""}, "hold"),
]


@pytest.mark.parametrize(("field", "changes", "softened"), MISSING)
def test_what_is_missing_refuses_a_guide_entry_and_marks_a_portal_entry(
    field: str, changes: dict[str, Any], softened: Severity
) -> None:
    entry = changed(changes)
    assert [p.severity for p in found(entry, "guide")] == ["refuse"]
    assert [p.severity for p in found(entry, "portal")] == [softened]
    assert incomplete_fields(found(entry, "portal")) == (field,)


def test_an_id_is_registered_once() -> None:
    with pytest.raises(ValueError, match="E01"):
        rule("E01")(lambda entry, context: iter([Finding("missing", "title")]))


# the entries of one run ------------------------------------------------------------------------------------------


def test_series_stem() -> None:
    assert series_stem("分县区卫生机构数（2019年）") == series_stem("分县区卫生机构数(2020)")
    assert series_stem("2021年度公交客运量") == series_stem("2022年公交客运量")
    assert series_stem("公交站点信息") == ""
    assert series_stem("12021 号线") == ""


def test_context_of_one_run() -> None:
    run = [
        replace(GOOD, title="公交客运量2023", source_code="307016160002/000001"),
        replace(GOOD, title="公交客运量2024", source_code="307016160002/000002"),
        replace(GOOD, title="公交客运量2024", source_code="307016160002/000003", provider=Provider("示例市统计局")),
        replace(GOOD, title="公交站点信息", source_code="307016160002/000001"),
    ]
    context = context_of(run, everything(providers_of_title=None, series_of=None))
    rules = [[p.rule for p in check(entry, "portal", context) if p.rule != "E05"] for entry in run]
    assert rules == [["W34"], ["W29", "W34"], ["W29"], ["E04"]]


# wild input -----------------------------------------------------------------------------------------------------

TEXT = st.text(max_size=40)
WILD_ITEMS = st.builds(Item, name=TEXT, data_type=TEXT, length=TEXT, share_type=TEXT, open_type=TEXT)
WILD = st.builds(
    CatalogEntry,
    title=TEXT, notes=TEXT, update_cycle=TEXT, pub_date=TEXT, data_updated=TEXT, source_code=TEXT, security_level=TEXT,
    share_type=st.one_of(TEXT, st.sampled_from("123")), share_basis=TEXT, open_label=TEXT, secrecy=TEXT,
    open_type=st.one_of(TEXT, st.sampled_from(["unconditional", "conditional", "none"])),
    provider=st.builds(Provider, name=TEXT, uscc=TEXT), contact_phone=TEXT, contact_email=TEXT,
    formats=st.lists(TEXT, max_size=3).map(tuple), items=st.lists(WILD_ITEMS, max_size=3).map(tuple),
    related_codes=st.lists(TEXT, max_size=2).map(tuple), unread=st.dictionaries(TEXT, TEXT, max_size=3),
)  # fmt: skip


@settings(max_examples=150, deadline=None)
@given(WILD, st.sampled_from(["guide", "portal"]))
def test_nothing_that_an_entry_contains_can_break_the_rules_or_open_it(
    entry: CatalogEntry, profile: checks.Profile
) -> None:
    problems = found(entry, profile)
    assert problems == found(entry, profile)
    assert all(len(p.given) <= 80 and "\n" not in p.given for p in problems)
    settled = settle(entry, problems)
    if checks.held(problems) or (entry.open_type not in codes.table("open_type")):
        assert settled.open_type == ""
    if entry.share_type == "3" and not checks.refused(problems):
        assert settled.open_type in {"", "none"}
