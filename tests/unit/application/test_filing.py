"""Who adds and removes which file: every state × paper × set of roles."""

from __future__ import annotations

import itertools

import pytest
from ckanext.govcn.application import filing, papers
from ckanext.govcn.application.filing import ATTACHMENT
from ckanext.govcn.application.machine import table
from ckanext.govcn.workflow.exceptions import NotYourStep, WrongState

A, B, O = "applicant", "bureau", "owner"  # noqa: E741
ROLES = [frozenset(chosen) for n in range(4) for chosen in itertools.combinations((A, B, O), n)]


@pytest.mark.parametrize("paper", [ATTACHMENT, *papers.kinds()])
@pytest.mark.parametrize("state", list(table().states))
def test_every_state_paper_and_set_of_roles(state: str, paper: str) -> None:
    about = table().states[state]
    for roles, printed in itertools.product(ROLES, (False, True)):
        expected = A if A in roles else O if O in roles and paper in (papers.AGREEMENT, papers.SUPPLEMENT) else ""
        possible = about.editable if paper == ATTACHMENT else printed and not about.final
        if expected and possible:
            assert filing.adds(state, roles, paper, printed=printed) == expected
        else:
            with pytest.raises(WrongState if expected else NotYourStep):
                filing.adds(state, roles, paper, printed=printed)


@pytest.mark.parametrize("paper", [ATTACHMENT, *papers.kinds()])
@pytest.mark.parametrize("state", list(table().states))
def test_only_an_attachment_that_was_not_submitted_is_taken_out(state: str, paper: str) -> None:
    for roles, submitted in itertools.product(ROLES, (False, True)):
        possible = paper == ATTACHMENT and not submitted and table().states[state].editable
        if A in roles and possible:
            filing.removes(state, roles, paper, submitted=submitted)
        else:
            with pytest.raises(WrongState if A in roles else NotYourStep):
                filing.removes(state, roles, paper, submitted=submitted)


def test_the_form_as_text_holds_every_field() -> None:
    answers = {"subject_kind": "person", "scenario": "场景", "purpose": "用途"}
    text = papers.form_text(answers, "全市停车场")
    assert text.startswith("有条件开放数据申请表（第 1 版）\n\n申请的数据集：全市停车场\n")
    for part in ("利用主体类型：自然人", "应用场景：\n场景", "用途：用途", "使用期限至：—"):
        assert part in text
    paper = papers.paper(papers.FORM, "number", "", text, {A: "示例公司"})
    assert (paper.version, [seal.name for seal in paper.seals]) == ("1", ["示例公司"])
