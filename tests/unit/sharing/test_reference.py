"""docs/sharing.md says what states.yaml says."""

from pathlib import Path

from ckanext.govcn.sharing.rules import table
from ckanext.govcn.workflow import reference

DOCUMENT = Path(__file__).parents[3] / "docs" / "sharing.md"


def test_the_document_is_up_to_date():
    text = DOCUMENT.read_text(encoding="utf-8")
    for part in reference.PARTS:
        assert f"<!-- {part}: generated -->" in text
    assert reference.filled(text, table()) == text, "run: python -m ckanext.govcn.sharing.reference"
