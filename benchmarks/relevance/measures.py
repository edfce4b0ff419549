"""Measures of a ranking against graded judgements. PURE.

A ranking is a list of document ids, best first; judgements map a document id to its grade 0–3. What nobody judged
counts as grade 0 and is reported beside.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

Judgements = Mapping[str, int]
RELEVANT = 1  # the grade from which a document counts as found, for recall
GOOD = 2  # the grade from which a document answers the query, for MRR and hit@10


def ndcg(ranking: Sequence[str], judged: Judgements, depth: int = 10) -> float:
    """Normalised discounted cumulative gain with gain 2^grade − 1; 0 when nothing relevant is known."""
    ideal = sorted((grade for grade in judged.values() if grade > 0), reverse=True)[:depth]
    if not ideal:
        return 0.0
    gained = _gain([judged.get(document, 0) for document in ranking[:depth]])
    return gained / _gain(ideal)


def _gain(grades: Sequence[int]) -> float:
    return sum((2**grade - 1) / math.log2(place + 2) for place, grade in enumerate(grades) if grade > 0)


def reciprocal_rank(ranking: Sequence[str], judged: Judgements, grade: int = GOOD) -> float:
    """1 / place of the first document of at least `grade`; 0 when there is none."""
    for place, document in enumerate(ranking, start=1):
        if judged.get(document, 0) >= grade:
            return 1 / place
    return 0.0


def recall(ranking: Sequence[str], judged: Judgements, depth: int = 50, grade: int = RELEVANT) -> float:
    """Share of the known relevant documents among the first `depth`."""
    relevant = {document for document, given in judged.items() if given >= grade}
    return len(relevant & set(ranking[:depth])) / min(len(relevant), depth) if relevant else 0.0


def hit(ranking: Sequence[str], judged: Judgements, depth: int = 10, grade: int = GOOD) -> float:
    """1 when one of the first `depth` has at least `grade`, else 0."""
    return float(any(judged.get(document, 0) >= grade for document in ranking[:depth]))


def unjudged(ranking: Sequence[str], judged: Judgements, depth: int = 10) -> int:
    """How many of the first `depth` nobody has judged."""
    return sum(document not in judged for document in ranking[:depth])


def percentile(values: Sequence[float], share: float) -> float:
    """The value below which `share` (0–1) of the values lie; 0 for no values."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, math.ceil(share * len(ordered)) - 1)] if ordered else 0.0
