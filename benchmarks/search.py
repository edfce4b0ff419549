"""./govcn bench search: the public scoreboard of the search (docs/search.md).

Loads catalogue records into plain set-ups and into ours, asks every query of all of them, and compares the rankings
with the judgements. Needs no CKAN: ours is the portal's own document and query building (ckanext.govcn.search).
"""

from __future__ import annotations

import argparse
import json
import random
import sys
import time
from collections import defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from benchmarks.relevance import measures, server, trec  # noqa: E402
from benchmarks.relevance.records import Document, documents_in  # noqa: E402
from benchmarks.relevance.solr import Solr  # noqa: E402
from benchmarks.relevance.systems import DOCUMENT_FOR, SYSTEMS, System  # noqa: E402

RECORDS = ROOT.parent / "shared" / "data" / "catalogues"
QUERIES = ROOT / "tests" / "relevance" / "queries.tsv"
JUDGEMENTS = ROOT / "tests" / "relevance" / "qrels.txt"
DEPTH = 100
KNOWN_ITEMS = 200
OURS = "ours"


def main() -> int:
    """Measure and print; exit code 2 when the input cannot be used."""
    options = _options()
    try:
        queries = trec.read_queries(options.queries)
        judged = trec.read_judgements(options.qrels) if options.qrels.exists() else {}
        documents = list(documents_in(options.records))
    except (OSError, ValueError) as error:
        print(f"无法读取输入 / cannot read the input: {error}", file=sys.stderr)
        return 2
    if not documents:
        print(f"目录中没有 JSON 列表 / no JSON list in {options.records}", file=sys.stderr)
        return 2
    with server.running() as solr:
        report = measure(solr, documents, queries, judged, options.run)
    report["records_folder"] = options.records.name
    print(json.dumps(report, ensure_ascii=False) if options.json else table(report))
    return 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="./govcn bench search", description=__doc__)
    parser.add_argument("--json", action="store_true", help="一个 JSON 对象 / one JSON object")
    parser.add_argument(
        "--records", type=Path, default=RECORDS, help="JSON 列表（可 .gz）所在目录 / folder of JSON lists"
    )
    parser.add_argument("--queries", type=Path, help="TSV: qid kind query need")
    parser.add_argument("--qrels", type=Path, help="TREC qrels")
    parser.add_argument("--run", type=Path, help="写出 TREC run，深 100 / write our ranking, 100 deep")
    options = parser.parse_args()
    # own queries come without the project's judgements: grades of other queries would say nothing
    options.qrels = options.qrels or (JUDGEMENTS if options.queries is None else Path("-"))
    options.queries = options.queries or QUERIES
    return options


def measure(
    solr: Solr,
    documents: Sequence[Document],
    queries: Sequence[trec.Query],
    judged: Mapping[str, Mapping[str, int]],
    run: Path | None,
) -> dict[str, Any]:
    """Index, ask, judge."""
    index_seconds: dict[str, float] = {}
    for core, document_for in DOCUMENT_FOR.items():
        started = time.monotonic()
        print(f"建立索引 / indexing {core}: {len(documents)}", file=sys.stderr)
        solr.add(core, map(document_for, documents))
        index_seconds[core] = round(time.monotonic() - started, 1)
    titles = {document.id: document.title for document in documents}
    known = known_items(documents)
    report: dict[str, Any] = {
        "records": len(documents),
        "queries": len(queries),
        "kinds": dict(sorted(_count(queries).items())),
        "judgements": sum(map(len, judged.values())),
        "index_seconds": index_seconds,
        "systems": {},
    }
    for system in SYSTEMS:
        print(f"检索 / asking {system.name}", file=sys.stderr)
        answers = ask(solr, system, queries)
        report["systems"][system.name] = summarize(queries, answers, judged)
        report["systems"][system.name]["known_item"] = known_item_rates(solr, system, known, titles)
        if system.name == OURS and run:
            trec.write_run(run, {qid: answer.ranking for qid, answer in answers.items()}, OURS)
    plain = {name: one["all"]["ndcg_10"] for name, one in report["systems"].items() if name != OURS}
    report["best_plain"] = max(plain, key=lambda name: plain[name])
    report["gain_over_best_plain"] = round(report["systems"][OURS]["all"]["ndcg_10"] - max(plain.values()), 4)
    return report


class Answer:
    """What one system answered to one query; `milliseconds` is the whole request as the client sees it."""

    def __init__(self, found: int, ranking: Sequence[tuple[str, float]], milliseconds: float) -> None:
        self.found, self.ranking, self.milliseconds = found, ranking, milliseconds

    @property
    def documents(self) -> list[str]:
        return [document for document, _ in self.ranking]


def search(solr: Solr, system: System, text: str, rows: int) -> tuple[int, Sequence[tuple[str, float]]]:
    """As the portal does it: the nearest titles when nothing was found."""
    found, ranking, _ = solr.search(system.core, system.parameters(text), rows)
    nearest = system.nearest(text) if not found else None
    if nearest:
        found, ranking, _ = solr.search(system.core, nearest, rows)
    return found, ranking


