"""The log for others to read: RFC 5424 messages, or one JSON object a line. An export is a line of the log itself."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict
from urllib.parse import urlsplit

from ckan.plugins import toolkit as tk

from ckanext.govcn.audit import log, notes, reading, syslog
from ckanext.govcn.audit.acting import Actor
from ckanext.govcn.audit.chain import Event, Line
from ckanext.govcn.audit.reading import Wanted

ENTERPRISE = "ckanext.govcn.audit.enterprise_number"
SYSLOG, JSON = "syslog", "json"
FORMATS = {SYSLOG: "text/plain", JSON: "application/x-ndjson"}


def export(wanted: Wanted, form: str, actor: Actor) -> Iterator[str]:
    """Lines as texts without line breaks, oldest first. That they are taken is written down before the first is given,
    and is the last line that can be among them."""
    notes.take_over()
    said = {name: value for name, value in asdict(wanted).items() if value}
    written = log.write(
        Event("audit.export", who=actor.who, ip=actor.ip, port=actor.port, detail={"format": form, **said})
    )
    return _texts(reading.until_line(wanted, written.number), form)


def _texts(lines: Iterator[Line], form: str) -> Iterator[str]:
    host = urlsplit(tk.config["ckan.site_url"]).hostname or "-"
    enterprise = int(tk.config[ENTERPRISE])
    for line in lines:
        yield syslog.message(line, host, enterprise) if form == SYSLOG else json.dumps(asdict(line), ensure_ascii=False)
