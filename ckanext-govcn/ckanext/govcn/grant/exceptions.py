"""Errors of the grants.

```
GrantError
├── TermsRefused     field: what is wrong with what a grant would say
├── NotGrantable     the dataset is not one that is given by grants
├── StepRefused      refusal: the step is not allowed now, or not to this person
├── TooManyKeys      limit
├── ColumnsRefused   why: the file cannot be cut to the granted columns with certainty
├── PageRefused      field: limit or offset of a page of rows is wrong
├── RowsBusy         the rows are being made ready: trying again helps
└── ReceiptInvalid   why: what is signed as a receipt is none
```

`transient` says whether trying again may help. `field` is where a form shows the message.
"""

from __future__ import annotations

from ckanext.govcn.grant.states import Refusal


class GrantError(Exception):
    """Base of all errors here."""

    transient = False

    def __init__(self, field: str, message: str, message_en: str) -> None:
        super().__init__(message, message_en)
        self.field = field
        self.message = message
        self.message_en = message_en

    def __str__(self) -> str:
        return f"{self.message} ({self.message_en})"


class TermsRefused(GrantError):
    """A field of the grant is missing or wrong."""


class NotGrantable(GrantError):
    """Grants are for published data of 有条件开放 only."""

    def __init__(self) -> None:
        super().__init__(
            "package_id",
            "只有已发布的有条件开放数据可以授权",
            "Grants are for published data that is open on conditions",
        )


class StepRefused(GrantError):
    """See `refusal`."""

    def __init__(self, refusal: Refusal) -> None:
        super().__init__("reason" if refusal.rule == "reason" else "id", refusal.message, refusal.message_en)
        self.refusal = refusal


class TooManyKeys(GrantError):
    """The grant has as many valid keys as it may have."""

    def __init__(self, limit: int) -> None:
        super().__init__(
            "id",
            f"每项授权最多 {limit} 个有效密钥，请先吊销不用的",
            f"A grant has at most {limit} valid keys; revoke one that is not used",
        )


class ColumnsRefused(GrantError):
    """Nothing of the file is delivered. `why` is one of `columns.REASONS`."""

    def __init__(self, why: str, chinese: str, english: str) -> None:
        super().__init__(
            "fields",
            f"您的授权只含部分信息项，而{chinese}，不能只交付授权的部分；请与提供部门联系",
            f"Your grant names columns and {english}, so they cannot be delivered alone; please ask the department",
        )
        self.why = why
        self.reason, self.reason_en = chinese, english


class PageRefused(GrantError):
    """What was asked for is no page."""


class RowsBusy(GrantError):
    """Another request makes the rows ready. `retry_seconds`: when to come again."""

    transient = True
    retry_seconds = 10

    def __init__(self) -> None:
        super().__init__(
            "id",
            "数据正在准备，请稍后再试，本次不计次数",
            "The rows are being made ready; please try again soon, nothing was counted",
        )


class ReceiptInvalid(GrantError):
    """The document cannot be read, or its signature is right and it has not the form of a receipt."""

    def __init__(self, chinese: str, english: str) -> None:
        super().__init__("file", f"不是使用回执：{chinese}", f"Not a receipt of use: {english}")
