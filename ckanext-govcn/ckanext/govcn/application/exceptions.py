"""What can go wrong with an application.

::

    ApplicationError
    ├── TableError          states.yaml, form.yaml or texts.yaml is wrong: a fault of the installation
    └── StepRefused         a step that cannot be taken; `rule` names why
        ├── WrongState      not in this state                            (state)
        ├── NotYourStep     another role takes this step                 (role)
        ├── AskerDecides    who asks never decides                       (asker)
        ├── SamePerson      a second person has to take this step        (second_person)
        ├── NotConditional  the dataset is no longer published as 有条件开放 (dataset)
        ├── FieldMissing    `field` is needed and was not given, or is none of its values (field)
        ├── IdentityMissing the applicant's identity was never verified  (identity)
        └── TrustTooLow     it was, but not well enough                  (identity)

None of them is transient: the same request gets the same answer until somebody does something else first.
"""

from __future__ import annotations

from ckanext.govcn.identity.identity import Level


class ApplicationError(Exception):
    """Base: `message` is Chinese, `message_en` English; both say what to do next."""

    transient = False
    rule = ""

    def __init__(self, message: str, message_en: str) -> None:
        super().__init__(f"{message} ({message_en})")
        self.message, self.message_en = message, message_en


class TableError(ApplicationError):
    """A table of this package cannot be used."""

    rule = "table"


class StepRefused(ApplicationError):
    """A step that cannot be taken."""


class WrongState(StepRefused):
    """The application's present state has no such step."""

    rule = "state"

    def __init__(self) -> None:
        super().__init__(
            "申请现在的状态不能做这一步，请刷新页面后查看",
            "The application's present state does not allow this step; please reload the page",
        )


class NotYourStep(StepRefused):
    """The step is another role's."""

    rule = "role"

    def __init__(self, whose: str, whose_en: str) -> None:
        super().__init__(f"这一步由{whose}办理，您没有权限", f"This step is taken by {whose_en}; you may not take it")


class AskerDecides(StepRefused):
    """The applicant would review, decide or supervise the own application."""

    rule = "asker"

    def __init__(self) -> None:
        super().__init__(
            "申请人不能办理自己的申请，请由另一人办理",
            "Who asks never decides; another person has to take this step",
        )


class SamePerson(StepRefused):
    """The person took an earlier step that another person has to check."""

    rule = "second_person"

    def __init__(self) -> None:
        super().__init__(
            "您已办理过前一步，这一步须由另一人办理",
            "You took an earlier step; this one has to be taken by a second person",
        )


class NotConditional(StepRefused):
    """The dataset is not published as 有条件开放."""

    rule = "dataset"

    def __init__(self) -> None:
        super().__init__(
            "该数据集现在不是已发布的有条件开放数据，不能办理这一步",
            "The dataset is not published as conditionally open now, so this step cannot be taken",
        )


class FieldMissing(StepRefused):
    """A field that the step needs."""

    rule = "field"

    def __init__(self, field: str, label: str, label_en: str) -> None:
        super().__init__(f"请填写：{label}", f"Please give: {label_en}")
        self.field = field


class IdentityMissing(StepRefused):
    """The unverified may draft, not submit."""

    rule = "identity"

    def __init__(self) -> None:
        super().__init__(
            "提交申请须先核验身份：请在申请的填写页选择统一身份认证，核验后再提交；草稿会保留",
            "Verify your identity before you submit: choose a provider on the application's form; the draft stays",
        )


class TrustTooLow(StepRefused):
    """`least` is what is asked for (any level when None), `now` what the provider said (nothing when None)."""

    rule = "identity"

    def __init__(self, least: Level | None, now: Level | None) -> None:
        super().__init__(
            f"提交申请要求认证等级{f'达到“{least.zh}”' if least else '已知'}，您现在是“{now.zh if now else '未认证'}”："
            "请先在统一身份认证平台提升等级，再到申请的填写页重新核验；草稿会保留",
            f"To submit, your level has to be {least.en if least else 'known'}; it is {now.en if now else 'none'}: "
            "raise it with the provider, then verify again on the application's form; the draft stays",
        )
