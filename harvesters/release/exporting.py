"""导出: what the public may see of this instance, as a package of what changed since the last one.

The state is read in one REPEATABLE READ transaction, in batches, in the order of the datasets' ids. An entry goes out
when the public sees it (`access.rules`: 已发布, 无条件 or 有条件开放) and its release is stated; its files only when
the public gets its data. Addresses never go out: neither the vault's nor the entry's source page.
"""

# pyright: basic
from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from ckan import model
from ckan.plugins import toolkit as tk
from ckanext.govcn.access import files as store
from ckanext.govcn.access import rules
from ckanext.govcn.access.model import Content as StoredContent
from ckanext.govcn.access.model import ResourceFile
from ckanext.govcn.audit import log
from ckanext.govcn.audit.chain import Event
from ckanext.govcn.catalog import sensitive
from ckanext.govcn.catalog.entry import CatalogEntry, Provider, Resource
from ckanext.govcn.dataset import convert
from ckanext.govcn.department import model as departments
from ckanext.govcn.department.resolution import Directory
from ckanext.govcn.editorial import zone
from ckanext.govcn.harvest.releases import SentEntry, SentPackage
from ckanext.govcn.index import documents
from ckanext.govcn.signing import site
from ckanext.govcn.signing.keys import PrivateKey
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.exc import IntegrityError

from harvesters.entry_json import to_json
from harvesters.record import canonical_hash
from harvesters.release.exceptions import ExportBusy, FolderUnusable, NotInternal, NumberTaken
from harvesters.release.manifest import Body, FileListing, Listing, Manifest, Previous
from harvesters.release.own import signing_key
from harvesters.release.package import Content, PackageWriter

BATCH = 500
LOCK = 7_411_204
CARRIES = {"open": "data", "login": "data", "conditional": "entry"}
"""What of a dataset goes out at each level that the public sees (`rules.level_of`); every other level stays here."""
LISTED = 1000

