"""Queries, judgements and runs as files. Queries are TSV with a header; judgements and runs are TREC's formats."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Query:
    """`kind` groups queries in the report; `need` says in a sentence what the person wants."""

    qid: str
    kind: str
    query: str
    need: str


def read_queries(path: Path) -> list[Query]:
    """TSV: qid, kind, query, need; other columns are ignored. Raises ValueError naming the line."""
    found: list[Query] = []
    with path.open(encoding="utf-8-sig", newline="") as lines:
        for row in csv.DictReader(lines, delimiter="\t", quoting=csv.QUOTE_NONE):
            if not row.get("qid") or not row.get("query"):
                raise ValueError(f"{path}: 第 {len(found) + 2} 行缺 qid 或 query / line lacks qid or query")
            found.append(Query(row["qid"], row.get("kind") or "", row["query"], row.get("need") or ""))
    return found


def read_judgements(path: Path) -> dict[str, dict[str, int]]:
    """qrels: `qid 0 document grade` per line → qid → document → grade."""
    judged: dict[str, dict[str, int]] = {}
    with path.open(encoding="utf-8") as lines:
        for number, line in enumerate(lines, start=1):
            parts = line.split()
            if not parts:
                continue
            if len(parts) != 4:
                raise ValueError(f"{path}: 第 {number} 行不是 TREC qrels / line is not TREC qrels")
            judged.setdefault(parts[0], {})[parts[2]] = int(parts[3])
    return judged


def write_run(path: Path, rankings: Mapping[str, Sequence[tuple[str, float]]], name: str) -> None:
    """`qid Q0 document rank score name` per line, ranks from 1, in the order of the ranking."""
    with path.open("w", encoding="utf-8") as lines:
        lines.writelines(_run_lines(rankings, name))


def _run_lines(rankings: Mapping[str, Sequence[tuple[str, float]]], name: str) -> Iterable[str]:
    for qid, ranking in rankings.items():
        for rank, (document, score) in enumerate(ranking, start=1):
            yield f"{qid} Q0 {document} {rank} {score:.6f} {name}\n"
