"""Why is this one first? The parts of a score, named by the words they stand for. PURE."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ckanext.govcn.search import query as search_query
from ckanext.govcn.search.understand import understand

# What the parts of `query.parameters` are; c0, c1 … are the things named, by their words.
PARTS = {
    "whole": "标题包含全部文字，或代码相同",
    "run": "标题与较长文字有相同的相邻字",
    "words": "按词匹配 (BM25)",
    "bigrams": "按相邻两字匹配 (BM25)",
    "together": "同时符合两项以上",
}
RAISED = "raised"


def explaining(sent: Mapping[str, Any]) -> list[str]:
    """Pseudo-fields (`fl`) that give each part's score of a document, and the factor it was raised by."""
    named = [name for name in sent if name in PARTS or (name[:1] == "c" and name[1:].isdigit())]
    return [f"{name}:query(${name},0)" for name in named] + [f"{RAISED}:$gentle"]


def explained(text: str, documents: list[Mapping[str, Any]]) -> dict[str, Any]:
    """How the text was understood, and every document with its parts, the weightiest first."""
    understood = understand(search_query.normalize(text))
    concepts = [
        {
            "part": f"c{number}",
            "word": concept.word,
            "kind": concept.kind,
            "alternatives": [{"word": word, "weight": weight} for word, weight in concept.alternatives],
            "sounds": list(concept.sounds),
        }
        for number, concept in enumerate(understood.concepts)
    ]
    words = {concept["part"]: concept["word"] for concept in concepts} | PARTS
    return {
        "text": understood.text,
        "concepts": concepts,
        "dropped": list(understood.dropped),
        "corrections": [list(pair) for pair in understood.corrections],
        "results": [_document(document, words) for document in documents],
    }


def _document(document: Mapping[str, Any], words: Mapping[str, str]) -> dict[str, Any]:
    parts = [
        {"part": name, "words": words[name], "score": round(float(document[name]), 3)}
        for name in words
        if float(document.get(name) or 0) > 0
    ]
    return {
        "id": document.get("id", ""),
        "name": document.get("name", ""),
        "title": document.get("title", ""),
        "score": round(float(document.get("score") or 0), 3),
        "raised": round(float(document.get(RAISED) or 1), 4),
        "parts": sorted(parts, key=lambda part: -part["score"]),
    }
