"""How a 归集来源 is doing, in one word and one sentence, and the trend of what it refuses. PURE.

The word is a `State`; the first that applies, in the order of `_JUDGES`, is the one a department has to know.
Sentences come in Chinese and English and name no value of a record.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

FAILED_TOO_OFTEN = 3
"""Runs in a row that failed before the owner and the operator are told (issue of the department: 连续三次)."""
LATE = timedelta(hours=1)
"""How long after its time a run may begin before the page says that it is late."""
ENDED = ("finished", "failed", "crashed")
WIDTH, HEIGHT, BAR = 240, 40, 16
"""The picture of the trend, in its own units: BAR wide at most, HEIGHT high."""


class State(StrEnum):
    """State of a source."""

    FAILING = "failing"  # 连续失败
    FAILED = "failed"  # 最近一次未完成
    RUNNING = "running"  # 正在归集
    WAITING = "waiting"  # 待审阅
    LATE = "late"  # 逾期未运行
    REFUSING = "refusing"  # 有退回
    NEVER = "never"  # 尚未运行
    GOOD = "good"  # 正常


WORDS = {
    State.FAILING: ("连续失败", "Failing"),
    State.FAILED: ("未完成", "Failed"),
    State.RUNNING: ("正在归集", "Running"),
    State.WAITING: ("待审阅", "To review"),
    State.LATE: ("逾期未运行", "Late"),
    State.REFUSING: ("有退回", "Refusals"),
    State.NEVER: ("尚未运行", "Never run"),
    State.GOOD: ("正常", "Good"),
}
"""The word of each state, Chinese and English."""


@dataclass(frozen=True, slots=True)
class Run:
    """What is needed of a 归集任务: `state` is running, finished, failed or crashed, `at` its begin in ISO 8601."""

    id: int
    state: str
    at: str = ""
    records: int = 0
    refused: int = 0


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known of a source. `runs` are its latest ones, oldest first; `waiting` counts plans that wait."""

    runs: Sequence[Run] = ()
    failures: int = 0
    waiting: int = 0
    last_success_at: datetime | None = None
    next_run_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Health:
    """The state with its word and a sentence, each in Chinese and English."""

    state: State
    word: str
    word_en: str
    message: str
    message_en: str


def health_of(facts: Facts, now: datetime) -> Health:
    """How the source stands at `now` (with time zone)."""
    state = next((state for state, applies in _JUDGES if applies(facts, now)), State.GOOD)
    message, message_en = _SENTENCES[state](facts)
    return Health(state, *WORDS[state], message, message_en)


def _last(facts: Facts) -> Run | None:
    return next((run for run in reversed(facts.runs) if run.state in ENDED), None)


def _failed(facts: Facts, _now: datetime) -> bool:
    last = _last(facts)
    return last is not None and last.state != "finished"


_JUDGES: tuple[tuple[State, Callable[[Facts, datetime], bool]], ...] = (
    (State.RUNNING, lambda facts, _: bool(facts.runs) and facts.runs[-1].state == "running"),
    (State.FAILING, lambda facts, _: facts.failures >= FAILED_TOO_OFTEN),
    (State.FAILED, _failed),
    (State.WAITING, lambda facts, _: facts.waiting > 0),
    (State.LATE, lambda facts, now: facts.next_run_at is not None and facts.next_run_at + LATE < now),
    (State.NEVER, lambda facts, _: not facts.runs),
    (State.REFUSING, lambda facts, _: (last := _last(facts)) is not None and last.refused > 0),
)


def _refusing(facts: Facts) -> tuple[str, str]:
    last = _last(facts)
    count = last.refused if last else 0
    return (
        f"最近一次归集退回 {count} 条。请按任务页列出的位置和改法修改来源后再次归集。",
        f"{count} records were sent back by the last run. Its page says where and how to mend them.",
    )


_SENTENCES: dict[State, Callable[[Facts], tuple[str, str]]] = {
    State.FAILING: lambda facts: (
        f"已连续 {facts.failures} 次未完成。请查看最近一次任务的原因，或联系平台运维人员。",
        f"{facts.failures} runs in a row failed. See the last run for the reason, or ask the operator.",
    ),
    State.FAILED: lambda _: (
        "最近一次归集没有完成，已入库的条目保持有效。原因见任务页。",
        "The last run did not finish; what was taken in stays valid. Its page says why.",
    ),
    State.RUNNING: lambda _: ("正在归集，可在任务页查看进度。", "A run is under way; its page shows the progress."),
    State.WAITING: lambda facts: (
        f"有 {facts.waiting} 份变更清单等待审阅。",
        f"{facts.waiting} plans wait for review.",
    ),
    State.LATE: lambda _: (
        "已过计划时间但尚未运行。请联系平台运维人员确认归集服务是否运行。",
        "The scheduled time has passed and no run began. Ask the operator whether the worker is running.",
    ),
    State.REFUSING: _refusing,
    State.NEVER: lambda _: ("这个来源还没有归集过。", "This source has not been harvested yet."),
    State.GOOD: lambda _: ("最近一次归集正常完成，没有退回。", "The last run finished and sent nothing back."),
}


@dataclass(frozen=True, slots=True)
class Bar:
    """One run in the picture: its place and size in the picture's units. `failed` runs have no count to show."""

    run: Run
    x: float
    y: float
    width: float
    height: float
    failed: bool


@dataclass(frozen=True, slots=True)
class Trend:
    """退回趋势: bars from the oldest to the latest run, and what they show in words."""

    bars: tuple[Bar, ...]
    highest: int
    message: str
    message_en: str

    @property
    def worth_seeing(self) -> bool:
        """A row of runs that refused nothing says less than the sentence does."""
        return self.highest > 0 or any(bar.failed for bar in self.bars)


def trend_of(runs: Sequence[Run]) -> Trend:
    """Refused records of runs that ended, oldest first."""
    ended = [run for run in runs if run.state in ENDED]
    highest = max((run.refused for run in ended), default=0)
    step = WIDTH / max(len(ended), WIDTH // (BAR + 4))
    bars = tuple(
        Bar(run, round(at * step, 1), round(HEIGHT - high, 1), min(BAR, step - 2), round(high, 1), failed)
        for at, run in enumerate(ended)
        for failed in [run.state != "finished"]
        for high in [HEIGHT if failed else _height(run.refused, highest)]
    )
    return Trend(bars, highest, *_told([run.refused for run in ended if run.state == "finished"]))


def _height(refused: int, highest: int) -> float:
    """Nothing refused is a thin line, one of very many still a visible bar."""
    return max(refused / highest * HEIGHT, 4.0) if refused else 1.5


def _told(refused: Sequence[int]) -> tuple[str, str]:
    if not refused:
        return "还没有完成的归集任务。", "No run has finished yet."
    count, first, last = len(refused), refused[0], refused[-1]
    if count == 1:
        return f"1 次归集，退回 {last} 条。", f"1 run, {last} records refused."
    if not any(refused):
        return f"最近 {count} 次归集都没有退回。", f"The last {count} runs refused nothing."
    zh = f"由 {first} 条增加到 {last} 条" if last > first else f"由 {first} 条减少到 {last} 条"
    en = f"rose from {first} to {last}" if last > first else f"fell from {first} to {last}"
    if first == last:
        zh, en = f"为 {last} 条，首末相同", f"ended where they began, at {last}"
    return f"最近 {count} 次归集，退回{zh}。", f"Over the last {count} runs, refusals {en}."
