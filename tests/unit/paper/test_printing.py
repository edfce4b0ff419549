"""Papers as .docx and .pdf: what is printed, what stands at the foot, what cannot be printed. Names are made up."""

from __future__ import annotations

import contextlib
import hashlib
import io

import pytest
from ckanext.govcn.paper.document import Paper, Seal
from ckanext.govcn.paper.exceptions import NotPrintable
from ckanext.govcn.paper.pdf import pdf_of
from ckanext.govcn.paper.recognise import DOCX, PDF, recognise
from ckanext.govcn.paper.word import docx_of
from docx import Document
from hypothesis import given, settings
from hypothesis import strategies as st

BODY = "公共数据开放利用协议（第 2 版）\n\n第一条　<b>甲方</b> & 乙方\n第二条　用途：公众查询\n"


def paper(body: str = BODY, name: str = "示例停车科技公司") -> Paper:
    seals = (Seal("开放主体", "示例局"), Seal("申请人（利用主体）", name))
    return Paper("公共数据开放利用协议", "2", body, "0123456789abcdef", seals)


def test_the_word_file_holds_text_places_for_seals_and_the_digest_at_the_foot() -> None:
    made = docx_of(paper())
    assert recognise(made) is DOCX
    document = Document(io.BytesIO(made))
    text = "\n".join(paragraph.text for paragraph in document.paragraphs)
    assert text.split() == BODY.split()
    cells = [cell.text for cell in document.tables[0].rows[0].cells]
    assert [cell.split("\n")[:2] for cell in cells] == [
        ["开放主体（盖章）：", "示例局"], ["申请人（利用主体）（盖章）：", "示例停车科技公司"],
    ]  # fmt: skip
    foot = "\n".join(paragraph.text for paragraph in document.sections[0].footer.paragraphs)
    assert "公共数据开放利用协议　第 2 版" in foot
    assert hashlib.sha256(BODY.encode()).hexdigest() in foot


def test_the_same_paper_is_the_same_pdf_and_markup_is_text() -> None:
    made = pdf_of(paper())
    assert recognise(made) is PDF
    assert made == pdf_of(paper())
    assert made != pdf_of(paper(BODY.replace("公众", "企业")))


@pytest.mark.parametrize("character", ["𠮷", "㐂", "ก"])
def test_what_the_font_of_pdf_has_not_is_refused_and_the_word_file_prints_it(character: str) -> None:
    for wanting in (paper(BODY + character), paper(name=character)):
        with pytest.raises(NotPrintable) as refused:
            pdf_of(wanting)
        assert refused.value.character == character
        assert refused.value.message_en.isascii()
        assert character in Document(io.BytesIO(docx_of(wanting))).element.xml


@given(st.text(max_size=60))
@settings(max_examples=40, deadline=None)
def test_every_text_is_printed_or_refused(text: str) -> None:
    wild = paper(f"标题{text}\n{text}", text)
    assert recognise(docx_of(wild)) is DOCX
    with contextlib.suppress(NotPrintable):
        assert recognise(pdf_of(wild)) is PDF
