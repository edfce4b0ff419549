"""The source (归集来源): where a department keeps its catalogue. One YAML file in `config/sources/` each.

`load_source(name_or_path)` also takes just a catalogue file: a dialect never seen before, profile `portal`.
The reference of all keys is in docs/harvesting.md. Problems are collected and raised together, each with its line.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Any, TypeVar, cast

import yaml
from ckanext.govcn.catalog.entry import CatalogEntry, Release
from ckanext.govcn.harvest.rules import UPLOADS, takes_uploads
from ckanext.govcn.signing.exceptions import KeyInvalid
from ckanext.govcn.signing.keys import PublicKey

from harvesters import credentials, schedule
from harvesters.databases import drivers
from harvesters.exceptions import Fault, ScheduleInvalid, SourceInvalid, SourceRefused

SOURCES = Path("config/sources")
MAX_YAML_BYTES = 1_000_000
CATALOGUE_ENDINGS = (".xlsx", ".xlsm", ".xls", ".et", ".csv", ".tsv", ".txt", ".json", ".ndjson", ".jsonl")
PROTOCOLS = ("catalogue_file", "rest_json", "ckan", "oportal", "database", "folder", "sftp", "release")
PROFILES = ("guide", "portal")
PROVIDERS = ("fixed", "map", "create")
RELEASES = ("reviewed", "already_public")
FILES = ("link", "copy")
HIGHEST_PRIORITY = 9
APPLIES = ("auto", "review")
PAGING = ("none", "page", "offset", "cursor")
BATCHES_TAKEN = ("all", "latest")
TLS = ("off", "verify")
ENTRY_FIELDS = frozenset(f.name for f in fields(CatalogEntry)) - {"unread", "items", "resources"}
FIELD_TARGETS = ENTRY_FIELDS | {"provider_unit", "provider_uscc", "download_url", "items", "resources"}

RECORDED = "file:"
"""A JSON API whose answers were recorded into files: `file:api/page-{page}.json`, parameters filled in."""

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Limits:
    """What we take from a source at most. Times in seconds, sizes in bytes after unpacking."""

    seconds: float = 60.0  # one request, from the first byte sent to the last byte read
    statement: float = 600.0  # one statement of a database
    connect: float = 10.0
    silence: float = 30.0  # between two bytes of an answer
    rate: float | None = None  # requests a second to one host; unset: see `wire.PUBLIC_RATE`; 0: no limit
    bytes: int = 256 * 1024 * 1024  # on the wire, and after unpacking
    answer: int = 32 * 1024 * 1024  # the same for one answer of an API
    values: int = 1_000_000  # in one answer of an API
    headers: int = 64 * 1024
    redirects: int = 5
    pages: int = 5_000
    rows: int = 1_000_000
    files: int = 10_000  # in a folder and those below it
    total: int = 2 * 1024 * 1024 * 1024  # bytes of all files of a folder
    whole: float = 3600.0  # all steps with an SFTP server
    columns: int = 512
    cell: int = 100_000  # characters; Excel itself ends at 32,767
    depth: int = 12  # nesting of JSON, and of folders


@dataclass(frozen=True, slots=True)
class ListCall:
    """How to ask a JSON API for its list: where the records are in the answer, and each one's id."""

    url: str = ""
    method: str = "GET"
    headers: Mapping[str, str] = field(default_factory=dict[str, str])
    query: Mapping[str, str] = field(default_factory=dict[str, str])
    body: Any = None
    body_form: bool = False
    records: str = ""
    id: str = ""


@dataclass(frozen=True, slots=True)
class DetailCall:
    """How to ask for one record: `{id}` in url, query and body is replaced by the record's id."""

    url: str
    method: str = "GET"
    headers: Mapping[str, str] = field(default_factory=dict[str, str])
    query: Mapping[str, str] = field(default_factory=dict[str, str])
    body: Any = None
    body_form: bool = False
    record: str = ""


