"""What can go wrong with a request for sharing, besides the steps themselves (workflow/exceptions.py).

::

    workflow.StepRefused
    ├── NotToldYet      refused for its papers before they could be completed once (correction)
    └── OtherwiseSince  taken only before, or only after the data was provided (provided)

    RequestRefused      what was asked for cannot be done; both sentences for each field or rule
    SharingError
    ├── Off             the ledger is not switched on
    └── BookRefused     a workbook that is not one of the ledger's

None is transient.
"""

from __future__ import annotations

from collections.abc import Mapping

from ckanext.govcn.errors import WordedError
from ckanext.govcn.workflow.exceptions import StepRefused


class NotToldYet(StepRefused):
    """材料不全的一次性告知补正，不得直接拒绝 (《政务数据共享条例》第二十二条)."""

    rule = "correction"

    def __init__(self) -> None:
        super().__init__(
            "材料不全的，应先一次性告知补正，不得直接拒绝；请先告知补正",
            "Papers that are incomplete are to be completed once before they are refused; ask for that first",
        )


class OtherwiseSince(StepRefused):
    """What is in use is ended, not withdrawn; what was never provided is not used on."""

    rule = "provided"

    def __init__(self, *, provided: bool) -> None:
        if provided:
            super().__init__(
                "数据已提供，不能撤回或按不提供办结；请撤销争议，需要时再结束使用",
                "The data was provided: this is not withdrawn any more; drop the dispute, and end the use when it ends",
            )
        else:
            super().__init__("数据还没有提供，请撤回申请", "The data was not provided yet; withdraw the request")


Sentences = list[tuple[str, str]]
"""What is wrong, in Chinese and in English."""


class RequestRefused(Exception):
    """`faults`: field, or rule of a step → what is wrong with it. `personal`: it is not this person's to do."""

    transient = False

    def __init__(self, faults: Mapping[str, Sentences], *, personal: bool = False) -> None:
        super().__init__("；".join(zh for said in faults.values() for zh, _en in said))
        self.faults, self.personal = faults, personal

    @property
    def sentences(self) -> Sentences:
        """All of them, each once."""
        return list(dict.fromkeys(each for said in self.faults.values() for each in said))


class SharingError(WordedError):
    """Root of the others."""

    zh = "共享申请台账出错。"
    en = "Something is wrong with the ledger of sharing."


class Off(SharingError):
    """The switch is off."""

    zh = "共享申请台账没有开启。需要时在配置中写 ckanext.govcn.sharing = true 并重新启动。"
    en = "The ledger of sharing is switched off; set ckanext.govcn.sharing = true and restart."


class BookRefused(SharingError):
    """Facts: `why`, `why_en`."""

    zh = "不是共享申请台账：{why}"
    en = "Not a ledger of sharing: {why_en}"
