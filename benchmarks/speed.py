"""./govcn bench speed: the search of a whole portal at 100,000 datasets, and how long its index takes (docs/search.md).

The records are harvested into a throwaway platform: real ones of ../shared/data where they are, else made-up ones
(`source_of_records`). Then, over HTTP through the portal's own server, client and server on this machine:

`search.clients_N.{p50,p95}` ms of `package_search` with a query, 20 rows and 6 facets, by N clients at once that ask
again as soon as they are answered; no query is asked twice, and `warming` others were asked before · `search.solr_ms`
Solr's processor time of one such query,
`search.web_ms` the web server's, CKAN and platform together, both with one client · `search.empty_ms` the web server's
for an action that does nothing (`status_show`) · `suggest.clients_N.{p50,p95}` suggestions while typing ·
`index.rebuild_s` `./govcn index rebuild` of everything, beside the running index, compared with the database ·
`index.core_bytes` its size. Seconds of `harvest_s` are of the first harvest, until all datasets answer.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import random
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from http.client import HTTPConnection
from itertools import islice
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from benchmarks.harvesting import records, sites  # noqa: E402
from benchmarks.harvesting.portal import described, served  # noqa: E402
from benchmarks.relevance import measures, trec  # noqa: E402
from stack.output import progress, result, table  # noqa: E402

RECORDS = ROOT.parent / "shared" / "data" / "catalogues"
QUERIES = ROOT / "tests" / "relevance" / "queries.tsv"
DATASETS = 100_000
REQUESTS = 400
WARMING = 2_000  # queries before the first measured one: Java compiles what it runs often, a server's first minute
CLIENTS = (1, 8)
FACETS = ("organization", "theme", "open_type", "update_cycle", "region_path", "res_format")
SEED = 20261124


def main() -> int:
    """Measure and print."""
    options = _options()
    lines, origin = records.lines(options.folder)
    report: dict[str, Any] = {
        "datasets": options.datasets,
        "source_of_records": origin,
        "machine": {"processors": os.cpu_count(), "python": platform.python_version()},
        "requests": options.requests,
        "warming": WARMING,
        "facets": list(FACETS),
    }
    with served(lines) as portal, sites.ours() as site, described(portal) as source:
        portal.set(count=options.datasets, edition=1, gone=False)
        report["harvest_s"] = _harvested(site, source)
        texts = _texts(lines)
        report["search"] = _search(site, texts, options.requests)
        report["suggest"] = _suggest(site, texts, options.requests)
        report["index"] = _index(site)
    if options.json:
        result(report)
    else:
        _show(report)
    return 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="./govcn bench speed", description=__doc__)
    parser.add_argument("--json", action="store_true", help="一个 JSON 对象 / one JSON object")
    parser.add_argument("--datasets", type=int, default=DATASETS, help="数据集数 / datasets")
    parser.add_argument("--requests", type=int, default=REQUESTS, help="每项请求数 / requests of each measurement")
    parser.add_argument("--folder", type=Path, default=RECORDS, help="目录记录所在文件夹 / folder of catalogue records")
    return parser.parse_args()


def _harvested(site: sites.Ours, source: str) -> float:
    progress("装载数据集", "Harvesting the datasets")
    with site.driver() as driver:
        started = time.monotonic()
        said = driver.ask(source=source)
        site.counted(said["published"])
        return round(time.monotonic() - started, 1)


def _texts(lines: Sequence[bytes]) -> Iterator[str]:
    """Queries without end, none twice: the scoreboard's own, then parts of titles as people type them."""
    seen: set[str] = set()
    chosen = random.Random(SEED)
    for query in trec.read_queries(QUERIES):
        if query.query not in seen:
            seen.add(query.query)
            yield query.query
    while True:
        title = str(json.loads(chosen.choice(lines))["title"])
        start = chosen.randrange(max(len(title) - 4, 1))
        text = title[start : start + chosen.randrange(2, 8)].strip()
        if len(text) > 1 and text not in seen:
            seen.add(text)
            yield text


