"""The canary suite: levels × persons × surfaces.

Each dataset of the world hides its own words: one in the address of its link, one in the content of its file and in a
view's title (a cell value), one in its title. `run` asks every surface as every person and reports each place where a
word appears that may not. What may appear is written down here, apart from the rules of the platform.
"""

from __future__ import annotations

import io
import json
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote

import ckan.plugins as p
import sqlalchemy as sa
from ckan import model
from ckan.tests import factories
from ckan.tests.helpers import call_action

# each holds a grant for every dataset, whatever its level; the key is the grantee's own. A stranger is also an applicant
# without a grant.
GRANTEES = ("grantee", "expired", "suspended", "sharing")
OFFICES = ("security", "auditor")
PERSONS = ("anonymous", "stranger", "department", "unconfirmed", "editor", "sysadmin", *OFFICES, *GRANTEES, "key")
ALL, LOGGED_IN = frozenset(PERSONS), frozenset(PERSONS) - {"anonymous", "key"}
# what a grant in force may open is asked of every level as the grantee; these differ from the grantee only where a grant
# serves at all
ONE_LEVEL = frozenset({"expired", "suspended", "sharing", "key"})
INSIDE = frozenset({"editor", "sysadmin"})
SHARED = INSIDE | {"department"}
EDITOR = frozenset({"editor"})


@dataclass(frozen=True)
class Level:
    """Fields of a dataset, who may see its entry, who may get its data, and who may get files but never an address."""

    fields: dict[str, str]
    entry: frozenset[str]
    data: frozenset[str]
    files: frozenset[str] = frozenset()

    def may(self, kind: str) -> frozenset[str]:
        """Who may be shown a word of this kind: address, cell or entry."""
        return self.entry if kind == "entry" else self.data | self.files if kind == "cell" else self.data


def _level(
    entry: frozenset[str], data: frozenset[str], files: frozenset[str] = frozenset(), **fields: str
) -> Level:
    return Level({"catalog_status": "published", **fields}, entry, data, files)


LEVELS = {
    "open": _level(ALL, ALL, open_type="unconditional", access_mode="anonymous"),
    "login": _level(ALL, LOGGED_IN, open_type="unconditional", access_mode="login"),
    "conditional": _level(ALL, EDITOR, frozenset({"grantee", "key"}), open_type="conditional", share_type="1"),
    "none-shared": _level(SHARED, EDITOR, open_type="none", share_type="1"),
    "none-conditionally-shared": _level(SHARED, EDITOR, open_type="none", share_type="2"),
    "none": _level(INSIDE, EDITOR, open_type="none", share_type="3"),
    "undecided": _level(INSIDE, EDITOR),
    "draft": _level(INSIDE, EDITOR, open_type="unconditional", access_mode="anonymous", catalog_status="draft"),
    "withdrawn": _level(INSIDE, EDITOR, open_type="unconditional", catalog_status="withdrawn"),
    "deleted": _level(INSIDE, EDITOR, open_type="unconditional"),
    "closed": _level(INSIDE, EDITOR, open_type="none", share_type="3"),  # was open when its activities were written
}


@dataclass
class Dataset:
    """One dataset and its words."""

    level: str
    id: str = ""
    name: str = ""
    link: str = ""
    file: str = ""
    view: str = ""
    organization: str = ""

    def word(self, kind: str) -> str:
        return f"canary{kind}{self.level.replace('-', '')}"

    @property
    def address(self) -> str:
        return f"https://data.example/{self.word('address')}/export.csv?key=1"


@dataclass
class World:
    """Everything the probes need."""

    datasets: list[Dataset]
    tokens: dict[str, str]
    organization: str
    users: dict[str, str]


@dataclass
class Report:
    """What was asked and what came out."""

    surfaces: set[str] = field(default_factory=set)
    cells: int = 0
    leaks: list[dict[str, str]] = field(default_factory=list)
    broken: dict[str, str] = field(default_factory=dict)  # surface → the error it ended with
    seen: set[tuple[str, str, str]] = field(default_factory=set)  # what, person, level

    def summary(self) -> dict[str, Any]:
        return {
            "surfaces": len(self.surfaces),
            "persons": len(PERSONS),
            "cells": self.cells,
            "leaks": len(self.leaks),
            "leak_list": self.leaks[:200],
            "broken": self.broken,
        }


# the world ───────────────────────────────────────────────────────────────────────────────────────────────────────────


def confirm(organization_id: str, user: str) -> None:
    """Let the bureau confirm an organization as a department."""
    from ckanext.govcn.department import model as department

    department.confirm(model.Session, organization_id, user)
    model.Session.commit()


