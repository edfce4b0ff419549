"""The level badge: what a visitor may do with a dataset's data, as one word, colour and icon. PURE.

The level itself is decided by `access.rules`; here it is only shown.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Badge:
    """`key` names the style class; `label` and `note` are message ids (Chinese)."""

    key: str
    label: str
    icon: str
    note: str


BADGES = {
    "open": Badge("open", "无条件开放", "fa-lock-open", "任何人都可以查看和下载，无需登录。"),
    "login": Badge("login", "登录后可下载", "fa-user-check", "任何人都可以查看目录，登录后可以下载数据。"),
    "conditional": Badge(
        "conditional", "有条件开放", "fa-key", "任何人都可以查看目录和开放条件，数据须经提供部门同意后获取。"
    ),
    "none": Badge("none", "不予开放", "fa-ban", "依据规定不向社会开放，仅供有权限的部门查看。"),
    "undecided": Badge("undecided", "待核定", "fa-hourglass-half", "开放属性尚未核定，核定前不对外发布。"),
}


def badge_of(dataset: Mapping[str, Any]) -> Badge:
    """Badge of a dataset dict. What is unknown is 待核定, never open."""
    open_type = dataset.get("open_type")
    if open_type == "unconditional":
        return BADGES["login" if dataset.get("access_mode") == "login" else "open"]
    if open_type in ("conditional", "none"):
        return BADGES[open_type]
    return BADGES["undecided"]
