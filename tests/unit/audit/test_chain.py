"""A chain of lines: whatever is done to it is found."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from ckanext.govcn.audit.chain import LONGEST, Check, Event, Head, Line, next_line
from ckanext.govcn.signing.suites import SUITES
from hypothesis import given
from hypothesis import strategies as st

NOW = datetime(2026, 11, 24, 1, 2, 3, tzinfo=UTC)


def chain(length: int, suite: str = "international", start: Head | None = None) -> list[Line]:
    lines: list[Line] = []
    last = start
    for n in range(length):
        line = next_line(Event("data.download", who=f"u{n}", rows=n), last, NOW + timedelta(seconds=n), suite)
        last = Head(line.number, line.digest)
        lines.append(line)
    return lines


def faults(lines, head):
    return [(each.kind, each.number, each.until) for each in Check(head).faults(lines)]


def head_of(lines):
    return Head(lines[-1].number, lines[-1].digest)


@pytest.mark.parametrize("suite", SUITES)
def test_a_whole_chain_has_no_faults(suite):
    lines = chain(5, suite)
    assert faults(lines, head_of(lines)) == []
    assert faults(lines, head_of(lines[:3])) == []
    assert lines[0].at == "2026-11-24T09:02:03.000000+08:00"
    assert faults([], None) == []


def test_the_suite_may_change_on_the_way():
    lines = chain(2)
    lines += chain(2, "sm", head_of(lines))
    assert faults(lines, head_of(lines)) == []


@given(st.integers(0, 9), st.sampled_from(["event", "at", "digest", "previous", "suite", "number"]))
def test_one_altered_line_is_found(place, what):
    lines = chain(10)
    line = lines[place]
    other = {
        "event": replace(line.event, who="somebody else"),
        "at": "2026-01-01T00:00:00.000000+08:00",
        "digest": "f" * 64,
        "previous": "f" * 64,
        "suite": "sm",
        "number": 99,
    }
    lines[place] = replace(line, **{what: other[what]})
    assert faults(lines, head_of(chain(10)))


@given(st.sets(st.integers(0, 9), min_size=1))
def test_missing_lines_are_named(gone):
    lines = [line for n, line in enumerate(chain(10)) if n not in gone]
    found = faults(lines, head_of(chain(10)))
    named = {number for _, first, until in found for number in range(first, until + 1)}
    assert named == {n + 1 for n in gone}


def test_a_chain_that_was_rewritten_differs_from_its_head():
    whole = chain(10)
    first = replace(whole[0].event, who="nobody")
    rewritten = [next_line(first, None, NOW, "international")]
    for line in whole[1:]:
        last = rewritten[-1]
        rewritten.append(next_line(line.event, Head(last.number, last.digest), NOW, "international"))
    assert faults(rewritten, head_of(whole)) == [("altered", 10, 10)]


def test_lines_without_any_head_are_not_believed():
    assert faults(chain(3), None) == [("head", 0, 0)]


def test_a_log_that_is_gone_is_cut_off():
    assert faults([], head_of(chain(3))) == [("cut_off", 1, 3)]


@given(st.text(), st.dictionaries(st.text(), st.text()))
def test_any_text_can_be_written(text, detail):
    line = next_line(Event("x", who=text + "\0\ud800", detail=detail), None, NOW, "international")
    assert line.computed() == line.digest
    assert "\0" not in line.event.who
    assert len(next_line(Event("x" * 9999), None, NOW, "sm").event.event) == LONGEST
