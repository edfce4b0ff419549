"""The application form and the texts that go with it. Names and codes are made up."""

from __future__ import annotations

from datetime import date
from importlib import resources

import pytest
import yaml
from ckanext.govcn.application import texts
from ckanext.govcn.application.form import faults, form, read
from ckanext.govcn.workflow.exceptions import TableError
from ckanext.govcn.workflow.form import holds_identity_number
from hypothesis import given
from hypothesis import strategies as st

TODAY = date(2026, 11, 24)
IDENTITY = "11010519491231002X"  # the public test value of GB 11643
GOOD = {
    "subject_kind": "legal_entity",
    "subject_name": "示例科技有限公司",
    "subject_uscc": "1141160000593120X0",
    "scenario": "停车诱导",
    "purpose": "公众查询空余泊位",
    "scope": "示例市范围内的手机应用",
    "use_until": "2027-11-24",
    "capability": "专用服务器，两名数据工程师",
    "safeguards": "加密存储，访问留痕，到期销毁",
}


def wrong(complete: bool = True, **change: str) -> set[str]:
    return {fault.field for fault in faults(read(GOOD | change), TODAY, complete=complete)}


def test_a_good_form() -> None:
    assert wrong() == set()
    assert wrong(subject_kind="person", subject_uscc="", subject_name="示例人") == set()


@pytest.mark.parametrize("name", [name for name in GOOD if name != "subject_uscc"])
def test_everything_is_needed_to_submit_and_nothing_for_a_draft(name: str) -> None:
    assert wrong(**{name: "  "}) == {name}
    assert wrong(complete=False, **{name: ""}) == set()


@pytest.mark.parametrize("name", [name for name, field in form().fields.items() if field.type in ("line", "text")])
def test_every_text_has_a_limit_and_takes_no_identity_number(name: str) -> None:
    limit = form().fields[name].limit
    assert wrong(**{name: "字" * limit}) == set()
    assert wrong(complete=False, **{name: "字" * (limit + 1)}) == {name}
    assert wrong(complete=False, **{name: f"联系人 {IDENTITY}。"}) == {name}
    assert wrong(complete=False, **{name: "坏\x00字"}) == {name}


def test_codes() -> None:
    assert wrong(subject_uscc="1141160000593120X1") == {"subject_uscc"}
    assert wrong(subject_uscc="") == {"subject_uscc"}
    assert wrong(subject_uscc="9" * 200) == {"subject_uscc"}
    assert wrong(subject_kind="person") == {"subject_uscc"}
    assert read({"subject_uscc": " 11411600-0059 3120x0 "})["subject_uscc"] == "1141160000593120X0"


@pytest.mark.parametrize(
    "until", ["2026-11-24", "2020-01-01", "2029-11-24", "2027-02-30", "20270224", "明年", "2027-2-4"]
)
def test_wrong_periods(until: str) -> None:
    assert wrong(use_until=until) == {"use_until"}


def test_the_longest_period() -> None:
    assert wrong(use_until="2029-11-23") == set()


def test_unknown_kinds_and_what_is_no_text() -> None:
    assert wrong(subject_kind="both") == {"subject_kind"}
    assert read({"purpose": ["a"], "scope": 3, "other": "x"})["purpose"] == ""
    assert set(read({"other": "x"})) == set(form().fields)


def test_identity_numbers() -> None:
    assert holds_identity_number(f"号码{IDENTITY.lower()}")
    assert not holds_identity_number("1141160000593120X0")
    assert not holds_identity_number("110105194912310021")


@given(st.dictionaries(st.sampled_from([*form().fields, "x"]), st.text() | st.none() | st.integers()))
def test_any_answer_is_read_and_judged(answers: dict[str, object]) -> None:
    for complete in (False, True):
        for fault in faults(read(answers), TODAY, complete=complete):
            assert fault.message
            assert fault.message_en


def test_the_commitment_has_no_values() -> None:
    found = texts.text_of(texts.COMMITMENT)
    assert "$" not in found.body
    assert len(found.sha256) == 64
    assert found == texts.text_of(texts.COMMITMENT, version=found.version)


VALUES = {name: f"<{name}>" for name in form().fields} | {
    name: f"<{name}>" for name in ("application", "owner", "dataset", "dataset_code", "approved_on", "commitment_version",
                                "limits", "fields", "deliveries")
}  # fmt: skip


AGREEMENTS = yaml.safe_load(resources.files("ckanext.govcn.application").joinpath("texts.yaml").read_text("utf-8"))[
    "agreement"
]["versions"]


def test_the_agreement_says_every_value_once_as_it_is() -> None:
    found = texts.text_of(texts.AGREEMENT, VALUES | {"purpose": "$scope ${scenario} 100$"})
    assert "$scope ${scenario} 100$" in found.body
    for name in VALUES.keys() - {"purpose", "subject_kind"}:
        assert found.body.count(f"<{name}>") == 1, name


def test_receipts_name_the_clauses_of_every_version_that_state_purpose_and_period() -> None:
    for version in AGREEMENTS:
        paragraphs = texts.text_of(texts.AGREEMENT, VALUES, version).body.split("\n\n")
        clauses = texts.clauses_of(version)
        for name, value in (("purpose", "<purpose>"), ("period", "<use_until>")):
            [stated] = [each for each in paragraphs if value in each]
            assert stated.startswith(f"{clauses[name]}　"), (version, name)
    assert texts.clauses_of("99") == {}


def test_texts_that_are_not_there() -> None:
    for kind, values, version in (
        ("other", {}, ""),
        (texts.COMMITMENT, {}, "99"),
        (texts.AGREEMENT, {"owner": "x"}, ""),
    ):
        with pytest.raises(TableError):
            texts.text_of(kind, values, version)
