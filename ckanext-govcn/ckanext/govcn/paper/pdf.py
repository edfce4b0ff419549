"""A paper as .pdf, PURE: reportlab writes it with the font STSong-Light, which readers of PDF have for Chinese; none is
shipped and none is embedded.

That font has the characters of GBK. A text with others would be printed with gaps, so it is refused: .docx prints it.
"""

# pyright: basic
from __future__ import annotations

import functools
import io
from typing import Any
from xml.sax.saxutils import escape

from reportlab.lib.enums import TA_CENTER
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import cm
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.cidfonts import UnicodeCIDFont
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import KeepTogether, Paragraph, SimpleDocTemplate, Spacer, Table

from ckanext.govcn.paper.document import Paper, printable
from ckanext.govcn.paper.exceptions import NotPrintable

MEDIA_TYPE = "application/pdf"
FONT = "STSong-Light"


def pdf_of(paper: Paper) -> bytes:
    """The file. Raises NotPrintable for a character that the font has not."""
    printed = [paper.body, paper.foot, *(f"{seal.label}{seal.name}" for seal in paper.seals)]
    missing = next((char for char in "\n".join(printed) if not _has(char)), "")
    if missing:
        raise NotPrintable(missing)
    _register()
    out = io.BytesIO()
    document = SimpleDocTemplate(
        out, pagesize=A4, leftMargin=2.6 * cm, rightMargin=2.6 * cm, topMargin=2.6 * cm, bottomMargin=2.8 * cm,
        title=paper.title, author="", subject=f"SHA-256 {paper.sha256}", invariant=1, lang="zh-CN",
    )  # fmt: skip
    line = ParagraphStyle("line", fontName=FONT, fontSize=12, leading=20, wordWrap="CJK")
    title = ParagraphStyle("title", line, fontSize=18, leading=26, alignment=TA_CENTER, spaceAfter=16)
    story: list[Any] = [Paragraph(escape(paper.title), title)]
    story += [Paragraph(escape(text), line) if text.strip() else Spacer(1, 10) for text in paper.lines]
    cells = [
        [Paragraph(escape(f"{seal.label}（盖章）："), line), Paragraph(escape(printable(seal.name)), line),
         Spacer(1, 70), Paragraph("____年____月____日", line)]
        for seal in paper.seals
    ]  # fmt: skip
    story.append(KeepTogether([Spacer(1, 24), Table([cells], colWidths=[document.width / len(cells)] * len(cells))]))
    document.build(story, canvasmaker=functools.partial(_Numbered, paper=paper))
    return out.getvalue()


def _has(char: str) -> bool:
    try:
        char.encode("gbk")
    except UnicodeEncodeError:
        return False
    return True


@functools.cache
def _register() -> None:
    pdfmetrics.registerFont(UnicodeCIDFont(FONT))


class _Numbered(Canvas):
    """Writes the foot of each page once it is known how many there are."""

    def __init__(self, *args, paper: Paper, **more) -> None:
        super().__init__(*args, **more)
        self._paper, self._pages = paper, []

    def showPage(self) -> None:  # noqa: N802 - reportlab's name
        self._pages.append(dict(self.__dict__))
        self._startPage()  # pyright: ignore[reportAttributeAccessIssue] - as reportlab's own examples do

    def save(self) -> None:
        for number, page in enumerate(self._pages, 1):
            self.__dict__.update(page)
            self.setFont(FONT, 9)
            self.drawCentredString(A4[0] / 2, 1.7 * cm, f"{self._paper.foot}　第 {number} 页，共 {len(self._pages)} 页")
            self.setFont(FONT, 8)
            self.drawCentredString(A4[0] / 2, 1.2 * cm, f"SHA-256 {self._paper.sha256}")
            super().showPage()
        super().save()