def internal(user: str) -> dict[str, Any]:
    """The context of the platform's own writers."""
    return {"user": user, "ignore_auth": True, "govcn_internal": True}


def organization(admin: str, name: str, title: str, users: dict[str, str], *, confirmed: bool) -> str:
    members = [{"name": user, "capacity": role} for user, role in users.items()]
    context = {"user": admin, "ignore_auth": True}
    created = call_action("organization_create", context=context, name=name, title=title, users=members)
    if confirmed:
        confirm(created["id"], admin)
    return created["id"]


def _switch_the_databases_guard(switch: str) -> None:
    model.Session.rollback()
    model.Session.execute(sa.text(f"ALTER TABLE resource {switch} TRIGGER govcn_guard_resource"))
    model.Session.commit()


@contextmanager
def without_the_databases_guard() -> Iterator[None]:
    """For the control: the trigger would refuse addresses even where the plugin is off."""
    _switch_the_databases_guard("DISABLE")
    try:
        yield
    finally:
        _switch_the_databases_guard("ENABLE")


def build() -> World:
    """Persons, organizations, and one dataset of every level."""
    people = {name: factories.UserWithToken() for name in PERSONS if name not in ("anonymous", "sysadmin", "key")}
    people["sysadmin"] = factories.SysadminWithToken()
    users = {name: person["name"] for name, person in people.items()}
    admin = users["sysadmin"]
    owner = organization(admin, "owner", "示例市交通运输局", {users["editor"]: "editor"}, confirmed=True)
    organization(admin, "other", "示例市统计局", {users["department"]: "editor"}, confirmed=True)
    organization(admin, "selfmade", "自建组织", {users["unconfirmed"]: "admin"}, confirmed=False)
    datasets = [_dataset(Dataset(level, organization=owner), admin) for level in LEVELS]
    tokens = {name: person["token"] for name, person in people.items()}
    if p.plugin_loaded("govcn_audit"):
        _offices(users)
    if p.plugin_loaded("govcn_grant"):
        ids = {name: people[name]["id"] for name in GRANTEES}
        tokens["key"] = f"Bearer {_grants(ids, people['editor']['id'], datasets)}"
    return World(datasets, tokens, "owner", users)


def _offices(users: dict[str, str]) -> None:
    from ckanext.govcn.office import model as offices

    for office in OFFICES:
        offices.give(users[office], offices.Office(office))
    model.Session.commit()


def _grants(grantees: dict[str, str], giver: str, datasets: list[Dataset]) -> str:
    """A grant of every dataset to each, past all rules of giving; an access key of that of the conditional one."""
    from ckanext.govcn.grant import keys
    from ckanext.govcn.grant.model import Grant
    from ckanext.govcn.sample import model as samples
    from ckanext.govcn.sample.content import Sample

    for dataset in datasets:
        samples.keep(dataset.id, Sample(("名称",), ((dataset.word("entry"),),)), "made_up", giver)
    now, day = datetime.now(UTC), timedelta(days=1)
    differently = {"expired": {"until": now}, "suspended": {"suspended_at": now}, "sharing": {"channel": "sharing"}}
    key = ""
    for name, user in grantees.items():
        for dataset in datasets:
            said = {"channel": "opening", "begins": now - day, "until": now + day, **differently.get(name, {})}
            said["deliveries"] = ["download", "interface"]
            grant = Grant(package_id=dataset.id, user_id=user, given_by=giver, purpose="检验", reason="检验", **said)
            model.Session.add(grant)
            model.Session.flush()
            if (name, dataset.level) == ("grantee", "conditional"):
                key = keys.create(model.Session, grant, grant.until, now, limit=1)[1]
    model.Session.commit()
    return key


def _dataset(dataset: Dataset, admin: str) -> Dataset:
    fields = LEVELS[dataset.level].fields
    if dataset.level == "closed":
        fields = LEVELS["open"].fields
    created = call_action(
        "package_create",
        context=internal(admin),
        title=f"{dataset.word('entry')} 停车场",
        notes="为检验开放属性而造的数据集，不含真实数据",
        owner_org=dataset.organization,
        tags=[{"name": dataset.word("entry")}],
        resources=[
            {"name": "链接", "url": dataset.address, "format": "CSV"},
            {"name": "文件", "url": dataset.address + "#file", "format": "CSV"},
        ],
        **fields,
    )
    dataset.id, dataset.name = created["id"], created["name"]
    dataset.link, dataset.file = (resource["id"] for resource in created["resources"])
    _store_file(dataset)
    dataset.view = _view(dataset, admin)
    _task(dataset, admin)
    call_action("package_patch", context=internal(admin), id=dataset.id, notes="第二版摘要，用于活动流中的差异")
    if dataset.level == "closed":
        close = {**LEVELS["closed"].fields, "access_mode": ""}
        call_action("package_patch", context=internal(admin), id=dataset.id, **close)
    if dataset.level == "deleted":
        call_action("package_delete", context=internal(admin), id=dataset.id)
    return dataset


