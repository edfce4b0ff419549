"""接收: packages that lie in a folder, each taken by an ordinary run: planned, held back, reported, undone like others.

    folder ──scan──▶ manifests that are believed ──sequence──▶ the next one ──copy──▶ own folder ──▶ verified whole
                                                                                         │
                        receipt ◀── number, in the transaction that ends the run ◀── run ┘

A crash leaves the number untaken: the package is taken again, and what was written is found unchanged. The copy is
what is verified and read, so nobody can exchange the file in between.
"""

# pyright: basic
from __future__ import annotations

import json
import os
import shutil
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import cached_property, partial
from pathlib import Path
from typing import Any, cast

import sqlalchemy as sa
from ckan import model
from ckan.plugins import toolkit as tk
from ckanext.govcn.access import files as store
from ckanext.govcn.access.model import Content as StoredContent
from ckanext.govcn.catalog import checks
from ckanext.govcn.catalog.entry import CatalogEntry
from ckanext.govcn.catalog.problem import incomplete_fields
from ckanext.govcn.department import model as departments
from ckanext.govcn.editorial.states import PUBLIC_OPEN_TYPES
from ckanext.govcn.harvest.releases import ReceivedPackage
from ckanext.govcn.signing import site
from ckanext.govcn.signing.keys import PrivateKey, PublicKey
from sqlalchemy.dialects.postgresql import insert

from harvesters.configured import config_folder
from harvesters.entry_json import to_json
from harvesters.files import Files
from harvesters.leases import Lease
from harvesters.plan import Brake, Judged, Removals, Seen, Trouble, plan_removals
from harvesters.portal import CkanPortal, CkanSession, create_department, propose
from harvesters.providers import NoOwner, Owners
from harvesters.record import Place, canonical_hash
from harvesters.release.exceptions import (
    FolderUnusable,
    PackageDamaged,
    PackageError,
    PackageReplayed,
    PackageTruncated,
    PlanWaits,
)
from harvesters.release.manifest import Manifest
from harvesters.release.own import signing_key
from harvesters.release.package import Content, Package, Trust, open_package, read_manifest
from harvesters.release.receipts import Receipt, RefusedEntry
from harvesters.release.sequence import refusal
from harvesters.release.settings import Limits, load_settings
from harvesters.review import Policy
from harvesters.run import Counts, Report, Task, run
from harvesters.source import Sender, Source, release_of

NOT_TAKEN = "R01"
"""A file in the folder that is not taken."""
NOT_PUBLIC = "R02"
"""An entry that no public instance may hold."""
NO_FILE = "R03"
"""An entry whose file neither the package nor this instance has."""
REJECTED = "R04"
"""A change that a person here rejected, or that no longer stood when it was carried out."""
MOST_FILES = 10_000  # looked at in the folder
COMMIT_EVERY = 50  # files

TAKEN = sa.text("SELECT number, digest FROM govcn_release_received WHERE source = :source")
WAITING = sa.text("""
    SELECT p.number, p.run_id FROM govcn_release_received p JOIN govcn_harvest_run r ON r.id = p.run_id
    WHERE p.source = :source AND r.plan = 'waiting'
""")
STANDINGS = sa.text("""
    SELECT p.number, p.digest, p.sender, p.run_id, p.counts, p.refused, p.receipt_state, r.plan
    FROM govcn_release_received p LEFT JOIN govcn_harvest_run r ON r.id = p.run_id
    WHERE p.source = :source ORDER BY p.number
""")
SKIPPED = sa.text("""
    SELECT remote_id FROM govcn_harvest_change WHERE run_id = :run AND state = 'skipped' ORDER BY remote_id
""")
TOLD = sa.text("""
    UPDATE govcn_release_received SET receipt_state = :state WHERE source = :source AND number = :number
""")


