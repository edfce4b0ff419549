"""A made-up catalogue that changes from run to run. PURE.

Every record has a title of its own and an edition that stands in its description, so that a dataset shows which edition
of which record it was made from. One record in eight has a data file, whose address and content change with it.
"""

from __future__ import annotations

import hashlib
import random
from dataclasses import dataclass, field, replace

WITH_FILE = 8  # one record in so many
CHANGED = 6  # one in so many a run: less than the 30 % from which changes wait for a person
REMOVED = 15  # a run at most, and one in REMOVED_SHARE: less than the 20 and the 10 % that the brake holds back
REMOVED_SHARE = 12
PLACES = ("示东区", "示西区", "高新区", "示例新城", "滨江街道", "古城街道")
TOPICS = ("停车场", "公共厕所", "医疗机构", "中小学", "养老机构", "博物馆", "公交线路", "充电桩", "旅游景区", "药店")
DEPARTMENTS = ("统计局", "交通运输局", "教育局", "民政局", "文化和旅游局")


@dataclass(frozen=True, slots=True)
class Item:
    """One record of the source, in one edition."""

    number: int
    edition: int = 1

    @property
    def remote_id(self) -> str:
        return f"DRILL{self.number:06d}"

    @property
    def title(self) -> str:
        return f"{PLACES[self.number % len(PLACES)]}{TOPICS[self.number % len(TOPICS)]}信息（{self.number:06d}）"

    @property
    def notes(self) -> str:
        return f"为演练编造的目录，第{self.edition}版：名称、地址和服务时间。"

    @property
    def file(self) -> str:
        """The data file's name, or "" for a record without one."""
        return "" if self.number % WITH_FILE else f"{self.remote_id}-{self.edition}.csv"

    @property
    def content(self) -> bytes:
        """The data file."""
        return f"名称,版次\n{self.title},{self.edition}\n".encode()

    @property
    def sha256(self) -> str:
        """Of the data file; "" without one."""
        return hashlib.sha256(self.content).hexdigest() if self.file else ""

    def shown(self, address: str) -> dict[str, str]:
        """The record as the source sends it; `address` is where its files are."""
        return {
            "catalogId": self.remote_id,
            "信息资源名称": self.title,
            "信息资源摘要": self.notes,
            "信息资源提供方": f"示例市{DEPARTMENTS[self.number % len(DEPARTMENTS)]}",
            "开放属性": "无条件开放",
            "更新周期": "每月",
            "发布日期": "2026-01-05",
            "格式类型": "csv",
            "下载地址": f"{address}/{self.file}" if self.file else "",
        }


@dataclass(slots=True)
class Catalogue:
    """What the source holds now; `gone` are records that it held once."""

    items: dict[int, Item] = field(default_factory=dict[int, Item])
    gone: dict[int, Item] = field(default_factory=dict[int, Item])

    def grow(self, count: int) -> int:
        """Add `count` new records."""
        start = len(self.items) + len(self.gone)
        self.items |= {number: Item(number) for number in range(start, start + count)}
        return count

    def edit(self, chosen: random.Random) -> int:
        """Change, remove, bring back and add some, as a department does between two runs; how many records in all."""
        numbers = chosen.sample(sorted(self.items), len(self.items))
        leaving = numbers[: min(REMOVED, len(numbers) // REMOVED_SHARE)]
        changing = numbers[len(leaving) : len(leaving) + max(1, len(numbers) // CHANGED)]
        returning = chosen.sample(sorted(self.gone), len(self.gone) // 4)
        for number in changing:
            self.items[number] = replace(self.items[number], edition=self.items[number].edition + 1)
        for number in returning:
            self.items[number] = self.gone.pop(number)
        for number in leaving:
            self.gone[number] = self.items.pop(number)
        new = self.grow(len(leaving))
        return len(changing) + len(returning) + len(leaving) + new
