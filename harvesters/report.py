"""What a reading amounts to: the counts and lists of the preview, as one JSON object and as text for a person."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from ckanext.govcn.catalog import codes, levels, sensitive

from harvesters.entry_json import to_json
from harvesters.reading import Outcome, Reading, Refusal

LISTED = 200  # refusals listed in full; all are counted
COUNTED = ("title", "notes", "theme", "tags", "update_cycle", "pub_date", "data_updated", "open_type", "formats")
VALUES = 40  # undecided labels listed


@dataclass(slots=True)
class Report:
    """Counts of one reading, added up outcome by outcome."""

    entries: int = 0
    refused: int = 0
    repeated: int = 0
    warnings: int = 0
    refused_by_rule: Counter[str] = field(default_factory=Counter[str])
    warnings_by_rule: Counter[str] = field(default_factory=Counter[str])
    not_run: set[str] = field(default_factory=set[str])
    refusals: list[Refusal] = field(default_factory=list[Refusal])
    undecided_by_reason: Counter[str] = field(default_factory=Counter[str])
    undecided_values: Counter[str] = field(default_factory=Counter[str])
    levels: Counter[str] = field(default_factory=Counter[str])
    filled: Counter[str] = field(default_factory=Counter[str])
    roles: int = 0
    entry_list: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])

    def refuse(self, refusal: Refusal) -> None:
        self.refused += 1
        self.refused_by_rule[refusal.rule] += 1
        if len(self.refusals) < LISTED:
            self.refusals.append(refusal)

    def add(self, outcome: Outcome, reading: Reading, *, listed: bool) -> None:
        for problem in outcome.problems:
            if problem.severity == "not_run":
                self.not_run.add(problem.rule)
            elif problem.severity == "warn":
                self.warnings += 1
                self.warnings_by_rule[problem.rule] += 1
        if outcome.refused:
            self._refused(outcome, reading)
            return
        self.entries += 1
        reason = self._level(outcome)
        for name in COUNTED:
            self.filled[name] += bool(getattr(outcome.entry, name))
        self.filled["provider"] += bool(outcome.entry.provider.name)
        self.roles += sensitive.is_role_name(outcome.entry.provider.name)
        if listed:
            self.entry_list.append(entry_json(outcome, reason))

    def _refused(self, outcome: Outcome, reading: Reading) -> None:
        """One refusal per problem that refuses; a record counts once, under its first rule."""
        refusing = [p for p in outcome.problems if p.severity == "refuse"]
        self.refused += 1
        for problem in refusing:
            self.refused_by_rule[problem.rule] += 1
            if len(self.refusals) < LISTED:
                column = "" if problem.rule == "E26" else reading.column_of(problem)
                message = sensitive.STOP if problem.rule == "E26" else problem.message
                self.refusals.append(Refusal(outcome.place, column, problem.rule, message))

    def _level(self, outcome: Outcome) -> str:
        """Counts the level; the reason when it is 待核定."""
        entry = outcome.entry
        self.levels[entry.open_type or "undecided"] += 1
        if entry.open_type:
            return ""
        reason = outcome.held or _why_undecided(entry.open_label)
        self.undecided_by_reason[reason] += 1
        if not outcome.held and entry.open_label:
            self.undecided_values[entry.open_label[:80]] += 1
        return reason


def _why_undecided(label: str) -> str:
    if not label:
        return "not_given"
    return levels.reason_of(label) or "unknown_label"


def report_of(reading: Reading, *, listed: bool = False) -> Report:
    """Judge every record of a reading and add it up. `listed`: keep every entry for --entries."""
    report = Report()
    for refusal in reading.refused_rows:
        report.refuse(refusal)
    for outcome in reading.outcomes:
        report.add(outcome, reading, listed=listed)
    report.repeated = len(reading.received) - len(reading.distinct)
    return report


def to_json_object(reading: Reading, report: Report, *, listed: bool) -> dict[str, Any]:
    """The preview's JSON; the keys are described in docs/harvesting.md."""
    source, key = reading.source, reading.key
    result: dict[str, Any] = {
        "source": source.name,
        "profile": source.profile,
        "time": datetime.now(UTC).isoformat(timespec="seconds"),
        "records": reading.records,
        "distinct": len(reading.distinct) + len(reading.refused_rows),
        "repeated": report.repeated,
        "entries": report.entries,
        "refused": report.refused,
        "warnings": report.warnings,
        "key": {"kind": key.kind, "heading": key.heading, "unique": key.unique},
        "key_unique": key.unique,
        "fields": reading.shown_fields(),
        "filled": dict(report.filled),
        "levels": dict(report.levels),
        "undecided": {
            "count": report.levels.get("undecided", 0),
            "reasons": dict(report.undecided_by_reason.most_common()),
            "values": dict(report.undecided_values.most_common(VALUES)),
        },
        "role_names": report.roles,
        "refused_by_rule": dict(report.refused_by_rule.most_common()),
        "warnings_by_rule": dict(report.warnings_by_rule.most_common()),
        "not_run": sorted(report.not_run),
        "refusals": [refusal_json(refusal) for refusal in report.refusals],
        "remarks": [{"rule": each.rule, "message": each.message} for each in reading.remarks],
        "region": {"code": reading.regions.home, "inferred": reading.regions.inferred},
    }
    if listed:
        result["entry_list"] = report.entry_list
    return result