@dataclass(frozen=True, slots=True)
class Paging:
    """How the list goes on. `total` and `next` are paths in the answer; an empty page always ends the list."""

    kind: str = "none"
    page: str = "pageNum"
    size: str = "pageSize"
    page_size: int = 100
    start: int = 1
    total: str = ""
    next: str = ""
    stop: str = "empty"  # "empty": until a page has no records; "short": until one has fewer than page_size


@dataclass(frozen=True, slots=True)
class Batches:
    """批次表 (batch table): only rows of batches that are marked finished are read.

    `table` has one row a batch: its `id`, its `mark` and, unless the ids themselves follow each other, an `order`.
    `column` names the batch in the rows that are read. `take`: `all` finished batches, the row of a later one taking
    the place of the same key's earlier one, or only the `latest`, for departments that deliver everything each time.
    """

    table: str
    id: str
    mark: str
    finished: tuple[str, ...]
    column: str
    take: str = "all"
    order: str = ""


@dataclass(frozen=True, slots=True)
class Database:
    """A table or query of a department's database (前置库). `account` and `password` are `${NAME}` references.

    Only the listed `columns` are asked for. A row whose `deleted` column holds one of `deleted_values` is left out.
    """

    driver: str
    host: str
    name: str
    columns: tuple[str, ...]
    account: str
    password: str
    port: int = 0
    table: str = ""
    query: str = ""
    tls: str = "off"  # verify: certificate and host name must be right, `ca` names the file of who issued it
    ca: str = ""
    batches: Batches | None = None
    deleted: str = ""
    deleted_values: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Sender:
    """Whose release packages a source takes: the internal instance's site id and public keys (as settings write them).

    `receipts`: the folder for receipts, relative to the description; empty: below the platform's storage.
    """

    site: str
    keys: tuple[str, ...]
    receipts: str = ""


@dataclass(frozen=True, slots=True)
class Directory:
    """A folder of catalogue files: at `path` below an operator's `root`, or on an SFTP server whose key is pinned.

    `names`: patterns (none: whatever ends as a catalogue file). A file that changed less than `settle` seconds ago is
    left alone. `account`, `password`, `private_key` are `${NAME}` references; `host_key` are OpenSSH public keys or
    SHA256 fingerprints.
    """

    path: str = ""
    names: tuple[str, ...] = ()
    settle: float = 60.0
    root: str = ""
    host: str = ""
    port: int = 0
    account: str = ""
    password: str = ""
    private_key: str = ""
    host_key: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Source:
    """One source as configured. `folder` is where relative paths start; no file outside it is ever read."""

    name: str
    protocol: str = "catalogue_file"
    title: str = ""
    profile: str = "guide"
    providers: str = "fixed"
    provider: str = ""
    provider_map: Mapping[str, str] = field(default_factory=dict[str, str])
    region: str = ""
    level: str = ""  # the label that holds for entries without one of their own; stated by the source, never guessed
    release: Release | None = None
    files: str = "link"
    key: tuple[str, ...] = ()
    fields: Mapping[str, str | None] = field(default_factory=dict[str, "str | None"])
    code_maps: Mapping[str, Mapping[str, str]] = field(default_factory=dict[str, Mapping[str, str]])
    allow_private: bool = False
    allow_networks: tuple[str, ...] = ()  # names from config/networks.yaml
    limits: Limits = field(default_factory=Limits)
    folder: Path = Path()
    path: str = ""
    url: str = ""
    sheets: tuple[str, ...] = ()
    encoding: str = ""
    list: ListCall = field(default_factory=ListCall)
    detail: DetailCall | None = None
    paging: Paging = field(default_factory=Paging)
    query: str = ""
    database: Database | None = None
    sender: Sender | None = None
    directory: Directory | None = None
    apply: str = "auto"  # "review": every change waits for a person, see harvesters.review
    department: str = ""  # URL name, title or USCC of the department whose editors look after the source
    schedule: str = ""  # see harvesters.schedule
    file: Path | None = None  # this description, where it is a file
    priority: int = 0  # among jobs that wait; higher goes first

    @property
    def local(self) -> bool:
        """Do the records come from files beside this description? Only then may they name data files beside it."""
        return (self.protocol == "catalogue_file" and not self.url) or self.list.url.startswith(RECORDED)


