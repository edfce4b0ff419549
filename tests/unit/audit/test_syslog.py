"""RFC 5424: a message is one line that a reader takes apart again without loss, whatever the fields hold."""

from __future__ import annotations

import re
from datetime import UTC, datetime

from ckanext.govcn.audit.chain import Event, Line, next_line
from ckanext.govcn.audit.syslog import message
from hypothesis import given
from hypothesis import strategies as st

NOW = datetime(2026, 11, 24, 1, 2, 3, 456789, tzinfo=UTC)
HEADER = re.compile(r"<(\d{1,3})>1 (\S+) (\S{1,255}) (\S{1,48}) (\S{1,128}) (\S{1,32}) (.*)", re.DOTALL)
ELEMENT = re.compile(r'\[([^ =\]"]{1,32})((?: [^ =\]"]{1,32}="(?:\\.|[^"\\\]])*")*)\]', re.DOTALL)
PARAM = re.compile(r' ([^ =\]"]{1,32})="((?:\\.|[^"\\\]])*)"', re.DOTALL)


def made(event: Event) -> Line:
    return next_line(event, None, NOW, "international")


def parsed(text: str) -> tuple[int, list[str], dict[str, dict[str, str]]]:
    """Priority, header fields, and the structured data by RFC 5424, 6.3."""
    found = HEADER.fullmatch(text)
    assert found, text
    elements = {}
    rest = found[7]
    while rest:
        element = ELEMENT.match(rest)
        assert element, rest
        params = {key: re.sub(r'\\(["\\\]])', r"\1", value) for key, value in PARAM.findall(element[2])}
        elements[element[1]] = params
        rest = rest[element.end() :]
    return int(found[1]), [found[n] for n in range(2, 7)], elements


def test_every_field_is_structured_data():
    event = Event(
        "data.download", "granted", who="u1", ip="2001:db8::1", port=443, subject="r1", version="a" * 64, grant="g1",
        rows=3, bytes=120, detail={"status": "200"},
    )  # fmt: skip
    line = made(event)
    priority, header, data = parsed(message(line, "data.example.gov.cn", 32473))
    assert priority == 13 * 8 + 5
    assert header == ["2026-11-24T09:02:03.456789+08:00", "data.example.gov.cn", "govcn", "-", "data.download"]
    assert data == {
        "line@32473": {
            "number": "1", "outcome": "granted", "who": "u1", "ip": "2001:db8::1", "port": "443", "subject": "r1",
            "version": "a" * 64, "grant": "g1", "rows": "3", "bytes": "120", "previous": "0" * 64,
            "suite": "international", "digest": line.digest,
        },
        "detail@32473": {"status": "200"},
    }  # fmt: skip


def test_a_refusal_is_a_warning():
    assert message(made(Event("account.login", "refused")), "", 1).startswith(
        "<108>1 2026-11-24T09:02:03.456789+08:00 - "
    )


@given(st.text(), st.text(), st.dictionaries(st.text(), st.text(), max_size=3))
def test_whatever_the_fields_hold_it_is_one_message_on_one_line(who, event, detail):
    line = made(Event(event, who=who, detail=detail))
    text = message(line, "例.example host", 1)
    assert len(text.splitlines()) == 1
    _priority, _header, data = parsed(text)
    assert data["line@1"]["digest"] == line.digest
    if line.event.who.isprintable():
        assert data["line@1"].get("who", "") == line.event.who
