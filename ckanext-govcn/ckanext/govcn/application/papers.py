"""Which papers an application has for the 公章, PURE: `papers.yaml` names them and whose they are."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import resources
from typing import Any, cast

import yaml

from ckanext.govcn.application.form import form
from ckanext.govcn.paper.document import Paper, Seal
from ckanext.govcn.workflow.table import Named

FORM, COMMITMENT, AGREEMENT, SUPPLEMENT = "form", "commitment", "agreement", "supplement"


@dataclass(frozen=True, slots=True)
class Kind(Named):
    """One row of `papers.yaml`: `seals` and `uploads` are roles. `version` is the form's; the others have their own."""

    seals: tuple[str, ...] = ()
    uploads: tuple[str, ...] = ()
    version: str = ""


@functools.cache
def kinds() -> Mapping[str, Kind]:
    """The papers, in the file's order."""
    return {
        name: Kind(
            name, about["zh"], about["en"], tuple(about["seals"]), tuple(about["uploads"]), about.get("version", "")
        )
        for name, about in cast("dict[str, dict[str, Any]]", _settings()["papers"]).items()
    }


def paper(kind: str, number: str, version: str, body: str, names: Mapping[str, str]) -> Paper:
    """The paper; `names` are those of the roles that stamp."""
    about, labels = kinds()[kind], _settings()["seal_labels"]
    seals = tuple(Seal(labels[role], names.get(role, "")) for role in about.seals)
    return Paper(about.zh, version or about.version, body, number, seals)


def form_text(answers: Mapping[str, str], dataset: str) -> str:
    """The 申请表 as text: the title, the dataset, then every field with its answer."""
    about = kinds()[FORM]
    parts = [f"{about.zh}（第 {about.version} 版）", f"申请的数据集：{dataset}"]
    for field in form().fields.values():
        answer = answers.get(field.name, "") or "—"
        if field.type == "choice" and answer in form().subject_kinds:
            answer = form().subject_kinds[answer].zh
        parts.append(f"{field.zh}：\n{answer}" if field.type == "text" else f"{field.zh}：{answer}")
    return "\n\n".join(parts) + "\n"


@functools.cache
def _settings() -> dict[str, Any]:
    text = resources.files("ckanext.govcn.application").joinpath("papers.yaml").read_text("utf-8")
    return cast("dict[str, Any]", yaml.safe_load(text))