def load_source(given: str, folder: Path = SOURCES) -> Source:
    """The source a person named: a configured name, a YAML file, or a catalogue file."""
    path = Path(given)
    configured = folder / f"{given}.yaml"
    if re.fullmatch(r"[\w-]{1,100}", given) and configured.is_file():
        return source_from_yaml(configured)
    if path.is_file():
        return source_from_yaml(path) if path.suffix in {".yaml", ".yml"} else source_of_file(path)
    known = "、".join(sorted(p.stem for p in folder.glob("*.yaml"))) or "无"
    raise SourceRefused(given, f"既不是已配置的归集来源（已有：{known}），也不是文件。请核对名称或路径。")


def source_of_file(path: Path) -> Source:
    """A source for a bare catalogue file of a dialect nobody described."""
    stem = path.name.removesuffix(".gz")
    for ending in CATALOGUE_ENDINGS:
        stem = stem.removesuffix(ending)
    return Source(
        name=stem,
        title=stem,
        profile="portal",
        providers="create",
        folder=path.resolve().parent,
        path=path.name,
        file=path.resolve(),
    )


def source_from_yaml(path: Path) -> Source:
    """Read and check one YAML file; raises SourceInvalid with every fault and its line."""
    raw = path.read_bytes()[: MAX_YAML_BYTES + 1]
    reader = _Reader(path.name)
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise SourceInvalid(path.name, [Fault(1, "文件", "不是 UTF-8 编码，请另存为 UTF-8。")]) from error
    node = reader.parse(text) if len(raw) <= MAX_YAML_BYTES else reader.fail(1, "文件", "超过 1 MB。")
    reader.finish()  # what is no YAML has no further faults
    source = _source(reader, node, path)
    reader.finish()
    return source


def _source(reader: _Reader, node: yaml.Node | None, path: Path) -> Source:
    top = reader.mapping(node, "文件")
    source = Source(
        name=top.text("name", path.stem),
        protocol=top.choice("protocol", PROTOCOLS, "catalogue_file"),
        title=top.text("title"),
        profile=top.choice("profile", PROFILES, "guide"),
        providers=top.choice("providers", PROVIDERS, "fixed"),
        provider=top.text("provider"),
        provider_map=top.texts("provider_map"),
        region=top.text("region"),
        level=top.text("level"),
        release=_release(top.child("release")),
        files=top.choice("files", FILES, "link"),
        key=top.names("key"),
        fields=_field_map(top.child("fields")),
        code_maps=_code_maps(top.child("code_maps")),
        allow_private=top.flag("allow_private"),
        allow_networks=top.names("allow_networks"),
        limits=_limits(top.child("limits")),
        folder=path.resolve().parent,
        file=path.resolve(),
        path=top.text("path"),
        url=top.text("url"),
        sheets=top.names("sheets"),
        encoding=top.text("encoding"),
        list=_list_call(top.child("list")),
        detail=_detail_call(top.child("detail")),
        paging=_paging(top.child("paging")),
        query=top.text("query"),
        database=_database(top.child("database")),
        sender=_sender(top.child("sender")),
        directory=_directory(top.child("directory"), top.text("protocol")),
        apply=top.choice("apply", APPLIES, "auto"),
        department=top.text("department"),
        schedule=top.text("schedule"),
        priority=int(top.number("priority") or 0),
    )
    if source.protocol == "release" and source.sender and not source.release:
        source = replace(source, release=release_of(source.sender.site))
    _cross_checks(top, source)
    top.close()
    return source


