"""The papers of one application, as they are now. ADAPTER."""

from __future__ import annotations

from ckanext.govcn.application import agreements, papers, steps, texts
from ckanext.govcn.application.machine import APPLICANT, OWNER, table
from ckanext.govcn.application.model import Application
from ckanext.govcn.paper import pdf, word
from ckanext.govcn.paper.document import Paper

FORMATS = {"docx": (word.docx_of, word.MEDIA_TYPE), "pdf": (pdf.pdf_of, pdf.MEDIA_TYPE)}
"""How a paper is printed, and its media type."""


def papers_of(application: Application) -> dict[str, Paper]:
    """What can be printed now, by its name in `papers.yaml`: the agreement once there is one, the last
    supplement."""
    names = {APPLICANT: application.subject_name, OWNER: agreements.owner_of(application)}
    commitment = commitment_of(application)
    found = {
        papers.FORM: ("", papers.form_text(_applied_for(application), application.dataset_title)),
        papers.COMMITMENT: (commitment.version, commitment.body),
    }
    if application.agreement_text:
        found[papers.AGREEMENT] = (application.agreement_version, application.agreement_text)
    for supplement in agreements.supplements(application)[-1:]:
        found[papers.SUPPLEMENT] = (supplement.version, supplement.text)
    return {kind: papers.paper(kind, application.id, *found[kind], names) for kind in papers.kinds() if kind in found}


def _applied_for(application: Application) -> dict[str, str]:
    return steps.answers_of(application) | {"use_until": agreements.applied_until(application)}


def commitment_of(application: Application) -> texts.Text:
    """The 承诺书 that was accepted; while the form can be changed, the one that would be."""
    editable = table().states[application.state].editable
    return texts.text_of(texts.COMMITMENT, version="" if editable else application.commitment_version)
