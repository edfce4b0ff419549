"""A workbook with planted faults: every fault is reported with its rule id, and no other."""

from __future__ import annotations

from datetime import date

import pytest
from ckanext.govcn.catalog.checks import Context
from data import planted_faults

from harvesters.reading import Reading, read
from harvesters.report import report_of
from harvesters.source import Source

CONTEXT = Context(
    today=date(2024, 6, 30),
    provider_known=lambda provider: provider.name in planted_faults.PROVIDERS,
    findings=lambda entry: (),
)


@pytest.fixture(scope="module")
def reading(tmp_path_factory: pytest.TempPathFactory) -> Reading:
    folder = tmp_path_factory.mktemp("planted")
    planted_faults.make(folder / "目录.xlsx")
    return read(Source("planted", profile="guide", folder=folder, path="目录.xlsx"), context=CONTEXT)


def test_every_planted_fault_is_reported_and_nothing_else(reading: Reading) -> None:
    expected: dict[int, set[str]] = {}
    row = 3
    for dataset, rules in planted_faults.rows():
        expected[row] = rules
        row += len(dataset)
    found: dict[int, set[str]] = {r.place.row: {r.rule} for r in reading.refused_rows}
    for outcome in reading.outcomes:
        found[outcome.place.row] = {p.rule for p in outcome.problems if p.severity != "not_run"}
    assert found == expected


def test_nothing_was_left_unasked(reading: Reading) -> None:
    assert not {p.rule for outcome in reading.outcomes for p in outcome.problems if p.severity == "not_run"}


def test_secret_rows_leave_no_trace(reading: Reading) -> None:
    """Rule, place and what to do: no title, no value, not in the records, not in the report."""
    secret = [r for r in reading.refused_rows if r.rule == "E26"]
    assert len(secret) == 2
    for refusal in secret:
        assert "请立即停止上传，按保密规定处置" in refusal.message
        assert refusal.column == ""
    kept = repr([record.raw for record in reading.received]) + repr(reading.entries) + repr(report_of(reading, listed=True))
    assert "布防" not in kept


def test_a_refusal_names_file_sheet_row_column_rule_and_sentence(reading: Reading) -> None:
    refusal = next(r for r in report_of(reading).refusals if r.rule == "E22")
    assert (refusal.place.file, refusal.place.sheet, refusal.column) == ("目录.xlsx", "目录", "更新周期")
    assert "更新周期" in refusal.message
