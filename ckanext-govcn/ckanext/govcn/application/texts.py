"""The texts that an applicant accepts, PURE: by kind and version from `texts.yaml`, filled, with their SHA-256.

Values are put in as they are, once: a `$` within a value is text, not a name.
"""

from __future__ import annotations

import functools
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import resources
from string import Template
from typing import Any, cast

import yaml

from ckanext.govcn.workflow.exceptions import TableError

COMMITMENT, AGREEMENT, SUPPLEMENT = "commitment", "agreement", "supplement"


@dataclass(frozen=True, slots=True)
class Text:
    """What is accepted: `version` of its template, `body`, and the SHA-256 (hexadecimal) of the body in UTF-8."""

    kind: str
    title: str
    title_en: str
    version: str
    body: str

    @property
    def sha256(self) -> str:
        return hashlib.sha256(self.body.encode("utf-8")).hexdigest()


def text_of(kind: str, values: Mapping[str, str] | None = None, version: str = "") -> Text:
    """The text in its current version, or another. Raises TableError for one that is not there, or lacks a value."""
    about = _texts().get(kind)
    version = version or (about["current"] if about else "")
    if about is None or version not in about["versions"]:
        raise TableError(f"texts.yaml 里没有 {kind} {version}", f"texts.yaml has no {kind} {version}")
    template = Template(_file(about["versions"][version]))
    try:
        return Text(kind, about["title"], about["title_en"], version, template.substitute(values or {}))
    except (KeyError, ValueError) as wrong:
        raise TableError(f"{kind} {version} 的取值不全：{wrong}", f"{kind} {version} lacks a value: {wrong}") from wrong


def clauses_of(version: str) -> Mapping[str, str]:
    """Which clause of the agreement states what (`purpose`, `period`): its number, for the versions that say it."""
    return _texts()[AGREEMENT].get("clauses", {}).get(version, {})


@functools.cache
def _texts() -> dict[str, dict[str, Any]]:
    given = cast("dict[str, Any]", yaml.safe_load(_file("texts.yaml")))
    return {kind: given[kind] for kind in (COMMITMENT, AGREEMENT, SUPPLEMENT)}


@functools.cache
def _file(path: str) -> str:
    return resources.files("ckanext.govcn.application").joinpath(path).read_text("utf-8")
