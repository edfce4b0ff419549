"""Errors of deadlines.

    DeadlineError
    ├── SettingsInvalid      sla.yaml or holidays.yaml says what it cannot say
    ├── UnknownTerm          the table has no such process and type
    ├── DateInvalid          a text that is no date
    ├── DateOutOfRange       a day outside 2000–2100
    └── PeriodError          a step that the period does not allow
        ├── PeriodEnded
        ├── AlreadyStopped
        ├── NotStopped
        ├── OutOfOrder       a day before what is already recorded
        └── ExtensionRefused once, in time, with a reason, at most the table's days, with the consent it asks for

Errors are raised with facts and word themselves, in Chinese and in English, with what to do next. None is transient:
trying again gives the same answer.
"""

from __future__ import annotations

from ckanext.govcn.errors import WordedError


class DeadlineError(WordedError):
    """Root of all errors of this package."""

    zh = "办理时限出错。"
    en = "Something is wrong with a deadline."


class SettingsInvalid(DeadlineError):
    """Facts: `file`, `why`, `why_en`."""

    zh = "{file} 有误：{why}。请按文件开头的说明改正。"
    en = "{file} is wrong: {why_en}. Correct it as the head of the file explains."


class UnknownTerm(DeadlineError):
    """Facts: `wanted`, `known`."""

    zh = "时限表里没有“{wanted}”。已有：{known}。用 govcn-deadline table 查看，或在 config/sla.yaml 里增加。"
    en = "The table has no {wanted!r}. It has: {known}. See govcn-deadline table, or enter it in config/sla.yaml."


class DateInvalid(DeadlineError):
    """Fact: `text`."""

    zh = "“{text}”不是日期，请写成 2026-09-28 的样子。"
    en = "{text!r} is no date; write it like 2026-09-28."


class DateOutOfRange(DeadlineError):
    """Facts: `day`, `first`, `last` (years)."""

    zh = "日期 {day} 超出可推算的范围（{first} 年至 {last} 年），请核对日期。"
    en = "{day} is outside the years {first} to {last} that can be reckoned; check the date."


class PeriodError(DeadlineError):
    """A step that the period does not allow."""


class PeriodEnded(PeriodError):
    """Fact: `ended`."""

    zh = "办理已于 {ended} 结束，不能再改动时限。"
    en = "The process ended on {ended}; its period cannot change any more."


class AlreadyStopped(PeriodError):
    """Facts: `reason`, `since`."""

    zh = "时限自 {since} 起已因{reason}停止计算，请先恢复计算。"
    en = "The period already stands still since {since} ({reason}); resume it first."


class NotStopped(PeriodError):
    """No facts."""

    zh = "时限没有停止计算，无需恢复。请刷新页面查看现在的状态。"
    en = "The period does not stand still, so there is nothing to resume. Reload the page to see where it stands."


class OutOfOrder(PeriodError):
    """Facts: `day`, `earliest`."""

    zh = "日期 {day} 早于已有的记录，请填写 {earliest} 或以后的日期。"
    en = "{day} lies before what is already recorded; give {earliest} or later."


class ExtensionRefused(PeriodError):
    """Facts: `why`, `why_en`."""

    zh = "不能延长：{why}。"
    en = "Not extended: {why_en}."
