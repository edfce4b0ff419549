"""The table of docs/deadlines.md, made from `sla.yaml`: `python -m ckanext.govcn.deadline.reference`."""

from __future__ import annotations

import re
import sys
from pathlib import Path

from ckanext.govcn.deadline.sla import Term, load_sla

HEAD = ("process", "type", "事项", "工作日", "延长", "依据", "版本", "核对", "出处")


def table() -> str:
    """The shipped rows; an operator's own are not documentation."""
    lines = [HEAD, ("---",) * len(HEAD), *map(_line, load_sla().terms)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def filled(text: str) -> str:
    """The document with its generated table renewed."""
    block = f"<!-- terms: generated -->\n{table()}\n<!-- end -->"
    return re.sub(r"<!-- terms: generated -->.*?<!-- end -->", lambda _found: block, text, flags=re.DOTALL)


def _line(row: Term) -> tuple[str, ...]:
    consent = f"，须{row.consent}同意" if row.consent else ""
    extension = f"≤ {row.extension}{consent}" if row.extension else "–"
    basis = row.basis if row.article else f"{row.basis}（条号待核）"
    checked = "是" if row.verified else "**否**"
    code = f"`{row.type}`" if row.type else "–"
    return (f"`{row.process}`", code, row.title, str(row.days), extension, basis, row.edition, checked, row.origin)


if __name__ == "__main__":
    document = Path(sys.argv[1] if len(sys.argv) > 1 else "docs/deadlines.md")
    document.write_text(filled(document.read_text(encoding="utf-8")), encoding="utf-8")