def _cross_checks(top: _Mapping, source: Source) -> None:
    if not re.fullmatch(r"[\w-]{1,100}", source.name) or takes_uploads(source.name):
        allowed = "只能用字母、汉字、数字、“-”和“_”，最多 100 个字符"
        top.fault("name", f"{allowed}；“{UPLOADS}”开头的留给部门上传的工作簿。")
    if source.region and not re.fullmatch(r"\d{6}(\d{6})?", source.region):
        top.fault("region", "应为 6 位（或 12 位）行政区划代码（GB/T 2260）。")
    needs = {
        "catalogue_file": ("path", source.path or source.url, "目录文件要写 path（相对本文件）或 url。"),
        "rest_json": ("list", source.list.url, "JSON 接口要写 list.url。"),
        "ckan": ("url", source.url, "CKAN 来源要写 url（平台首页地址）。"),
        "oportal": ("url", source.url, "要写 url：平台地址，到 /catalog 之前为止。"),
        "database": ("database", source.database, "数据库来源要写 database。"),
        "release": ("path", source.path, "发布包来源要写 path：网闸或介质放文件的目录。"),
        "folder": ("directory", source.directory, "文件夹来源要写 directory。"),
        "sftp": ("directory", source.directory, "SFTP 来源要写 directory。"),
    }
    key, given, message = needs.get(source.protocol, ("", "-", ""))
    if not given:
        top.fault(key, message)
    batches = source.database.batches if source.database else None
    if source.database and not set(source.key) <= set(source.database.columns):
        top.fault("key", "key 里的列要写在 database.columns 里。")
    if batches and batches.take == "all" and not source.key:
        top.fault("key", "合并多个批次（take: all）时必填：哪一列或哪几列说明是同一条记录。")
    if (source.protocol == "release") != (source.sender is not None):
        top.fault("sender", "protocol 为 release 的来源要写 sender（site 和 keys），其他来源不写。")
    try:
        schedule.parse(source.schedule)
    except ScheduleInvalid as error:
        top.fault("schedule", error.message)
    if source.priority > HIGHEST_PRIORITY:
        top.fault("priority", f"应为 0 到 {HIGHEST_PRIORITY}。")
    if source.providers == "map" and not source.provider_map:
        top.fault("provider_map", "providers 为 map 时必填：来源里的名称 → 本平台的部门名称。")


def _release(node: _Mapping | None) -> Release | None:
    if node is None:
        return None
    release = Release(
        kind=node.choice("kind", RELEASES, ""),
        number=node.text("number"),
        approver=node.text("approver"),
        date=node.text("date"),
        basis=node.text("basis"),
    )
    if release.kind == "reviewed":
        for key in ("number", "approver", "date"):
            if not getattr(release, key):
                node.fault(key, "保密审查（reviewed）须写明 number、approver、date。")
        if release.date and not re.fullmatch(r"\d{4}-\d{2}-\d{2}", release.date):
            node.fault("date", "日期写成 2024-01-05 的样子。")
    if release.kind == "already_public" and not release.basis:
        node.fault("basis", "已在别处公开（already_public）须写明依据 basis。")
    node.close()
    return release


def _sender(node: _Mapping | None) -> Sender | None:
    if node is None:
        return None
    sender = Sender(node.text("site"), node.names("keys"), node.text("receipts"))
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}", sender.site):
        node.fault("site", "写对方的站点编号（对方运行 govcn-keys show-public 可见）。")
    if not sender.keys:
        node.fault("keys", "写对方的公钥（govcn-keys show-public 输出的一行），可以是列表。")
    for key in sender.keys:
        try:
            PublicKey.from_text(key)
        except KeyInvalid as error:
            node.fault("keys", error.message)
    node.close()
    return sender


def release_of(site: str, number: int | None = None, date: str = "") -> Release:
    """发布依据 of what a release package brings: it was reviewed on the instance that signed the package.

    The reviewer's name stays there.
    """
    said = f"站点 {site} 的发布包" if number is None else f"站点 {site} 第 {number} 号发布包"
    return Release("reviewed", number=said, approver=site, date=date)


