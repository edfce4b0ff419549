"""What is kept of stored contents: a refusal is found once, who waits is told soon, and others may tidy up meanwhile."""

from __future__ import annotations

import hashlib
import os
import time
from pathlib import Path

import pytest
from ckan.plugins import toolkit as tk
from ckanext.govcn.access.files import StoredFile
from ckanext.govcn.grant import columns, delivery, reading, rowstore
from ckanext.govcn.grant.exceptions import ColumnsRefused, RowsBusy
from ckanext.govcn.grant.pages import Asked

GOOD = "名称,车位\n示例停车场,120\n示例广场,60\n".encode()
BAD = GOOD + "示例车站\n".encode()
FIELDS = frozenset({"车位"})


@pytest.fixture(autouse=True)
def settings(monkeypatch, tmp_path):
    monkeypatch.setitem(tk.config, "ckan.storage_path", str(tmp_path))
    monkeypatch.setitem(tk.config, reading.LARGEST, 1)
    monkeypatch.setitem(tk.config, rowstore.ROOM, 1)
    monkeypatch.setattr(reading, "WAIT_SECONDS", 0.05)


@pytest.fixture
def read(monkeypatch):
    """How often a content is read through."""
    times: list[str] = []
    for name in ("lines", "cut"):
        real = getattr(columns, name)
        monkeypatch.setattr(columns, name, lambda *given, _real=real, _name=name: times.append(_name) or _real(*given))
    return times


def stored(tmp_path: Path, content: bytes) -> StoredFile:
    sha256 = hashlib.sha256(content).hexdigest()
    path = tmp_path / sha256
    path.write_bytes(content)
    return StoredFile(sha256, len(content), "text/csv", path)


def page(content: StoredFile) -> tuple[str, ...]:
    return rowstore.page(content, "停车场.csv", FIELDS, Asked(10, 0))[1].rows


def test_what_is_refused_is_read_once_for_pages_and_downloads(tmp_path, read):
    content, said = stored(tmp_path, BAD), []
    delivery.check(content, "停车场.csv", FIELDS)
    for _ in range(3):
        with pytest.raises(ColumnsRefused) as refused:
            page(content)
        said.append((refused.value.why, refused.value.message, refused.value.reason_en))
        with pytest.raises(ColumnsRefused):
            delivery.cut(content, "停车场.csv", FIELDS)
    assert read == ["lines"]
    assert len(set(said)) == 1
    assert said[0][0] == "width"
    with pytest.raises(ColumnsRefused):
        delivery.check(content, "停车场.csv", FIELDS)


def test_what_a_download_finds_is_known_to_pages(tmp_path, read):
    content = stored(tmp_path, BAD)
    for attempt in (lambda: delivery.cut(content, "停车场.csv", FIELDS), lambda: page(content)):
        with pytest.raises(ColumnsRefused):
            attempt()
    assert read == ["cut"]


def test_a_refusal_under_another_limit_is_looked_at_again(tmp_path, monkeypatch, read):
    content = stored(tmp_path, GOOD)
    monkeypatch.setitem(tk.config, reading.LARGEST, 0)
    with pytest.raises(ColumnsRefused):
        page(content)
    monkeypatch.setitem(tk.config, reading.LARGEST, 1)
    assert page(content) == ('{"车位": "120"}', '{"车位": "60"}')
    assert read == ["lines", "lines"]


def test_who_comes_while_another_reads_is_told_to_come_again(tmp_path, read):
    content = stored(tmp_path, GOOD)
    with reading.alone(reading.place_of(content.sha256, "csv", FIELDS)):
        with pytest.raises(RowsBusy):
            page(content)
        with pytest.raises(RowsBusy):
            delivery.cut(content, "停车场.csv", FIELDS)
    assert read == []
    assert len(page(content)) == 2


def test_what_dead_writers_left_is_counted_and_swept(tmp_path, monkeypatch):
    old, new = reading.folder() / "tmpold.part", reading.folder() / "tmpnew.part"
    kept = reading.folder() / "kept.lines"
    for path in (old, new, kept):
        path.write_bytes(b"x" * 600_000)
    os.utime(old, (0, time.time() - rowstore.STALE_SECONDS - 1))
    page(stored(tmp_path, GOOD))
    assert (old.exists(), new.exists(), kept.exists()) == (False, True, False)


def test_what_another_writer_removes_at_the_same_moment_is_no_error(tmp_path, monkeypatch):
    class Gone(type(Path())):
        def glob(self, pattern, **options):
            yield self / f"gone{pattern.removeprefix('*')}"
            yield from super().glob(pattern, **options)

    rowstore._make_room(Gone(reading.folder()) / "newest")
