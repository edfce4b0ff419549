"""`python -m ckanext.govcn.standards seal`: write row counts and checksums of all tables into `index.yaml`.

Run it after a table was changed on purpose; a test compares, so that nothing changes by accident.
"""

from __future__ import annotations

import csv
import hashlib
import sys
from pathlib import Path
from typing import Any

import yaml

HERE = Path(__file__).parent
HEAD = "# Where each table comes from. rows and sha256 are written by `python -m ckanext.govcn.standards seal`.\n"


def rows_in(file: Path) -> int:
    """Records of a CSV file, top-level keys of a YAML file."""
    if file.suffix == ".csv":
        with file.open(encoding="utf-8", newline="") as stream:
            return sum(1 for _ in csv.DictReader(stream))
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


def main(arguments: list[str]) -> int:
    """Exit status: 0 done, 2 wrong use."""
    if arguments != ["seal"]:
        sys.stderr.write("usage: python -m ckanext.govcn.standards seal\n")
        return 2
    path = HERE / "index.yaml"
    index = sealed(yaml.safe_load(path.read_text("utf-8")))
    path.write_text(HEAD + yaml.safe_dump(index, allow_unicode=True, sort_keys=False, width=200), "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