def _field_map(node: _Mapping | None) -> dict[str, str | None]:
    result: dict[str, str | None] = {}
    if node is None:
        return result
    for heading in node:
        target = node.text(heading) or None
        if target is not None and target.lower() in {"null", "~", "none", "忽略"}:
            target = None
        if target is not None and target not in FIELD_TARGETS:
            node.fault(heading, f"“{target}”不是目录条目的字段；不需要的列写 null。")
        result[heading] = target
    return result


def _code_maps(node: _Mapping | None) -> dict[str, dict[str, str]]:
    result: dict[str, dict[str, str]] = {}
    if node is None:
        return result
    for name in node:
        if name not in FIELD_TARGETS:
            node.fault(name, "不是目录条目的字段。")
        result[name] = node.texts(name)
    return result


def _limits(node: _Mapping | None) -> Limits:
    if node is None:
        return Limits()
    given = {f.name: node.number(f.name) for f in fields(Limits)}
    node.close()
    return Limits(**{name: value for name, value in given.items() if value is not None})  # pyright: ignore[reportArgumentType]


def _call(node: _Mapping) -> dict[str, Any]:
    return {
        "url": node.text("url"),
        "method": node.choice("method", ("GET", "POST"), "GET"),
        "headers": node.texts("headers"),
        "query": node.texts("query"),
        "body": node.plain("body"),
        "body_form": node.flag("body_form"),
    }


def _list_call(node: _Mapping | None) -> ListCall:
    if node is None:
        return ListCall()
    call = ListCall(**_call(node), records=node.text("records"), id=node.text("id"))
    node.close()
    return call


def _detail_call(node: _Mapping | None) -> DetailCall | None:
    if node is None:
        return None
    call = DetailCall(**_call(node), record=node.text("record"))
    if not call.url:
        node.fault("url", "明细接口要写地址，其中 {id} 会换成记录编号。")
    node.close()
    return call


def _paging(node: _Mapping | None) -> Paging:
    if node is None:
        return Paging()
    default = Paging()
    paging = Paging(
        kind=node.choice("kind", PAGING, "page"),
        page=node.text("page", default.page),
        size=node.text("size", default.size),
        page_size=int(node.number("page_size") or default.page_size),
        start=int(v) if (v := node.number("start")) is not None else default.start,
        total=node.text("total"),
        next=node.text("next"),
        stop=node.choice("stop", ("empty", "short"), "empty"),
    )
    if paging.kind == "cursor" and not paging.next:
        node.fault("next", "cursor 分页要写 next：下一页游标在返回结果里的路径。")
    node.close()
    return paging


def _database(node: _Mapping | None) -> Database | None:
    if node is None:
        return None
    deleted = node.child("deleted")
    database = Database(
        driver=node.choice("driver", drivers.names(), ""),
        host=node.text("host"),
        port=int(node.number("port") or 0),
        name=node.text("name"),
        table=node.identifier("table", schema=True),
        query=node.text("query"),
        columns=node.identifiers("columns"),
        account=_reference(node, "account"),
        password=_reference(node, "password"),
        tls=node.choice("tls", TLS, "off"),
        ca=node.text("ca"),
        batches=_batches(node.child("batches")),
        deleted=deleted.identifier("column") if deleted else "",
        deleted_values=deleted.names("values") if deleted else (),
    )
    for key in ("host", "name", "account", "password"):
        if not getattr(database, key):
            node.fault(key, "必填。")
    if not database.columns:
        node.fault("columns", "必填：逐一写出要读取的列，不能用 *。")
    if bool(database.table) == bool(database.query):
        node.fault("table", "table 和 query 写一个，且只写一个。")
    if database.query and (why := drivers.query_fault(database.query)):
        node.fault("query", why)
    if database.port > 65535:
        node.fault("port", "端口号最大 65535。")
    if deleted is not None:
        if not (database.deleted and database.deleted_values):
            node.fault("deleted", "要写 column 和 values。")
        deleted.close()
    node.close()
    return database


