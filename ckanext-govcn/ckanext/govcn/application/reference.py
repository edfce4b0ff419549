"""The diagram and tables of docs/applications.md, made from states.yaml:
`python -m ckanext.govcn.application.reference`."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable
from pathlib import Path

from ckanext.govcn.application.machine import REASON, table


def diagram() -> str:
    """The states as a Mermaid state diagram; steps with the same ends are one arrow."""
    known = table()
    lines = ["```mermaid", "stateDiagram-v2"]
    lines += [f"    {state.name}: {state.zh}" for state in known.states.values()]
    lines.append(f"    [*] --> {known.first}")
    arrows: dict[tuple[str, str], list[str]] = {}
    for (state, event), rule in known.rules.items():
        arrows.setdefault((state, rule.to), []).append(known.events[event].zh)
    lines += [f"    {state} --> {to}: {'、'.join(events)}" for (state, to), events in arrows.items()]
    lines += [f"    {state.name} --> [*]" for state in known.states.values() if state.final]
    return "\n".join([*lines, "```"])


def steps() -> str:
    """Event → from, to, who may, what it needs, and what else holds."""
    known = table()
    rows: list[list[str]] = []
    for event in known.events.values():
        groups: dict[tuple[str, frozenset[str]], list[str]] = {}
        for (state, name), rule in known.rules.items():
            if name == event.name:
                groups.setdefault((rule.to, rule.by), []).append(known.states[state].zh)
        for (to, by), states in groups.items():
            who = "、".join(role.zh for role in known.roles.values() if role.name in by)
            needs = "、".join(
                event.text if name == REASON and event.text else known.fields[name].zh for name in event.needs
            )
            holds = ["数据集须仍为已发布的有条件开放"] if event.open_dataset else []
            if event.offers:
                holds.append(f"可填：{'、'.join(known.fields[name].zh for name in event.offers)}")
            holds += [f"不得由办理“{known.events[name].zh}”的人办理" for name in event.second_person]
            rows.append(
                [f"{event.zh} `{event.name}`", " / ".join(states), known.states[to].zh, who, needs, "；".join(holds)]
            )
    return _table(["event", "from", "to", "who", "needs", "holds"], rows)


def reasons() -> str:
    """Classes of reasons, and whether a legal basis has to be named."""
    rows = ([f"`{c.name}`", c.zh, c.en, "✓" if c.needs_basis else ""] for c in table().reason_classes.values())
    return _table(["class", "中文", "English", "legal basis"], rows)


def _table(head: list[str], rows: Iterable[list[str]]) -> str:
    return "\n".join(f"| {' | '.join(line)} |" for line in [head, ["---"] * len(head), *rows])


PARTS = {"diagram": diagram, "steps": steps, "reasons": reasons}


def filled(text: str) -> str:
    """The document with its generated parts renewed."""
    for name, make in PARTS.items():
        block = f"<!-- {name}: generated -->\n{make()}\n<!-- end -->"
        text = re.sub(rf"<!-- {name}: generated -->.*?<!-- end -->", lambda _found, b=block: b, text, flags=re.DOTALL)
    return text


if __name__ == "__main__":
    document = Path(sys.argv[1] if len(sys.argv) > 1 else "docs/applications.md")
    document.write_text(filled(document.read_text(encoding="utf-8")), encoding="utf-8")
