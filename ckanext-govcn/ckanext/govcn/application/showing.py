"""What actions and pages say of an application, as its reader may know it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ckan import model

from ckanext.govcn.application import (
    agreements,
    cases,
    deadlines,
    files,
    filing,
    grants,
    machine,
    papers,
    printing,
    steps,
)
from ckanext.govcn.application.filing import ATTACHMENT
from ckanext.govcn.application.machine import APPLICANT, table
from ckanext.govcn.application.model import Application, ApplicationFile, Supplement
from ckanext.govcn.dataset.api import plain
from ckanext.govcn.department.acting import Reader
from ckanext.govcn.paper.document import Paper
from ckanext.govcn.workflow.exceptions import StepRefused
from ckanext.govcn.workflow.machine import Asker


def line(application: Application, history: list[dict[str, Any]]) -> dict[str, Any]:
    """What lists show of an application; `deadline` is null where none runs."""
    names = ("id", "dataset_id", "dataset_title", "state", "subject_kind", "subject_name")
    times = {name: getattr(application, name) for name in ("created_at", "submitted_at", "changed_at")}
    return (
        {name: getattr(application, name) for name in names}
        | plain(times)
        | {"deadline": deadlines.told(application, history)}
    )


def shown(application: Application, reader: Reader) -> dict[str, Any]:
    """The application, its history, and what the reader could do now."""
    asker, history = cases.asker_of(application, reader), cases.history(application.id)
    dataset_open = cases.is_open(model.Package.get(application.dataset_id))
    accepted = ("commitment_version", "commitment_sha256", "agreement_version", "agreement_sha256")
    known = printing.papers_of(application)
    possible = machine.steps_for(application.state, asker, dataset_open=dataset_open)
    extendable = deadlines.may_extend(application, history)
    events = [event.name for event in possible if event.name != "extend" or extendable]
    return {
        **line(application, history),
        **steps.answers_of(application),
        **{name: getattr(application, name) for name in accepted},
        **plain({"agreement_at": application.agreement_at}),
        "supplements": [_supplement(each) for each in agreements.supplements(application)],
        "to_accept": agreements.to_accept(application) if "sign" in events else "",
        "renew_until": application.renew_until.isoformat() if application.renew_until else None,
        "grant_id": application.grant_id,
        "grant_state": grants.state_of(application),
        "limits": application.limits or None,
        "roles": sorted(asker.roles),
        "editable": APPLICANT in asker.roles and table().states[application.state].editable,
        "dataset_open": dataset_open,
        "events": events,
        "steps": [_step(row, reader, names=APPLICANT not in asker.roles) for row in history],
        "texts": _texts(application, known),
        "papers": [paper(name, each) for name, each in known.items()],
        "files": _files(application, history, asker, reader),
        "uploads": _uploads(application, asker, known),
    }


def _step(row: dict[str, Any], reader: Reader, *, names: bool) -> dict[str, Any]:
    """A step of the history. Who reviewed is for reviewers; the applicant reads which authority it was."""
    shown = ("event", "from_state", "to_state", "role", "reason", "reason_class", "basis", "at")
    named = names or row["user_id"] == reader.user_id
    detail = {name: text for name, text in (row["detail"] or {}).items() if names or not table().fields[name].withheld}
    return plain({name: row[name] for name in shown}) | {
        "detail": detail,
        "user_id": row["user_id"] if named else None,
    }


def _supplement(about: Supplement) -> dict[str, Any]:
    said = plain(
        {name: getattr(about, name) for name in ("number", "version", "sha256", "text", "made_at", "accepted_at")}
    )
    return said | {"use_until": about.use_until.isoformat()}


def paper(name: str, about: Paper) -> dict[str, str]:
    """A paper that can be printed."""
    return {"paper": name, "title": about.name, "version": about.version, "sha256": about.sha256}


def was_submitted(file: ApplicationFile, history: list[dict[str, Any]]) -> bool:
    """Was the file there when the papers were last submitted?"""
    times = [row["at"] for row in history if row["event"] == "submit"]
    return bool(times) and file.at <= times[-1]


def _files(
    application: Application, history: list[dict[str, Any]], asker: Asker, reader: Reader
) -> list[dict[str, Any]]:
    """Without what the applicant took out again before it was submitted. `removable` by the reader; the applicant reads
    which authority uploaded a file."""
    said = ("id", "paper", "text_sha256", "filename", "media_type", "size", "sha256", "role", "at", "removed_at")
    told: list[dict[str, Any]] = []
    for file in files.listed(application.id):
        submitted, named = was_submitted(file, history), APPLICANT not in asker.roles or file.user_id == reader.user_id
        if file.removed_at is None or submitted:
            whose = {"user_id": file.user_id if named else None}
            removable = file.removed_at is None and _removable(application, file, asker, submitted=submitted)
            told.append(plain({name: getattr(file, name) for name in said}) | whose | {"removable": removable})
    return told


def _removable(application: Application, file: ApplicationFile, asker: Asker, *, submitted: bool) -> bool:
    try:
        filing.removes(application.state, asker.roles, file.paper, submitted=submitted)
    except StepRefused:
        return False
    return True


def _uploads(application: Application, asker: Asker, known: Mapping[str, Paper]) -> list[str]:
    """The papers of which the reader may add a scan now; empty for an attachment."""
    found: list[str] = []
    for name in (ATTACHMENT, *papers.kinds()):
        try:
            filing.adds(application.state, asker.roles, name, printed=name in known)
        except StepRefused:
            continue
        found.append(name)
    return found


def _texts(application: Application, known: Mapping[str, Paper]) -> dict[str, dict[str, str]]:
    shown = (papers.COMMITMENT, papers.AGREEMENT)
    return {
        name: {"version": known[name].version, "sha256": known[name].sha256, "text": known[name].body}
        for name in shown
        if name in known
    }
