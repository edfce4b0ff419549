"""Providers find the department of today, and nothing is guessed."""

from ckanext.govcn.catalog.entry import Provider
from ckanext.govcn.department.resolution import Department, Directory

HEALTH = Department("1", "health", "330100", "卫生健康委员会", former_names=("卫生和计划生育委员会", "卫计委"))
ENFORCE_A = Department("2", "a", "330102", "综合行政执法局")
ENFORCE_B = Department("3", "b", "330105", "综合行政执法局", uscc="11330105MB1234562K")
FINANCE = Department("4", "fin", "330100", "金融工作办公室", successor_id="5", valid_to="2024-01-01")
FINANCE_NEW = Department("5", "fin2", "330100", "地方金融管理局")
LOOP_A = Department("6", "la", "330100", "甲局", successor_id="7")
LOOP_B = Department("7", "lb", "330100", "乙局", successor_id="6")
KNOWN = Directory.of([HEALTH, ENFORCE_A, ENFORCE_B, FINANCE, FINANCE_NEW, LOOP_A, LOOP_B])


def test_a_department_is_region_and_name() -> None:
    assert KNOWN.find(Provider("综合行政执法局", "330102")) == ENFORCE_A
    assert KNOWN.find(Provider("综合行政执法局", "330105")) == ENFORCE_B
    assert KNOWN.find(Provider("综合行政执法局", "330106")) is None


def test_without_a_region_only_a_unique_name_is_found() -> None:
    assert KNOWN.find(Provider("综合行政执法局")) is None
    assert KNOWN.find(Provider("卫生健康委员会")) == HEALTH
    assert KNOWN.find(Provider("综合行政执法局"), region="330102") == ENFORCE_A


def test_former_names_and_successors() -> None:
    assert KNOWN.find(Provider("卫计委", "330100")) == HEALTH
    assert KNOWN.find(Provider("金融工作办公室", "330100")) == FINANCE_NEW


def test_width_and_blanks_do_not_matter() -> None:
    assert KNOWN.find(Provider(" 卫生 健康委员会 ", "330100")) == HEALTH


def test_social_credit_code_finds_a_department_whose_name_is_new_to_us() -> None:
    assert KNOWN.find(Provider("执法局", "330105", "11330105MB1234562K")) == ENFORCE_B


def test_a_circle_of_successors_is_nobody() -> None:
    assert KNOWN.find(Provider("甲局", "330100")) is None


def test_unknown() -> None:
    assert KNOWN.find(Provider("某局", "330100")) is None
    assert KNOWN.find(Provider("")) is None
