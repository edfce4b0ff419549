"""Which files of a folder are taken, and that nothing leads out of it."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from dataclasses import replace
from itertools import count
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harvesters.directories import walk
from harvesters.directories.walk import Entry, Found, Wanted
from harvesters.exceptions import RecordError, SourceInvalid, SourceRefused, UnreadableRecord
from harvesters.extract import records_from
from harvesters.extract.directory import files_now
from harvesters.fetch import Fetcher
from harvesters.plan import Brake, Seen, plan_removals
from harvesters.reading import read
from harvesters.record import Record
from harvesters.source import Limits, Source, source_from_yaml

NOW = 1_000_000.0


class Memory:
    """A folder tree in memory."""

    def __init__(self, folders: Mapping[str, list[Entry]]) -> None:
        self._folders = folders

    def entries(self, path: str) -> Iterator[Entry]:
        yield from self._folders[path]

    def look(self, path: str) -> Entry:
        raise NotImplementedError

    def content(self, path: str, size: int) -> bytes:
        raise NotImplementedError


def found(folders: Mapping[str, list[Entry]], limits: Limits | None = None, **wanted: object) -> Found:
    return walk.walk("目录", Memory(folders), Wanted(**wanted), limits or Limits(), lambda: NOW)  # pyright: ignore[reportArgumentType]


def file(name: str, changed: float = 0.0, size: int = 10) -> Entry:
    return Entry(name, "file", size, changed)


def test_catalogue_files_of_all_folders_in_order() -> None:
    tree = {
        "": [file("b.xlsx"), file("a.CSV.gz"), file("readme.md"), Entry("sub", "folder"), Entry(".git", "folder"), Entry("..", "folder")],
        "sub": [file("c.json"), file("~$c.xlsx"), file(".hidden.csv"), Entry("pipe.csv", "other")],
    }  # fmt: skip
    got = found(tree)
    assert [f.path for f in got.files] == ["a.CSV.gz", "b.xlsx", "sub/c.json"]
    assert [path for path, _ in got.refused] == ["sub/pipe.csv"]


def test_files_still_being_written_are_left_alone() -> None:
    got = found({"": [
        file("new.xlsx", NOW - 5), file("soon.xlsx", NOW + 5), file("old.xlsx", NOW - 61), file("up.xlsx.part", NOW - 900),
        file("dead.xlsx.part", NOW - 90_000), file("other.zip.part", NOW),
    ]})  # fmt: skip
    assert [f.path for f in got.files] == ["old.xlsx"]
    assert got.unfinished == ["new.xlsx", "soon.xlsx", "up.xlsx.part"]


def test_own_patterns() -> None:
    got = found({"": [file("目录-1.XLSX"), file("其他.xlsx"), file("目录-2.csv")]}, names=("目录-*.xlsx",))
    assert [f.path for f in got.files] == ["目录-1.XLSX"]


def test_a_million_files_are_not_even_listed() -> None:
    listed = count()

    class Endless(Memory):
        def entries(self, path: str) -> Iterator[Entry]:
            return (file(f"{n}.csv") for n in listed)

    with pytest.raises(SourceRefused, match="超过 10000 个文件"):
        walk.walk("目录", Endless({}), Wanted(), Limits(), lambda: NOW)
    assert next(listed) < 10_010


def test_limits_on_depth_and_bytes() -> None:
    class Deep(Memory):
        def entries(self, path: str) -> Iterator[Entry]:
            yield Entry("d", "folder")

    with pytest.raises(SourceRefused, match="12 层"):
        walk.walk("目录", Deep({}), Wanted(), Limits(), lambda: NOW)
    with pytest.raises(SourceRefused, match="合计超过"):
        found({"": [file(f"{n}.csv", size=1 << 30) for n in range(3)]})


@pytest.mark.parametrize(
    "name",
    [
        "../../etc/passwd.csv",
        "a/b.csv",
        "a\\b.csv",
        "a\x00.csv",
        "a\n.csv",
        "\x1b[2J.csv",
        "\udcff.csv",
        "长" * 100 + ".csv",
        "",
    ],
)
def test_names_that_nobody_would_give(name: str) -> None:
    got = found({"": [file(name)]})
    assert not got.files
    assert len(got.refused) == 1
    assert got.refused[0][0].isprintable() or not name


@given(st.text())
def test_a_name_that_is_taken_stays_in_its_folder(name: str) -> None:
    if not walk.name_fault(name) and name not in {".", ".."}:
        assert os.path.normpath(f"/srv/{name}") == f"/srv/{name}"


SOURCE = """
name: mulu
protocol: folder
profile: portal
providers: create
directory: {root: 交换区, path: mzj, settle: 0}
"""
CSV = "信息资源名称,提供方,更新周期\n公共厕所信息{n},示例市民政局,每年\n停车场信息{n},示例市民政局,每年\n"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "config").mkdir()
    (tmp_path / "config" / "folders.yaml").write_text(f"folders: {{交换区: '{tmp_path}/exchange'}}\n", "utf-8")
    monkeypatch.setenv("GOVCN_CONFIG", str(tmp_path / "config"))
    below = tmp_path / "exchange" / "mzj"
    (below / "2026").mkdir(parents=True)
    (below / "一.csv").write_text(CSV.format(n=1), "utf-8")
    (below / "2026" / "二.csv").write_text(CSV.format(n=2), "gb18030")
    return below


def source(folder: Path, text: str = SOURCE) -> Source:
    path = folder.parent.parent / "mulu.yaml"
    path.write_text(text, "utf-8")
    return source_from_yaml(path)


def titles(found: list[Record | RecordError]) -> list[str]:
    return [str(each.raw["信息资源名称"]) for each in found if isinstance(each, Record)]


def test_a_folder_of_files_becomes_records_with_their_places(folder: Path) -> None:
    described = source(folder)
    fetcher = Fetcher(described)
    got = list(records_from(described, fetcher))
    assert titles(got) == ["公共厕所信息2", "停车场信息2", "公共厕所信息1", "停车场信息1"]
    assert [(r.place.file, r.place.row) for r in got if isinstance(r, Record)][1:3] == [
        ("2026/二.csv", 3),
        ("一.csv", 2),
    ]
    assert not fetcher.trail.remarks
    assert {stamp.what for stamp in fetcher.trail.stamps.values()} == {"一.csv", "2026/二.csv"}
    assert files_now(described, Fetcher(described)) == [
        fetcher.trail.stamps["file", n] for n in ("2026/二.csv", "一.csv")
    ]


def test_links_are_never_followed(folder: Path) -> None:
    secret = folder.parent.parent / "secret.csv"
    secret.write_text(CSV.format(n="秘密"), "utf-8")
    (folder / "link.csv").symlink_to(secret)
    (folder / "inside.csv").symlink_to(folder / "一.csv")
    (folder / "out").symlink_to(folder.parent.parent)
    described = source(folder)
    got = list(records_from(described, Fetcher(described)))
    assert not any("秘密" in title for title in titles(got))
    assert sorted(e.place.file for e in got if isinstance(e, UnreadableRecord)) == ["inside.csv", "link.csv"]


@pytest.mark.parametrize("path", ["out", "mzj/../../config", "mzj/一.csv", "gone"])
def test_the_folder_itself_is_no_link_and_lies_below_the_root(folder: Path, path: str) -> None:
    (folder.parent / "out").symlink_to(folder.parent.parent)

    def extracted() -> None:
        described = source(folder, SOURCE.replace("path: mzj", f"path: {path}"))
        list(records_from(described, Fetcher(described)))

    with pytest.raises((SourceRefused, SourceInvalid)):
        extracted()


def test_only_the_operator_names_roots(folder: Path) -> None:
    described = source(folder, SOURCE.replace("交换区", "别处"))
    with pytest.raises(SourceRefused, match=r"folders\.yaml"):
        list(records_from(described, Fetcher(described)))


def test_a_file_nobody_can_read_stops_no_other_and_nothing_has_vanished(folder: Path) -> None:
    (folder / "坏.xlsx").write_bytes(b"PK\x03\x04 half a workbook")
    (folder / "乱码.csv").write_bytes(CSV.format(n=3).encode("big5", "ignore"))
    os.mkfifo(folder / "管道.csv")
    described = source(folder)
    reading = read(described, Fetcher(described))
    assert len(reading.received) == 4
    assert {r.place.file for r in reading.refused_rows} == {"坏.xlsx", "乱码.csv", "管道.csv"}
    assert not reading.whole
    assert {remark.rule for remark in reading.remarks} == {"H08"}


def test_a_file_that_changes_while_it_is_read_is_left_alone(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    described = source(folder)
    from harvesters.directories.local import LocalDirectory

    whole = LocalDirectory.content

    def growing(self: LocalDirectory, path: str, size: int) -> bytes:
        content = whole(self, path, size)
        if path == "一.csv":
            (folder / "一.csv").write_text("更长" * 1000, "utf-8")
        return content

    monkeypatch.setattr(LocalDirectory, "content", growing)
    fetcher = Fetcher(described)
    assert len(titles(list(records_from(described, fetcher)))) == 2
    assert not fetcher.trail.whole


def test_nothing_vanishes_from_a_source_that_was_not_read_whole() -> None:
    known = [("a", False), ("b", False)]
    partly, whole = Seen(whole=False), Seen()
    for seen in (partly, whole):
        seen.add("a", "1")
    removals = plan_removals(known, partly, Brake())
    assert (removals.now, "没有读到" in removals.brake) == ([], True)
    assert plan_removals(known, whole, Brake()).now == ["b"]


def test_a_huge_file_is_not_opened(folder: Path) -> None:
    with (folder / "大.csv").open("wb") as huge:
        huge.truncate(300 * 1024 * 1024)
    described = source(folder)
    described = replace(described, limits=Limits())
    got = list(records_from(described, Fetcher(described)))
    assert [e.message for e in got if isinstance(e, UnreadableRecord)] == ["大.csv：超过大小上限 256 MB。请分批提供。"]


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("directory: {path: mzj}", "root"),
        ("directory: {root: 交换区, path: ../x}", "path"),
        ("directory: {root: 交换区, settle: soon}", "settle"),
        ("", "directory"),
        ("protocol: sftp\ndirectory: {account: '${A}', password: '${B}'}", "host"),
        ("protocol: sftp\ndirectory: {host: a, account: '${A}'}", "password"),
        ("protocol: sftp\ndirectory: {host: a, account: '${A}', password: geheim}", "password"),
    ],
)
def test_faults_of_a_description(tmp_path: Path, text: str, key: str) -> None:
    (tmp_path / "a.yaml").write_text(text if "protocol" in text else f"protocol: folder\n{text}", "utf-8")
    with pytest.raises(SourceInvalid) as caught:
        source_from_yaml(tmp_path / "a.yaml")
    assert key in [fault.key for fault in caught.value.faults]
    assert "geheim" not in caught.value.message
