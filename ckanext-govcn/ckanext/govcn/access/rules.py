"""Who sees an entry, who gets the data: 开放 (opening) decides for the public, 共享 (sharing) for other departments.

Two questions, two answers. `labels_for` answers the first as permission labels, which CKAN keeps in the search index;
`may_see_entry` is the same answer for one person. `may_get_data` answers the second, live, at every request and on
every surface (`surfaces.py` names them); nothing about it is ever stored in an index.

Levels (开放属性): 山东、上海 and 深圳 call them 无条件开放, 有条件开放, 不予开放. 登录开放 is 无条件开放 for whoever is
logged in. Sharing (共享属性): 《政务信息资源共享管理暂行办法》第九条, 1 无条件 2 有条件 3 不予.

A level that is missing or unknown is 待核定 and is treated as closed. A system administrator administrates: the role
alone opens no data. Data of 有条件开放 goes to whoever holds a grant for it, for the purpose and through the channel
that the grant names, and while it is in force. Grants are part of `Who`: a caller that brings none opens nothing by
them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

PUBLIC = "public"
DEPARTMENTS = "govcn-departments"
BUREAU = "govcn-bureau"

UNCONDITIONAL, CONDITIONAL, NONE = "unconditional", "conditional", "none"
ANONYMOUS, LOGIN = "anonymous", "login"
PUBLISHED = "published"
SHARED_WITH_DEPARTMENTS = frozenset({"1", "2"})
OPENING, SHARING = "opening", "sharing"
CHANNELS = (OPENING, SHARING)
# 提供方式: files, or row by row; the third is only written down, the department delivers by itself
DOWNLOAD, INTERFACE, OTHER = "download", "interface", "other"
DELIVERIES = (DOWNLOAD, INTERFACE, OTHER)


def member_label(organization_id: str) -> str:
    """The label of an owner's members, as CKAN's own default labels write it."""
    return f"member-{organization_id}"


@dataclass(frozen=True, slots=True)
class Grant:
    """授权: one person gets the data of one dataset, through one channel, for one purpose, for a time.

    In force from `begins` until just before `until`, both with a time zone. `versions`: the SHA-256 of the contents it
    names; none: whatever the dataset delivers in that time (持续获取, 《上海市数据条例》第四十一条). `fields`: the
    columns (信息项) it names; none: all. `deliveries`: how the platform hands it over, and no other way.
    """

    id: str
    dataset: str
    channel: str
    purpose: str
    begins: datetime
    until: datetime
    suspended: bool = False
    versions: frozenset[str] = frozenset()
    fields: frozenset[str] = frozenset()
    deliveries: frozenset[str] = frozenset({DOWNLOAD})


@dataclass(frozen=True, slots=True)
class Who:
    """One person at one moment. `user_id` is empty for an anonymous visitor.

    `organizations` are ids of organizations the person belongs to in any role; `department` is true when one of them is
    a department that the bureau confirmed (founding an organization proves nothing); `bureau`: 数据主管部门.
    `grants` are the person's own, of whatever state.
    """

    user_id: str = ""
    organizations: frozenset[str] = frozenset()
    department: bool = False
    bureau: bool = False
    sysadmin: bool = False
    grants: tuple[Grant, ...] = ()


@dataclass(frozen=True, slots=True)
class What:
    """What of a dataset decides. Everything is text as stored, and nothing is trusted to be one of the known codes.

    `dataset` is its id, which grants name; `version` the SHA-256 of the content that is asked for, where it is known;
    `delivery` how it is asked for.
    """

    owner: str = ""
    open_type: str = ""
    access_mode: str = ""
    share_type: str = ""
    status: str = ""
    active: bool = True
    dataset: str = ""
    version: str = ""
    delivery: str = DOWNLOAD

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
    """An answer with its reason. `code` is stable and names the rule; `log_in` says that logging in may help; `grant`
    is the id of the grant that decided, and `fields` the columns that it gives and no other; none: all."""

    allowed: bool
    code: str
    reason: str
    reason_en: str
    log_in: bool = False
    grant: str = ""
    fields: frozenset[str] = frozenset()


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
GRANTED = Decision(True, "granted", "您已获授权", "You hold a grant for this data")
EXPIRED = Decision(
    False,
    "expired",
    "您的授权已到期或已终止；需要继续使用时请重新申请",
    "Your grant is over; ask for a new one if you still need the data",
)
NOT_BEGUN = Decision(
    False,
    "not_begun",
    "您的授权尚未生效，生效时间见“我的授权”",
    "Your grant has not begun; see My grants for when it does",
)
SUSPENDED = Decision(
    False,
    "suspended",
    "您的授权已被中止，原因见“我的授权”；请与提供部门联系",
    "Your grant is suspended; My grants says why. Please ask the department that provides the data",
)
OTHER_PURPOSE = Decision(
    False,
    "other_purpose",
    "本次用途不是授权的用途；持有多项授权时，请用参数 purpose 写明授权上的用途",
    "Your grant is for another purpose; with several grants, name the purpose of one in the parameter purpose",
)
OTHER_VERSION = Decision(
    False,
    "other_version",
    "数据已更新，您的授权不包括现在的版本；请申请新的授权",
    "The data has changed and your grant does not name this version; ask for a new grant",
)
OTHER_CHANNEL = Decision(
    False,
    "other_channel",
    "您的授权属于另一渠道：共享的授权不用于开放，开放的授权不用于共享",
    "Your grant is for the other channel: sharing never serves opening, nor opening sharing",
)
OTHER_DELIVERY = Decision(
    False,
    "other_delivery",
    "您的授权不是这种提供方式：可以下载还是用接口读取，见“我的授权”",
    "Your grant is not for this way of delivery; My grants says whether it is for downloads or for the interface",
)
BAD_KEY = Decision(
    False,
    "bad_key",
    "访问密钥无效、已到期或已吊销，请在“我的授权”中新建",
    "The access key is wrong, expired or revoked; make a new one under My grants",
)
# why a grant that decided serves no more when its data is about to leave
STOPPED = {each.code: each for each in (EXPIRED, SUSPENDED, BAD_KEY)}
# what is said of several grants: the answer of the one that comes closest
_NEAREST = (OTHER_CHANNEL, OTHER_DELIVERY, EXPIRED, NOT_BEGUN, SUSPENDED, OTHER_VERSION, OTHER_PURPOSE, GRANTED)


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


# the rule of each level for whoever is not of the owner; 有条件开放 is decided by grants
_DATA: Mapping[str, Callable[[Who], Decision]] = {
    "open": _open,
    "login": _login,
    "none": _refuse(NOT_OPEN),  # 共享 delivers through its own channel; seeing an entry is not having its data
    "inactive": _refuse(NOT_PUBLISHED),
    "": _undecided,
}


def _of_another_kind(grant: Grant, what: What, channel: str) -> Decision | None:
    if grant.channel != channel:
        return OTHER_CHANNEL
    return None if what.delivery in grant.deliveries else OTHER_DELIVERY


def _answer(grant: Grant, what: What, channel: str, purpose: str, now: datetime) -> Decision:
    other = _of_another_kind(grant, what, channel)
    if other is not None:
        return other
    if now >= grant.until:
        return EXPIRED
    if now < grant.begins:
        return NOT_BEGUN
    if grant.suspended:
        return SUSPENDED
    if grant.versions and what.version not in grant.versions:
        return OTHER_VERSION
    return GRANTED if purpose and purpose == grant.purpose else OTHER_PURPOSE


def _by_grant(who: Who, what: What, channel: str, purpose: str, now: datetime | None) -> Decision:
    of_dataset = [grant for grant in who.grants if grant.dataset == what.dataset]
    if now is None or not what.dataset or not who.user_id or not of_dataset:
        return NEEDS_GRANT
    answers = [(_answer(grant, what, channel, purpose, now), grant) for grant in of_dataset]
    # of several that fit, the one that gives most
    decision, grant = max(answers, key=lambda each: (_NEAREST.index(each[0]), not each[1].fields, len(each[1].fields)))
    return replace(decision, grant=grant.id, fields=grant.fields)


def purpose_in_force(who: Who, what: What, channel: str, now: datetime) -> str:
    """The purpose that all of the person's grants in force for a dataset have, for whoever names none; else ""."""
    purposes = {
        grant.purpose
        for grant in who.grants
        if grant.dataset == what.dataset and _answer(grant, what, channel, grant.purpose, now) is GRANTED
    }
    return purposes.pop() if len(purposes) == 1 else ""


def may_get_data(
    who: Who, what: What, channel: str = OPENING, purpose: str = "", now: datetime | None = None
) -> Decision:
    """Whether a person gets the data, and any address of it. The one decision every surface asks, at every request.

    `purpose` is what the data is asked for and `now` the moment, with a time zone; without both no grant serves.
    """
    level = level_of(what)
    if level == "open":
        return ANYONE
    if who.user_id and what.owner and what.owner in who.organizations:
        return OWNER
    if level == "conditional":
        return _by_grant(who, what, channel, purpose, now)
    return _DATA.get(level, _refuse(NOT_PUBLISHED))(who)
