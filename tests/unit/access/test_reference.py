"""docs/access.md says what the rules say."""

from pathlib import Path

from ckanext.govcn.access import reference, surfaces

DOCUMENT = Path(__file__).parents[3] / "docs" / "access.md"


def test_the_document_is_up_to_date():
    text = DOCUMENT.read_text(encoding="utf-8")
    assert reference.filled(text) == text, "run: python -m ckanext.govcn.access.reference"


def test_every_surface_has_a_known_guard_and_load():
    for surface in surfaces.registry():
        assert surface.guard in surfaces.guards(), surface
        assert surface.carries in ("data", "entry", "none"), surface


def test_exact_names_come_before_stars():
    assert surfaces.find("action", "package_show").guard == "labels"
    assert surfaces.find("action", "no_such_action") is None
