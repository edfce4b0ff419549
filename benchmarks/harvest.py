"""./govcn bench harvest: our harvest, ckanext-harvest 1.6.3 and a plain ckanapi loop (docs/harvesting.md).

All read one CKAN API on the loopback with the same records: real ones of ../shared/data where they are, else made-up
ones (`source_of_records`). Time runs in a process that has CKAN loaded, as workers have, from the order until the
datasets answer in `package_search`. Cases: `first` all records are new · `unchanged` none has changed · `changed` a
fifth has · `removed` a tenth has vanished, is held by the brake and applied by hand. Rates are records of the source a
second, in `removed` vanished ones. `ratio` is ours over ckanext-harvest, which never removes. `peak_rss_mb`: our
harvesting process and what is below it (VmHWM). `hundred_k`: 100,000 records, ours alone.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from benchmarks.harvesting import records, sites  # noqa: E402
from benchmarks.harvesting.portal import Portal, described, served  # noqa: E402
from benchmarks.harvesting.server import CHANGED_EVERY, GONE_EVERY, SECOND_TAG  # noqa: E402
from benchmarks.harvesting.usage import cpu_seconds  # noqa: E402
from stack.output import progress, result, table  # noqa: E402

RECORDS = ROOT.parent / "shared" / "data" / "catalogues"
PARTS = ("ours", "harvest", "ckanapi", "hundred_k")
CASES = ("first", "unchanged", "changed", "removed")
PREFIX = 1_000
LARGE = 100_000
QUICK = {"records": 400, "prefix": 60}


def main() -> int:
    """Measure and print."""
    options = _options()
    lines, origin = records.lines(options.folder)
    count = options.records or len(lines)
    prefix = min(options.prefix, count)
    report: dict[str, Any] = {
        "source_of_records": origin,
        "records": count,
        "prefix": {"harvest": prefix, "ckanapi": prefix},
        "machine": {"processors": os.cpu_count(), "python": platform.python_version()},
        "cases": {case: dict.fromkeys(KEYS) for case in CASES},
        "hundred_k": {"records": None, "first_s": None, "unchanged_s": None, "peak_rss_mb": None},
        "incremental": {"harvest_per_s": None},
        "details": {},
    }
    with served(lines) as portal:
        if "ours" in options.only:
            _ours(portal, count, report)
        if {"harvest", "ckanapi"} & options.only:
            _stock(portal, prefix, options.only, report)
        if "hundred_k" in options.only:
            _hundred_k(portal, options.large, report)
    for case in report["cases"].values():
        if case["ours_per_s"] and case["harvest_per_s"]:
            case["ratio"] = round(case["ours_per_s"] / case["harvest_per_s"], 1)
    if options.json:
        result(report)
    else:
        _show(report)
    return 0


KEYS = ("ours_per_s", "harvest_per_s", "ckanapi_per_s", "ratio", "peak_rss_mb")


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="./govcn bench harvest", description=__doc__)
    parser.add_argument("--json", action="store_true", help="一个 JSON 对象 / one JSON object")
    parser.add_argument("--quick", action="store_true", help="少量记录，不测十万条 / few records, no 100,000")
    parser.add_argument("--only", action="append", choices=PARTS, help="只测这一部分 / only this part (repeatable)")
    parser.add_argument("--records", type=int, help="本平台归集的记录数 / records that ours harvests")
    parser.add_argument("--prefix", type=int, default=PREFIX, help="对照系统归集的前若干条 / records of the others")
    parser.add_argument("--large", type=int, default=LARGE, help="“十万条”的条数 / records of hundred_k")
    parser.add_argument("--folder", type=Path, default=RECORDS, help="目录记录所在文件夹 / folder of catalogue records")
    options = parser.parse_args()
    options.only = set(options.only or PARTS)
    if options.quick:
        options.records = options.records or QUICK["records"]
        options.prefix = min(options.prefix, QUICK["prefix"])
        options.only -= {"hundred_k"}
    return options


# ── ours


def _ours(portal: Portal, count: int, report: dict[str, Any]) -> None:
    with sites.ours() as site, described(portal) as source:
        case = Case(site, portal, source, report)
        case.run("first", count=count, edition=1, gone=False)
        case.run("unchanged")
        case.run("changed", edition=2)
        case.run("removed", gone=True)


def _hundred_k(portal: Portal, count: int, report: dict[str, Any]) -> None:
    inner: dict[str, Any] = {"cases": {case: {} for case in CASES}, "details": {}}
    with sites.ours() as site, described(portal) as source:
        case = Case(site, portal, source, inner)
        case.run("first", count=count, edition=1, gone=False)
        case.run("unchanged")
    for name, detail in inner["details"].items():
        report["details"][f"hundred_k_{name.removeprefix('ours_')}"] = detail
    report["hundred_k"] = {
        "records": count,
        "first_s": inner["details"]["ours_first"]["seconds"],
        "unchanged_s": inner["details"]["ours_unchanged"]["seconds"],
        "peak_rss_mb": max(inner["cases"][case]["peak_rss_mb"] for case in ("first", "unchanged")),
    }


@dataclass(frozen=True)
class Case:
    """Harvests into our platform, one case after another; figures go into `report`."""

    site: sites.Ours
    portal: Portal
    source: str
    report: dict[str, Any]

    def run(self, name: str, **state: Any) -> None:
        """Put the portal into a state and harvest it in a fresh process."""
        progress(f"本平台：{name}", f"Ours: {name}")
        self.portal.set(**state)
        with self.site.driver() as driver, driver.watched() as peak:
            before = self._cpu(driver)
            started = time.monotonic()
            said = self._harvested(driver)
            if name == "changed":
                self._changed(driver, said["changed"])
            self.site.counted(said["published"])
            seconds = time.monotonic() - started
            used = {part: round(now - before[part], 2) for part, now in self._cpu(driver).items()}
        done = said["removed"] if name == "removed" else said["records"]
        self.report["cases"][name] |= {"ours_per_s": round(done / seconds, 1), "peak_rss_mb": peak.megabytes}
        self.report["details"][f"ours_{name}"] = {**said, "seconds": round(seconds, 1), "cpu_s": used}

    def _harvested(self, driver: sites.Driver) -> dict[str, Any]:
        """A run; what its brake holds is applied, as a person does who has looked at it."""
        said = driver.ask(source=self.source)
        if said["state"] != "finished":
            raise SystemExit(said["error"])
        if said["plan"] == "waiting":
            applied = driver.ask(source=self.source, apply=said["run"])["applied"]
            said |= {"removed": applied, "published": driver.ask(tag="")["published"]}
        return said

    def _changed(self, driver: sites.Driver, changed: int) -> None:
        """Every changed entry has the new tag, and those of them that are published answer by it."""
        stored = driver.ask(tag=SECOND_TAG)
        if stored["tagged"] != changed:
            raise SystemExit(f"tagged: {stored['tagged']} ≠ {changed}")
        self.site.counted(stored["published"], fq=f'tags:"{SECOND_TAG}"')

    def _cpu(self, driver: sites.Driver) -> dict[str, float]:
        own = {"harvester": cpu_seconds([driver.process.pid]), "source": cpu_seconds([self.portal.pid])}
        return self.site.cpu() | own


# ── the others


def _stock(portal: Portal, prefix: int, only: set[str], report: dict[str, Any]) -> None:
    portal.set(count=prefix, edition=1, gone=False)
    with sites.stock(portal.url) as site:
        if "harvest" in only:
            _stock_harvest(portal, prefix, site, report)
        if "ckanapi" in only:
            portal.set(edition=1, gone=False)
            _loop(portal, prefix, site, report)


def _stock_harvest(portal: Portal, prefix: int, site: sites.Stock, report: dict[str, Any]) -> None:
    for case, state in (("first", {}), ("unchanged", {}), ("changed", {"edition": 2})):
        portal.set(**state)
        seconds, said = _run_stock(site, f"ckanext-harvest: {case}", "harvest", source=site.source)
        report["cases"][case]["harvest_per_s"] = round(prefix / seconds, 1)
        report["details"][f"harvest_{case}"] = {"seconds": round(seconds, 1), **said}
    with site.driver() as driver:
        driver.ask(do="configure", source=site.source, force_all=False)
    portal.set(edition=1)
    seconds, said = _run_stock(site, "ckanext-harvest: incremental", "harvest", source=site.source)
    report["incremental"] = {
        "harvest_per_s": round(prefix / seconds, 1),
        "harvest_seconds": round(seconds, 1),
        "meaning": "metadata_modified:[… TO *], nothing new",
    }


def _loop(portal: Portal, prefix: int, site: sites.Stock, report: dict[str, Any]) -> None:
    def measured(case: str, records_: int, task: Callable[[], tuple[float, dict[str, Any]]]) -> None:
        seconds, said = task()
        report["cases"][case]["ckanapi_per_s"] = round(records_ / seconds, 1)
        report["details"][f"ckanapi_{case}"] = {"seconds": round(seconds, 1), **said}

    for case, state in (("first", {}), ("unchanged", {}), ("changed", {"edition": 2})):
        portal.set(**state)
        measured(case, prefix, lambda c=case: _run_stock(site, f"ckanapi: {c}", "loop", url=portal.url))
    gone = [f"record-{number:07d}" for number in range(GONE_EVERY - 1, prefix, GONE_EVERY)]
    measured("removed", len(gone), lambda: _run_stock(site, "ckanapi: removed", "remove", names=gone))


def _run_stock(site: sites.Stock, name: str, do: str, **task: Any) -> tuple[float, dict[str, Any]]:
    """Seconds until the datasets answer, and what was said; indexing is part of each of its writes."""
    progress(f"对照系统 {name}", f"The others, {name}")
    organization = "harvested" if do == "harvest" else "looped"
    with site.driver() as driver:
        if do == "harvest":
            driver.ask(do="reindex", source=site.source)
        used = cpu_seconds([driver.process.pid])
        started = time.monotonic()
        said = driver.ask(do=do, **task)
        found = driver.ask(do="count", fq=f"organization:{organization} dataset_type:dataset")
        seconds = time.monotonic() - started
        said["cpu_s"] = {"harvester": round(cpu_seconds([driver.process.pid]) - used, 2)}
    return seconds, said | {"answering": found["count"]}


def _show(report: dict[str, Any]) -> None:
    rows = [[name, *(case[key] for key in KEYS)] for name, case in report["cases"].items()]
    print(table(["", *KEYS], rows))
    print(json.dumps({"hundred_k": report["hundred_k"], "incremental": report["incremental"]}, ensure_ascii=False))
    print(f"{report['records']} records ({report['source_of_records']}), changed: every {CHANGED_EVERY}th")


if __name__ == "__main__":
    sys.exit(main())
