"""Actions of 授权. `defer_commit` in the context leaves the commit to the caller, as in CKAN's own actions; with
`govcn_told` the caller tells people, who then get one notice of a step and not two.

What opens data (give, resume, a new key) is in the audit log before it takes effect; what closes it takes effect first.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import ckan.plugins.toolkit as tk
from ckan import model
from ckan.types import Context, DataDict

from ckanext.govcn.access import files, people, rules
from ckanext.govcn.dataset.api import whole_number
from ckanext.govcn.dataset.language import say
from ckanext.govcn.grant import (
    accounts,
    giving,
    holds,
    issuing,
    keys,
    limits,
    offered,
    overview,
    persons,
    states,
    terms,
    usage,
)
from ckanext.govcn.grant import model as grants
from ckanext.govcn.grant.exceptions import GrantError, StepRefused
from ckanext.govcn.grant.model import Grant, GrantKey
from ckanext.govcn.grant.states import Role, Step
from ckanext.govcn.grant.usage import DayOfUse, Usage
from ckanext.govcn.signing.exceptions import SigningError

KEYS_PER_GRANT = "ckanext.govcn.grant.keys_per_grant"
PER_PAGE, LONGEST_LIST = 20, 200
USAGE_DAYS, LONGEST_USAGE = 30, 366


def govcn_grant_give(context: Context, data_dict: DataDict) -> dict[str, Any]:
    """授权: give `user` (id or name) the data of `package_id` (id or name) for a time.

    `purpose` and `reason` are needed; `until` (a date, which is included, or a time with its zone) as well; `begins` is
    now when left out; `channel` opening (default) or sharing; `versions`: SHA-256 digests, or `current` for what the
    dataset delivers now, or nothing for whatever it delivers in that time; `fields`: names of columns as in the file's
    header (csv or json), or nothing for all; `deliveries`: any of download (default), interface, and other, which is
    only written down; `reference`: the application's number; `quota`: uses in all, or with `quota_period` day in a
    Beijing day; `rate`: uses in any 60 s. Gives the grant, as `govcn_grant_show` does, with `undelivered`: names of
    resources that the platform has no copy of, so that nobody gets them by the grant.
    """
    package = model.Package.get(str(tk.get_or_bust(data_dict, "package_id")))
    grantee = model.User.get(str(tk.get_or_bust(data_dict, "user")))
    if package is None or not rules.may_see_entry(persons.asking(context)[1], people.what_of(package)):
        raise tk.ObjectNotFound(say("没有这个数据集", "There is no such dataset"))
    tk.check_access("govcn_grant_give", context, data_dict)
    if grantee is None or grantee.state != "active":
        raise tk.ValidationError({"user": [say("没有这个账户，或账户已停用", "There is no such account in use")]})
    giver = _person(context)
    with _refusals():
        grant = giving.give(package, grantee.id, giver.id, data_dict)
    _commit(context)
    return _shown(context, [grant])[0] | {"undelivered": offered.undelivered(package.id)}


@tk.side_effect_free
def govcn_grant_show(context: Context, data_dict: DataDict) -> dict[str, Any]:
    """One grant by `id`: what it says, its `state` (pending, in_force, suspended, expired, ended), its `usage`
    (`downloads`, `remaining` of the quota or null, `last`), its `keys` (never the key itself), and `may`, the steps
    that the reader may take. Times in ISO 8601."""
    return _shown(context, [_found(context, data_dict, "govcn_grant_show")])[0]


@tk.side_effect_free
def govcn_grant_list(context: Context, data_dict: DataDict) -> dict[str, Any]:
    """Grants, newest first: `count` and `results` as of `govcn_grant_show`.

    `of`: mine (default), or department: those of the datasets one looks after (all, for the bureau). `limit` (20, at
    most 200), `offset`.
    """
    tk.check_access("govcn_grant_list", context, data_dict)
    user, who = persons.asking(context)
    if user is None:
        raise tk.NotAuthorized(say("请先登录再查看授权", "Please log in to see grants"))
    of = str(data_dict.get("of") or "mine")
    if of not in ("mine", "department"):
        raise tk.ValidationError({"of": [say("应为 mine 或 department", "Must be mine or department")]})
    limit = min(whole_number(data_dict, "limit", PER_PAGE), LONGEST_LIST)
    offset = whole_number(data_dict, "offset", 0)
    whose = grants.of_user(user.id) if of == "mine" else grants.of_owners(persons.owners(user, who))
    count, found = grants.listed(model.Session, whose, limit, offset)
    return {"count": count, "results": _shown(context, found)}


@tk.side_effect_free
def govcn_grant_usage_list(context: Context, data_dict: DataDict) -> dict[str, Any]:
    """Grants with their keys and how they were used in the last `days` (30, at most 366): `count` and `results`.

    `of`, `limit`, `offset` as of `govcn_grant_list`. Each result: `grant` (as of `govcn_grant_show`), `uses` in that
    time, `by_day` (`day` in Beijing, `uses`; the latest first), and `by_key` (`prefix`, empty for the account itself,
    `uses`, `last`).
    """
    listed = govcn_grant_list(context, data_dict)
    days = min(whole_number(data_dict, "days", USAGE_DAYS), LONGEST_USAGE)
    ids = [grant["id"] for grant in listed["results"]]
    used = usage.by_day(model.Session, ids, limits.midnight(_now()) - timedelta(days=max(days, 1) - 1))
    return {
        "count": listed["count"],
        "days": max(days, 1),
        "results": [
            {"grant": grant, **_used([each for each in used if each.grant_id == grant["id"]])}
            for grant in listed["results"]
        ],
    }


@tk.side_effect_free
def govcn_grant_dataset_list(context: Context, data_dict: DataDict) -> dict[str, Any]:
    """有条件开放 data of the departments one looks after (all, for the bureau), by title: `count` and `results`.

    Each with `department`; what its page lacks (`lacking`: open_condition, contact_phone, files, sample), resources
    that the platform has no copy of (`undelivered`); `grants` by state, `applications` by state, and `users`: who holds
    a grant that is not over, for what, until when, and its uses in 30 days. `limit` (20, at most 200), `offset`.
    """
    tk.check_access("govcn_grant_dataset_list", context, data_dict)
    user, who = persons.asking(context)
    limit = min(whole_number(data_dict, "limit", PER_PAGE), LONGEST_LIST)
    offset = whole_number(data_dict, "offset", 0)
    return overview.conditional(persons.owners(user, who), _now(), limit, offset)


@tk.side_effect_free
def govcn_grant_receipt_show(context: Context, data_dict: DataDict) -> dict[str, Any]:
    """数据使用回执 of a download under the grant `id`: the last one, or that of line `number` of the audit log.

    Gives `number`, `receipt` (what it says, see docs/access.md) and `envelope`, the signed document as a text: keep it
    as it is in a file, for `./govcn receipt verify`.
    """
    grant = _found(context, data_dict, "govcn_grant_receipt_show")
    user, who = persons.asking(context)
    line = issuing.delivery(grant, whole_number(data_dict, "number", 0) or None)
    if user is None or line is None:
        raise tk.ObjectNotFound(say("没有按该授权交付数据的记录", "No data was delivered under this grant"))
    package = model.Package.get(grant.package_id)
    visible = package is not None and rules.may_see_entry(who, people.what_of(package))
    try:
        said, envelope = issuing.receipt(grant, line, user.id, package.title if package and visible else "")
    except SigningError as error:
        raise tk.ValidationError({"id": [say(error.message, error.message_en)]}) from error
    accounts.note("receipt", grant, user.id, number=str(line.number))
    return {"number": line.number, "receipt": said.to_json(), "envelope": envelope.decode()}


def govcn_grant_suspend(context: Context, data_dict: DataDict) -> dict[str, Any]:
    """中止 at once, by one person, with `reason`; reviewed afterwards. Gives the grant."""

    def suspend(grant: Grant, who: str, reason: str) -> None:
        grant.suspended_at, grant.suspended_by, grant.suspend_reason = _now(), who, reason

    return _take(Step.SUSPEND, context, data_dict, suspend)


def govcn_grant_resume(context: Context, data_dict: DataDict) -> dict[str, Any]:
    """恢复, with `reason`, by somebody other than who suspended. Gives the grant."""

    def resume(grant: Grant, _who: str, _reason: str) -> None:
        grant.suspended_at, grant.suspended_by, grant.suspend_reason = None, "", ""

    return _take(Step.RESUME, context, data_dict, resume)


def govcn_grant_end(context: Context, data_dict: DataDict) -> dict[str, Any]:
    """终止 for good, with `reason`; the grantee may give the grant back. Gives the grant."""

    def end(grant: Grant, who: str, reason: str) -> None:
        grant.ended_at, grant.ended_by, grant.end_reason = _now(), who, reason

    return _take(Step.END, context, data_dict, end)


def govcn_grant_key_create(context: Context, data_dict: DataDict) -> dict[str, Any]:
    """A new access key for one's own grant `id`; `expires_at` (a date or a time with its zone) is the grant's end when
    left out, and never later. Gives `id`, `prefix`, `expires_at` and `key`, which is shown this once."""
    grant = _found(context, data_dict, "govcn_grant_key_create", lock=True)
    user, now = _person(context), _now()
    with _refusals():
        _check(Step.CREATE_KEY, grant, user, "")
        given = data_dict.get("expires_at")
        expires_at = terms.moment("expires_at", given, end=True) if given else grant.until
        if expires_at <= now:
            raise tk.ValidationError({"expires_at": [say("应晚于现在", "Must be later than now")]})
        key, text = keys.create(model.Session, grant, expires_at, now, int(tk.config[KEYS_PER_GRANT]))
        accounts.note("key_create", grant, user.id, key=key.prefix, expires_at=key.expires_at.isoformat())
    _commit(context)
    return {**_key(key, now), "key": text}


def govcn_grant_key_revoke(context: Context, data_dict: DataDict) -> dict[str, Any]:
    """吊销 the key `id`: the next request with it is refused. Gives the grant."""
    tk.check_access("govcn_grant_key_revoke", context, data_dict)
    key = keys.find(model.Session, str(tk.get_or_bust(data_dict, "id")))
    grant = grants.find(model.Session, key.grant_id, lock=True) if key else None
    if key is None or grant is None:
        raise tk.ObjectNotFound(say("没有这个密钥", "There is no such key"))
    user = _person(context)
    if key.revoked_at is None:
        key.revoked_at, key.revoked_by = _now(), user.id
        _commit(context)
        accounts.note("key_revoke", grant, user.id, key=key.prefix)
    return _shown(context, [grant])[0]


# what they have in common ────────────────────────────────────────────────────────────────────────────────────────────


def _now() -> datetime:
    return datetime.now(UTC)


def _commit(context: Context) -> None:
    if not context.get("defer_commit"):
        model.repo.commit()


def _person(context: Context) -> model.User:
    user = persons.asking(context)[0]
    if user is None:
        raise tk.NotAuthorized(say("请先登录", "Please log in"))
    return user


@contextmanager
def _refusals() -> Iterator[None]:
    """Errors of the grants as CKAN's, in the reader's language; the transaction is undone, whatever the error."""
    try:
        yield
    except GrantError as error:
        model.Session.rollback()
        raise tk.ValidationError({error.field: [say(error.message, error.message_en)]}) from error
    except BaseException:
        model.Session.rollback()
        raise


def _found(context: Context, data_dict: DataDict, action: str, *, lock: bool = False) -> Grant:
    grant_id = str(tk.get_or_bust(data_dict, "id"))
    tk.check_access(action, context, data_dict)
    grant = grants.find(model.Session, grant_id, lock=lock)
    if grant is None:
        raise tk.ObjectNotFound(say("没有这项授权", "There is no such grant"))
    return grant


def _check(step: Step, grant: Grant, user: model.User, reason: str, *, held_elsewhere: bool = False) -> None:
    """Raises StepRefused."""
    held = persons.roles(user, model.Package.get(grant.package_id), grant.user_id)
    same = grant.suspended_by == user.id
    refusal = states.may_take(step, grant.state(_now()), held, reason=reason, same_person=same, held=held_elsewhere)
    if refusal is not None:
        raise StepRefused(refusal)


def _take(
    step: Step, context: Context, data_dict: DataDict, change: Callable[[Grant, str, str], None]
) -> dict[str, Any]:
    grant = _found(context, data_dict, f"govcn_grant_{step.value}", lock=True)
    user = _person(context)
    with _refusals():
        reason = terms.sentence("reason", data_dict.get("reason"), terms.LONGEST_REASON)
        # who tells people of the step themselves is what gave the grant, which lifts its own suspension
        _check(step, grant, user, reason, held_elsewhere=not context.get("govcn_told") and holds.held(grant))
        change(grant, user.id, reason)
        model.Session.flush()
        package = model.Package.get(grant.package_id)
        if not context.get("govcn_told"):
            accounts.tell(step.value, grant, (package.owner_org if package else "") or "")
        if step is Step.RESUME:
            accounts.note(step.value, grant, user.id, reason=reason)
    _commit(context)
    if step is not Step.RESUME:
        accounts.note(step.value, grant, user.id, reason=reason)
    return _shown(context, [grant])[0]


def _shown(context: Context, found: list[Grant]) -> list[dict[str, Any]]:
    user, who = persons.asking(context)
    held_keys = grants.keys_of(model.Session, [grant.id for grant in found])
    used = usage.of_grants(model.Session, found, _now())
    return [_grant(user, who, grant, held_keys[grant.id], used[grant.id]) for grant in found]


def _grant(
    user: model.User | None, who: rules.Who, grant: Grant, held_keys: list[GrantKey], used: Usage
) -> dict[str, Any]:
    """As the reader may see it: the dataset's title when the entry may be seen; who decided, to those who decide."""
    now, package = _now(), model.Package.get(grant.package_id)
    held = persons.roles(user, package, grant.user_id)
    visible = package is not None and rules.may_see_entry(who, people.what_of(package))
    state = grant.state(now)
    told: dict[str, Any] = {
        "id": grant.id,
        "package_id": grant.package_id,
        "dataset": {"name": package.name, "title": package.title} if package is not None and visible else None,
        "channel": grant.channel,
        "purpose": grant.purpose,
        "begins": _moment(grant.begins),
        "until": _moment(grant.until),
        "versions": _versions(grant, held),
        "fields": list(grant.fields or ()),
        "deliveries": list(grant.deliveries or ()),
        "reference": grant.reference,
        "quota": grant.quota,
        "quota_period": grant.quota_period,
        "rate": grant.rate,
        "usage": {
            "downloads": used.downloads,
            "remaining": None if grant.quota is None else max(0, grant.quota - used.of_quota),
            "last": _moment(used.last) if used.last else None,
        },
        "state": state.value,
        "reason": grant.reason,
        "given_at": _moment(grant.given_at),
        "suspended_at": _moment(grant.suspended_at) if grant.suspended_at else None,
        "suspend_reason": grant.suspend_reason,
        "ended_at": _moment(grant.ended_at) if grant.ended_at else None,
        "end_reason": grant.end_reason,
        "resources": _resources(grant, package) if package is not None and visible else [],
        "keys": [_key(key, now) for key in held_keys],
        "may": [step.value for step in Step if _may(step, grant, state, held, user)],
    }
    if held - {Role.GRANTEE}:
        told["user"] = _name(grant.user_id)
        told["given_by"], told["suspended_by"], told["ended_by"] = (
            _name(each) for each in (grant.given_by, grant.suspended_by, grant.ended_by)
        )
    return told