def _store_file(dataset: Dataset) -> None:
    content = f"名称,车位\n{dataset.word('cell')},120\n".encode("gb18030")
    if not p.plugin_loaded("govcn_access"):
        return
    from ckanext.govcn.access import files

    stored = files.store(io.BytesIO(content), 1024)
    files.attach(dataset.file, stored.sha256, "停车场.csv")
    model.Session.commit()


def _view(dataset: Dataset, admin: str) -> str:
    created = call_action(
        "resource_view_create",
        context=internal(admin),
        resource_id=dataset.file,
        view_type="text_view",
        title=dataset.word("cell"),
    )
    return created["id"]


def _task(dataset: Dataset, admin: str) -> None:
    call_action(
        "task_status_update",
        context=internal(admin),
        entity_id=dataset.link,
        entity_type="resource",
        task_type="probe",
        key="canary",
        value=dataset.address,
        error=json.dumps({"address": dataset.address}),
        state="error",
        last_updated="2026-01-01T00:00:00",
    )


# the surfaces ────────────────────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True)
class Probe:
    """One request. `oracle`: the answer is a number that is above zero only when a hidden word was matched."""

    surface: str
    path: str
    body: dict[str, Any] | None = None
    oracle: bool = False
    headers: dict[str, str] = field(default_factory=dict)


def api(surface: str, action: str, *, oracle: bool = False, **body: Any) -> Probe:
    return Probe(f"api {surface}", f"/api/3/action/{action}", body, oracle)


def of_dataset(d: Dataset) -> Iterator[Probe]:
    """Probes that name a dataset."""
    word, resource = d.word("address"), f"/dataset/{d.id}/resource"
    yield Probe("page dataset", f"/dataset/{d.name}")
    for kind, rid in (("link", d.link), ("file", d.file)):
        yield Probe(f"page resource {kind}", f"{resource}/{rid}")
        yield Probe(f"download {kind}", f"{resource}/{rid}/download")
        yield Probe(f"download {kind} named", f"{resource}/{rid}/download/{quote('停车场.csv')}")
        yield api(f"resource_show {kind}", "resource_show", id=rid)
        yield api(f"resource_view_list {kind}", "resource_view_list", id=rid)
        yield api(f"source {kind}", "govcn_resource_source_show", id=rid)
        yield Probe(f"interface {kind}", f"/api/govcn/rows/{rid}")
        yield Probe(f"interface {kind} page", f"/api/govcn/rows/{rid}?limit=1&offset=0&purpose={quote('检验')}")
    yield Probe("download range", f"{resource}/{d.file}/download", headers={"Range": "bytes=0-200"})
    yield Probe("download by name", f"/dataset/{d.name}/resource/{d.file}/download/x.csv")
    yield Probe("page resource edit", f"{resource}/{d.link}/edit")
    yield Probe("page dataset edit", f"/dataset/edit/{d.id}")
    yield Probe("page resource list", f"/dataset/resources/{d.id}")
    yield Probe("page view", f"{resource}/{d.file}/view/{d.view}")
    yield Probe("page activity", f"/dataset/activity/{d.id}")
    yield Probe("page changes", f"/dataset/changes/{d.id}")
    yield Probe("page tag search", f"/dataset/?tags={d.word('entry')}")
    yield Probe("feed tag", f"/feeds/tag/{d.word('entry')}.atom")
    yield api("sample", "govcn_sample_show", package_id=d.id)
    yield Probe("page sample", f"/govcn/sample/{d.name}")
    yield Probe("page give", f"/govcn/grants/new?dataset={d.name}")
    yield api("package_show", "package_show", id=d.id)
    yield api("package_show by name", "package_show", id=d.name, use_default_schema=True)
    yield api("package_activity_list", "package_activity_list", id=d.id, include_hidden_activity=True)
    yield api("package_activity_list data", "package_activity_list", id=d.id, include_data=True)
    yield api("resource_view_show", "resource_view_show", id=d.view)
    yield api("task_status_show", "task_status_show", entity_id=d.link, task_type="probe", key="canary")
    yield api("package_relationships_list", "package_relationships_list", id=d.id)
    yield api("resource_search url", "resource_search", query=f"url:{word}", oracle=True)
    yield api("resource_search own url", "resource_search", query=f"url:{d.id}")
    yield api("resource_search hash", "resource_search", query="hash:", limit=500)
    yield api("search fq url", "package_search", fq=f"res_url:*{word}*", oracle=True)
    yield api("search fq nested", "package_search", fq=f'{{!lucene v="res_url:*{word}*"}}', oracle=True)
    yield api("search fq magic", "package_search", fq=f'_query_:"res_url:*{word}*"', oracle=True)
    yield api("search q url", "package_search", q=f"res_url:*{word}*", oracle=True)
    yield api("search q text", "package_search", q=word, oracle=True)
    yield api("search deleted", "package_search", fq=f"+state:deleted +id:{d.id}")
    yield api("search draft", "package_search", fq=f"+state:draft +id:{d.id}", include_drafts=True)
    yield api("search private", "package_search", fq=f"id:{d.id}", include_private=True)
    yield api("search by name", "package_search", q=f"name:{d.name}", include_private=True, include_deleted=True)
    yield api("package_autocomplete", "package_autocomplete", q=d.word("entry"))
    yield Probe("util autocomplete", f"/api/2/util/dataset/autocomplete?incomplete={d.word('entry')}")
    yield Probe("util tags", f"/api/2/util/tag/autocomplete?incomplete={d.word('entry')}")
    yield api("tag_autocomplete", "tag_autocomplete", query=d.word("entry"))
    yield api("tag_search", "tag_search", query=d.word("entry"))
    yield api("tag_show", "tag_show", id=d.word("entry"), include_datasets=True)
    yield Probe("rdf", f"/dataset/{d.id}.ttl")


