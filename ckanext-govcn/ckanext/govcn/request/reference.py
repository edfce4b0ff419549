"""The diagrams and tables of docs/requests.md, made from demand.yaml and correction.yaml:
`python -m ckanext.govcn.request.reference`."""

from __future__ import annotations

import sys
from pathlib import Path

from ckanext.govcn.request.kinds import kinds
from ckanext.govcn.workflow import reference


def filled(text: str) -> str:
    """The document with its generated parts renewed."""
    for kind in kinds().values():
        text = reference.filled(text, kind.table, f"{kind.name}-")
    return text


if __name__ == "__main__":
    document = Path(sys.argv[1] if len(sys.argv) > 1 else "docs/requests.md")
    document.write_text(filled(document.read_text(encoding="utf-8")), encoding="utf-8")