def _used(days: list[DayOfUse]) -> dict[str, Any]:
    by_day, by_key = dict[str, int](), dict[str, dict[str, Any]]()
    for each in days:  # the latest first
        by_day[each.day.isoformat()] = by_day.get(each.day.isoformat(), 0) + each.uses
        key = by_key.setdefault(each.key_prefix, {"prefix": each.key_prefix, "uses": 0, "last": _moment(each.last)})
        key["uses"] += each.uses
    return {
        "uses": sum(by_day.values()),
        "by_day": [{"day": day, "uses": uses} for day, uses in by_day.items()],
        "by_key": list(by_key.values()),
    }


def _resources(grant: Grant, package: model.Package) -> list[dict[str, Any]]:
    """Where the grantee gets what the platform has a copy of, by each way that the grant is for."""
    ways, without = set(grant.deliveries or ()), set(offered.without_copy(package.id))
    found = list[dict[str, Any]]()
    for resource in package.resources:
        if resource.state != "active" or resource.id in without:
            continue
        where = {"id": package.id, "resource_id": resource.id}
        told: dict[str, Any] = {"id": resource.id, "name": resource.name or resource.id}
        if rules.DOWNLOAD in ways:
            told["download"] = tk.url_for("govcn_access.download", qualified=True, locale="default", **where)
        if rules.INTERFACE in ways:
            asked = {"resource_id": resource.id, "qualified": True, "locale": "default"}
            told["interface"] = tk.url_for("govcn_rows.page", **asked)
        found.append(told)
    return found


