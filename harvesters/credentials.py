"""Credentials of sources: a description only says where they are found (`${NAME}`), never what they are.

The environment variable NAME holds the credential, or NAME_FILE names a file that does (as container secrets do).
"""

from __future__ import annotations

import os
import re
from pathlib import Path

from harvesters.exceptions import SourceRefused

REFERENCE = re.compile(r"\$\{([A-Z][A-Z0-9_]*)\}")
MOST = 64 * 1024  # bytes of a file; a private key has a few thousand


def is_reference(text: str) -> bool:
    """Is the text a reference and nothing else?"""
    return REFERENCE.fullmatch(text) is not None


def filled(text: str) -> str:
    """The text with every reference exchanged for what it stands for. Raises SourceRefused for one that is not set."""
    return REFERENCE.sub(lambda match: _found(match[1]), text)


def _found(name: str) -> str:
    value = os.environ.get(name)
    if value is not None:
        return value
    file = os.environ.get(f"{name}_FILE")
    if file is None:
        raise SourceRefused(
            f"${{{name}}}",
            f"环境变量没有设置。请在运行环境中设置 {name}，或用 {name}_FILE 指定保存它的文件，然后重试。",
            f"The environment variable is not set. Set {name}, or {name}_FILE to a file that holds it.",
        )
    try:
        with Path(file).open("rb") as opened:
            return opened.read(MOST).decode().rstrip("\r\n")
    except (OSError, UnicodeError) as error:
        raise SourceRefused(
            f"${{{name}}}",
            f"{name}_FILE 指定的文件读不了。请核对文件是否存在、运行平台的账号能否读取、是否为 UTF-8 文本。",
            f"The file that {name}_FILE names cannot be read as UTF-8 text.",
        ) from error
