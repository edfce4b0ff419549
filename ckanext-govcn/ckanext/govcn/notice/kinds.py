"""Kinds of notices and their texts, PURE: `kinds.yaml` beside this file."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import resources
from typing import Any, cast
from urllib.parse import quote

import yaml

from ckanext.govcn.notice.exceptions import UnknownKind

LONGEST_NAME = 100
CHANNELS = ("portal", "mail", "webhook")
Values = Mapping[str, str | int]


@dataclass(frozen=True, slots=True)
class Texts:
    """What people read. `link` is a path of the portal."""

    title_zh: str
    title_en: str
    body_zh: str
    body_en: str
    link: str


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind: its sentences with names in braces, and the type of each value (number, name)."""

    name: str
    title: Mapping[str, str]
    body: Mapping[str, str]
    link: str
    values: Mapping[str, str]
    channels: tuple[str, ...]

    def texts(self, values: Values) -> Texts:
        """The sentences with these values. Raises UnknownKind for values the kind does not name."""
        said = {name: self._said(name, value) for name, value in values.items()}
        if said.keys() != self.values.keys():
            names = "、".join(self.values)
            raise UnknownKind(f"消息 {self.name} 的取值应为：{names}", f"Notice {self.name} takes exactly: {names}")
        return Texts(
            self.title["zh"].format_map(said),
            self.title["en"].format_map(said),
            self.body["zh"].format_map(said),
            self.body["en"].format_map(said),
            self.link.format_map({name: quote(text, safe="") for name, text in said.items()}),
        )

    def _said(self, name: str, value: str | int) -> str:
        """Numbers are numbers and names are one short line: nothing else gets into a text that leaves the portal."""
        type_ = self.values.get(name)
        if type_ == "number" and isinstance(value, int) and not isinstance(value, bool):
            return str(value)
        if type_ == "name" and isinstance(value, str):
            return " ".join(value.split())[:LONGEST_NAME]
        raise UnknownKind(f"消息 {self.name} 不接受取值 {name}", f"Notice {self.name} does not take the value {name}")


@functools.cache
def kinds() -> Mapping[str, Kind]:
    """All kinds by name."""
    text = resources.files("ckanext.govcn.notice").joinpath("kinds.yaml").read_text("utf-8")
    given = cast("dict[str, dict[str, Any]]", yaml.safe_load(text))
    return {name: Kind(name, **{**about, "channels": tuple(about["channels"])}) for name, about in given.items()}


def kind(name: str) -> Kind:
    """One kind. Raises UnknownKind."""
    try:
        return kinds()[name]
    except KeyError:
        raise UnknownKind(f"kinds.yaml 里没有消息 {name}", f"kinds.yaml has no kind {name}") from None
