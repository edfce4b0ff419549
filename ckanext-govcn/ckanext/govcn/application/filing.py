"""Who adds which file to an application, and who takes one out again. PURE.

Attachments are the applicant's, while the form can be changed. A stamped scan (盖章件) of a paper is uploaded by whom
`papers.yaml` names, as long as the application has not ended; nothing takes a scan out, a better one stands beside it.
"""

from __future__ import annotations

from collections.abc import Collection

from ckanext.govcn.application import papers
from ckanext.govcn.application.machine import APPLICANT, table
from ckanext.govcn.workflow.exceptions import NotYourStep, WrongState

ATTACHMENT = ""
"""Stands where others name the paper of a scan."""


def adds(state: str, roles: Collection[str], paper: str, *, printed: bool) -> str:
    """The role in which a person with these roles adds the file. `printed`: the paper has a text by now.

    Who is the applicant is nothing else here, whatever else they are. Raises NotYourStep, WrongState.
    """
    mine = {APPLICANT} if APPLICANT in roles else set(roles)
    allowed = (APPLICANT,) if paper == ATTACHMENT else papers.kinds()[paper].uploads
    role = next((each for each in allowed if each in mine), None)
    if role is None:
        whose = [table().roles[each] for each in allowed]
        raise NotYourStep("或".join(each.zh for each in whose), " or ".join(each.en for each in whose))
    about = table().states[state]
    open_to_it = about.editable if paper == ATTACHMENT else printed and not about.final
    if not open_to_it:
        raise WrongState
    return role


def removes(state: str, roles: Collection[str], paper: str, *, submitted: bool) -> None:
    """May the file be taken out? `submitted`: it was there when the papers were last submitted. Raises NotYourStep,
    WrongState."""
    if APPLICANT not in roles:
        applicant = table().roles[APPLICANT]
        raise NotYourStep(applicant.zh, applicant.en)
    if paper != ATTACHMENT or submitted or not table().states[state].editable:
        raise WrongState
