"""Dataset ⇄ entry: nothing of an entry is lost on the way."""

import dataclasses

from ckanext.govcn.catalog.entry import CatalogEntry, Item, Provider, Resource
from ckanext.govcn.dataset.convert import dataset_from_entry, entry_from_dataset
from hypothesis import given, settings
from hypothesis import strategies as st

text = st.text(max_size=12)
texts = st.lists(text, max_size=4).map(tuple)
flag = st.none() | st.booleans()
size = st.none() | st.integers(0, 10**12)
items = st.builds(
    Item,
    **{f.name: flag if f.name in ("primary_key", "nullable", "dictionary") else text for f in dataclasses.fields(Item)},
)
resources = st.builds(Resource, **{f.name: size if f.name == "size" else text for f in dataclasses.fields(Resource)})


def _strategy(name: str) -> st.SearchStrategy[object]:
    special: dict[str, st.SearchStrategy[object]] = {
        "items": st.lists(items, max_size=4).map(tuple),
        "resources": st.lists(resources, max_size=3).map(tuple),
        "provider": st.builds(Provider, text, text, text, text),
        "record_count": size,
        "code_provisional": st.booleans(),
    }
    lists = ("tags", "theme", "industry", "region_codes", "related_codes", "categories", "codes", "formats")
    return special.get(name, texts if name in lists else text)


entries = st.builds(
    CatalogEntry,
    **{f.name: _strategy(f.name) for f in dataclasses.fields(CatalogEntry) if f.name not in ("unread", "secrecy")},
)


@settings(max_examples=60)
@given(entries)
def test_round_trip(entry: CatalogEntry) -> None:
    dataset = dataset_from_entry(entry, owner_org="org")
    assert entry_from_dataset(dataset, entry.provider) == entry


def test_every_field_of_an_entry_has_a_place() -> None:
    """A field added to the entry must be added here as well."""
    dataset = dataset_from_entry(CatalogEntry(), owner_org="org")
    homeless = {f.name for f in dataclasses.fields(CatalogEntry)} - set(dataset)
    assert homeless == {"provider", "unread", "secrecy"}


def test_platform_fields_are_given_by_internal_writers_only() -> None:
    dataset = dataset_from_entry(CatalogEntry(title="停车场"), owner_org="org", catalog_status="published")
    assert dataset["catalog_status"] == "published"
    assert not {"private", "name", "id"} & set(dataset)
    assert "catalog_status" not in dataset_from_entry(CatalogEntry(), owner_org="org")
