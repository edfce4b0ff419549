"""Two small tools for whoever changes a table.

`python -m ckanext.govcn.standards seal` writes row counts and checksums of all tables into `index.yaml`.
`python -m ckanext.govcn.standards mapping` prints docs/mapping.md. Tests compare both, so that no table changes by
accident and no page grows old.
"""

from __future__ import annotations

import csv
import hashlib
import sys
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import yaml

HERE = Path(__file__).parent
HEAD = "# Where each table comes from. rows and sha256 are written by `python -m ckanext.govcn.standards seal`.\n"
SHORT_TABLES = (
    "open_type", "access_mode", "share_type", "share_method_class", "share_method", "update_cycle", "security_level",
    "format_class", "data_type", "theme", "industry", "data_source", "catalog_status",
)  # fmt: skip


def rows_in(file: Path) -> int:
    """Records of a CSV file, top-level keys of a YAML file."""
    if file.suffix == ".csv":
        return len(_csv(file))
    return len(yaml.safe_load(file.read_text("utf-8")))


def sealed(index: dict[str, dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """The index with row counts and checksums as the files are now."""
    return {
        name: {
            **about,
            "rows": rows_in(HERE / about["file"]),
            "sha256": hashlib.sha256((HERE / about["file"]).read_bytes()).hexdigest(),
        }
        for name, about in index.items()
    }


def mapping() -> str:
    """docs/mapping.md: items, headings, levels, codes and rules, from the tables."""
    return "\n".join([*_items(), *_headings(), *_levels(), *_codes(), *_rules(), *_sources()]) + "\n"


def _items() -> Iterator[str]:
    yield "# Mapping"
    yield ""
    yield "Generated from `ckanext/govcn/standards/` by `python -m ckanext.govcn.standards mapping`; do not edit."
    yield ""
    yield "## Items"
    yield ""
    yield "The number is the core item's in 《政务信息资源目录编制指南（试行）》."
    yield ""
    rows = _csv(HERE / "mapping.csv")
    yield from _table(
        ["Item", "Core", "Field", "DCAT", "schema.org"],
        ([r["item"], r["core"], f"`{r['field']}`", r["dcat"], r["schema_org"]] for r in rows),
    )


def _headings() -> Iterator[str]:
    yield "## Headings of catalogue files"
    yield ""
    yield "Compared whole after NFKC; blanks, case, trailing colons and 必填 brackets do not matter."
    yield ""
    fields = _yaml("headings.yaml")["fields"]
    yield from _table(["Field", "Headings"], ([f"`{f}`", "、".join(map(str, names))] for f, names in fields.items()))


def _levels() -> Iterator[str]:
    yield "## Labels of the open level"
    yield ""
    yield "A label that is not here, or has no open type here, leaves the level 待核定."
    yield ""
    groups: dict[tuple[str, str, str], list[str]] = {}
    for row in _csv(HERE / "open_level_label.csv"):
        groups.setdefault((row["open_type"], row["access_mode"], row["reason"]), []).append(row["label"])
    yield from _table(
        ["Open type", "Access", "Reason", "Labels"],
        ([o or "待核定", a, reason, " · ".join(labels)] for (o, a, reason), labels in groups.items()),
    )


def _codes() -> Iterator[str]:
    yield "## Code tables"
    index = _yaml("index.yaml")
    for name in SHORT_TABLES:
        yield ""
        yield f"### {index[name]['title']} `{name}`"
        yield ""
        rows = _csv(HERE / index[name]["file"])
        yield from _table(
            ["Code", "Label", "English", "Also read as"],
            ([r["code"], r["label"], r["label_en"], r["aliases"].replace("|", " · ")] for r in rows),
        )


def _rules() -> Iterator[str]:
    yield "## Rules"
    yield ""
    yield "refuse 退回 · hold 待核定 until a second person confirms · warn. A rule without its look-up reports not_run."
    yield ""
    rules = {k: v for k, v in _yaml("rules.yaml").items() if k != "not_run"}
    for rule_id, rule in rules.items():
        severity = rule["severity"]
        softened = "，不因来源放宽" if rule.get("fixed") else ""
        yield f"**{rule_id} {rule['title']}** ({rule['title_en']}) · guide {severity['guide']}, "
        yield f"portal {severity['portal']}{softened} · {rule['basis']}"
        yield ""
        for name, case in rule["cases"].items():
            own = "".join(f" ({k}: {case[k]})" for k in ("severity", "guide", "portal") if k in case)
            yield f"- `{name}`{own} {case['zh']}"
        yield ""


def _sources() -> Iterator[str]:
    yield "## Tables and their origin"
    yield ""
    yield "核实: somebody has compared the values with the published text; a row can say otherwise for itself."
    yield ""
    index = _yaml("index.yaml")
    yield from _table(
        ["Table", "", "Standard", "Edition", "Origin", "核实", "Rows"],
        (
            [
                f"`{n}`", a["title"], a["standard"], a["edition"], a["origin"],
                "是" if a["basis_verified"] else "否", str(a["rows"]),
            ]
            for n, a in index.items()
        ),
    )  # fmt: skip


def _table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterator[str]:
    yield "| " + " | ".join(heads) + " |"
    yield "|" + "---|" * len(heads)
    for row in rows:
        yield "| " + " | ".join(cell.replace("|", "\\|") for cell in row) + " |"
    yield ""


def _csv(file: Path) -> list[dict[str, str]]:
    with file.open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


def _yaml(file: str) -> dict[str, Any]:
    return yaml.safe_load((HERE / file).read_text("utf-8"))


def main(arguments: list[str]) -> int:
    """Exit status: 0 done, 2 wrong use."""
    if arguments == ["seal"]:
        index = sealed(_yaml("index.yaml"))
        (HERE / "index.yaml").write_text(
            HEAD + yaml.safe_dump(index, allow_unicode=True, sort_keys=False, width=200), "utf-8"
        )
    elif arguments == ["mapping"]:
        sys.stdout.buffer.write(mapping().encode("utf-8"))
    else:
        sys.stderr.write("usage: python -m ckanext.govcn.standards seal | mapping\n")
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
