"""How long runs are kept in full, missed queries and files of applications at all (保留规则): `config/retention.yaml`.
PURE.

A run that is older than `days` and not among the source's last `runs` is thinned: its changes, snapshots, problems and
the records that it received go, its counts and how often each rule refused stay. What the present state refers to is
never thinned: the version of each record that its entry was made of, a plan that waits, a run that is under way.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, cast

import yaml

from harvesters.exceptions import Fault, SourceInvalid

FILE = "retention.yaml"
LARGEST_RECORD = 16 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Retention:
    """Runs are kept for `days`, and of each source the last `runs`. `record_bytes`: the largest record kept whole, at
    most `LARGEST_RECORD`, which a page can still show.

    `missed_query_days`: how long is kept what people looked for and did not find (未检索到), today counted.
    `application_file_days`: how long attachments and stamped scans are kept once their application has ended.
    """

    days: int = 180
    runs: int = 20
    record_bytes: int = 1_048_576
    missed_query_days: int = 366
    application_file_days: int = 1095


@dataclass(frozen=True, slots=True)
class Past:
    """A run as the rule sees it. `open`: under way, or with a plan that waits."""

    run: int
    source: str
    at: datetime
    open: bool = False


def load_retention(folder: Path) -> Retention:
    """The operator's rule; without the file the one above. Raises SourceInvalid."""
    path = folder / FILE
    if not path.is_file():
        return Retention()
    try:
        given: Any = yaml.safe_load(path.read_text("utf-8")) or {}
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise SourceInvalid(str(path), [Fault(1, "retention", "不是有效的 YAML（UTF-8）文件")]) from error
    values: Any = cast("dict[Any, Any]", given).get("retention", {}) if isinstance(given, dict) else None
    known = set(Retention.__dataclass_fields__)
    if not isinstance(values, dict):
        raise SourceInvalid(str(path), [Fault(1, "retention", f"应写明 {'、'.join(Retention.__dataclass_fields__)}")])
    read = cast("dict[Any, Any]", values)
    faults = [
        Fault(1, str(key), "没有这个设置" if key not in known else "应为不小于 1 的整数")
        for key, value in read.items()
        if key not in known or type(value) is not int or value < 1
    ]
    if not faults and read.get("record_bytes", 0) > LARGEST_RECORD:
        faults.append(Fault(1, "record_bytes", f"应不大于 {LARGEST_RECORD}"))
    if faults:
        raise SourceInvalid(str(path), faults)
    return Retention(**read)


def expired(runs: Iterable[Past], rule: Retention, now: datetime) -> list[int]:
    """The runs to thin."""
    met: dict[str, int] = {}
    found: list[int] = []
    for each in sorted(runs, key=lambda past: past.run, reverse=True):
        met[each.source] = met.get(each.source, 0) + 1
        old = each.at < now - timedelta(days=rule.days)
        if old and met[each.source] > rule.runs and not each.open:
            found.append(each.run)
    return sorted(found)
