"""The sections of a dataset page and what stands in each, in the order of the guide's forms. PURE.

Labels here are the fallback; the scheming schema's own labels are used where it has the field.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Fact:
    """One line of a section. `table` is the code table that turns codes into words; `kind` the way it is shown."""

    name: str
    label: str
    table: str = ""
    kind: str = "text"  # text, codes, markdown, link, date, number, related, period, provider


@dataclass(frozen=True, slots=True)
class Section:
    """`key` is the anchor; `label` the heading (message id)."""

    key: str
    label: str
    facts: tuple[Fact, ...]


SECTIONS = (
    Section(
        "basic",
        "基本信息",
        (
            Fact("notes", "摘要", kind="markdown"),
            Fact("title_en", "英文名称"),
            Fact("theme", "领域", "theme"),
            Fact("industry", "所属行业", "industry"),
            Fact("region_codes", "行政区划", "region"),
            Fact("temporal_start", "时间范围", kind="period"),
            Fact("update_cycle", "更新周期", "update_cycle"),
            Fact("pub_date", "发布日期", kind="date"),
            Fact("data_updated", "数据更新日期", kind="date"),
            Fact("record_count", "数据量（条）", kind="number"),
            Fact("data_source", "数据来源", "data_source"),
            Fact("source_system", "来源系统"),
            Fact("related_codes", "关联资源代码", kind="related"),
            Fact("url", "原始页面", kind="link"),
        ),
    ),
    Section(
        "classification",
        "分类",
        (
            Fact("categories", "目录分类", "classification"),
            Fact("codes", "信息资源代码", kind="codes"),
            Fact("source_code", "来源代码", kind="codes"),
        ),
    ),
    Section("grading", "分级", (Fact("security_level", "数据分级", "security_level"),)),
    Section(
        "provider",
        "提供方",
        (
            Fact("owner_org", "提供部门", kind="provider"),
            Fact("provider_unit", "内设机构"),
            Fact("contact_name", "联系人"),
            Fact("contact_phone", "联系电话"),
            Fact("contact_email", "电子邮箱"),
        ),
    ),
    Section(
        "format",
        "格式",
        (Fact("format_class", "格式分类", "format_class"), Fact("formats", "格式类型", "format_type")),
    ),
    Section(
        "sharing",
        "共享",
        (
            Fact("share_type", "共享类型", "share_type"),
            Fact("share_condition", "共享条件"),
            Fact("share_scope", "共享范围"),
            Fact("share_use", "共享用途"),
            Fact("share_basis", "共享依据"),
            Fact("share_method_class", "共享方式分类", "share_method_class"),
            Fact("share_method", "共享方式", "share_method"),
        ),
    ),
    Section(
        "opening",
        "开放",
        (
            Fact("open_type", "开放类型", "open_type"),
            Fact("access_mode", "获取方式", "access_mode"),
            Fact("open_condition", "开放条件"),
            Fact("open_method", "开放方式"),
            Fact("open_requirements", "使用要求"),
            Fact("open_safeguards", "安全保障要求"),
            Fact("open_basis", "不予开放的依据"),
        ),
    ),
)
