"""The diagram and tables of docs/sharing.md, made from states.yaml: `python -m ckanext.govcn.sharing.reference`."""

from __future__ import annotations

import sys
from pathlib import Path

from ckanext.govcn.sharing.rules import table
from ckanext.govcn.workflow import reference

if __name__ == "__main__":
    document = Path(sys.argv[1] if len(sys.argv) > 1 else "docs/sharing.md")
    document.write_text(reference.filled(document.read_text(encoding="utf-8"), table()), encoding="utf-8")
