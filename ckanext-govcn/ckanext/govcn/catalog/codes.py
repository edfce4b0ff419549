"""The one reader of `standards/`: code tables, synonym lists and rule sets.

Everything that knows a code asks here: validators, form choices, facets, labels, harvesters, tests.
"""

from __future__ import annotations

import csv
import functools
import hashlib
import io
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from importlib import resources
from typing import Any, cast

import yaml

from ckanext.govcn.catalog.exceptions import AmbiguousNameError, StandardsError, UnknownTableError
from ckanext.govcn.catalog.text import normalize, without_explanation

Row = Mapping[str, str]

_SEPARATORS = re.compile(r"[,，、;；|\n\r]+")
_PACKAGE = "ckanext.govcn.standards"


@dataclass(frozen=True, slots=True)
class Source:
    """Where a table comes from: one entry of `index.yaml`.

    `basis_verified` is false when the values are general knowledge that nobody has yet compared with the
    published text; a row can say otherwise for itself. `key` is the column rows are found by.
    """

    name: str
    file: str
    title: str
    standard: str
    edition: str
    origin: str
    date: str
    basis_verified: bool
    rows: int
    sha256: str
    key: str = "code"
    explanations: bool = False  # may a bracketed explanation be ignored? never where it can change the meaning
    ambiguous: bool = False  # may labels repeat? (regions: 朝阳区 is in Beijing and in Changchun)


@dataclass(frozen=True)
class CodeTable:
    """One code list. `codes` are the values in force, in the order of the file; former ones keep their labels."""

    source: Source
    rows: Mapping[str, Row]
    _names: Mapping[str, str] = field(repr=False)

    @property
    def codes(self) -> tuple[str, ...]:
        """Codes in force."""
        return tuple(code for code, row in self.rows.items() if not row.get("valid_to"))

    def __iter__(self) -> Iterator[str]:
        return iter(self.codes)

    def __contains__(self, code: object) -> bool:
        return code in self.rows

    def code_of(self, text: str | None) -> str | None:
        """The code that `text` means: a code, a label or an alias; None when it means none of them.

        NFKC, case, blanks, quotes and trailing punctuation do not matter. A bracketed explanation is ignored only
        in tables where it cannot change the meaning (`Source.explanations`). Never a guess: a name that two codes
        share is None.
        """
        if text is None:
            return None
        if text in self.rows:
            return text
        found = self._names.get(normalize(text))
        if found is None and self.source.explanations:
            found = self._names.get(without_explanation(text))
        return found or None

    def codes_of(self, text: str | None) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """(codes, parts that could not be read) of a cell with several values.

        The whole cell is tried first, since labels themselves contain 、 (农、林、牧、渔业).
        """
        if text is None or is_blank(text):
            return (), ()
        whole = self.code_of(text)
        if whole is not None:
            return (whole,), ()
        codes: dict[str, None] = {}
        unread: dict[str, None] = {}
        for part in parts_of(text):
            code = self.code_of(part)
            if code is None:
                unread[part] = None
            else:
                codes[code] = None
        return tuple(codes), tuple(unread)

    def label(self, code: str) -> str:
        """Chinese label; the code itself when it is unknown, so that a page never breaks on old data."""
        row = self.rows.get(code)
        return row.get("label") or code if row else code

    def label_en(self, code: str) -> str:
        """English label, or the Chinese one when there is none."""
        row = self.rows.get(code)
        return row.get("label_en") or self.label(code) if row else code

    def attribute(self, code: str, column: str) -> str:
        """Another column of the row; "" when the code or the column is unknown."""
        row = self.rows.get(code)
        return row.get(column, "") if row else ""

    def values(self, code: str, column: str) -> tuple[str, ...]:
        """A column that holds several values (`a|b`)."""
        return tuple(v for v in self.attribute(code, column).split("|") if v)

    def basis_verified(self, code: str) -> bool:
        """Has somebody compared this row with the published text?"""
        own = self.attribute(code, "basis_verified")
        return own == "true" if own else self.source.basis_verified