def _versions(grant: Grant, held: frozenset[Role]) -> list[str]:
    """SHA-256 digests; of a grant of columns, to others than those who decide, when the contents came: the digest of a
    whole file confirms a guess of the rest of it."""
    digests = list(grant.versions or ())
    if grant.fields and not held & {Role.PROVIDER, Role.BUREAU}:
        return [_moment(came) for came in files.fetched_at(digests)]
    return digests


def _may(step: Step, grant: Grant, state: states.State, held: frozenset[Role], user: model.User | None) -> bool:
    same = user is not None and grant.suspended_by == user.id
    elsewhere = step is Step.RESUME and holds.held(grant)
    refusal = states.may_take(step, state, held, reason="given with the step", same_person=same, held=elsewhere)
    return refusal is None


def _moment(stored: datetime) -> str:
    return stored.astimezone(UTC).isoformat()


def _name(user_id: str) -> str:
    user = model.User.get(user_id) if user_id else None
    return user.name if user is not None else ""


def _key(key: GrantKey, now: datetime) -> dict[str, Any]:
    return {
        "id": key.id,
        "prefix": key.prefix,
        "created_at": _moment(key.created_at),
        "expires_at": _moment(key.expires_at),
        "revoked_at": _moment(key.revoked_at) if key.revoked_at else None,
        "valid": key.valid(now),
    }