def receive(
    source: Source,
    progress: Callable[[Counts], None] = lambda _counts: None,
    *,
    plan_only: bool = False,
    lease: Lease | None = None,
) -> Report:
    """Take the packages that wait in the source's folder, in order, one run each; the report is the last run's.

    Stops at changes that wait for a person. What is refused is in the report; when nothing else was there the run
    fails with that sentence. Raises HarvestError as `harvest` does.
    """
    inbox = Inbox(source)
    if waiting := model.Session.execute(WAITING, {"source": source.name}).first():
        raise PlanWaits(number=waiting.number, run=waiting.run_id)
    report: Report | None = None
    while found := inbox.next():
        report = _take(inbox, found, progress, lease, plan_only=plan_only)
        if report.state != "finished" or report.counts.waiting or plan_only:
            break
        inbox.taken[found.manifest.number] = found.manifest.digest
    if report is None:
        task = Task(
            source.name, _nothing(inbox), _unasked, removals=_no_removals, remarks=inbox.replays(), progress=progress
        )
        report = run(task, CkanPortal(source, lease=lease))
        _refuse(inbox)
    write_receipts(source)
    return report


# ── the folder


@dataclass(frozen=True, slots=True)
class Found:
    """A package in the folder whose signature was right."""

    path: Path
    manifest: Manifest


@dataclass
class Inbox:
    """The source's folder as it is now, and the numbers taken so far. Raises FolderUnusable."""

    source: Source
    taken: dict[int, str] = field(init=False)
    refused: list[tuple[PackageError, Manifest | None]] = field(init=False, default_factory=list)

    def __post_init__(self) -> None:
        rows = model.Session.execute(TAKEN, {"source": self.source.name})
        self.taken = {row.number: row.digest for row in rows}
        self._unread: list[PackageError] = []
        self._replayed: list[PackageReplayed] = []
        self._found = self._scanned()

    @property
    def sender(self) -> Sender:
        return cast("Sender", self.source.sender)

    @cached_property
    def trust(self) -> Trust:
        return Trust(tuple(PublicKey.from_text(key) for key in self.sender.keys), self.sender.site)

    @cached_property
    def limits(self) -> Limits:
        return load_settings(config_folder()).limits

    @property
    def folder(self) -> Path:
        return self.source.folder / self.source.path

    def next(self) -> Found | None:
        """The package with the lowest number that may be taken now; what may not is in `refused`."""
        self.refused, self._replayed = [(error, None) for error in self._unread], []
        fits: list[Found] = []
        for each in self._found:
            error = refusal(each.manifest, self.taken, each.path.name)
            if error is None:
                fits.append(each)
            elif isinstance(error, PackageReplayed):
                self._replayed.append(error)
            else:
                self.refused.append((error, each.manifest))
        return min(fits, key=lambda each: each.manifest.number, default=None)

    def replays(self) -> list[Trouble]:
        """A word on files that were taken before and still lie there."""
        if not self._replayed:
            return []
        latest = self._replayed[-1]
        more = f"（共 {len(self._replayed)} 个这样的文件）" if len(self._replayed) > 1 else ""
        return [Trouble(NOT_TAKEN, "warn", f"{latest.message}{more}", file=str(latest.facts["file"]))]

    def _scanned(self) -> list[Found]:
        found: list[Found] = []
        for path in self._files():
            try:
                found.append(Found(path, read_manifest(path, self.trust, self.limits)))
            except PackageError as error:
                self._unread.append(error)
            except OSError as error:
                raise FolderUnusable(folder=path, why=error.strerror or type(error).__name__) from error
        return found

    def _files(self) -> list[Path]:
        try:
            if self.folder.is_file():
                return [self.folder]
            names = sorted(entry.name for entry in os.scandir(self.folder) if entry.name.endswith(".tar"))
        except OSError as error:
            raise FolderUnusable(folder=self.folder, why=error.strerror or type(error).__name__) from error
        return [self.folder / name for name in names if not name.startswith(".")][-MOST_FILES:]


def _nothing(inbox: Inbox) -> Iterator[Any]:
    """No records; the first thing that was refused ends the run."""
    for error, _ in inbox.refused:
        raise error
    yield from ()


def _unasked(_record: Any) -> Judged:
    raise AssertionError("an empty run judges nothing")


def _no_removals(_known: Iterable[tuple[str, bool]], _seen: Seen, _brake: Brake) -> Removals:
    return Removals()


# ── one package


