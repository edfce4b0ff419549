"""What is compared: four plain set-ups, each with CKAN's mm and with mm=1, and ours.

A system says how a row becomes a Solr document and how a query becomes Solr parameters. Ours asks the same functions
as the portal (`search.fields`, `search.query`), so that what is measured is what is deployed.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from ckanext.govcn.catalog import codes
from ckanext.govcn.search import fields, query

from benchmarks.relevance.records import Document

PLAIN_CORE = "plain"
OURS_CORE = "ours"
CKAN_MM = "2<-1 5<80%"

Parameters = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class System:
    """`core` is the Solr core it searches; `nearest` is asked when `parameters` found nothing."""

    name: str
    core: str
    parameters: Callable[[str], Parameters]
    nearest: Callable[[str], Parameters | None] = lambda _: None


def plain_document(document: Document) -> dict[str, Any]:
    """Title, and everything the row says."""
    everything = [
        document.title,
        document.notes,
        *document.provider,
        *document.theme,
        *document.tags,
        *document.items,
        *document.codes,
        document.url,
        document.other,
    ]
    return {"id": document.id, "title": document.title, "everything": [text for text in everything if text]}


def our_document(document: Document) -> dict[str, Any]:
    """The document that the plugin would send for this entry."""
    table = codes.table("theme")
    known = {text: table.code_of(text) for text in document.theme}
    dataset = {
        "title": document.title,
        "theme": [code for code in known.values() if code],
        "items": [{"name": name} for name in document.items],
        "organization": {"title": " ".join(document.provider)},
        "codes": list(document.codes),
        "url": document.url,
        "region_codes": list(document.regions),
        "data_updated": document.date[:10],
    }
    package = {
        "index_id": document.id,
        "id": document.id,
        "site_id": "bench",
        "name": document.id.lower(),
        "title": document.title,
        "notes": " ".join(filter(None, (document.notes, document.other))),
        "tags": list(document.tags),
        "validated_data_dict": json.dumps(dataset, ensure_ascii=False),
    }
    made = fields.document(package, label_of)
    made.pop("validated_data_dict")
    made["labels"] = [*made.get("labels", []), *(text for text, code in known.items() if not code)]
    return made


def label_of(table: str, code: str) -> str | None:
    """As the plugin's own look-up."""
    label = codes.table(table).label(code)
    return label if label != code else None


def plain_parameters(field: str, mm: str) -> Callable[[str], Parameters]:
    """edismax over title^4 and text, as CKAN's dismax does it for its own fields."""

    def parameters(text: str) -> Parameters:
        return {
            "q": query.escape(query.normalize(text)),
            "defType": "edismax",
            "qf": f"title_{field}^4 text_{field}",
            "mm": mm,
            "tie": "0.1",
            "q.op": "OR",
        }

    return parameters


def our_parameters(text: str) -> Parameters:
    """What the portal sends."""
    return query.parameters(text)


DOCUMENT_FOR: Mapping[str, Callable[[Document], dict[str, Any]]] = {PLAIN_CORE: plain_document, OURS_CORE: our_document}
SYSTEMS: tuple[System, ...] = (
    *(
        System(f"{name}_{label}", PLAIN_CORE, plain_parameters(name, mm))
        for name in ("whitespace", "bigram", "smartcn", "icu")
        for label, mm in (("ckan_mm", CKAN_MM), ("mm1", "1"))
    ),
    System("ours", OURS_CORE, our_parameters, query.nearest_parameters),
)