def parts_of(text: str) -> tuple[str, ...]:
    """The values of a cell that holds several: split at ,，、;；| and line ends; also a printed ['a', 'b']."""
    inner = text.strip()
    if inner.startswith("[") and inner.endswith("]"):
        inner = inner[1:-1]
    parts = (part.strip().strip("\"'").strip() for part in _SEPARATORS.split(inner))
    return tuple(dict.fromkeys(part for part in parts if not is_blank(part)))


def is_blank(text: str | None) -> bool:
    """Is this one of the ways to write "nothing given" (null, 无, 暂无, —)?"""
    if text is None:
        return True
    folded = normalize(text)
    return not folded or folded in words("blank") or text.strip() in words("blank")


def flag_of(text: str | None) -> bool | None:
    """是/否, 1/0, Y/N, √/× as a boolean; None for anything else."""
    if text is None:
        return None
    folded = normalize(text)
    if folded in words("affirmative"):
        return True
    return False if folded in words("negative") else None


@functools.cache
def words(kind: str) -> frozenset[str]:
    """The words of one kind in `words.yaml` (blank, affirmative, negative, no_condition), in lower case."""
    listed = cast("list[object]", data("words").get(kind, []))
    return frozenset(str(word).casefold() for word in listed)


def read_bytes(file: str) -> bytes:
    """The bytes of one file in `standards/`.

    Raises StandardsError when it is missing.
    """
    try:
        return resources.files(_PACKAGE).joinpath(file).read_bytes()
    except (FileNotFoundError, ModuleNotFoundError) as missing:
        raise StandardsError(
            f"标准文件 {file} 缺失，请重新安装本软件", f"standards file {file!r} is missing; reinstall"
        ) from missing


@functools.cache
def index() -> Mapping[str, Source]:
    """All tables by name, as `index.yaml` lists them."""
    loaded = cast("dict[str, dict[str, Any]]", yaml.safe_load(read_bytes("index.yaml")))
    return {name: Source(name=name, **about) for name, about in loaded.items()}


def source(name: str) -> Source:
    """What `index.yaml` says of one table. Raises UnknownTableError."""
    try:
        return index()[name]
    except KeyError:
        raise UnknownTableError(name) from None


def rows_of(name: str) -> list[dict[str, str]]:
    """The rows of a CSV table as they stand in the file. Raises UnknownTableError."""
    text = read_bytes(source(name).file).decode("utf-8")
    return list(csv.DictReader(io.StringIO(text, newline="")))


@functools.cache
def table(name: str) -> CodeTable:
    """A code table by name. Raises UnknownTableError, AmbiguousNameError."""
    about = source(name)
    rows = {row[about.key]: row for row in rows_of(name)}
    return CodeTable(source=about, rows=rows, _names=_names_of(about, rows))


def _names_of(about: Source, rows: Mapping[str, Row]) -> dict[str, str]:
    """Normalised label or alias → code; "" for a name that several codes share. Rows in force win over former ones."""
    names: dict[str, str] = {}
    in_force = [(c, r) for c, r in rows.items() if not r.get("valid_to")]
    former = [(c, r) for c, r in rows.items() if r.get("valid_to")]
    for generation in (in_force, former):
        own: dict[str, set[str]] = {}
        for code, row in generation:
            for name in _spellings(code, row):
                own.setdefault(normalize(name), set()).add(code)
        for name, codes in own.items():
            if len(codes) > 1 and not about.ambiguous:
                raise AmbiguousNameError(about.name, name, tuple(sorted(codes)))
            names.setdefault(name, codes.pop() if len(codes) == 1 else "")
    return names


def _spellings(code: str, row: Row) -> Sequence[str]:
    aliases = [alias for alias in (row.get("aliases") or "").split("|") if alias]
    return [name for name in (code, row.get("label", ""), *aliases) if name]


@functools.cache
def data(name: str) -> Mapping[str, Any]:
    """A YAML file by name (headings, words, rules). Raises UnknownTableError."""
    return cast("Mapping[str, Any]", yaml.safe_load(read_bytes(source(name).file)))


def checksum(name: str) -> str:
    """sha256 of the table's file as it is on disk, to compare with `source(name).sha256`."""
    return hashlib.sha256(read_bytes(source(name).file)).hexdigest()