@dataclass(frozen=True, slots=True)
class ReleasedRecord:
    """An entry of a package as a run takes it."""

    remote_id: str
    hash: str
    place: Place
    entry: CatalogEntry

    def received(self) -> bytes:
        return json.dumps({"raw": to_json(self.entry)}, ensure_ascii=False).encode()


def _take(
    inbox: Inbox, found: Found, progress: Callable[[Counts], None], lease: Lease | None, *, plan_only: bool
) -> Report:
    """Copy, verify and apply one package. A package that is not whole fails its run, and nothing of it is taken."""
    manifest = found.manifest
    release = release_of(manifest.site, manifest.number, manifest.made_at.date().isoformat())
    source = replace(inbox.source, release=release)
    owners = Owners(source, departments.directory(model.Session), create_department)
    with _Copy(found, inbox) as copy:
        task = Task(
            source=source.name,
            records=copy.records(),
            judge=partial(_judge, owners),
            policy=Policy(review=source.apply == "review", plan_only=plan_only),
            refusals=[_refused_file(error) for error, _ in inbox.refused],
            remarks=inbox.replays(),
            removals=copy.removals,
            progress=progress,
        )
        report = run(task, ReleasePortal(source, copy, lease, keeps_number=not plan_only))
    propose(owners.proposed, source.name)
    if copy.error:
        _write_refusal(inbox, copy.error, manifest)
    return report


class _Copy:
    """A package in this instance's own folder, opened when the run asks for its records."""

    def __init__(self, found: Found, inbox: Inbox) -> None:
        self.manifest, self._found, self._inbox = found.manifest, found, inbox
        self._folder = tempfile.TemporaryDirectory(dir=_incoming())
        self._package: Package | None = None
        self._opened: Any = None
        self._withdrawals: frozenset[str] = frozenset()
        self.error: PackageError | None = None

    def __enter__(self) -> _Copy:
        return self

    def __exit__(self, *_: object) -> None:
        if self._opened:
            self._opened.__exit__(None, None, None)
        self._folder.cleanup()

    def records(self) -> Iterator[ReleasedRecord]:
        """Everything is verified and the files are stored before the first entry comes."""
        try:
            package = self._open()
            _store(package)
        except PackageError as error:
            self.error = error
            raise
        name = self._found.path.name
        for each in package.entries():
            yield ReleasedRecord(each.id, canonical_hash(to_json(each.entry)), Place(name, row=each.line), each.entry)

    def removals(self, known: Iterable[tuple[str, bool]], seen: Seen, brake: Brake) -> Removals:
        """What the package withdraws goes at once. In a full one also what it does not name, if the brake lets it."""
        gone: list[str] = []
        others: list[tuple[str, bool]] = []
        for each, kept in known:
            if each in self._withdrawals:
                gone.append(each)
            else:
                others.append((each, kept))
        if not self.manifest.full:
            return Removals(now=gone)
        rest = plan_removals(others, seen, brake)
        return Removals(now=[*gone, *rest.now], held=rest.held, brake=rest.brake)

    def entries_at(self, lines: Mapping[int, Any]) -> dict[int, str]:
        """Line → identity, for the lines asked for; the package is read once more only when there are any."""
        if not lines or self._package is None:
            return {}
        return {each.line: each.id for each in self._package.entries() if each.line in lines}

    def _open(self) -> Package:
        path = Path(self._folder.name) / self._found.path.name
        try:
            with open(os.open(self._found.path, os.O_RDONLY | os.O_NOFOLLOW), "rb") as given, path.open("xb") as copy:
                shutil.copyfileobj(given, copy, 2**20)
            self._opened = open_package(path, self._inbox.trust, self._inbox.limits)
            self._package = package = self._opened.__enter__()
        except OSError as error:
            self._opened = None
            raise FolderUnusable(folder=self._found.path, why=error.strerror or type(error).__name__) from error
        except PackageError:
            self._opened = None
            raise
        if package.manifest.digest != self.manifest.digest:
            raise PackageDamaged(file=path.name)
        self._withdrawals = frozenset(package.withdrawals())
        return package


def _incoming() -> Path:
    folder = Path(tk.config["ckan.storage_path"]) / "govcn-releases" / "incoming"
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise FolderUnusable(folder=folder, why=error.strerror or type(error).__name__) from error
    return folder


