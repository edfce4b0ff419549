"""信息资源代码, 统一社会信用代码, URL names."""

from __future__ import annotations

import re

import pytest
from ckanext.govcn.catalog import identifiers
from ckanext.govcn.catalog.exceptions import NoProvinceNodeError
from ckanext.govcn.catalog.identifiers import (
    category_known,
    dataset_name,
    format_code,
    organisation_code_valid,
    parse_code,
    provider_node,
    uscc_faults,
    uscc_valid,
)
from hypothesis import given
from hypothesis import strategies as st
from stdnum.cn import uscc as stdnum_uscc


@pytest.mark.parametrize(
    ("text", "category", "sequence"),
    [
        ("221211003/1003", "221211003", "1003"),
        ("30700001/000001", "30700001", "000001"),
        (" 101001/1 ", "101001", "1"),
        ("30701505003030050000000003", "30701505003030050000000003", ""),
        ("307015", "307015", ""),
    ],
)
def test_code_is_read(text: str, category: str, sequence: str) -> None:
    parsed = parse_code(text)
    assert parsed is not None
    assert (parsed.category, parsed.sequence) == (category, sequence)
    assert parsed.legacy == (not sequence)
    assert parse_code(str(parsed)) == parsed


@pytest.mark.parametrize(
    "text",
    ["", "4070150001/1", "30/1", "307015/", "307015/a", "30701", "A-1", "307015/1/2", "３０７０１５/１", "3" * 65],
)
def test_other_shapes_are_no_code(text: str) -> None:
    assert parse_code(text) is None


@given(st.from_regex(r"[123][0-9]{5,25}", fullmatch=True), st.integers(1, 10**9))
def test_a_made_code_is_read_back(category: str, number: int) -> None:
    parsed = parse_code(format_code(category, number))
    assert parsed is not None
    assert parsed.category == category
    assert int(parsed.sequence) == number


def test_category_known() -> None:
    assert category_known("307015")
    assert category_known("2")
    assert not category_known("399001")
    assert not category_known("9")


@pytest.mark.parametrize(
    ("text", "faults"),
    [
        ("1141160000593120X0", ()),
        ("11411600MB1234562K", ()),
        (" 1141160000593120x0 ", ()),
        ("114116000059312", ("length",)),
        ("1141160000593120X01", ("length",)),
        ("1141160000593120I0", ("alphabet",)),
        ("11A1160000593120X0", ("alphabet",)),
        ("1141160000593120X1", ("check",)),
        ("00593120X", ("old",)),
        ("00593120-X", ("old",)),
        ("005931201", ("length",)),
    ],
)
def test_uscc(text: str, faults: tuple[str, ...]) -> None:
    assert uscc_faults(text) == faults
    assert uscc_valid(text) == (not faults)


def made(body: str) -> str:
    return body + identifiers.uscc_check_character(body)


def test_uscc_that_is_valid_but_odd() -> None:
    assert uscc_faults(made("1141160000593120Y")) == ("inner",)
    assert uscc_faults(made("5141160000593120X")) == ("prefix",)
    assert uscc_faults(made("1199999900593120X")) == ("region",)
    assert uscc_faults(made("9141160000593120X")) == ()
    assert uscc_valid(made("N241160000593120X")), "GB 32100 has letters in front"


@given(st.from_regex(r"[1-9][0-9]{7}[0-9A-HJ-NP-RTUW-Y]{9}", fullmatch=True))
def test_check_character_is_the_one_of_stdnum(body: str) -> None:
    assert identifiers.uscc_check_character(body) == stdnum_uscc.calc_check_digit(body)


@given(st.text(max_size=30))
def test_uscc_never_raises(text: str) -> None:
    uscc_faults(text)
    organisation_code_valid(text)


CODES = st.one_of(st.text(max_size=200), st.from_regex(r"[123][0-9]{5,20}/[0-9]{1,9}", fullmatch=True))


@given(st.lists(CODES, max_size=20, unique=True))
def test_dataset_name_is_injective_and_fits_ckan(written: list[str]) -> None:
    names = [dataset_name(code) for code in written]
    assert len(set(names)) == len(written)
    assert all(re.fullmatch(r"[a-z0-9_-]{2,100}", name) for name in names)


@pytest.mark.parametrize(
    ("one", "other"), [("A", "a"), ("1/2", "1-2"), ("a", "a "), ("_41_", "A"), ("\u00e9", "e\u0301")]
)
def test_near_codes_have_different_names(one: str, other: str) -> None:
    assert dataset_name(one) != dataset_name(other)


def test_a_standard_code_stays_readable() -> None:
    assert dataset_name("307016160002/000012") == "r-307016160002-000012"


def test_provider_node() -> None:
    node = provider_node("320500", 3)
    assert node == "30701505000003"
    assert parse_code(format_code(node, 1)) is not None
    assert provider_node("411602", 12) != provider_node("411603", 12)
    with pytest.raises(NoProvinceNodeError, match="province_node"):
        provider_node("990000", 1)