def refusal_json(refusal: Refusal) -> dict[str, Any]:
    place = refusal.place
    return {
        "file": place.file,
        "sheet": place.sheet,
        "row": place.row,
        "column": refusal.column,
        "rule": refusal.rule,
        "message": refusal.message,
    }


def entry_json(outcome: Outcome, reason: str) -> dict[str, Any]:
    """One entry flat: the provider as its name, codes with their labels, and why a level is 待核定."""
    entry = outcome.entry
    values = to_json(entry)
    values["provider"] = entry.provider.name
    provider = entry.provider
    for name, given in (("region", provider.region_code), ("uscc", provider.uscc), ("unit", provider.unit)):
        if given:
            values[f"provider_{name}"] = given
    always: Mapping[str, Any] = {
        "remote_id": outcome.remote_id,
        "row": outcome.place.row,
        "sheet": outcome.place.sheet,
        "title": entry.title,
        "notes": entry.notes,
        "open_type": entry.open_type,
        "level": entry.open_type or "undecided",
        "update_cycle": entry.update_cycle,
        "update_cycle_label": codes.table("update_cycle").label(entry.update_cycle) if entry.update_cycle else "",
    }
    if reason:
        values["undecided"] = reason
    warned = sorted({p.rule for p in outcome.problems if p.severity == "warn"})
    return {**always, **values, "warnings": warned}


def to_text(reading: Reading, report: Report) -> str:
    """The preview for a person, in Chinese."""
    key = reading.key
    lines = [
        f"试运行：{reading.source.title or reading.source.name}（不写入任何数据）",
        f"来源记录 {reading.records}，去重后 {len(reading.distinct) + len(reading.refused_rows)}，"
        f"可成为目录条目 {report.entries}，退回 {report.refused}，提醒 {report.warnings}",
        f"记录标识：{key.label}" + ("" if key.unique else "（不唯一，已改按内容区分；正式归集时不会下架任何条目）"),
        *(f"注意 [{each.rule}] {each.message}" for each in reading.remarks),
        "表头识别：",
        *(f"  {heading} → {name or '（不采用）'}" for heading, name in reading.shown_fields().items()),
        "开放属性：" + "，".join(f"{_level_label(level)} {n}" for level, n in report.levels.most_common()),
    ]
    if report.undecided_by_reason:
        reasons = "，".join(f"{_REASONS.get(r, r)} {n}" for r, n in report.undecided_by_reason.most_common())
        lines.append(f"待核定原因：{reasons}")
    if report.undecided_values:
        lines.append("待核定的原文：" + "，".join(f"“{v}” {n}" for v, n in report.undecided_values.most_common(12)))
    lines += [f"退回 {r.place} {r.column} [{r.rule}] {r.message}" for r in report.refusals[:20]]
    if len(report.refusals) > 20:
        lines.append(f"……另有 {sum(report.refused_by_rule.values()) - 20} 项，见 --json")
    return "\n".join(lines)


_REASONS = {
    "not_given": "来源未写",
    "unknown_label": "标签未经审定",
    "blank": "来源写“无”",
    "sharing": "写的是共享属性",
    "place": "写的是开放渠道",
    "purpose": "写的是用途",
    "grading": "写的是分级",
    "vague": "含义不明",
    "code": "只有代码",
    "description": "写的是说明",
    "E32": "涉及个人信息词",
    "W33": "上级回流数据",
}


def _level_label(level: str) -> str:
    return "待核定" if level == "undecided" else codes.table("open_type").label(level)