def _search(site: sites.Ours, texts: Iterator[str], requests: int) -> dict[str, Any]:
    progress("测量检索", "Measuring the search")
    facets = quote(json.dumps(FACETS))
    figures: dict[str, Any] = {}

    def addresses() -> Iterator[str]:
        return (f"/api/3/action/package_search?q={quote(text)}&rows=20&facet.field={facets}" for text in texts)

    _asked(site, islice(addresses(), WARMING), 4)
    for clients in CLIENTS:
        before = site.cpu()
        figures[f"clients_{clients}"] = _percentiles(_asked(site, islice(addresses(), requests), clients))
        used = {name: (now - before[name]) * 1000 / requests for name, now in site.cpu().items()}
        if clients == 1:
            figures["solr_ms"], figures["web_ms"] = round(used["solr"], 1), round(used["web"], 1)
    before = site.cpu()["web"]
    _asked(site, ["/api/3/action/status_show"] * requests, 1)
    return figures | {"empty_ms": round((site.cpu()["web"] - before) * 1000 / requests, 1)}


def _suggest(site: sites.Ours, texts: Iterator[str], requests: int) -> dict[str, Any]:
    progress("测量搜索建议", "Measuring the suggestions")
    addresses = (f"/search/suggest?q={quote(text[: 1 + number % 4])}" for number, text in enumerate(texts))
    _asked(site, islice(addresses, 40), 2)
    return {
        f"clients_{clients}": _percentiles(_asked(site, islice(addresses, requests), clients)) for clients in CLIENTS
    }


def _index(site: sites.Ours) -> dict[str, Any]:
    progress("在旁边重建索引", "Rebuilding the index beside")
    started = time.monotonic()
    done = subprocess.run(
        [ROOT / "govcn", "index", "rebuild", "--json", "--data", site.data.path], stdout=subprocess.PIPE, check=False
    )
    seconds = round(time.monotonic() - started, 1)
    build = json.loads(done.stdout)
    if build.get("state") != "built":
        raise SystemExit(done.stdout.decode())
    size = sum(path.stat().st_size for path in site.data.solr.rglob("*-beside/data/index/*") if path.is_file())
    return {"rebuild_s": seconds, "documents": build["documents"], "core_bytes": size}


def _asked(site: sites.Ours, addresses: Iterator[str] | Sequence[str], clients: int) -> list[float]:
    """Milliseconds of each request, of clients that share the addresses, each over a connection that stays open."""
    waiting, lock = iter(addresses), threading.Lock()
    times: list[float] = []
    refused: list[str] = []
    place = urlsplit(site.url)

    def client() -> None:
        connection = HTTPConnection("127.0.0.1", place.port or 80, timeout=60)
        while True:
            with lock:
                address = next(waiting, None)
            if address is None:
                return
            started = time.perf_counter()
            connection.request("GET", address, headers={"Host": place.netloc})
            response = connection.getresponse()
            response.read()
            times.append((time.perf_counter() - started) * 1000)
            if response.status != 200:  # noqa: PLR2004
                refused.append(f"{address}: {response.status}")

    threads = [threading.Thread(target=client) for _ in range(clients)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if refused:
        raise SystemExit("\n".join(refused))
    return times


def _percentiles(times: Sequence[float]) -> dict[str, float]:
    return {
        "p50": round(measures.percentile(times, 0.5), 1),
        "p95": round(measures.percentile(times, 0.95), 1),
        "requests": len(times),
    }


def _show(report: dict[str, Any]) -> None:
    rows = [
        [f"{kind} {name}", figures["p50"], figures["p95"]]
        for kind in ("search", "suggest")
        for name, figures in report[kind].items()
        if isinstance(figures, dict)
    ]
    print(table(["ms", "p50", "p95"], rows))
    print(json.dumps({key: report[key] for key in ("datasets", "source_of_records", "harvest_s", "index")}))


if __name__ == "__main__":
    sys.exit(main())
