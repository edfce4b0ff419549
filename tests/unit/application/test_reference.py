"""docs/applications.md says what states.yaml says."""

from pathlib import Path

from ckanext.govcn.application.machine import table
from ckanext.govcn.workflow import reference

DOCUMENT = Path(__file__).parents[3] / "docs" / "applications.md"


def test_the_document_is_up_to_date():
    text = DOCUMENT.read_text(encoding="utf-8")
    for part in reference.PARTS:
        assert f"<!-- {part}: generated -->" in text
    assert reference.filled(text, table()) == text, "run: python -m ckanext.govcn.application.reference"


def test_the_diagram_has_every_arrow():
    drawn = reference.diagram(table())
    for (state, event), rule in table().rules.items():
        [line] = [line for line in drawn.splitlines() if line.strip().startswith(f"{state} --> {rule.to}:")]
        assert table().events[event].zh in line
