"""A paper as .docx, PURE: python-docx writes it. Fonts are named (仿宋, 黑体 for the title), none is shipped."""

# pyright: basic
from __future__ import annotations

import io
from datetime import UTC, datetime

from docx import Document
from docx.enum.text import WD_ALIGN_PARAGRAPH
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.shared import Cm, Pt

from ckanext.govcn.paper.document import Paper, printable

MEDIA_TYPE = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
TEXT, TITLE = "仿宋", "黑体"
_EPOCH = datetime(2026, 1, 1, tzinfo=UTC).replace(tzinfo=None)  # the same paper is the same file


def docx_of(paper: Paper) -> bytes:
    """The file."""
    document = Document()
    _settle(document, paper)
    title = document.add_paragraph()
    title.alignment = WD_ALIGN_PARAGRAPH.CENTER
    title.paragraph_format.space_after = Pt(16)
    _write(title, paper.title, TITLE, 18)
    for line in paper.lines:
        paragraph = document.add_paragraph()
        paragraph.paragraph_format.space_after = Pt(0)
        paragraph.paragraph_format.line_spacing = Pt(24)
        _write(paragraph, line, TEXT, 13)
    _seals(document, paper)
    _foot(document.sections[0].footer, paper)
    out = io.BytesIO()
    document.save(out)
    return out.getvalue()


def _settle(document, paper: Paper) -> None:
    section, about = document.sections[0], document.core_properties
    section.page_width, section.page_height = Cm(21), Cm(29.7)
    section.top_margin = section.bottom_margin = Cm(2.6)
    section.left_margin = section.right_margin = Cm(2.6)
    about.title, about.author, about.comments = paper.title, "", f"SHA-256 {paper.sha256}"
    about.created = about.modified = _EPOCH


def _write(paragraph, text: str, font: str, size: float) -> None:
    run = paragraph.add_run(text)
    run.font.size = Pt(size)
    run.font.name = font
    run._element.get_or_add_rPr().get_or_add_rFonts().set(qn("w:eastAsia"), font)


def _seals(document, paper: Paper) -> None:
    """Side by side, never torn over two pages."""
    document.add_paragraph()
    table = document.add_table(rows=1, cols=len(paper.seals))
    row = table.rows[0]._tr.get_or_add_trPr()
    row.append(OxmlElement("w:cantSplit"))
    for cell, seal in zip(table.rows[0].cells, paper.seals, strict=True):
        lines = [f"{seal.label}（盖章）：", printable(seal.name), "", "", "", "　　年　　月　　日"]
        for number, line in enumerate(lines):
            paragraph = cell.paragraphs[0] if number == 0 else cell.add_paragraph()
            paragraph.paragraph_format.space_after = Pt(6)
            paragraph.paragraph_format.keep_with_next = number < len(lines) - 1
            _write(paragraph, line, TEXT, 13)


def _foot(footer, paper: Paper) -> None:
    first = footer.paragraphs[0]
    first.alignment = WD_ALIGN_PARAGRAPH.CENTER
    _write(first, f"{paper.foot}　第 ", TEXT, 9)
    _field(first, "PAGE")
    _write(first, " 页，共 ", TEXT, 9)
    _field(first, "NUMPAGES")
    _write(first, " 页", TEXT, 9)
    second = footer.add_paragraph()
    second.alignment = WD_ALIGN_PARAGRAPH.CENTER
    _write(second, f"SHA-256 {paper.sha256}", TEXT, 8)


def _field(paragraph, code: str) -> None:
    """A field that Word fills when it prints."""
    run = paragraph.add_run()
    run.font.size = Pt(9)
    for kind in ("begin", None, "end"):
        element = OxmlElement("w:instrText" if kind is None else "w:fldChar")
        if kind is None:
            element.text = code
        else:
            element.set(qn("w:fldCharType"), kind)
        run._element.append(element)
