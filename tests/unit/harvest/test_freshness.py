"""What a source is known again by: everything that was read, and how it was read."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harvesters import freshness
from harvesters.fetch import Fetcher
from harvesters.reading import read
from harvesters.source import Directory, Limits, Paging, Source
from harvesters.trail import FILE, LONGEST, MOST, Stamp, Trail

HEAD = "目录id,信息资源名称,信息资源提供方,更新周期"
SOURCE = Source("laiyuan", provider="示例市交通运输局", region="990100")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "folders.yaml").write_text(f"folders: {{交换区: '{tmp_path}/exchange'}}\n", "utf-8")
    monkeypatch.setenv("GOVCN_CONFIG", str(tmp_path))
    exchange = tmp_path / "exchange"
    exchange.mkdir()
    for name in ("一", "二"):
        (exchange / f"{name}.csv").write_text(f"{HEAD}\n{name},停车场信息{name},示例市交通运输局,每年\n", "utf-8")
    return exchange


def of_folder(**more: Any) -> Source:
    return replace(SOURCE, protocol="folder", directory=Directory(root="交换区", settle=0), **more)


def kept(source: Source) -> tuple[Stamp, ...]:
    fetcher = Fetcher(source)
    read(source, fetcher)
    return freshness.worth_keeping(fetcher.trail)


def unmodified(source: Source, stamps: tuple[Stamp, ...]) -> bool:
    return freshness.unmodified(source, stamps, Fetcher(source))


def test_a_folder_is_known_again_until_a_file_comes_goes_or_changes(folder: Path) -> None:
    source = of_folder()
    stamps = kept(source)
    assert len(stamps) == 2
    assert unmodified(source, stamps)
    os.utime(folder / "一.csv", ns=(0, 0))
    assert not unmodified(source, stamps)
    stamps = kept(source)
    assert unmodified(source, stamps)
    (folder / "三.csv").write_text(f"{HEAD}\n三,停车场信息三,示例市交通运输局,每年\n", "utf-8")
    assert not unmodified(source, stamps)
    (folder / "三.csv").unlink()
    (folder / "二.csv").rename(folder / "二.csv.part")
    assert not unmodified(source, stamps)
    (folder / "二.csv.part").unlink()
    assert not unmodified(source, stamps)


def test_a_reading_that_left_something_out_is_not_kept(folder: Path) -> None:
    (folder / "三.csv.part").write_text("", "utf-8")
    assert kept(of_folder()) == ()


def test_a_file_beside_the_description_is_always_read(folder: Path) -> None:
    source = replace(SOURCE, folder=folder, path="一.csv")
    assert kept(source) == ()
    assert not unmodified(source, ())


def test_a_source_that_gives_no_answer_is_for_the_reading_to_meet(folder: Path) -> None:
    stamps = kept(of_folder())
    assert not unmodified(of_folder(limits=Limits(files=1)), stamps)


@pytest.mark.parametrize(
    "other",
    [
        {"level": "有条件开放"},
        {"fields": {"名称": "title"}},
        {"code_maps": {"open_type": {"1": "无条件开放"}}},
        {"url": "https://data.example.gov.cn/b.csv"},
        {"paging": Paging("page")},
        {"files": "copy"},
        {"apply": "review"},
        {"key": ("目录id",)},
    ],
)
def test_what_was_read_in_another_way_is_read_again(other: dict[str, Any]) -> None:
    assert freshness.settings_of(replace(SOURCE, **other)) != freshness.settings_of(SOURCE)


def test_what_people_see_of_a_source_does_not_have_it_read_again() -> None:
    seen = replace(SOURCE, title="来源", schedule="every 6h", priority=3, department="交通局", file=Path("a.yaml"))
    assert freshness.settings_of(seen) == freshness.settings_of(SOURCE)


def test_another_edition_of_this_software_reads_it_again(monkeypatch: pytest.MonkeyPatch) -> None:
    before = freshness.settings_of(SOURCE)
    monkeypatch.setattr(freshness, "edition", lambda: "another")
    assert freshness.settings_of(SOURCE) != before


def test_more_than_is_worth_asking_for_is_not_kept() -> None:
    trail = Trail()
    for number in range(MOST):
        trail.stamp(Stamp(FILE, str(number), ""))
    assert len(freshness.worth_keeping(trail)) == MOST
    trail.stamp(Stamp(FILE, "one more", ""))
    assert freshness.worth_keeping(trail) == ()


@given(st.lists(st.sampled_from(["stamp", "long", "unstamped", "left out"]), max_size=6))
def test_all_or_nothing(steps: list[str]) -> None:
    trail = Trail()
    for number, step in enumerate(steps):
        if step == "unstamped":
            trail.unstamped()
        elif step == "left out":
            trail.leave_out("一.csv", "仍在写入")
        else:
            trail.stamp(Stamp(FILE, ("长" * LONGEST if step == "long" else "") + str(number), "1"))
    assert len(freshness.worth_keeping(trail)) == (len(steps) if {*steps} == {"stamp"} else 0)
