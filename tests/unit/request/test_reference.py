"""docs/requests.md says what demand.yaml and correction.yaml say."""

from pathlib import Path

from ckanext.govcn.request import reference
from ckanext.govcn.request.kinds import kinds

DOCUMENT = Path(__file__).parents[3] / "docs" / "requests.md"


def test_the_document_is_up_to_date():
    text = DOCUMENT.read_text(encoding="utf-8")
    for kind in kinds().values():
        for part in ("diagram", "steps", *(["reasons"] if kind.table.reason_classes else [])):
            assert f"<!-- {kind.name}-{part}: generated -->" in text
    assert reference.filled(text) == text, "run: python -m ckanext.govcn.request.reference"
