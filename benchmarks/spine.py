"""`./govcn bench spine`: how long the two commands, a harvest, a page and a search take on this machine.

Keys, times in seconds: `up_cold_s` nothing installed and no data (packages, jars, demo) · `up_new_data_s` no data ·
`up_warm_s` everything there · `harvest_per_s` records of a first harvest of `harvest_records` made-up records, from the
command's start to its end · `page_ms` (dataset page) and `search_ms` (package_search with three facets): p50 and p95,
one client, milliseconds.
"""

from __future__ import annotations

import argparse
import csv
import json
import os
import random
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.parse
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

from stack import ports, throwaway
from stack.output import progress, result
from stack.project import ROOT

RECORDS = 1_000
REQUESTS = 200
WARM_UP = 10
SEED = 20261124
LEFT_OUT = shutil.ignore_patterns(".git", ".venv", ".cache", "data", "__pycache__", "node_modules")


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--records", type=int, default=RECORDS)
    parser.add_argument("--skip-cold", action="store_true", help="do not install everything once more")
    options = parser.parse_args()
    figures: dict[str, Any] = {"up_cold_s": None if options.skip_cold else _cold()}
    figures |= _measured(options.records)
    if options.json:
        result(figures)
    else:
        print("\n".join(f"{name}: {value}" for name, value in figures.items()))
    return 0


def _cold() -> float:
    """The first `./govcn up` in a copy of the project that has nothing installed."""
    progress("测量首次安装启动", "Measuring the first start, installation included")
    with tempfile.TemporaryDirectory(prefix="govcn-cold-", dir="/var/tmp") as folder:  # noqa: S108
        Path(folder).chmod(0o755)
        copy = Path(folder) / "project"
        shutil.copytree(ROOT, copy, ignore=LEFT_OUT, symlinks=True)
        with _platform(copy, copy / "data", ports.free_port(), "--detach") as (seconds, _):
            return seconds


def _measured(records: int) -> dict[str, Any]:
    progress("测量启动、归集、页面和检索", "Measuring start, harvest, page and search")
    with throwaway.data_folder() as data:
        port = ports.free_port()
        with _platform(ROOT, data.path, port, "--detach") as (new_data, _):
            pass
        with _platform(ROOT, data.path, port, "--detach") as (warm, _):
            harvest = _harvest(data.path, records)
            pages, searches = _requests(port)
    return {"up_new_data_s": new_data, "up_warm_s": warm, **harvest, "page_ms": pages, "search_ms": searches}


@contextmanager
def _platform(project: Path, data: Path, port: int, *options: str) -> Iterator[tuple[float, dict[str, Any]]]:
    command = [str(project / "govcn")]
    place = ["--data", str(data)]
    environment = {name: value for name, value in os.environ.items() if name not in ("PYTHONPATH", "VIRTUAL_ENV")}
    start = time.monotonic()
    try:
        done = subprocess.run(
            [*command, "up", *place, "--port", str(port), "--json", *options],
            stdout=subprocess.PIPE, env=environment, check=True,
        )  # fmt: skip
        yield round(time.monotonic() - start, 1), json.loads(done.stdout)
    finally:
        subprocess.run([*command, "down", *place], stdout=sys.stderr, env=environment, check=False)


def _harvest(data: Path, records: int) -> dict[str, Any]:
    """Harvest a made-up catalogue file of one department, as an operator does."""
    with tempfile.TemporaryDirectory(dir="/var/tmp") as folder:  # noqa: S108
        Path(folder).chmod(0o755)
        source = _source(Path(folder), records)
        start = time.monotonic()
        done = subprocess.run(
            [ROOT / "govcn", "harvest", "run", source, "--json", "--data", data],
            stdout=subprocess.PIPE, check=False,
        )  # fmt: skip
        seconds = time.monotonic() - start
        if done.returncode or json.loads(done.stdout)["added"] != records:
            raise SystemExit(done.stdout.decode())
    return {"harvest_per_s": round(records / seconds, 1), "harvest_records": records}


def _source(folder: Path, records: int) -> Path:
    chosen = random.Random(SEED)
    with (folder / "catalogue.csv").open("w", newline="", encoding="utf-8") as handle:
        writer = csv.writer(handle)
        writer.writerow(HEADINGS)
        for number in range(records):
            topic, place = chosen.choice(TOPICS), chosen.choice(PLACES)
            writer.writerow([
                f"MADE{number:06d}", f"{place}{topic}信息（{number:05d}）", f"{place}范围内{topic}的名称和地址。",
                "示例市统计局", chosen.choice(THEMES), "无条件开放", chosen.choice(CYCLES), "2026-01-05",
                f"{topic},{place}",
            ])  # fmt: skip
    path = folder / "bench-spine.yaml"
    path.write_text(SOURCE, encoding="utf-8")
    return path


HEADINGS = [
    "目录编码", "数据目录名称", "数据目录描述", "数据提供方", "所属领域", "开放属性", "更新周期", "发布日期", "关键词",
]  # fmt: skip
TOPICS = ("停车场", "公共厕所", "医疗机构", "中小学", "养老机构", "博物馆", "公交线路", "充电桩", "旅游景区", "药店")
PLACES = ("示东区", "示西区", "高新区", "示例新城", "滨江街道", "古城街道")
THEMES = ("交通运输", "医疗卫生", "教育文化", "社会民生", "城建住房")
CYCLES = ("每日", "每周", "每月", "每季度", "每年")
SOURCE = """\
name: bench-spine
title: 性能测试目录
protocol: catalogue_file
path: catalogue.csv
profile: portal
providers: create
region: "990100"
release:
  kind: already_public
  basis: 性能测试数据，为本项目编造
"""


def _requests(port: int) -> tuple[dict[str, float], dict[str, float]]:
    names = _json(port, "/api/3/action/package_search?rows=200&fl=name")["result"]["results"]
    facets = urllib.parse.quote('["organization","tags","res_format"]')
    chosen = random.Random(SEED)

    def page() -> str:
        return f"/dataset/{chosen.choice(names)['name']}"

    def search() -> str:
        words = urllib.parse.quote(chosen.choice(TOPICS))
        return f"/api/3/action/package_search?q={words}&rows=20&facet.field={facets}"

    return _timed(port, page), _timed(port, search)


def _timed(port: int, address: Callable[[], str]) -> dict[str, float]:
    """Percentiles in milliseconds over a connection that stays open."""
    connection = HTTPConnection("127.0.0.1", port, timeout=60)
    times: list[float] = []
    for _ in range(REQUESTS + WARM_UP):
        path = address()
        start = time.perf_counter()
        connection.request("GET", path, headers={"Host": f"localhost:{port}"})
        response = connection.getresponse()
        response.read()
        times.append((time.perf_counter() - start) * 1000)
        if response.status != 200:  # noqa: PLR2004
            raise SystemExit(f"{path}: {response.status}")
    cuts = statistics.quantiles(times[WARM_UP:], n=100)
    return {"p50": round(cuts[49], 1), "p95": round(cuts[94], 1)}


def _json(port: int, path: str) -> Any:
    connection = HTTPConnection("127.0.0.1", port, timeout=60)
    connection.request("GET", path)
    return json.load(connection.getresponse())


if __name__ == "__main__":
    sys.exit(main())
