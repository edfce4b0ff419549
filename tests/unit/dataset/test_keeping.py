"""An answer is made once in its time."""

from __future__ import annotations

import pytest
from ckanext.govcn.dataset.keeping import Kept


def test_an_answer_is_kept_for_its_time_and_forgotten_when_told():
    now, made = [0.0], list[int]()
    kept = Kept(lambda: made.append(1) or len(made), 300.0, lambda: now[0])
    assert (kept(), kept()) == (1, 1)
    now[0] = 300.0
    assert kept() == 2
    kept.forget()
    assert kept() == 3


def test_an_error_is_not_kept():
    answers = [1]
    kept = Kept(lambda: 1 // answers.pop() if answers else 7, 300.0)
    answers[0] = 0
    with pytest.raises(ZeroDivisionError):
        kept()
    assert kept() == 7
