"""./govcn drill crash: what is lost when processes die in the midst of a harvest (docs/harvesting.md, 演练).

A made-up catalogue on the loopback changes from run to run; the platform's own worker harvests it. At random points
(`--seed`) the worker, or the process that carries out its job, is killed with SIGKILL; PostgreSQL, Solr, Valkey and the
indexer are restarted or killed, Valkey is emptied, the disk for temporary files is filled, and Solr is down for a whole
run. After each the run has to end by itself and source, database and index have to say the same. Exit code 1 where
anything is lost, doubled, outdated, a ghost, stuck or late, or where `./govcn check` reports a difference.
"""

from __future__ import annotations

import argparse
import os
import random
import statistics
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from benchmarks.drills.crashing.drill import SOURCE, Blow, Drill  # noqa: E402
from benchmarks.drills.crashing.phases import PHASES  # noqa: E402
from benchmarks.drills.crashing.platform import Platform  # noqa: E402
from benchmarks.drills.crashing.scratch import scratch  # noqa: E402
from benchmarks.drills.crashing.server import PAGE_SIZE, served  # noqa: E402
from stack import throwaway  # noqa: E402
from stack.output import progress, result, table  # noqa: E402
from stack.project import DataFolder  # noqa: E402

RECORDS, KILLS = 600, 25
LEAST_RECORDS = 120  # below, a run's removals and changes would wait for a person
YAML = """\
name: {name}
title: 崩溃演练（为演练编造的目录）
protocol: rest_json
profile: portal
providers: create
region: "990100"
files: copy
allow_private: true
release:
  kind: already_public
  basis: 演练数据，为本项目编造
list:
  url: {url}/catalogs
  records: data.rows
  id: catalogId
paging: {{kind: page, page: pageNum, size: pageSize, page_size: {size}, total: data.total}}
"""


def main() -> int:
    """Drill and print."""
    options = _options()
    seed = options.seed if options.seed is not None else random.SystemRandom().randrange(10**9)
    progress(f"随机种子 {seed}（--seed 可重复）", f"Seed {seed} (--seed repeats it)")
    started = time.monotonic()
    with scratch() as disk, served() as portal, _source(portal.url) as file, throwaway.portal(demo=False) as up:
        platform = Platform(up["url"], DataFolder(Path(up["data"])))
        chosen = random.Random(seed)
        drill = Drill(platform, portal, disk, file, chosen)
        drill.begin(options.records)
        blows = drill.kills(options.kills) + ([] if options.only_kills else drill.services())
        chosen.shuffle(blows)
        for blow in blows:
            blow()
        if not options.only_kills:
            drill.scratch_full()
            drill.solr_away()
        checked = platform.check()
    report = _report(drill, checked) | {"seed": seed, "seconds": round(time.monotonic() - started)}
    if options.json:
        result(report)
    else:
        _show(report)
    return 0 if report["ok"] else 1


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="./govcn drill crash", description=__doc__)
    parser.add_argument("--json", action="store_true", help="一个 JSON 对象 / one JSON object")
    parser.add_argument("--records", type=int, default=RECORDS, help="来源的记录数 / records of the source")
    parser.add_argument("--kills", type=int, default=KILLS, help="kill -9 的次数 / how often kill -9")
    parser.add_argument("--only-kills", action="store_true", help="不动其他服务和磁盘 / leave services and disk alone")
    parser.add_argument("--seed", type=int, help="随机种子 / seed of the random points")
    options = parser.parse_args()
    options.records = max(options.records, LEAST_RECORDS)
    return options


@contextmanager
def _source(url: str) -> Generator[Path]:
    """The source's description, readable for the platform's account."""
    with tempfile.TemporaryDirectory(prefix="govcn-drill-", dir="/var/tmp") as folder:  # noqa: S108
        Path(folder).chmod(0o755)
        path = Path(folder) / f"{SOURCE}.yaml"
        path.write_text(YAML.format(name=SOURCE, url=url, size=PAGE_SIZE), encoding="utf-8")
        path.chmod(0o644)
        yield path


def _report(drill: Drill, checked: dict[str, Any]) -> dict[str, Any]:
    """The contract's keys, and what stands behind them."""
    blows = drill.blows
    kills = [each for each in blows if each.fault.startswith("kill")]
    totals = {name: sum(len(getattr(each.differences, name)) for each in blows) for name in DIFFERENCES}
    stuck, late = sum(len(each.stuck) for each in blows), sum(each.late for each in blows)
    differences = len(checked["differences"])
    return {
        "ok": not (sum(totals.values()) or stuck or late or differences),
        "kills": len(kills),
        **totals,
        "stuck": stuck,
        "recovery_s_max": max((each.recovery_s or 0.0 for each in blows), default=0.0),
        "late": late,
        "check_differences": differences,
        "check": {name: checked[name] for name in ("datasets", "indexed", "files", "waiting")},
        "source_of_records": "made_up",
        "records": drill.records,
        "runs": drill.runs,
        "kills_by_phase": {phase: sum(each.phase == phase for each in kills) for phase in PHASES},
        "recovery_s": {fault: _spread(blows, fault) for fault in Counter(each.fault for each in blows)},
        "phase_s": drill.phase_s,
        "processors": os.cpu_count(),
        "blows": [_told(each) for each in blows],
    }


HEADINGS = ("故障 / fault", "阶段 / phase", "恢复秒数 / recovery s", "次数 / attempts", "作业 / job", "说明 / said")
DIFFERENCES = ("lost", "doubled", "ghosts", "outdated")


def _spread(blows: Sequence[Blow], fault: str) -> dict[str, float]:
    """Of those that were let recover."""
    seconds = [each.recovery_s for each in blows if each.fault == fault and each.recovery_s is not None]
    median = round(statistics.median(seconds or [0.0]), 1)
    return {"times": len(seconds), "median": median, "max": max(seconds, default=0.0)}


def _told(blow: Blow) -> dict[str, Any]:
    """One fault; of differences the first few."""
    told = asdict(blow)
    told["differences"] = {name: each[:5] for name, each in told["differences"].items() if each}
    return told


def _show(report: dict[str, Any]) -> None:
    rows = [
        [each["fault"], each["phase"], each["recovery_s"], each["attempts"], each["state"], each["said"]]
        for each in report["blows"]
    ]
    print(table(HEADINGS, rows))
    print()
    names = ("kills", *DIFFERENCES, "stuck", "late", "check_differences", "recovery_s_max", "seconds", "seed")
    print(table(names, [[report[name] for name in names]]))
    print("目录为演练编造 / the catalogue is made up")


if __name__ == "__main__":
    sys.exit(main())
