"""The catalogue entry (目录条目) in the words of 《政务信息资源目录编制指南（试行）》.

An entry is what a harvester makes of one source record, what the rules in `checks` judge, and what
`dataset.convert` turns into a CKAN dataset. Field names here are the field names everywhere: in the scheming
schema, the API, the search index and the preview's JSON.

Codes are canonical codes of the tables in `standards/`; an empty string means "not given". What a source wrote
and could not be understood is never dropped: it stays in `unread` for the rules to report.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Item:
    """数据项（信息项）: one column of the data, core item 8 of the guide.

    `data_type` is a letter of table `data_type` (C N Y D T L M G B I F); `length` is digits, or "total,scale".
    Sharing and opening may only be stricter than the entry's own; `levels.clamp` sees to it.
    """

    name: str
    name_en: str = ""
    data_type: str = ""
    length: str = ""
    description: str = ""
    primary_key: bool | None = None
    nullable: bool | None = None
    dictionary: bool | None = None
    share_type: str = ""
    share_condition: str = ""
    open_type: str = ""
    open_condition: str = ""


@dataclass(frozen=True, slots=True)
class Provider:
    """信息资源提供方: a department is (行政区划, name), not its name alone. `uscc`: 统一社会信用代码, 18 characters."""

    name: str = ""
    region_code: str = ""
    uscc: str = ""
    unit: str = ""


@dataclass(frozen=True, slots=True)
class Resource:
    """挂接资源: one file or interface of an entry. `remote_id` is the source's own id; `size` is bytes."""

    url: str
    name: str = ""
    format: str = ""
    description: str = ""
    remote_id: str = ""
    size: int | None = None
    sha256: str = ""


@dataclass(frozen=True, slots=True)
class Release:
    """发布依据: why a source's entries may be published without a further review here.

    `kind` is "reviewed" (保密审查: number, approver, date) or "already_public" (basis, e.g. another portal's list).
    """

    kind: str
    number: str = ""
    approver: str = ""
    date: str = ""
    basis: str = ""


@dataclass(frozen=True, slots=True)
class CatalogEntry:
    """One catalogue entry with the 13 core items and the extended ones. Dates are CCYY-MM-DD (GB/T 7408)."""

    # 基本信息
    title: str = ""
    title_en: str = ""
    notes: str = ""
    tags: tuple[str, ...] = ()
    theme: tuple[str, ...] = ()
    industry: tuple[str, ...] = ()
    region_codes: tuple[str, ...] = ()
    temporal_start: str = ""
    temporal_end: str = ""
    update_cycle: str = ""
    pub_date: str = ""
    data_updated: str = ""
    record_count: int | None = None
    url: str = ""
    data_source: str = ""  # table data_source: 政务 / 社会 / 网络 / 上级回流 …
    source_system: str = ""
    related_codes: tuple[str, ...] = ()
    # 分类: one node per hanging, and one 信息资源代码 per hanging, in the same order; the platform makes the codes
    categories: tuple[str, ...] = ()
    codes: tuple[str, ...] = ()
    code_provisional: bool = False
    source_code: str = ""
    # 分级
    security_level: str = ""  # table security_level: 1 2 3 4 important core
    # 提供方
    provider: Provider = field(default_factory=Provider)
    contact_name: str = ""
    contact_phone: str = ""
    contact_email: str = ""
    # 格式
    format_class: str = ""
    formats: tuple[str, ...] = ()
    # 共享
    share_type: str = ""  # table share_type: 1 无条件 2 有条件 3 不予
    share_condition: str = ""
    share_scope: str = ""
    share_use: str = ""
    share_basis: str = ""
    share_method_class: str = ""
    share_method: str = ""
    # 开放
    open_type: str = ""  # table open_type: unconditional conditional none; "" is 待核定
    open_label: str = ""  # what the source wrote
    access_mode: str = ""  # table access_mode: anonymous login; only with open_type unconditional
    open_condition: str = ""
    open_method: str = ""
    open_requirements: str = ""
    open_safeguards: str = ""
    open_basis: str = ""  # 不予开放的依据
    upper_consent: str = ""  # 上级部门同意开放的文号, for data that returned from an upper level (W33)
    # 数据项, 挂接资源
    items: tuple[Item, ...] = ()
    resources: tuple[Resource, ...] = ()
    # what the source said that has no canonical reading: field name → value as given
    unread: Mapping[str, str] = field(default_factory=dict[str, str])
    # 涉密标识 as given; an entry that says yes is refused and never stored (E26)
    secrecy: str = ""