def _batches(node: _Mapping | None) -> Batches | None:
    if node is None:
        return None
    batches = Batches(
        table=node.identifier("table", schema=True),
        id=node.identifier("id"),
        mark=node.identifier("mark"),
        finished=node.names("finished"),
        column=node.identifier("column") or node.identifier("id"),
        take=node.choice("take", BATCHES_TAKEN, "all"),
        order=node.identifier("order"),
    )
    for key in ("table", "id", "mark", "finished"):
        if not getattr(batches, key):
            node.fault(key, "必填。")
    node.close()
    return batches


def _directory(node: _Mapping | None, protocol: str) -> Directory | None:
    if node is None:
        return None
    settle = node.number("settle")
    directory = Directory(
        path=node.text("path"),
        names=node.names("names"),
        settle=60.0 if settle is None else settle,
        root=node.text("root"),
        host=node.text("host"),
        port=int(node.number("port") or 0),
        account=_reference(node, "account"),
        password=_reference(node, "password"),
        private_key=_reference(node, "private_key"),
        host_key=node.names("host_key"),
    )
    for key in ("host", "account") if protocol == "sftp" else ("root",):
        if not getattr(directory, key):
            node.fault(key, "必填。" if key != "root" else "必填：config/folders.yaml 里登记的名称。")
    if protocol == "sftp" and not (directory.password or directory.private_key):
        node.fault("password", "password 和 private_key 至少写一个。")
    if directory.port > 65535:
        node.fault("port", "端口号最大 65535。")
    if ".." in directory.path.split("/"):
        node.fault("path", "不能有“..”。")
    node.close()
    return directory


def _reference(node: _Mapping, key: str) -> str:
    """An account or a password: where it is found, never itself."""
    text = node.text(key)
    if text and not credentials.is_reference(text):
        node.fault(key, "账号和口令不能写在配置里，请写成 ${名称}，由运行环境的同名变量或 名称_FILE 指定的文件提供。")
        return ""
    return text


class _Reader:
    """Turns YAML nodes into typed values and collects faults with their lines."""

    def __init__(self, file: str) -> None:
        self.file = file
        self.faults: list[Fault] = []

    def parse(self, text: str) -> yaml.Node | None:
        try:
            for event in cast("Iterator[yaml.Event]", yaml.parse(text, Loader=yaml.SafeLoader)):  # pyright: ignore[reportUnknownMemberType]
                if isinstance(event, yaml.AliasEvent):
                    return self.fail(event.start_mark.line + 1, "*", "不支持引用（* 与 &），请直接写出内容。")
            return cast("yaml.Node | None", yaml.compose(text, Loader=yaml.SafeLoader))  # pyright: ignore[reportUnknownMemberType]
        except RecursionError:
            return self.fail(1, "文件", "嵌套太深。")
        except yaml.YAMLError as error:
            mark = getattr(error, "problem_mark", None)
            why = getattr(error, "problem", None) or str(error)
            return self.fail(mark.line + 1 if mark else 1, "文件", f"不是有效的 YAML：{why}")

    def fail(self, line: int, key: str, message: str) -> None:
        self.faults.append(Fault(line, key, message))

    def mapping(self, node: yaml.Node | None, key: str) -> _Mapping:
        pairs: dict[str, yaml.Node] = {}
        lines: dict[str, int] = {}
        line = node.start_mark.line + 1 if node else 1
        if isinstance(node, yaml.MappingNode):
            for name_node, value in node.value:
                name = str(name_node.value)
                if name in pairs:
                    self.fail(name_node.start_mark.line + 1, name, "重复的键。")
                pairs[name] = value
                lines[name] = name_node.start_mark.line + 1
        elif not self.faults:
            self.fail(line, key, "应为“键: 值”的形式。")
        return _Mapping(self, pairs, lines, line)

    def finish(self) -> None:
        if self.faults:
            raise SourceInvalid(self.file, sorted(self.faults, key=lambda f: f.line))


