"""What can go wrong between a source and an entry.

    HarvestError
    ├── SourceInvalid          the source's own description (YAML) is wrong: every problem with its line
    ├── ScheduleInvalid        a schedule that cannot be read
    ├── SourceError            the source as a whole could not be read
    │   ├── SourceUnreachable  (transient) no answer, broken off, 5xx, too slow: a later run may succeed
    │   └── SourceRefused      we do not take what it sent: too large, wrong type, endless pages, forbidden address
    │       └── UnreadableSource   the bytes are no table we can read: encoding, half a file, unknown format
    │           └── UnreadableEt   an .et of WPS that only WPS can read
    ├── RecordError            one record; the rest of the run goes on
    │   ├── UnreadableRecord   a row or object that is no record
    │   └── SecretRecord       marked 涉密, 工作秘密 or with a 密级 word: carries the place and never a value
    ├── SourceBusy             (transient) another run of the source is alive
    ├── SourceNotFound         the portal knows no such source
    ├── LeaseLost              (transient) another worker has the source, or the job was cancelled: nothing is written
    ├── WorkerDied             the process ended unexpectedly, as often as a job is tried
    ├── RunInterrupted         (transient) broken off
    │   └── RunStopped         (transient) … because somebody asked
    ├── StorageFull            (transient) no space, or no quota, for a data file
    ├── PlatformAway           (transient) the database does not answer
    ├── RunNotFound            no run has that number
    ├── NotUndoable            a run that cannot be undone now
    ├── DepartmentNotFound     no department, or more than one, has the name
    ├── TextTooLong            a text of an entry that no cell of a workbook can hold
    ├── NotAllowed             somebody else has to decide
    └── PlanNotWaiting         a plan that is no longer there to be applied or rejected

Errors are raised with facts (attributes) and word themselves, in Chinese and in English, with what to do next.
`transient` says whether trying again can help, `blames_source` whether it counts among the failures in a row of which
people are told.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from ckanext.govcn.errors import WordedError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from harvesters.record import Place


class HarvestError(WordedError):
    """Root of all errors of this package."""

    blames_source: ClassVar[bool] = True
    zh = "归集出错。"
    en = "Harvesting failed."


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing wrong in a source's YAML: its line (from 1), the key and a Chinese sentence."""

    line: int
    key: str
    message: str


class SourceInvalid(HarvestError):
    """The description of a source is wrong. `faults` holds all of them, in the file's order."""

    def __init__(self, file: str, faults: Sequence[Fault]) -> None:
        self.file = file
        self.faults = tuple(faults)
        super().__init__(file=file)

    @property
    def message(self) -> str:
        lines = "；".join(f"第 {f.line} 行 {f.key}：{f.message}" for f in self.faults)
        return f"归集来源配置 {self.file} 有误：{lines}"

    @property
    def message_en(self) -> str:
        return f"{self.file}: {len(self.faults)} fault(s), first in line {self.faults[0].line} ({self.faults[0].key})"


class ScheduleInvalid(HarvestError):
    """A schedule nobody can follow. Fact: `given`."""

    zh = (
        "归集周期“{given}”无法识别。可写 every 6h（5 分钟到 366 天，单位 m、h、d）、daily at 02:30、"
        "weekly on mon at 02:30、by update cycle。"
    )
    en = "Schedule {given!r}: write every 6h, daily at 02:30, weekly on mon at 02:30 or by update cycle."


class SourceError(HarvestError):
    """A source as a whole could not be read. Facts: `where` (address or file), `why` (Chinese), `why_en`."""

    zh = "无法读取 {where}：{why}"
    en = "Cannot read {where}: {why_en}"

    def __init__(self, where: str, why: str, why_en: str = "") -> None:
        self.where = where.partition("?")[0] if "://" in where else where  # keys may stand in an address's query
        self.why = why
        super().__init__(where=self.where, why=why, why_en=why_en or why)


class SourceUnreachable(SourceError):
    """No usable answer this time; a later run may succeed. `retry_after`: seconds, when the source named them."""

    transient = True
    zh = "暂时无法取得 {where}：{why}。可稍后重试。"
    en = "{where} cannot be reached now: {why_en}. Try again later."

    def __init__(self, where: str, why: str, why_en: str = "", retry_after: float | None = None) -> None:
        self.retry_after = retry_after
        super().__init__(where, why, why_en)


class ScratchFull(SourceError):
    """The folder for temporary files is full; `where` is that folder."""

    transient = True
    zh = "临时文件夹 {where} 空间不足，{why}。请清理后重试，或用环境变量 TMPDIR 指定空间足够的文件夹。"
    en = "The folder for temporary files {where} is full: {why_en}. Make room, or name another in TMPDIR."

    def __init__(self, where: str) -> None:
        why_en = "the source was not read to its end; nothing was changed"
        super().__init__(where, "来源没有读完，未改动任何条目", why_en)


class SourceRefused(SourceError):
    """What the source sent, or asks for, is not accepted; trying again does not help."""

    zh = "不接收 {where}：{why}"
    en = "Refused {where}: {why_en}"