def of_activity(d: Dataset, activity: str) -> Iterator[Probe]:
    """Probes that name an old activity of a dataset."""
    yield api("activity_show", "activity_show", id=activity, include_data=True)
    yield api("activity_data_show", "activity_data_show", id=activity, object_type="package")
    yield api("activity_diff", "activity_diff", id=activity, object_type="package", diff_type="unified")
    yield Probe("page old version", f"/dataset/{d.id}/history/{activity}")
    yield Probe("page old resource", f"/dataset/{d.id}/resources/{d.link}/history/{activity}")


def of_site(world: World) -> Iterator[Probe]:
    """Probes that name no dataset: every word is looked for in each answer."""
    org = world.organization
    yield Probe("page home", "/")
    yield Probe("page grants", "/govcn/grants")
    yield Probe("page grants of departments", "/govcn/grants/department")
    yield Probe("page keys and usage", "/govcn/grants/usage")
    yield Probe("page conditional data", "/govcn/grants/datasets")
    yield api("grants", "govcn_grant_list", limit=200)
    yield api("grants usage", "govcn_grant_usage_list", limit=200)
    yield api("conditional data", "govcn_grant_dataset_list", limit=200)
    yield api("grants of departments", "govcn_grant_list", of="department", limit=200)
    yield Probe("page audit log", "/govcn/audit")
    yield api("audit log", "govcn_audit_list", limit=500)
    yield Probe("page search", "/dataset/?rows=100")
    yield Probe("page search words", "/dataset/?q=%E5%81%9C%E8%BD%A6%E5%9C%BA")
    yield Probe("page organization", f"/organization/{org}")
    yield Probe("page organization activity", f"/organization/activity/{org}")
    yield Probe("page organizations", "/organization/")
    yield Probe("page user", f"/user/{world.users['sysadmin']}")
    yield Probe("page dashboard", "/dashboard/")
    yield Probe("page dashboard datasets", "/dashboard/datasets")
    yield Probe("feed all", "/feeds/dataset.atom")
    yield Probe("feed custom", "/feeds/custom.atom?q=%E5%81%9C%E8%BD%A6%E5%9C%BA")
    yield Probe("feed organization", f"/feeds/organization/{org}.atom")
    yield Probe("sitemap", "/sitemap.xml")
    yield api("package_list", "package_list")
    yield api("current_package_list", "current_package_list_with_resources", limit=100)
    yield api("search", "package_search", rows=100)
    yield api("search private all", "package_search", rows=100, include_private=True, include_drafts=True)
    yield api("search deleted all", "package_search", rows=100, fq="+state:(active OR deleted OR draft)")
    yield api("search fl url", "package_search", rows=100, fl=["id", "res_url"])
    yield api("search fl all", "package_search", rows=100, fl="*")
    yield api("search fl dict", "package_search", rows=100, fl=["id", "data_dict", "validated_data_dict"])
    yield api("search facet url", "package_search", **{"facet.field": ["res_url"], "rows": 0, "facet.limit": -1})
    yield api("search facet tags", "package_search", **{"facet.field": ["tags"], "rows": 0, "facet.limit": -1})
    yield api("search facet title", "package_search", **{"facet.field": ["title_string"], "rows": 0})
    yield api("search sort", "package_search", rows=100, sort="res_url asc")
    yield api("resource_search", "resource_search", query="name:", limit=500)
    yield api("tag_list", "tag_list", all_fields=True)
    yield api("format_autocomplete", "format_autocomplete", q="c", limit=50)
    yield api("member_list", "member_list", id=org, object_type="package")
    yield api("organization_show", "organization_show", id=org, include_datasets=True)
    yield api("organization_activity_list", "organization_activity_list", id=org, include_data=True)
    yield api("organization_activity_list plain", "organization_activity_list", id=org)
    yield api("recently_changed", "recently_changed_packages_activity_list", limit=100)
    yield api("user_activity_list", "user_activity_list", id=world.users["sysadmin"], limit=100)
    yield api("dashboard_activity_list", "dashboard_activity_list", limit=100)
    yield api("user_show", "user_show", id=world.users["sysadmin"], include_datasets=True)


