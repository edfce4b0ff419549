"""The file of an export takes its name when it is whole, and is opened before anything is exported."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest
from ckanext.govcn.audit.cli import _opened


def test_a_whole_file_takes_its_name_and_is_its_owners_alone(tmp_path: Path) -> None:
    file = tmp_path / "audit.log"
    file.write_text("old")
    with _opened(file) as stream:
        stream.write("第一行\n")
        assert file.read_text() == "old"
    assert file.read_text("utf-8") == "第一行\n"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert list(tmp_path.iterdir()) == [file]


def _break_off(file: Path) -> None:
    with _opened(file) as stream:
        stream.write("half")
        raise ValueError("broken")


def test_what_breaks_off_leaves_the_older_file(tmp_path: Path) -> None:
    file = tmp_path / "audit.log"
    file.write_text("old")
    with pytest.raises(ValueError, match="broken"):
        _break_off(file)
    assert file.read_text() == "old"
    with _opened(file) as stream:  # and what was left behind is no hindrance
        stream.write("new")
    assert file.read_text() == "new"


def test_a_file_that_cannot_be_opened_is_told_before_the_export_begins(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="no-such-folder"), _opened(tmp_path / "no-such-folder" / "audit.log"):
        pytest.fail("nothing is exported")
