"""Lines of the log as RFC 5424 messages, PURE: every field is structured data, so that nothing has to be parsed again.

Facility 13 (log audit); severity notice for what was done, warning for what was refused. Control characters are shown
as their symbols (U+2400…): one message is one line.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from ckanext.govcn.audit.chain import Line

FACILITY, NOTICE, WARNING = 13, 5, 4
DONE = frozenset({"done", "open", "logged_in", "owner", "bureau", "granted"})
"""Outcomes that are no refusal; others are worth a second look."""
_NAME = re.compile(r"[^\x21-\x7e]|[=\]\"]")
_HEADER = re.compile(r"[^\x21-\x7e]")
_SPECIAL = re.compile(r'(["\\\]])')
_CONTROLS = {code: 0x2400 + code for code in range(0x20)} | {0x7F: 0x2421, 0x85: 0x2424, 0x2028: 0x2424, 0x2029: 0x2424}


def message(line: Line, host: str, enterprise: int) -> str:
    """One RFC 5424 message, without a line break. `enterprise`: the IANA number that names the structured data."""
    said = line.event
    fields = {
        "number": str(line.number), "outcome": said.outcome, "who": said.who, "ip": said.ip,
        "port": _number(said.port), "subject": said.subject, "version": said.version, "grant": said.grant,
        "rows": _number(said.rows), "bytes": _number(said.bytes),
        "previous": line.previous, "suite": line.suite, "digest": line.digest,
    }  # fmt: skip
    elements = _element(f"line@{enterprise}", fields)
    if said.detail:
        elements += _element(f"detail@{enterprise}", said.detail)
    priority = FACILITY * 8 + (NOTICE if said.outcome in DONE else WARNING)
    return f"<{priority}>1 {_header(line.at, 64)} {_header(host, 255)} govcn - {_header(said.event, 32)} {elements}"


def _element(identifier: str, fields: Mapping[str, str]) -> str:
    pairs = [f' {_name(key)}="{_value(value)}"' for key, value in fields.items() if value]
    return f"[{identifier}{''.join(pairs)}]"


def _number(value: int | None) -> str:
    return "" if value is None else str(value)


def _header(text: str, longest: int) -> str:
    return _HEADER.sub("", text)[:longest] or "-"


def _name(text: str) -> str:
    return _NAME.sub("_", text)[:32] or "_"


def _value(text: str) -> str:
    return _SPECIAL.sub(r"\\\1", text.translate(_CONTROLS))
