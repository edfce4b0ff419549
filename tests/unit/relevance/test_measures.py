"""Measures, TREC files and reading of rows."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.relevance import measures, trec
from benchmarks.relevance.records import read_rows

JUDGED = {"a": 3, "b": 2, "c": 1, "d": 0}


def test_ndcg() -> None:
    assert measures.ndcg(["a", "b", "c"], JUDGED) == pytest.approx(1)
    assert measures.ndcg(["x", "a"], {"a": 3}) == pytest.approx(0.6309, abs=1e-4)
    assert measures.ndcg([], JUDGED) == 0
    assert measures.ndcg(["a"], {}) == 0


def test_rank_recall_hit() -> None:
    assert measures.reciprocal_rank(["d", "c", "b"], JUDGED) == pytest.approx(1 / 3)
    assert measures.recall(["a", "d"], JUDGED) == pytest.approx(1 / 3)
    assert measures.hit(["c", "d"], JUDGED) == 0
    assert measures.unjudged(["a", "x", "y"], JUDGED) == 2


def test_files(tmp_path: Path) -> None:
    (tmp_path / "q.tsv").write_text("qid\tkind\tquery\tneed\nq1\ttitle\t“停车\t停车场\n", encoding="utf-8")
    assert trec.read_queries(tmp_path / "q.tsv") == [trec.Query("q1", "title", "“停车", "停车场")]
    (tmp_path / "j").write_text("q1 0 a-00001 3\n\nq1 0 b-00002 0\n", encoding="utf-8")
    assert trec.read_judgements(tmp_path / "j") == {"q1": {"a-00001": 3, "b-00002": 0}}
    trec.write_run(tmp_path / "r", {"q1": [("a-00001", 2.5)]}, "ours")
    assert (tmp_path / "r").read_text() == "q1 Q0 a-00001 1 2.500000 ours\n"


def test_every_row_becomes_a_document() -> None:
    rows = [
        {"资源名称": "停车场信息", "发布部门": "市城管局", "生僻列": "特别说明"},
        {"资源名称": "停车场信息", "发布部门": "市城管局", "生僻列": ""},
        {"资源名称": "", "发布部门": None},
        "只有一句话",
    ]
    documents = list(read_rows("x_y", rows))
    assert [document.id for document in documents] == ["x_y-00000", "x_y-00001", "x_y-00002", "x_y-00003"]
    assert documents[0].title == "停车场信息"
    assert "特别说明" in (documents[0].other + documents[0].notes + "".join(documents[0].tags))
