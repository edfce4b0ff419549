"""信息资源代码, 统一社会信用代码 and the URL name of a dataset."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from typing import Literal

from ckanext.govcn.catalog import codes
from ckanext.govcn.catalog.exceptions import NoProvinceNodeError

# 信息资源代码 -------------------------------------------------------------------------------------------------

_CODE = re.compile(r"([123])(\d{2})(\d{3})(\d*)/(\d+)", re.ASCII)
_LEGACY = re.compile(r"[123]\d{5,}", re.ASCII)
CODE_LIMIT = 64
"""Characters a code may have: the outer limit of a real form, `^[a-zA-Z0-9-_/]{1,64}$`."""


@dataclass(frozen=True, slots=True)
class ResourceCode:
    """信息资源代码 = 分类码 + "/" + 顺序码 (guide, 附录). `sequence` is "" for a legacy code without a slash."""

    category: str
    sequence: str

    @property
    def legacy(self) -> bool:
        """An older code that does not separate 分类码 and 顺序码."""
        return not self.sequence

    def __str__(self) -> str:
        return f"{self.category}/{self.sequence}" if self.sequence else self.category


def parse_code(text: str) -> ResourceCode | None:
    """A 信息资源代码 as its parts; None when it has another shape (类 1-3, 项 2 digits, 目 3, 细目 any, / 顺序码).

    >>> parse_code("221211003/1003")
    ResourceCode(category='221211003', sequence='1003')
    """
    written = text.strip()
    if len(written) > CODE_LIMIT:
        return None
    if _CODE.fullmatch(written):
        category, sequence = written.split("/")
        return ResourceCode(category, sequence)
    return ResourceCode(written, "") if _LEGACY.fullmatch(written) else None


def full_node(category: str) -> str:
    """A 分类码 with 类, 项 and 目: what hangs higher up (211 生态环保) gets zeros, or its codes would have no shape.

    >>> full_node("211")
    '211000'
    """
    return f"{category:0<6}"


def format_code(category: str, number: int) -> str:
    """The code of the `number`-th resource under a 分类码; six digits or more. Numbers are never used twice.

    >>> format_code("3070160001", 12)
    '3070160001/000012'
    """
    return f"{category}/{number:06d}"


def category_known(category: str) -> bool:
    """Are 类 and 项 of this 分类码 in table `classification`?"""
    nodes = codes.table("classification")
    return category[:1] in nodes and (len(category) < 3 or category[:3] in nodes)


def provider_node(region_code: str, serial: int) -> str:
    """The 部门 node of a provider: 3-07, 目 of its province, 细目 of city and county, and the department's number.

    `serial` is the department's number within its region, given once by the department register. Used for entries
    that come without a classification; their codes are provisional.

    Raises NoProvinceNodeError when table `province_node` has no 目 for the province.

    >>> provider_node("320500", 3)
    '30701505000003'
    """
    node = codes.table("province_node").attribute(f"{region_code[:2]}0000", "node")
    if not node:
        raise NoProvinceNodeError(region_code)
    return f"307{node}{region_code[2:6]:0<4}{serial:04d}"


# 统一社会信用代码 -----------------------------------------------------------------------------------------------

_ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"  # GB 32100-2015: no I O Z S V
_WEIGHTS = (1, 3, 9, 27, 19, 26, 16, 17, 20, 29, 25, 13, 8, 24, 10, 30, 28)
_INNER_WEIGHTS = (3, 7, 9, 10, 5, 8, 4, 2)  # GB 11714-1997
_INNER_ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"

USCCFault = Literal["length", "alphabet", "check", "old", "inner", "prefix", "region"]


def uscc_faults(text: str) -> tuple[USCCFault, ...]:
    """What is wrong with a 统一社会信用代码.

    length, alphabet and check make it invalid (E06); old (a 组织机构代码 of 9), inner (the check digit of GB 11714
    inside), prefix (table `uscc_prefix` does not expect it of a provider) and region (not in GB/T 2260) are worth a
    look (W07).

    >>> uscc_faults("1141160000593120X0")
    ()
    """
    code = compact(text)
    if len(code) == 9:
        return ("old",) if organisation_code_valid(code) else ("length",)
    if len(code) != 18:
        return ("length",)
    if any(c not in _ALPHABET for c in code) or not code[2:8].isdigit():
        return ("alphabet",)
    if code[17] != uscc_check_character(code):
        return ("check",)
    faults: list[USCCFault] = []
    if not organisation_code_valid(code[8:17]):
        faults.append("inner")
    if codes.table("uscc_prefix").attribute(code[:2], "expected") != "yes":
        faults.append("prefix")
    if code[2:8] not in codes.table("region") and code[2:8] != "100000":
        faults.append("region")
    return tuple(faults)


def uscc_valid(text: str) -> bool:
    """Length, alphabet and check character are right (GB 32100-2015)."""
    return not {"length", "alphabet", "check", "old"} & set(uscc_faults(text))


def uscc_check_character(code: str) -> str:
    """The 18th character for the first 17. `stdnum.cn.uscc` refuses the letters that GB 32100 allows in front
    (A 军委编制, N 农业, Y 其他), so the sum is made here; a test compares the two where both can answer."""
    total = sum(_ALPHABET.index(c) * w for c, w in zip(code[:17], _WEIGHTS, strict=False))
    return _ALPHABET[(31 - total % 31) % 31]


def organisation_code_valid(code: str) -> bool:
    """组织机构代码 of 9 characters, GB 11714-1997: eight and a check character."""
    body, check = code[:8], code[8:]
    if len(code) != 9 or any(c not in _INNER_ALPHABET for c in body):
        return False
    rest = 11 - sum(_INNER_ALPHABET.index(c) * w for c, w in zip(body, _INNER_WEIGHTS, strict=True)) % 11
    return check == ("X" if rest == 10 else "0" if rest == 11 else str(rest))


def compact(text: str) -> str:
    """Without blanks and dashes, in capitals: as codes are compared and stored."""
    return re.sub(r"[\s-]+", "", text).upper()


# URL name -----------------------------------------------------------------------------------------------------

NAME_LIMIT = 100
"""CKAN's limit for a dataset's name."""


def dataset_name(code: str) -> str:
    """The URL name of a dataset, made once from its first code: `[a-z0-9_-]`, at most 100 characters, injective.

    Letters a-z and digits stand for themselves, / is -, everything else is its code point between underscores.
    What would be longer than 100 is the sha256 of the code under another prefix.

    >>> dataset_name("307016160002/000012")
    'r-307016160002-000012'
    """
    name = "r-" + "".join(_escaped(character) for character in code)
    if len(name) <= NAME_LIMIT:
        return name
    return f"rh-{hashlib.sha256(code.encode('utf-8', 'surrogatepass')).hexdigest()}"


def _escaped(character: str) -> str:
    if character == "/":
        return "-"
    if character.isascii() and (character.isdigit() or character.islower()):
        return character
    return f"_{ord(character):x}_"