LOCKED = sa.text("SELECT pg_try_advisory_xact_lock(:key)")
CANDIDATES = sa.text("""
    SELECT p.id FROM package p JOIN govcn_release r ON r.package_id = p.id
    WHERE p.type = 'dataset' AND p.state = 'active' AND p.extras ->> 'catalog_status' = 'published'
      AND p.extras ->> 'open_type' IN ('unconditional', 'conditional') AND p.id > :after
    ORDER BY p.id LIMIT :limit
""")
SENT_BEFORE = sa.text("SELECT package_id, hash, released FROM govcn_release_sent_entry WHERE package_id = ANY(:ids)")
TOUCHED = sa.text("CREATE TEMPORARY TABLE govcn_release_out (package_id text PRIMARY KEY) ON COMMIT DROP")
TOUCH = sa.text("INSERT INTO govcn_release_out SELECT unnest(CAST(:ids AS text[])) ON CONFLICT DO NOTHING")
WITHDRAWN = sa.text("""
    SELECT s.package_id FROM govcn_release_sent_entry s LEFT JOIN govcn_release_out o USING (package_id)
    WHERE (s.released OR :full) AND o.package_id IS NULL AND s.package_id > :after ORDER BY s.package_id LIMIT :limit
""")
KNOWN_CONTENTS = sa.text("""
    SELECT DISTINCT c.sha256 FROM unnest(CAST(:wanted AS text[])) AS c(sha256)
    WHERE EXISTS (SELECT FROM govcn_release_sent_entry s WHERE s.released AND s.hash <> ''
                  AND s.contents @> to_jsonb(ARRAY[c.sha256]))
""")
LAST = sa.text("SELECT number, digest FROM govcn_release_sent ORDER BY number DESC LIMIT 1")


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A dataset that the public may see and that yet did not go out, with the reason (a stable word)."""

    id: str
    reason: str


@dataclass(slots=True)
class Exported:
    """What an export did; `manifest` is None when nothing had changed."""

    manifest: Manifest | None = None
    path: str = ""
    size: int = 0
    left_out: list[LeftOut] = field(default_factory=list[LeftOut])
    links_left_out: int = 0

    def to_json(self) -> dict[str, Any]:
        said = self.manifest.to_json() if self.manifest else {"number": None}
        return said | {
            "file": self.path,
            "size": self.size,
            "left_out": [asdict(each) for each in self.left_out[:LISTED]],
            "links_left_out": self.links_left_out,
        }


@dataclass(frozen=True, slots=True)
class Outgoing:
    """One dataset as it goes out: its entry, and the files that go with it."""

    id: str
    entry: dict[str, Any]
    contents: tuple[Content, ...]

    @property
    def hash(self) -> str:
        return canonical_hash(self.entry)


def outbox() -> Path:
    """Where packages lie unless another folder is named."""
    return Path(tk.config["ckan.storage_path"]) / "govcn-releases" / "outgoing"


def export(
    folder: Path | None = None,
    *,
    full: bool = False,
    after: int = 0,
    progress: Callable[[int], None] = lambda _entries: None,
) -> Exported:
    """Write the next package into the folder and remember what it says. Raises ReleaseError, SigningError.

    The first package is full. `after`: the public side has taken this number already (this instance was restored from a
    backup), so the next one is higher.
    """
    if zone.effective(model.Session) == "public":
        raise NotInternal
    target = folder or outbox()
    try:
        target.mkdir(mode=0o700, parents=True, exist_ok=True)
        finish_interrupted()
        return _export(target.resolve(), full=full, after=after, progress=progress)
    except OSError as error:
        raise FolderUnusable(folder=target, why=error.strerror or type(error).__name__) from error
    finally:
        model.Session.rollback()


def _export(target: Path, *, full: bool, after: int, progress: Callable[[int], None]) -> Exported:
    key = signing_key()
    session = _snapshot()
    last = session.execute(LAST).one_or_none()
    number = _next_number(last.number if last else 0, after)
    full = full or last is None
    exported = Exported()
    writer = PackageWriter(target)
    session.execute(TOUCHED)
    sent: list[dict[str, Any]] = []
    count = 0
    for batch in _outgoing(exported):
        session.execute(TOUCH, {"ids": [each.id for each in batch.kept]})
        changed = _different(batch.going, full=full)
        known = set() if full else _known_contents(changed)
        for each in changed:
            writer.add_entry(each.id, each.entry)
            for content in each.contents:
                if content.sha256 not in known:
                    writer.add_content(content)
            sent.append(_sent(each, number))
        _keep(sent)
        count += len(batch.going)
        progress(count)
        session.expunge_all()
    for identity in _withdrawn(full=full):
        writer.add_withdrawal(identity)
        sent.append({"package_id": identity, "number": number, "hash": "", "released": False, "contents": []})
    _keep(sent)
    if writer.empty and not full:
        return exported
    previous = Previous(last.number, last.digest) if last else None
    return _finished(exported, writer, target, key, _draft(number, previous, full=full))


def _snapshot() -> Any:
    """A session whose every look sees the same moment, alone among exports."""
    model.Session.remove()
    model.Session.connection(execution_options={"isolation_level": "REPEATABLE READ"})
    if not model.Session.execute(LOCKED, {"key": LOCK}).scalar():
        raise ExportBusy
    return model.Session


def _next_number(last: int, after: int) -> int:
    if after and after < last:
        raise NumberTaken(after=after, last=last)
    return max(last, after) + 1


def _draft(number: int, previous: Previous | None, *, full: bool) -> Manifest:
    moment = datetime.now(UTC).replace(microsecond=0)
    listing = Listing()
    own = site.key_folder().site_id
    return Manifest(own, number, previous, full, moment, "", "", listing, listing, FileListing(), Body(0, ""))


def _finished(exported: Exported, writer: PackageWriter, target: Path, key: PrivateKey, draft: Manifest) -> Exported:
    """Write the file under another name, commit, give it its name: a crash leaves no number without its file."""
    path = target / f"{draft.site}-{draft.number:06}.tar"
    unfinished = _unfinished(path)
    unfinished.unlink(missing_ok=True)
    try:
        manifest = writer.write(unfinished, draft, key, lambda sha256: store.path_of(sha256).open("rb"))
        model.Session.execute(
            insert(SentPackage.__table__).values(
                number=manifest.number,
                digest=manifest.digest,
                is_full=manifest.full,
                made_at=manifest.made_at,
                manifest=manifest.to_json(),
                path=str(path),
            )
        )
        model.Session.commit()
    except IntegrityError as error:
        unfinished.unlink(missing_ok=True)
        raise ExportBusy from error
    except BaseException:
        unfinished.unlink(missing_ok=True)
        raise
    unfinished.replace(path)
    log.write(
        Event(
            "release.export",
            who=log.operator(),
            subject=f"{manifest.site}/{manifest.number}",
            rows=manifest.entries.count + manifest.withdrawals.count,
            bytes=path.stat().st_size,
            detail={"digest": manifest.digest, "key_id": manifest.key_id},
        )
    )
    return replace(exported, manifest=manifest, path=str(path), size=path.stat().st_size)


def finish_interrupted() -> None:
    """Give the last package its name, where a crash came between the commit and the renaming."""
    path = model.Session.scalar(sa.select(SentPackage.path).order_by(SentPackage.number.desc()).limit(1))
    if path and _unfinished(Path(path)).is_file():
        _unfinished(Path(path)).replace(path)


def _unfinished(path: Path) -> Path:
    return path.with_name(f".{path.name}.unfinished")


# ── what goes out


@dataclass(frozen=True, slots=True)
class _Batch:
    """`going` as entries; `kept` are all that stay with the public: those, and what could not be written this time."""

    going: list[Outgoing]
    kept: list[Any]


def _outgoing(exported: Exported) -> Iterator[_Batch]:
    """Every dataset that goes out, in the order of ids, in batches."""
    directory = departments.directory(model.Session)
    after = ""
    while ids := list(model.Session.execute(CANDIDATES, {"after": after, "limit": BATCH}).scalars()):
        after = ids[-1]
        pairs, _held = documents.shown(ids)
        shown = sorted((own for _, own in pairs), key=lambda dataset: dataset["id"])
        contents = _contents([each["id"] for dataset in shown for each in dataset["resources"]])
        going: list[Outgoing] = []
        kept: list[Any] = []
        for dataset in shown:
            level = rules.level_of(rules.What.from_fields(dataset, dataset["owner_org"], dataset["state"]))
            if level not in CARRIES:
                continue
            found = _outgoing_of(dataset, CARRIES[level], directory, contents, exported)
            if isinstance(found, LeftOut):
                exported.left_out.append(found)
                kept += [found] if found.reason == "file_missing" else []
            else:
                going.append(found)
                kept.append(found)
        yield _Batch(going, kept)


def _outgoing_of(
    dataset: Mapping[str, Any],
    carries: str,
    directory: Directory,
    contents: Mapping[str, tuple[Content, str]],
    exported: Exported,
) -> Outgoing | LeftOut:
    resources: list[Resource] = []
    going: list[Content] = []
    for resource in dataset["resources"] if carries == "data" else ():
        known = contents.get(resource["id"])
        if known is None:
            exported.links_left_out += 1
            continue
        content, filename = known
        if not store.path_of(content.sha256).is_file():
            return LeftOut(dataset["id"], "file_missing")
        resources.append(_resource(resource, content, filename))
        going.append(content)
    entry = public_entry(dataset, directory, resources)
    if sensitive.secrecy_mark(_texts(entry)) is not None:
        return LeftOut(dataset["id"], "secrecy_mark")
    return Outgoing(dataset["id"], to_json(entry), tuple(going))


def public_entry(dataset: Mapping[str, Any], directory: Directory, resources: Sequence[Resource]) -> CatalogEntry:
    """The entry as the public sees it: no address, and of its resources those that go along."""
    owner = directory.by_id.get(dataset["owner_org"])
    title = (dataset.get("organization") or {}).get("title") or ""
    provider = Provider(owner.name, owner.region_code, owner.uscc) if owner else Provider(title)
    entry = convert.entry_from_dataset({**dataset, "resources": ()}, provider)
    return replace(entry, url="", resources=tuple(resources))


def _resource(resource: Mapping[str, Any], content: Content, filename: str) -> Resource:
    texts = {name: resource.get(name) or "" for name in ("name", "format", "description")}
    return Resource(filename, **texts, remote_id=resource["id"], size=content.size, sha256=content.sha256)


def _texts(entry: CatalogEntry) -> dict[str, str]:
    """Every text of an entry under the name of its field, as the guard against secrecy marks reads it."""
    found = {name: value for name, value in asdict(entry).items() if isinstance(value, str)}
    found |= {f"tags {n}": tag for n, tag in enumerate(entry.tags)}
    found |= {f"items {n}": f"{item.name} {item.description}" for n, item in enumerate(entry.items)}
    return found | {f"resources {n}": resource.name for n, resource in enumerate(entry.resources)}


def _contents(resource_ids: Sequence[str]) -> dict[str, tuple[Content, str]]:
    """Resource id → its content and file name, for those whose content is stored here."""
    query = (
        sa.select(ResourceFile.resource_id, ResourceFile.filename, StoredContent.sha256, StoredContent.size)
        .join(StoredContent, StoredContent.sha256 == ResourceFile.sha256)
        .where(ResourceFile.resource_id.in_(resource_ids))
    )
    return {row.resource_id: (Content(row.sha256, row.size), row.filename) for row in model.Session.execute(query)}


# ── what differs from the packages before


def _different(batch: Sequence[Outgoing], *, full: bool) -> Sequence[Outgoing]:
    if full:
        return batch
    rows = model.Session.execute(SENT_BEFORE, {"ids": [each.id for each in batch]})
    before = {row.package_id: row.hash for row in rows if row.released}
    return [each for each in batch if before.get(each.id) != each.hash]


def _known_contents(changed: Iterable[Outgoing]) -> set[str]:
    """Files that the receiver has, since an entry that it took and still has brought them."""
    wanted = [content.sha256 for each in changed for content in each.contents]
    return set(model.Session.execute(KNOWN_CONTENTS, {"wanted": wanted}).scalars())


def _withdrawn(*, full: bool) -> Iterator[str]:
    """What was sent and no longer goes out; a full package names everything that ever was sent and does not go out."""
    after = ""
    while ids := list(model.Session.execute(WITHDRAWN, {"full": full, "after": after, "limit": BATCH}).scalars()):
        yield from ids
        after = ids[-1]


def _sent(each: Outgoing, number: int) -> dict[str, Any]:
    contents = [content.sha256 for content in each.contents]
    return {"package_id": each.id, "number": number, "hash": each.hash, "released": True, "contents": contents}


def _keep(sent: list[dict[str, Any]]) -> None:
    """Remember what goes out, in the transaction that the package's own row ends."""
    if sent:
        statement = insert(SentEntry.__table__)
        changed = {name: statement.excluded[name] for name in ("number", "hash", "released", "contents")}
        model.Session.execute(statement.on_conflict_do_update(index_elements=["package_id"], set_=changed), list(sent))
        sent.clear()