def ask(solr: Solr, system: System, queries: Sequence[trec.Query]) -> dict[str, Answer]:
    """Every query once, after a few that warm the server up."""
    for query in queries[:20]:
        solr.search(system.core, system.parameters(query.query), 10)
    answers: dict[str, Answer] = {}
    for query in queries:
        started = time.perf_counter()
        found, ranking = search(solr, system, query.query, DEPTH)
        answers[query.qid] = Answer(found, ranking, (time.perf_counter() - started) * 1000)
    return answers


def summarize(
    queries: Sequence[trec.Query], answers: Mapping[str, Answer], judged: Mapping[str, Mapping[str, int]]
) -> dict[str, Any]:
    """The measures over all queries and by kind."""
    by_kind: dict[str, list[trec.Query]] = defaultdict(list)
    for query in queries:
        by_kind[query.kind].append(query)
    return {
        "all": _means(queries, answers, judged),
        "kinds": {kind: _means(some, answers, judged) for kind, some in sorted(by_kind.items())},
    }


def _means(
    queries: Sequence[trec.Query], answers: Mapping[str, Answer], judged: Mapping[str, Mapping[str, int]]
) -> dict[str, Any]:
    scored = [(answers[query.qid].documents, judged[query.qid]) for query in queries if query.qid in judged]
    times = [answers[query.qid].milliseconds for query in queries]
    return {
        "queries": len(queries),
        "zero_result_rate": _mean([float(not answers[query.qid].found) for query in queries]),
        "ndcg_10": _mean([measures.ndcg(*one) for one in scored]),
        "mrr": _mean([measures.reciprocal_rank(*one) for one in scored]),
        "recall_50": _mean([measures.recall(*one) for one in scored]),
        "hit_10": _mean([measures.hit(*one) for one in scored]),
        "judged_queries": len(scored),
        "unjudged_10": _mean([float(measures.unjudged(*one)) for one in scored]),
        "latency_ms": {
            "p50": round(measures.percentile(times, 0.5), 1),
            "p95": round(measures.percentile(times, 0.95), 1),
        },
    }


def _mean(values: Sequence[float]) -> float:
    return round(sum(values) / len(values), 4) if values else 0.0


def _count(queries: Sequence[trec.Query]) -> dict[str, int]:
    kinds: dict[str, int] = defaultdict(int)
    for query in queries:
        kinds[query.kind] += 1
    return kinds


def known_items(documents: Sequence[Document]) -> list[tuple[str, str]]:
    """(title less two neighbouring characters, title) of an even sample; the sample is the same on every run."""
    choice = random.Random(20250101)
    long_enough = [document.title for document in documents if 8 <= len(document.title) <= 40]
    titles = choice.sample(sorted(set(long_enough)), min(KNOWN_ITEMS, len(set(long_enough))))
    cut = ((title, choice.randrange(1, len(title) - 2)) for title in titles)
    return [(title[:place] + title[place + 2 :], title) for title, place in cut]


def known_item_rates(
    solr: Solr, system: System, known: Sequence[tuple[str, str]], titles: Mapping[str, str]
) -> dict[str, float]:
    """How often a record with the very title is among the first ten, and how often nothing is found."""
    hits, nothing = 0, 0
    for query, title in known:
        found, ranking = search(solr, system, query, 10)
        nothing += not found
        hits += any(titles.get(document) == title for document, _ in ranking)
    return {"hit_10": round(hits / max(1, len(known)), 4), "zero_result_rate": round(nothing / max(1, len(known)), 4)}


def table(report: Mapping[str, Any]) -> str:
    """The report for people."""
    lines = [f"{report['records']} 条记录，{report['queries']} 个检索词，{report['judgements']} 条判定", ""]
    lines.append(f"{'system':<20}{'zero':>7}{'nDCG@10':>9}{'MRR':>7}{'R@50':>7}{'hit@10':>8}{'unj@10':>8}{'p95 ms':>8}")
    for name, system in report["systems"].items():
        one = system["all"]
        lines.append(
            f"{name:<20}{one['zero_result_rate']:>7.1%}{one['ndcg_10']:>9.3f}{one['mrr']:>7.3f}{one['recall_50']:>7.3f}"
            f"{one['hit_10']:>8.1%}{one['unjudged_10']:>8.2f}{one['latency_ms']['p95']:>8.1f}"
        )
    lines += ["", f"{'kind (ours)':<20}{'zero':>7}{'nDCG@10':>9}{'hit@10':>8}{'unj@10':>8}"]
    for kind, one in report["systems"][OURS]["kinds"].items():
        lines.append(
            f"{kind:<20}{one['zero_result_rate']:>7.1%}{one['ndcg_10']:>9.3f}{one['hit_10']:>8.1%}{one['unjudged_10']:>8.2f}"
        )
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())
