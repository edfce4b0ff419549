"""Who sees an entry, who gets the data: 开放 (opening) decides for the public, 共享 (sharing) for other departments.

Two questions, two answers. `labels_for` answers the first as permission labels, which CKAN keeps in the search index;
`may_see_entry` is the same answer for one person. `may_get_data` answers the second, live, at every request and on
every surface (`surfaces.py` names them); nothing about it is ever stored in an index.

Levels (开放属性): 山东、上海 and 深圳 call them 无条件开放, 有条件开放, 不予开放. 登录开放 is 无条件开放 for whoever is
logged in. Sharing (共享属性): 《政务信息资源共享管理暂行办法》第九条, 1 无条件 2 有条件 3 不予.

A level that is missing or unknown is 待核定 and is treated as closed. A system administrator administrates: the role
alone opens no data. Later channels, purposes and grants become further parameters of `may_get_data` and further rows of
`_DATA`; the callers pass who and what already.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

PUBLIC = "public"
DEPARTMENTS = "govcn-departments"
BUREAU = "govcn-bureau"

UNCONDITIONAL, CONDITIONAL, NONE = "unconditional", "conditional", "none"
ANONYMOUS, LOGIN = "anonymous", "login"
PUBLISHED = "published"
SHARED_WITH_DEPARTMENTS = frozenset({"1", "2"})


def member_label(organization_id: str) -> str:
    """The label of an owner's members, as CKAN's own default labels write it."""
    return f"member-{organization_id}"


@dataclass(frozen=True, slots=True)
class Who:
    """One person at one moment. `user_id` is empty for an anonymous visitor.

    `organizations` are ids of organizations the person belongs to in any role; `department` is true when one of them is
    a department that the bureau confirmed (founding an organization proves nothing); `bureau`: 数据主管部门.
    """

    user_id: str = ""
    organizations: frozenset[str] = frozenset()
    department: bool = False
    bureau: bool = False
    sysadmin: bool = False


@dataclass(frozen=True, slots=True)
class What:
    """What of a dataset decides. Everything is text as stored, and nothing is trusted to be one of the known codes."""

    owner: str = ""
    open_type: str = ""
    access_mode: str = ""
    share_type: str = ""
    status: str = ""
    active: bool = True

    @classmethod
    def from_fields(cls, fields: Mapping[str, object], owner: str | None, state: str) -> What:
        """Read the deciding fields; what is not text counts as missing."""

        def text(name: str) -> str:
            value = fields.get(name)
            return value if isinstance(value, str) else ""

        return cls(
            owner=owner or "",
            open_type=text("open_type"),
            access_mode=text("access_mode"),
            share_type=text("share_type"),
            status=text("catalog_status"),
            active=state == "active",
        )


@dataclass(frozen=True, slots=True)
class Decision:
    """An answer with its reason. `code` is stable and names the rule; `log_in` says that logging in may help."""

    allowed: bool
    code: str
    reason: str
    reason_en: str
    log_in: bool = False


ANYONE = Decision(True, "open", "无条件开放", "Open to everyone")
LOGGED_IN = Decision(True, "logged_in", "登录开放，您已登录", "Open to registered users; you are logged in")
OWNER = Decision(True, "owner", "您是提供部门的成员", "You are a member of the department that provides it")
REVIEWER = Decision(True, "bureau", "数据主管部门审核", "Review by the data authority")
NEEDS_LOGIN = Decision(False, "login", "请先登录再获取该数据", "Please log in to get this data", log_in=True)
NEEDS_GRANT = Decision(
    False,
    "conditional",
    "该数据为有条件开放，获取前须经提供部门同意；开放条件和联系电话见数据集页面",
    "This data is open on conditions: the department that provides it has to agree first; see the dataset's page",
)
NOT_OPEN = Decision(False, "not_open", "该数据不予开放", "This data is not open")
NOT_PUBLISHED = Decision(
    False, "not_published", "该数据未发布或开放属性待核定", "This data is not published, or its level is undecided"
)


def level_of(what: What) -> str:
    """The level in force: `open`, `login`, `conditional`, `none`, `inactive`, or `` for the rest (待核定, unpublished).

    无条件开放 with no access mode is what the words say; a mode nobody knows closes it. `inactive` is a draft of CKAN's
    or a deleted dataset: its owner's members alone, whatever it was before.
    """
    if not what.active:
        return "inactive"
    if what.status != PUBLISHED:
        return ""
    return {
        (UNCONDITIONAL, ""): "open",
        (UNCONDITIONAL, ANONYMOUS): "open",
        (UNCONDITIONAL, LOGIN): "login",
        (CONDITIONAL, what.access_mode): "conditional",
        (NONE, what.access_mode): "none",
    }.get((what.open_type, what.access_mode), "")


def labels_for(what: What) -> list[str]:
    """Permission labels of a dataset, owner's members first. Never empty, so that nothing falls back to a default."""
    labels = [member_label(what.owner)] if what.owner else []
    level = level_of(what)
    if level in ("open", "login", "conditional"):
        labels.append(PUBLIC)
    elif level == "none":
        labels.append(BUREAU)
        if what.share_type in SHARED_WITH_DEPARTMENTS:
            labels.append(DEPARTMENTS)
    elif level == "":
        labels.append(BUREAU)
    return labels or [BUREAU]


def labels_of(who: Who) -> list[str]:
    """Permission labels a person holds."""
    labels = [PUBLIC, *(member_label(o) for o in sorted(who.organizations))]
    if not who.user_id:
        return [PUBLIC]
    if who.department:
        labels.append(DEPARTMENTS)
    if who.bureau:
        labels.append(BUREAU)
    return labels


def may_see_entry(who: Who, what: What) -> bool:
    """Whether the entry may be seen. Administrators see every entry: entries are not data."""
    return who.sysadmin or not set(labels_of(who)).isdisjoint(labels_for(what))


def _open(_who: Who) -> Decision:
    return ANYONE


def _login(who: Who) -> Decision:
    return LOGGED_IN if who.user_id else NEEDS_LOGIN


def _refuse(decision: Decision) -> Callable[[Who], Decision]:
    return lambda _who: decision


def _undecided(who: Who) -> Decision:
    return REVIEWER if who.user_id and who.bureau else NOT_PUBLISHED


# the rule of each level for whoever is not of the owner
_DATA: Mapping[str, Callable[[Who], Decision]] = {
    "open": _open,
    "login": _login,
    "conditional": _refuse(NEEDS_GRANT),
    "none": _refuse(NOT_OPEN),  # 共享 delivers through its own channel; seeing an entry is not having its data
    "inactive": _refuse(NOT_PUBLISHED),
    "": _undecided,
}


def may_get_data(who: Who, what: What) -> Decision:
    """Whether a person gets the data, and any address of it. The one decision every surface asks, at every request."""
    level = level_of(what)
    if level == "open":
        return ANYONE
    if who.user_id and what.owner and what.owner in who.organizations:
        return OWNER
    return _DATA.get(level, _refuse(NOT_PUBLISHED))(who)
