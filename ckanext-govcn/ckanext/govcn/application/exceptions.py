"""What can go wrong with an application, besides the steps themselves (workflow/exceptions.py).

::

    workflow.WorkflowError
    └── workflow.StepRefused
        ├── IdentityMissing the applicant's identity was never verified  (identity)
        └── TrustTooLow     it was, but not well enough                  (identity)

Neither is transient: the same request gets the same answer until the applicant verifies the identity.
"""

from __future__ import annotations

from ckanext.govcn.identity.identity import Level
from ckanext.govcn.workflow.exceptions import StepRefused


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