# asking and judging ──────────────────────────────────────────────────────────────────────────────────────────────────


def _ask(app: Any, probe: Probe, token: str | None, report: Report) -> str:
    try:
        return ask(app, probe, token)
    except Exception as error:  # noqa: BLE001 - one page that fails must not hide the others
        report.broken[probe.surface] = repr(error)[:200]
        model.Session.rollback()
        return ""


def ask(app: Any, probe: Probe, token: str | None) -> str:
    """What a person is told: the telling headers and the whole body, or `matched` for an oracle that answers."""
    headers = dict(probe.headers)
    if token:
        headers["Authorization"] = token
    if probe.body is None:
        answer = app.get(probe.path, headers=headers, follow_redirects=False)
    else:
        answer = app.post(probe.path, json=probe.body, headers=headers, follow_redirects=False)
    if probe.oracle:
        return _oracle(answer)
    said = "\n".join(f"{k}: {v}" for k, v in answer.headers.items() if k in ("Location", "Content-Disposition"))
    return said + "\n" + answer.get_data().decode(errors="replace")


def _oracle(answer: Any) -> str:
    found = (answer.get_json(silent=True) or {}).get("result")
    return "matched" if isinstance(found, dict) and found.get("count") else ""


def _judge(report: Report, probe: Probe, person: str, datasets: list[Dataset], text: str) -> None:
    report.surfaces.add(probe.surface)
    for dataset in datasets:
        level = LEVELS[dataset.level]
        report.cells += 1
        shown = {kind for kind in ("address", "cell", "entry") if _says(text, dataset.word(kind))}
        if dataset.id in text and probe.surface in ("api member_list",):
            shown.add("entry")
        if text == "matched":
            shown = {"address"}
        for kind in shown:
            report.seen.add((kind, person, dataset.level))
            if person not in level.may(kind):
                leak = {"surface": probe.surface, "person": person, "level": dataset.level, "what": kind}
                report.leaks.append(leak)


def _says(text: str, word: str) -> bool:
    """The word as a whole: `canaryentrynone` is not in `canaryentrynoneshared`."""
    return re.search(rf"{word}(?![a-z])", text) is not None


def _activities(dataset: Dataset) -> list[str]:
    from ckanext.activity.model.activity import Activity

    query = sa.select(Activity.id).where(Activity.object_id == dataset.id).order_by(Activity.timestamp.desc())
    return list(model.Session.scalars(query))


# these name the dataset by a word of its entry, and show the question again in the answer
_ECHOES = frozenset({"page tag search", "feed tag", "api tag_show"})


def asked(person: str, level: str) -> bool:
    """Whether a person is sent to the dataset of this level itself; lists are read by everybody."""
    return level == "conditional" or person not in ONE_LEVEL


def run(app: Any, world: World, persons: Sequence[str] = PERSONS) -> Report:
    """Ask every surface as every person."""
    report = Report()
    for person in persons:
        token = world.tokens.get(person)
        for probe in of_site(world):
            _judge(report, probe, person, world.datasets, _ask(app, probe, token, report))
        for dataset in (each for each in world.datasets if asked(person, each.level)):
            old = _activities(dataset)
            activities = (probe for a in {old[0], old[-1]} for probe in of_activity(dataset, a)) if old else ()
            for probe in (*of_dataset(dataset), *activities):
                text = _ask(app, probe, token, report)
                if probe.surface in _ECHOES and "停车场" not in text:
                    continue
                _judge(report, probe, person, [dataset], text)
    return report