def _store(package: Package) -> None:
    """Keep the package's files; those that are here already are not written again."""
    for number, (content, stream) in enumerate(package.contents(), start=1):
        if not _has(content.sha256):
            _keep(content, stream, package.manifest)
        if number % COMMIT_EVERY == 0:
            model.Session.commit()
    model.Session.commit()


def _keep(content: Content, stream: Any, manifest: Manifest) -> None:
    try:
        stored = store.store(stream, content.size)
    except OSError as error:
        raise FolderUnusable(folder=store.folder(), why=error.strerror or type(error).__name__) from error
    if stored.sha256 != content.sha256:
        raise PackageDamaged(file=f"{manifest.site}-{manifest.number:06}.tar")


def _has(sha256: str) -> bool:
    known = model.Session.scalar(sa.select(StoredContent.size).where(StoredContent.sha256 == sha256))
    return known is not None and store.path_of(sha256).is_file()


# ── one entry


def _judge(owners: Owners, record: ReleasedRecord) -> Judged:
    """The internal instance has reviewed it; here it is asked what no public instance may take, and whose it is."""
    entry, place = record.entry, record.place
    troubles = tuple(_troubles(entry, place))
    found = owners.owner_of(entry.provider)
    if isinstance(found, NoOwner):
        refused = _trouble(found.rule, "refuse", found.message, place, field="provider")
        return Judged(entry, problems=(*troubles, refused), place=place)
    provider, owner = found
    incomplete = incomplete_fields(_problems(entry))
    return Judged(
        replace(entry, provider=provider),
        owner,
        troubles,
        publishes=True,
        decided=True,
        incomplete=incomplete,
        place=place,
    )


def _troubles(entry: CatalogEntry, place: Place) -> Iterator[Trouble]:
    if entry.open_type not in PUBLIC_OPEN_TYPES:
        yield _trouble(
            NOT_PUBLIC, "refuse", "不是无条件开放或有条件开放的条目，互联网区不保存。", place, field="open_type"
        )
    if entry.open_type != "unconditional" and entry.resources:
        yield _trouble(NOT_PUBLIC, "refuse", "有条件开放的条目不应带有数据文件。", place, field="resources")
    if any(not each.sha256 or "://" in each.url or not _has(each.sha256) for each in entry.resources):
        yield _trouble(NO_FILE, "refuse", "发布包没有带来该条目的数据文件，请内网重新导出。", place, field="resources")
    for problem in _problems(entry):
        # a rule that holds a level asks for a second person: that was done where the entry was published
        severity = "warn" if problem.severity == "hold" else problem.severity
        told = _trouble(problem.rule, severity, problem.message, place, field=problem.field)
        yield told.without_content() if problem.rule == "E26" else told


def _problems(entry: CatalogEntry) -> Sequence[Any]:
    return checks.check(entry, "portal", checks.Context(today=(datetime.now(UTC) + timedelta(hours=8)).date()))


def _trouble(rule: str, severity: str, message: str, place: Place, field: str = "") -> Trouble:
    return Trouble(rule, severity, message, field=field, file=place.file, row=place.row or None)


def _refused_file(error: PackageError) -> Trouble:
    return Trouble(NOT_TAKEN, "refuse", error.message, file=str(error.facts.get("file", "")))


# ── the portal's side of the run


class ReleasePortal(CkanPortal):
    """CKAN, and the package's number in the transaction that ends the run."""

    def __init__(self, source: Source, copy: _Copy, lease: Lease | None, *, keeps_number: bool) -> None:
        super().__init__(source, Files(source), lease=lease)
        self._copy, self._keeps_number = copy, keeps_number

    def _session(self, run: int) -> CkanSession:
        return ReleaseSession(self._source, self._files, run, self._copy, keeps_number=self._keeps_number)


