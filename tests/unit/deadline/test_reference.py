"""docs/deadlines.md shows the table, and the shipped example of holidays is one that can be read."""

from pathlib import Path

from ckanext.govcn.deadline import reference
from ckanext.govcn.deadline.calendar import calendar_of, load_calendar
from ckanext.govcn.deadline.site import config_folder

ROOT = Path(__file__).parents[3]
DOCUMENT = ROOT / "docs" / "deadlines.md"


def test_the_document_is_up_to_date():
    text = DOCUMENT.read_text(encoding="utf-8")
    assert reference.table() in text, "run: python -m ckanext.govcn.deadline.reference"
    assert reference.filled(text) == text


def test_the_example_of_the_shipped_file_is_valid():
    text = (ROOT / "config" / "holidays.yaml").read_text("utf-8")
    assert load_calendar(ROOT / "config").arrangements == {}
    example = text.split("made-up dates:\n")[1]
    uncommented = "\n".join(line.removeprefix("# ") for line in example.splitlines())
    assert calendar_of(uncommented).knows(2099)


def test_the_operators_folder_is_beside_the_code_or_where_he_says(monkeypatch, tmp_path):
    monkeypatch.delenv("GOVCN_CONFIG", raising=False)
    assert config_folder() == ROOT / "config"
    monkeypatch.setenv("GOVCN_CONFIG", str(tmp_path))
    assert config_folder() == tmp_path
