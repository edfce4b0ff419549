"""A few requests to Solr over one connection, for the benchmark."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from itertools import islice
from typing import Any

import requests


class Solr:
    """One Solr server. `base` ends in /solr."""

    def __init__(self, base: str) -> None:
        self.base = base
        self.session = requests.Session()

    def add(self, core: str, documents: Iterable[Mapping[str, Any]], batch: int = 1000) -> int:
        """Index documents in batches and commit; the number sent."""
        sent = 0
        several = iter(documents)
        while part := list(islice(several, batch)):
            answer = self.session.post(
                f"{self.base}/{core}/update",
                data=json.dumps(part).encode(),
                headers={"Content-Type": "application/json"},
                timeout=300,
            )
            if not answer.ok:
                raise requests.HTTPError(answer.text[:1000], response=answer)
            sent += len(part)
        self.session.get(f"{self.base}/{core}/update", params={"commit": "true"}, timeout=300).raise_for_status()
        return sent

    def search(
        self, core: str, parameters: Mapping[str, Any], rows: int
    ) -> tuple[int, Sequence[tuple[str, float]], int]:
        """(number found, [(id, score)], Solr's own milliseconds)."""
        sent = {**parameters, "rows": rows, "fl": "id,score", "wt": "json"}
        answer = self.session.post(f"{self.base}/{core}/select", data=sent, timeout=60)
        if not answer.ok:
            raise requests.HTTPError(answer.text[:2000], response=answer)
        content = answer.json()
        found = content["response"]
        ranking = [(document["id"], float(document["score"])) for document in found["docs"]]
        return int(found["numFound"]), ranking, int(content["responseHeader"]["QTime"])
