"""Actions: the guards of CKAN's own, and reading and changing the real address of a resource."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import ckan.plugins as p
import ckan.plugins.toolkit as tk
import sqlalchemy as sa
from ckan import model
from ckan.lib.dictization import model_dictize
from ckan.lib.search import SearchQueryError
from ckan.types import Context, DataDict

from ckanext.govcn.access import addresses, auth, files, people, queries, rules, vault
from ckanext.govcn.access.exceptions import SearchNotAllowed

MAX_PAGE = 1000
SEARCHED = ("name", "description", "format", "mimetype", "size", "id", "package_id")


def _resource(context: Context, data_dict: DataDict) -> model.Resource:
    resource = model.Resource.get(tk.get_or_bust(data_dict, "id"))
    if resource is None or resource.state != "active" or resource.package is None:
        raise tk.ObjectNotFound
    auth.hide(context, resource.package)
    return resource


@tk.side_effect_free
def govcn_resource_source_show(context: Context, data_dict: DataDict) -> dict[str, Any]:
    """Where a resource really comes from.

    :param id: the resource's id
    :returns: `id`, `package_id`, `kind` (link, file, none), `url` (the address in the vault or empty), `filename`,
        `sha256`, `size` (bytes; null without a stored content)
    """
    resource = _resource(context, data_dict)
    context["resource"] = resource
    tk.check_access("govcn_resource_source_show", context, data_dict)
    url = vault.real_url(resource.id)
    stored = files.delivered_by(resource.id)
    return {
        "id": resource.id,
        "package_id": resource.package_id,
        "kind": "file" if stored else "link" if url else "none",
        "url": url or "",
        "filename": stored[1] if stored else "",
        "sha256": stored[0].sha256 if stored else "",
        "size": stored[0].size if stored else None,
    }


def govcn_resource_source_update(context: Context, data_dict: DataDict) -> dict[str, Any]:
    """Give a resource another address.

    :param id: the resource's id
    :param url: the new address, http, https or ftp
    """
    resource = _resource(context, data_dict)
    context["resource"] = resource
    tk.check_access("govcn_resource_source_update", context, data_dict)
    url = str(tk.get_or_bust(data_dict, "url")).strip()
    problem = addresses.problem_of(url)
    if problem:
        raise tk.ValidationError({"url": [problem[0]]})
    tk.get_action("resource_patch")(tk.fresh_context(context), {"id": resource.id, "url": url})
    return govcn_resource_source_show(tk.fresh_context(context), {"id": resource.id})


# ways in ─────────────────────────────────────────────────────────────────────────────────────────────────────────────


def _check_address(resource: dict[str, Any]) -> list[str]:
    url = str(resource.get("url") or "").strip()
    if not url or addresses.route_of(url) or resource.get("upload"):
        return []
    if resource.get("url_type") in (vault.FILE, "upload") and "://" not in url:
        return []
    problem = addresses.problem_of(url)
    return [problem[0]] if problem else []


def _check_addresses(resources: Any) -> None:
    """Refuse what is no address, before anything is written."""
    if not isinstance(resources, list):
        return
    found = [_check_address(resource) if isinstance(resource, dict) else [] for resource in resources]
    errors: list[Any] = [{"url": problems} if problems else {} for problems in found]
    if any(errors):
        raise tk.ValidationError({"resources": errors})


def _is_the_same(resource: dict[str, Any], stored: model.Resource, address: str | None) -> bool:
    """Whether what was sent for a resource means what is there: its address again, or its file by name or not at all.

    A form sends the name of a stored file (CKAN's script shows it in the address field), or only `url_type=upload`.
    """
    url = str(resource.get("url") or "").strip()
    if resource.get("upload") or resource.get("clear_upload"):
        return False
    if address is not None:
        return url == address
    route = addresses.route_of(stored.url or "")
    if stored.url_type != vault.FILE or route is None:
        return False
    return url == route.filename or (not url and resource.get("url_type") in (vault.FILE, "upload"))


def _unchanged_to_route(package_id: str, resources: Any) -> None:
    """What is behind a resource already is no change: put the route in its place before CKAN compares."""
    if not isinstance(resources, list):
        return
    known = vault.real_urls(package_id)
    sent = {r["id"]: r for r in resources if isinstance(r, dict) and r.get("id")}
    query = sa.select(model.Resource).where(model.Resource.package_id == package_id, model.Resource.id.in_(sent))
    for stored in model.Session.scalars(query):
        if _is_the_same(sent[stored.id], stored, known.get(stored.id)):
            sent[stored.id]["url"] = stored.url
            sent[stored.id]["url_type"] = stored.url_type


@tk.chained_action
def package_create(next_action: Callable[..., Any], context: Context, data_dict: DataDict) -> Any:
    """Addresses are checked before; the vault takes them while the resources are written."""
    _check_addresses(data_dict.get("resources"))
    return next_action(context, data_dict)


@tk.chained_action
def package_update(next_action: Callable[..., Any], context: Context, data_dict: DataDict) -> Any:
    """The same for every way of changing a dataset: update, patch, revise and resource_* all come here."""
    resources = data_dict.get("resources")
    wanted = data_dict.get("id") or data_dict.get("name") or ""
    package = model.Package.get(wanted)
    if wanted and package is None:
        raise tk.ObjectNotFound  # in the words that a hidden dataset is refused with
    if package is not None and package.url and _leaves_source_page(context, package, data_dict.get("url")):
        data_dict["url"] = package.url
    if resources:
        if package is not None:
            _unchanged_to_route(package.id, resources)
        _check_addresses(resources)
    return next_action(context, data_dict)


def _leaves_source_page(context: Context, package: model.Package, given: Any) -> bool:
    """Left out or null, the source page stays; so does what the person was never shown and sends back empty."""
    if given is None:
        return True
    return not given and not people.trusted(context) and not auth.decide(context, package).allowed


def show_source_page(context: Context, dataset: dict[str, Any]) -> None:
    """The source page (`url`) of an entry is an address of its data: for whoever gets the data, null for others.

    The index, activities and every list are made by the platform itself, which counts as the public here.
    """
    if not dataset.get("url") and people.trusted(context):
        return
    package = context.get("package")
    if package is None or package.id != dataset.get("id"):
        package = model.Package.get(dataset.get("id") or "")
    if package is None or not (package.url or dataset.get("url")):
        return
    who = people.ANONYMOUS if people.trusted(context) else people.asking(context)
    dataset["url"] = package.url if rules.may_get_data(who, people.what_of(package)).allowed else None


# search and lists ────────────────────────────────────────────────────────────────────────────────────────────────────


def allowed_fields() -> queries.Allowed:
    """Fields of the entry and those that the search itself declares as public."""
    try:
        from ckanext.govcn.search import fields
    except ImportError:
        return queries.Allowed()
    return queries.Allowed(getattr(fields, "PUBLIC_FIELDS", ()))


@tk.chained_action
@tk.side_effect_free
def package_search(next_action: Callable[..., Any], context: Context, data_dict: DataDict) -> Any:
    """Only public fields may be asked for, and what the index still shows of a closed dataset is dropped."""
    if people.sees_everything(context):
        return next_action(context, data_dict)
    try:
        allowed_fields().check(data_dict)
    except SearchNotAllowed as error:
        raise SearchQueryError(str(error)) from error  # what CKAN's pages and API answer with 400
    asked = data_dict.get("fl")
    without_id = bool(asked) and "id" not in _names(asked)
    if without_id:
        data_dict = {**data_dict, "fl": [*_names(asked), "id"]}
    answer = next_action(context, data_dict)
    return _drop_hidden(answer, people.asking(context), without_id, _asks_for_inactive(data_dict))


def _names(value: Any) -> list[str]:
    parts = value if isinstance(value, (list, tuple)) else [value]
    return [name for part in parts for name in str(part).replace(",", " ").split()]


def _asks_for_inactive(data_dict: DataDict) -> bool:
    """Owners look for their drafts and deleted datasets too; labels alone guard those."""
    return bool(data_dict.get("include_drafts") or data_dict.get("include_deleted")) or "state:" in str(
        data_dict.get("fq", "")
    )


def _drop_hidden(answer: dict[str, Any], who: Any, without_id: bool, inactive: bool) -> dict[str, Any]:
    results = answer["results"]
    ids = {r["id"] for r in results if isinstance(r, dict) and "id" in r}
    visible = people.visible_ids(who, ids)
    if inactive:
        visible |= people.own_inactive_ids(who, ids)
    kept = [r for r in results if isinstance(r, dict) and r.get("id") in visible]
    answer["count"] = max(len(kept), answer["count"] - (len(results) - len(kept)))
    if without_id:
        for result in kept:
            result.pop("id", None)
    answer["results"] = kept
    return answer


@tk.chained_action
@tk.side_effect_free
def package_autocomplete(next_action: Callable[..., Any], context: Context, data_dict: DataDict) -> Any:
    """Core asks the index directly: what has been closed since is dropped here."""
    found = next_action(context, data_dict)
    if people.sees_everything(context):
        return found
    visible = people.visible_ids(people.asking(context), {entry["name"] for entry in found})
    return [entry for entry in found if entry["name"] in visible]


def _page(data_dict: DataDict, default: int | None = None) -> tuple[int | None, int]:
    def number(name: str, otherwise: int | None) -> int | None:
        value = data_dict.get(name)
        if value in (None, ""):
            return otherwise
        try:
            return max(0, int(value))
        except (TypeError, ValueError) as error:
            raise tk.ValidationError({name: [tk._("Must be a natural number")]}) from error

    return number("limit", default), number("offset", 0) or 0


@tk.chained_action
@tk.side_effect_free
def package_list(next_action: Callable[..., Any], context: Context, data_dict: DataDict) -> Any:
    """Core lists by `private` alone; this lists what the public sees, whoever asks (as core does)."""
    tk.check_access("package_list", context, data_dict)
    limit, offset = _page(data_dict)
    package = model.Package
    column = package.id if context.get("api_version") == 2 else package.name
    query = sa.select(column).where(people.visible_to(people.ANONYMOUS)).order_by(column).limit(limit or None)
    return list(model.Session.scalars(query.offset(offset)))


def _criterion(field: str, term: str) -> sa.ColumnElement[bool]:
    if field not in SEARCHED:
        raise tk.ValidationError({"query": [f"资源检索不支持字段 {field}，可用：{'、'.join(SEARCHED)}"]})
    column = getattr(model.Resource, field)
    if field == "size":
        return sa.cast(column, sa.Text) == term
    return column.icontains(term, autoescape=True)


@tk.chained_action
@tk.side_effect_free
def resource_search(next_action: Callable[..., Any], context: Context, data_dict: DataDict) -> Any:
    """Core searches every column of what is not private; this one what the person sees, by public columns."""
    tk.check_access("resource_search", context, data_dict)
    asked = data_dict.get("query")
    if not asked:
        raise tk.ValidationError({"query": [tk._("Missing value")]})
    pairs = [pair.partition(":") for pair in ([asked] if isinstance(asked, str) else asked)]
    if not all(colon for _field, colon, _term in pairs):
        raise tk.ValidationError({"query": [tk._("Must be <field>:<value> pair(s)")]})
    who = people.ANONYMOUS if people.trusted(context) else people.asking(context)
    query = (
        sa.select(model.Resource)
        .join(model.Package, model.Package.id == model.Resource.package_id)
        .where(model.Resource.state == "active", people.visible_to(who))
        .where(*(_criterion(field.strip(), term) for field, _colon, term in pairs))
    )
    count = model.Session.scalar(sa.select(sa.func.count()).select_from(query.subquery()))
    order = data_dict.get("order_by")
    order_by = getattr(model.Resource, order) if order in SEARCHED else model.Resource.id
    limit, offset = _page(data_dict, default=MAX_PAGE)
    found = model.Session.scalars(query.order_by(order_by).limit(min(limit or 0, MAX_PAGE)).offset(offset))
    results = list(found)
    if not context.get("search_query"):
        results = [_public(model_dictize.resource_dictize(resource, context)) for resource in results]
    return {"count": count, "results": results}


def _public(resource: dict[str, Any]) -> dict[str, Any]:
    show_own_route(resource)
    return resource


@tk.chained_action
@tk.side_effect_free
def member_list(next_action: Callable[..., Any], context: Context, data_dict: DataDict) -> Any:
    """Core names every dataset of a group, also those that are not to be seen; users only to members."""
    found = next_action(context, data_dict)
    if people.sees_everything(context):
        return found
    who = people.asking(context)
    packages = {row[0] for row in found if row[1] == "package"}
    visible = people.visible_ids(who, packages)
    group = model.Group.get(data_dict["id"])
    inside = group is not None and group.id in who.organizations
    return [
        row for row in found
        if (row[1] == "package" and row[0] in visible) or row[1] == "group" or (row[1] == "user" and inside)
    ]  # fmt: skip


@tk.chained_action
@tk.side_effect_free
def format_autocomplete(next_action: Callable[..., Any], context: Context, data_dict: DataDict) -> Any:
    """Formats of what the public sees; core reads those of every dataset."""
    tk.check_access("format_autocomplete", context, data_dict)
    term, limit = str(data_dict.get("q") or ""), _page(data_dict, default=5)[0]
    resource = model.Resource
    query = (
        sa.select(sa.func.lower(resource.format), sa.func.count())
        .join(model.Package, model.Package.id == resource.package_id)
        .where(resource.state == "active", people.visible_to(people.ANONYMOUS))
        .where(resource.format.icontains(term, autoescape=True))
        .group_by(sa.func.lower(resource.format))
        .order_by(sa.func.count().desc())
        .limit(limit)
    )
    return [row[0] for row in model.Session.execute(query)]


def _visible_tags(names: set[str]) -> set[str]:
    if not names:
        return set()
    query = (
        sa.select(model.Tag.name)
        .distinct()
        .join(model.PackageTag, model.PackageTag.tag_id == model.Tag.id)
        .join(model.Package, model.Package.id == model.PackageTag.package_id)
        .where(model.PackageTag.state == "active", model.Tag.name.in_(names))
        .where(people.visible_to(people.ANONYMOUS))
    )
    return set(model.Session.scalars(query))


@tk.chained_action
@tk.side_effect_free
def tag_list(next_action: Callable[..., Any], context: Context, data_dict: DataDict) -> Any:
    """Free tags of closed datasets are not named; tags of a vocabulary are code tables and stay."""
    found = next_action(context, data_dict)
    if people.sees_everything(context) or data_dict.get("vocabulary_id"):
        return found
    names = {tag["name"] if isinstance(tag, dict) else tag for tag in found}
    visible = _visible_tags(names)
    return [tag for tag in found if (tag["name"] if isinstance(tag, dict) else tag) in visible]


@tk.chained_action
@tk.side_effect_free
def tag_autocomplete(next_action: Callable[..., Any], context: Context, data_dict: DataDict) -> Any:
    """See `tag_list`."""
    return tag_list(next_action, context, data_dict)


@tk.chained_action
@tk.side_effect_free
def tag_search(next_action: Callable[..., Any], context: Context, data_dict: DataDict) -> Any:
    """See `tag_list`; the count is that of the tags shown."""
    found = next_action(context, data_dict)
    if people.sees_everything(context) or data_dict.get("vocabulary_id"):
        return found
    visible = _visible_tags({tag["name"] for tag in found["results"]})
    results = [tag for tag in found["results"] if tag["name"] in visible]
    return {"count": len(results), "results": results}


@tk.chained_action
@tk.side_effect_free
def tag_show(next_action: Callable[..., Any], context: Context, data_dict: DataDict) -> Any:
    """A tag that only closed datasets have does not exist for others."""
    found = next_action(context, data_dict)
    if people.sees_everything(context) or found.get("vocabulary_id") or _visible_tags({found["name"]}):
        return found
    raise tk.ObjectNotFound(tk._("Tag was not found."))


@tk.chained_action
@tk.side_effect_free
def resource_view_list(next_action: Callable[..., Any], context: Context, data_dict: DataDict) -> Any:
    """Views show data: the list is empty for whoever does not get it, so that the resource's page still opens."""
    resource = model.Resource.get(tk.get_or_bust(data_dict, "id"))
    if resource is None:
        raise tk.ObjectNotFound(tk._("Resource was not found."))
    if not people.trusted(context):
        # in the caller's own context: CKAN's audit looks there for the check when the list below is empty
        tk.check_access("resource_view_list", context, {"id": resource.id})
        if not auth.decide(context, resource.package).allowed:
            return []
    return next_action(context, data_dict)


@tk.chained_action
@tk.side_effect_free
def dataset_follower_count(next_action: Callable[..., Any], context: Context, data_dict: DataDict) -> Any:
    """Core counts for every id that exists."""
    tk.check_access("package_show", tk.fresh_context(context), {"id": tk.get_or_bust(data_dict, "id")})
    return next_action(context, data_dict)


@tk.chained_action
@tk.side_effect_free
def am_following_dataset(next_action: Callable[..., Any], context: Context, data_dict: DataDict) -> Any:
    """See `dataset_follower_count`."""
    return dataset_follower_count(next_action, context, data_dict)


@tk.chained_action
@tk.side_effect_free
def dataset_followee_list(_next_action: Callable[..., Any], context: Context, data_dict: DataDict) -> Any:
    """Core turns the tables' rows into dicts; here each dataset is shown, to whom it may be."""
    tk.check_access("dataset_followee_list", context, data_dict)
    user = model.User.get(tk.get_or_bust(data_dict, "id"))
    if user is None:
        raise tk.ObjectNotFound
    ids = [row.object_id for row in model.UserFollowingDataset.followee_list(user.id)]
    visible = people.visible_ids(people.asking(context), set(ids))
    return [tk.get_action("package_show")(tk.fresh_context(context), {"id": id_}) for id_ in ids if id_ in visible]


@tk.chained_action
def organization_create(next_action: Callable[..., Any], context: Context, data_dict: DataDict) -> Any:
    """CKAN makes whoever creates an organization its admin. A system administrator who founds a department for others
    is not thereby one of its members; whoever shall be one is named in `users` or added."""
    created = next_action(context, data_dict)
    user = model.User.get(context.get("user") or "")
    named = {str(member.get("name")) for member in data_dict.get("users") or [] if isinstance(member, dict)}
    if user is not None and user.sysadmin and named.isdisjoint({user.name, user.id}):
        organization_id = created["id"] if isinstance(created, dict) else created
        member = {"id": organization_id, "object": user.id, "object_type": "user"}
        tk.get_action("member_delete")(tk.fresh_context(context, ignore_auth=True), member)
    return created


@tk.chained_action
def activity_create(next_action: Callable[..., Any], context: Context, data_dict: DataDict) -> Any:
    """Views are left out of the streams: CKAN records title and settings of a view for everybody, without labels."""
    if str(data_dict.get("activity_type") or "").endswith("resource view"):
        tk.check_access("activity_create", context, data_dict)
        return None
    return next_action(context, data_dict)


def show_own_route(resource: dict[str, Any]) -> None:
    """Write the route for the site as it is configured now: dicts in the index may be older than the site's name."""
    route = addresses.route_of(str(resource.get("url") or ""))
    if route and route.resource_id == resource.get("id"):
        resource["url"] = vault.own_url(route)


def functions() -> dict[str, Any]:
    """Every action of the plugins that are on."""
    activity = [activity_create] if p.plugin_loaded("activity") else []
    return {
        function.__name__: function
        for function in (
            *activity,
            govcn_resource_source_show, govcn_resource_source_update, package_create, package_update,
            organization_create, package_search, package_autocomplete, package_list,
            resource_search, member_list, format_autocomplete, tag_list, tag_autocomplete, tag_search, tag_show,
            resource_view_list, dataset_follower_count, am_following_dataset, dataset_followee_list,
        )
    }  # fmt: skip
