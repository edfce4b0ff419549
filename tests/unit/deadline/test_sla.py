"""The table says what was found in the rules, and an operator's rows take its place."""

from dataclasses import replace

import pytest
from ckanext.govcn.deadline import sla
from ckanext.govcn.deadline.exceptions import SettingsInvalid, UnknownTerm

SHIPPED = sla.load_sla()

# days, extension, whether the days were read in a published copy
FOUND = {
    ("catalog_update", ""): (10, 5, False),
    ("catalog_review", ""): (2, 0, False),
    ("catalog_supplement", ""): (15, 0, True),
    ("share_request", "unconditional"): (1, 0, False),
    ("share_request", "conditional"): (10, 10, False),
    ("share_delivery", ""): (20, 0, False),
    ("correction", "sharing"): (10, 0, False),
    ("correction", "opening"): (5, 5, True),
    ("open_request_check", "conditional"): (5, 0, True),
    ("open_request", "conditional"): (15, 15, True),
    ("data_demand", ""): (20, 20, True),
    ("supplement_notice", ""): (7, 0, True),
    ("right_holder_opinion", ""): (15, 0, True),
}

OWN = """
terms:
  - {process: open_request, type: conditional, title: 答复, title_en: Answer, days: 20, extension: 0, consent: '',
     regulation: 本市办法, article: 第八条, edition: '2026', verified: true, origin: 本市法制机构核对}
  - {process: data_demand, type: '', title: 未开放数据需求的答复, title_en: Answer, days: 7, extension: 0, consent: '',
     regulation: 本市办法, article: 第九条, edition: '2026', verified: true, origin: 本市法制机构核对}
"""
ROW = "terms: [{process: a, type: '', title: a, title_en: a, days: 1, extension: 0, consent: '', regulation: a, article: '', edition: a, verified: true, origin: a}]"


def test_every_row_is_what_was_found():
    assert {(row.process, row.type): (row.days, row.extension, row.verified) for row in SHIPPED.terms} == FOUND


@pytest.mark.parametrize("row", SHIPPED.terms, ids=lambda row: f"{row.process} {row.type}".strip())
def test_every_row_names_its_basis(row):
    assert row.regulation.startswith("《")
    assert row.edition
    assert row.origin
    assert row.article or row.verified  # the article, or the days as they were read: never neither
    assert row.verified != ("未见原文" in row.origin)
    assert not row.consent or row.extension


def test_reminders_are_two_days_before_on_the_day_and_one_after():
    assert [(each.at, each.to) for each in SHIPPED.reminders] == [
        (-2, ("handler",)),
        (0, ("handler",)),
        (1, ("handler", "authority")),
    ]


def test_a_row_is_found_and_an_only_type_may_be_left_out():
    assert SHIPPED.term("open_request").days == 15
    assert SHIPPED.term("share_request", "unconditional").days == 1
    for process, type_ in [("share_request", ""), ("share_request", "none"), ("nothing", "")]:
        with pytest.raises(UnknownTerm, match="share_request conditional") as caught:
            SHIPPED.term(process, type_)
        assert "govcn-deadline table" in caught.value.message_en


def test_the_operators_rows_replace_and_add(tmp_path):
    assert sla.load_sla(tmp_path) == SHIPPED
    (tmp_path / "sla.yaml").write_text(OWN, "utf-8")
    own = sla.load_sla(tmp_path)
    assert own.term("open_request").days == 20
    assert own.term("data_demand").days == 7
    assert own.term("share_delivery") == SHIPPED.term("share_delivery")
    assert own.reminders == SHIPPED.reminders
    (tmp_path / "sla.yaml").write_text("reminders: [{at: 3, to: [authority]}, {at: -5, to: [handler]}]", "utf-8")
    assert [each.at for each in sla.load_sla(tmp_path).reminders] == [-5, 3]
    (tmp_path / "sla.yaml").write_bytes(b"\xff")
    with pytest.raises(SettingsInvalid, match="UTF-8"):
        sla.load_sla(tmp_path)


def test_the_smallest_row():
    assert sla.sla_of(ROW, "x").terms[0] == replace(sla.sla_of(ROW, "x").terms[0], days=1)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (ROW.replace("days: 1", "days: '1'"), "terms 1 days 应为 int"),
        (ROW.replace("days: 1", "days: true"), "应为 int"),
        (ROW.replace("days: 1", "days: 0"), "天数"),
        (ROW.replace("extension: 0", "extension: -1"), "天数"),
        (ROW.replace("verified: true, ", ""), "verified 应为 bool"),
        (ROW.replace("verified: true", "verified: yes-ish"), "verified 应为 bool"),
        (ROW.replace("origin: a", "origin: ''"), "必填"),
        (ROW.replace("origin: a", "origin: a, colour: red"), "没有 colour"),
        (ROW + "\nreminders: [{at: x, to: [handler]}]", "at 应为整数"),
        (ROW + "\nreminders: [{at: 1, to: []}]", "to 应取自"),
        (ROW + "\nreminders: [{at: 1, to: [{}]}]", "to 应取自"),
        ("terms: [1]", "应为键和值"),
        ("terms: 1", "应为列表"),
        ("[1]", "应为键和值"),
        ("{", "YAML"),
        ("terms:" + ROW.removeprefix("terms:").replace("}]", "}, ") + ROW.removeprefix("terms: ["), "写了两次"),
    ],
)
def test_a_faulty_file_names_the_place(text, words):
    with pytest.raises(SettingsInvalid, match=words) as caught:
        sla.sla_of(text, "sla.yaml")
    assert "sla.yaml" in caught.value.message_en
