"""What can go wrong with a step.

::

    WorkflowError
    ├── TableError          the table of a workflow is wrong: a fault of the installation
    └── StepRefused         a step that cannot be taken; `rule` names why
        ├── WrongState      not in this state                              (state)
        ├── NotYourStep     another role takes this step                   (role)
        ├── AskerDecides    who asks never decides                         (asker)
        ├── SamePerson      a second person has to take this step          (second_person)
        ├── NotConditional  the dataset is no longer published as 有条件开放 (dataset)
        └── FieldMissing    `field` is needed and was not given, or is none of its values (field)

None of them is transient: the same request gets the same answer until somebody does something else first.
"""

from __future__ import annotations


class WorkflowError(Exception):
    """Base: `message` is Chinese, `message_en` English; both say what to do next."""

    transient = False
    rule = ""

    def __init__(self, message: str, message_en: str) -> None:
        super().__init__(f"{message} ({message_en})")
        self.message, self.message_en = message, message_en


class TableError(WorkflowError):
    """The table of a workflow cannot be used."""

    rule = "table"


class StepRefused(WorkflowError):
    """A step that cannot be taken."""


class WrongState(StepRefused):
    """The case's present state has no such step."""

    rule = "state"

    def __init__(self) -> None:
        super().__init__(
            "现在的状态不能做这一步，请刷新页面后查看",
            "The present state does not allow this step; please reload the page",
        )


class NotYourStep(StepRefused):
    """The step is another role's."""

    rule = "role"

    def __init__(self, whose: str, whose_en: str) -> None:
        super().__init__(f"这一步由{whose}办理，您没有权限", f"This step is taken by {whose_en}; you may not take it")


class AskerDecides(StepRefused):
    """Who asks would review, decide or supervise the own case."""

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
