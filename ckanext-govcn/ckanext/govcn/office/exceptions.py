"""Why an office is not given or taken. Trying again does not help: somebody has to decide otherwise."""

from __future__ import annotations

from ckanext.govcn.errors import WordedError


class OfficeError(WordedError):
    """Root of this package's errors."""


class NoAccount(OfficeError):
    """`name`: nobody is called so, or the account is not in use."""

    zh = "没有在用的账户 {name}，请核对用户名"
    en = "There is no account {name} in use; please check the name"


class IsSysadmin(OfficeError):
    """`name` is a system administrator."""

    zh = "{name} 是系统管理员，不能兼任安全管理员或审计员。请另开账户，或先撤销其系统管理员"
    en = "{name} is a system administrator and holds no office; use another account, or take that role away first"


class HoldsOffice(OfficeError):
    """`name` holds an office and becomes nothing else."""

    zh = "{name} 是{office}，三种角色不能兼任。请另开账户，或先用 ./govcn office take 撤销"
    en = "{name} is {office_en}; no account combines the roles. Use another account, or take the office away first"
