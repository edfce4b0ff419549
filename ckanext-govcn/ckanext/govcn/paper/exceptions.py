"""Errors of papers and uploaded files.

```
PaperError
├── NotPrintable   character: the font of the .pdf has not got it
└── FileRefused    why: the content is none of the kinds that are taken, or more than one, or harmful to open
```

None of them is transient: the same content gets the same answer.
"""

from __future__ import annotations


class PaperError(Exception):
    """Base: `message` is Chinese, `message_en` English; both say what to do next."""

    transient = False

    def __init__(self, message: str, message_en: str) -> None:
        super().__init__(f"{message} ({message_en})")
        self.message, self.message_en = message, message_en


class NotPrintable(PaperError):
    """The standard Chinese font of PDF has no such character."""

    def __init__(self, character: str) -> None:
        super().__init__(
            f"文本中的“{character}”不在 PDF 标准中文字体内，打印会缺字；请下载 docx 后打印",
            f"The standard Chinese font of PDF has no character U+{ord(character):04X}; please print the .docx",
        )
        self.character = character


class FileRefused(PaperError):
    """The uploaded content is not taken. `why` names the rule: empty, kind, tail, archive, bomb."""

    def __init__(self, why: str, message: str, message_en: str) -> None:
        super().__init__(message, message_en)
        self.why = why