class UnreadableSource(SourceRefused):
    """The bytes cannot be read as a catalogue."""

    zh = "读不懂 {where}：{why}"
    en = "Cannot understand {where}: {why_en}"


class UnreadableEt(UnreadableSource):
    """An .et that is neither an old workbook inside nor xlsx. Fact: `where`."""

    zh = "请用 WPS 另存为 xlsx"
    en = "Open it in WPS and save it as xlsx"

    def __init__(self, where: str) -> None:
        super().__init__(where, self.zh, self.en)


class RecordError(HarvestError):
    """One record; carries the place and a rule id, never the record."""

    rule: ClassVar[str] = "record"

    def __init__(self, place: Place, **facts: object) -> None:
        self.place = place
        super().__init__(place=place, **facts)


class UnreadableRecord(RecordError):
    """A row or object that is not a record. Fact: `why` (Chinese)."""

    zh = "{place}：{why}"
    en = "{place}: not a record ({why})"


class SecretRecord(RecordError):
    """A row marked as secret (E26): refused before anything of it is kept."""

    rule = "E26"
    zh = "{place}：该行带有涉密、工作秘密或密级标识。请立即停止上传，按保密规定处置。"
    en = "{place}: marked as secret. Stop uploading at once and follow the secrecy rules."


class SourceBusy(HarvestError):
    """One run per source at a time. Fact: `source`."""

    transient = True
    zh = "来源“{source}”正在归集中，请等待其结束后再运行。"
    en = "Source {source} is being harvested; wait until that run has ended."

    def __init__(self, source: str) -> None:
        self.source = source
        super().__init__(source=source)


class SourceNotFound(HarvestError):
    """The portal knows no such source. Fact: `source`."""

    zh = "没有归集来源“{source}”。用 ./govcn harvest schedule 查看全部来源。"
    en = "There is no source {source}. See ./govcn harvest schedule."


class LeaseLost(HarvestError):
    """The right to work on the source is gone: what was not committed is dropped. Fact: `source`."""

    transient = True
    blames_source = False
    zh = "来源“{source}”的归集作业已被取消，或已由其他进程接续。已入库的条目保持有效。"
    en = "The job on source {source} was cancelled or is done by another process; what was written stays valid."

    def __init__(self, source: str) -> None:
        super().__init__(source=source)


class WorkerDied(HarvestError):
    """The process that harvested ended unexpectedly, as often as a job is tried."""

    zh = "执行归集的进程多次意外结束，不再自动重试。请查看日志后重新运行。"
    en = "The process that harvested ended unexpectedly several times; see the logs, then run it again."


class StorageFull(HarvestError):
    """No room for a data file. Fact: `why` (the system's words)."""

    transient = True
    zh = "存放数据文件的磁盘空间或配额不足（{why}）。请运维人员清理或扩容，归集会自动接续。"
    en = "No space or quota left for data files ({why}). Make room; harvesting goes on by itself."


class PlatformAway(HarvestError):
    """The database broke off. What was not committed is dropped."""

    transient = True
    blames_source = False
    zh = "数据库连接中断，归集没有完成；恢复后自动接续。"
    en = "The database broke off; harvesting goes on by itself once it is back."


class RunInterrupted(HarvestError):
    """The run was broken off in its midst."""

    transient = True
    zh = "归集任务被中断。已入库的条目保持有效，重新运行即可完成其余部分。"
    en = "The run was interrupted; what was written stays, and the next run does the rest."


class RunStopped(RunInterrupted):
    """Somebody ended the run, or the platform is being stopped."""

    blames_source = False


class RunNotFound(HarvestError):
    """No run has this number. Fact: `run`."""

    zh = "没有编号为 {run} 的归集任务。用 ./govcn harvest list 查看。"
    en = "There is no run {run}. See ./govcn harvest list."


class NotUndoable(HarvestError):
    """The run cannot be undone now. Facts: `run`, `why` (Chinese)."""

    zh = "归集任务 {run} 不能撤回：{why}"
    en = "Run {run} cannot be undone."


class NotAllowed(HarvestError):
    """The person may not decide this; somebody else may. Facts: `run`, `why` (Chinese), `why_en`."""

    zh = "归集任务 {run}：{why}。"
    en = "Run {run}: {why_en}."


class PlanNotWaiting(HarvestError):
    """The run's plan is not waiting for a decision. Facts: `run`, `plan` (its state)."""

    zh = "归集任务 {run} 没有待审阅的变更清单（现在的状态：{plan}）。"
    en = "Run {run} has no plan that waits (it is {plan})."


class TextTooLong(HarvestError):
    """A text that no cell of a workbook can hold. Facts: `title` of the entry, `column`, `longest` (characters)."""

    zh = "“{title}”的“{column}”超过 {longest} 个字符，工作簿放不下。请先在网页上缩短，再下载模板。"
    en = "{column} of {title} is longer than {longest} characters; shorten it on its page, then download again."


class DepartmentNotFound(HarvestError):
    """No department, or more than one, is meant. Fact: `department` as given."""

    zh = "没有唯一的部门叫“{department}”。请写部门的规范名称，或它在网址里的名称。"
    en = "No single department is called {department}. Give its proper name or its name in addresses."