class ReleaseSession(CkanSession):
    """Remembers which entries were refused, for the receipt."""

    def __init__(self, source: Source, files: Files, run: int, copy: _Copy, *, keeps_number: bool) -> None:
        super().__init__(source, files, run)
        self._copy, self._keeps_number = copy, keeps_number
        self._refused: dict[int, Trouble] = {}

    def report(self, troubles: Any, counts: Counts) -> None:
        listed = list(troubles)
        for each in listed:
            if each.severity == "refuse" and each.row:
                self._refused.setdefault(each.row, each)
        super().report(listed, counts)

    def ended(self, report: Report) -> None:
        if report.state != "finished" or not self._keeps_number:
            return
        manifest = self._copy.manifest
        names = self._copy.entries_at(self._refused)
        refused = [
            asdict(RefusedEntry(names[row], each.rule, each.message)) for row, each in sorted(self._refused.items())
        ]
        model.Session.execute(
            insert(ReceivedPackage.__table__).values(
                source=self._source.name,
                number=manifest.number,
                digest=manifest.digest,
                sender=manifest.site,
                run_id=self.run,
                counts=asdict(report.counts),
                refused=refused,
            )
        )


# ── receipts


def taken(limit: int = 100) -> list[dict[str, Any]]:
    """The packages this instance took, latest first."""
    query = sa.select(ReceivedPackage).order_by(ReceivedPackage.at.desc()).limit(limit)
    return [
        {
            "source": each.source,
            "number": each.number,
            "digest": each.digest,
            "sender": each.sender,
            "run": each.run_id,
            "counts": each.counts,
            "refused": len(each.refused),
            "at": each.at.isoformat(),
            "state": each.receipt_state,
        }
        for each in model.Session.scalars(query)
    ]


def write_receipts(source: Source, folder: Path | None = None, *, again: bool = False) -> list[Path]:
    """Write a receipt for every package whose state was not told yet (`again`: for all). Returns the files."""
    target = folder or _receipts_folder(source)
    written: list[Path] = []
    key = signing_key()
    for row in list(model.Session.execute(STANDINGS, {"source": source.name})):
        state = {"waiting": "waiting", "undone": "undone"}.get(row.plan or "", "applied")
        if state == row.receipt_state and not again:
            continue
        refused = [RefusedEntry(**each) for each in row.refused]
        if row.plan in ("applied", "rejected"):
            skipped = model.Session.execute(SKIPPED, {"run": row.run_id}).scalars()
            refused += [RefusedEntry(each, REJECTED, "互联网侧审阅后没有执行。") for each in skipped]
        receipt = Receipt(
            site=site.key_folder().site_id,
            sender=row.sender,
            number=row.number,
            digest=row.digest,
            state=state,
            at=_now(),
            run=row.run_id,
            counts={**row.counts, "refused": len(refused)},
            refused=tuple(refused),
        )
        written.append(_write(target, receipt, key))
        model.Session.execute(TOLD, {"source": source.name, "number": row.number, "state": state})
        model.Session.commit()
    return written


def _refuse(inbox: Inbox) -> None:
    for error, manifest in inbox.refused[:1]:
        if manifest:
            _write_refusal(inbox, error, manifest)


def _write_refusal(inbox: Inbox, error: PackageError, manifest: Manifest) -> None:
    """Tell the sender that a package of theirs was refused as a whole; one that may still be arriving is not."""
    if isinstance(error, PackageTruncated):
        return
    key = signing_key()
    receipt = Receipt(
        site=site.key_folder().site_id,
        sender=manifest.site,
        number=manifest.number,
        digest=manifest.digest,
        state="refused",
        at=_now(),
        reason=error.code,
        message=error.message,
        message_en=error.message_en,
    )
    _write(_receipts_folder(inbox.source), receipt, key)


def _write(folder: Path, receipt: Receipt, key: PrivateKey) -> Path:
    ending = ".refused" if receipt.state == "refused" else ""
    path = folder / f"{receipt.sender}-{receipt.number:06}{ending}.receipt.json"
    unfinished = path.with_name(f".{path.name}")
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        unfinished.write_bytes(receipt.signed(key))
        unfinished.replace(path)
    except OSError as error:
        raise FolderUnusable(folder=folder, why=error.strerror or type(error).__name__) from error
    return path


def _receipts_folder(source: Source) -> Path:
    configured = source.sender.receipts if source.sender else ""
    return (
        source.folder / configured
        if configured
        else Path(tk.config["ckan.storage_path"]) / "govcn-releases" / "receipts"
    )


def _now() -> str:
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