class _Mapping:
    """One mapping of the file. Every key that is read is ticked off; `close` reports the unknown ones."""

    def __init__(self, reader: _Reader, pairs: dict[str, yaml.Node], lines: dict[str, int], line: int) -> None:
        self._reader = reader
        self._pairs = pairs
        self._lines = lines
        self._line = line
        self._read: set[str] = set()

    def fault(self, key: str, message: str) -> None:
        self._reader.fail(self._lines.get(key, self._line), key, message)

    def __iter__(self) -> Iterator[str]:
        return iter(self._pairs)

    def close(self) -> None:
        for key in self._pairs:
            if key not in self._read:
                self.fault(key, "未知的键，请核对拼写（见 docs/harvesting.md）。")

    def _node(self, key: str) -> yaml.Node | None:
        self._read.add(key)
        node = self._pairs.get(key)
        return None if node is None or node.tag == "tag:yaml.org,2002:null" else node

    def child(self, key: str) -> _Mapping | None:
        node = self._node(key)
        return None if node is None else self._reader.mapping(node, key)

    def text(self, key: str, default: str = "") -> str:
        """The scalar as it is written: 0310 stays 0310."""
        node = self._node(key)
        if node is None:
            return default
        if isinstance(node, yaml.ScalarNode):
            return str(node.value).strip()
        self.fault(key, "应为一个文本。")
        return default

    def choice(self, key: str, allowed: tuple[str, ...], default: str) -> str:
        value = self.text(key, default)
        if value not in allowed:
            self.fault(key, f"应为 {' | '.join(allowed)} 之一。")
        return value

    def flag(self, key: str) -> bool:
        return self._scalar(key, {"true": True, "false": False}.get, "应为 true 或 false。") or False

    def number(self, key: str) -> float | None:
        def read(text: str) -> float | None:
            if not re.fullmatch(r"\d{1,12}(\.\d+)?", text):
                return None
            return float(text) if "." in text else int(text)

        return self._scalar(key, read, "应为不小于 0 的数。")

    def _scalar(self, key: str, read: Callable[[str], T | None], message: str) -> T | None:
        text = self.text(key)
        if not text:
            return None
        value = read(text)
        if value is None:
            self.fault(key, message)
        return value

    def names(self, key: str) -> tuple[str, ...]:
        node = self._node(key)
        if node is None:
            return ()
        parts: list[Any] = node.value if isinstance(node, yaml.SequenceNode) else [node]
        if not all(isinstance(part, yaml.ScalarNode) for part in parts):
            self.fault(key, "应为文本或文本的列表。")
            return ()
        return tuple(str(part.value).strip() for part in parts)

    def identifier(self, key: str, *, schema: bool = False) -> str:
        """The name of a table or column; `schema`: one may stand before it."""
        text = self.text(key)
        if text and not drivers.is_identifier(text, schema=schema):
            self.fault(key, f"“{text[:60]}”不是表名或列名（字母、汉字、数字和下划线，最多 128 个字符）。")
            return ""
        return text

    def identifiers(self, key: str) -> tuple[str, ...]:
        given = self.names(key)
        for name in given:
            if not drivers.is_identifier(name):
                self.fault(key, f"“{name[:60]}”不是列名。只能逐一写列名，不能写 * 或表达式。")
        if len(set(given)) < len(given):
            self.fault(key, "有重复的列名。")
        return given

    def texts(self, key: str) -> dict[str, str]:
        child = self.child(key)
        return {} if child is None else {name: child.text(name) for name in child}

    def plain(self, key: str) -> Any:
        """Free JSON-like content, for a request's body."""
        node = self._node(key)
        if node is None:
            return None
        loader: Any = yaml.SafeLoader("")
        try:
            return loader.construct_document(node)
        finally:
            loader.dispose()
