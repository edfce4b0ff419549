"""The diagram and tables of a document, made from a workflow's table; they stand between marks in the document:

<!-- diagram: generated -->
…
<!-- end -->
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from ckanext.govcn.workflow.machine import REASON
from ckanext.govcn.workflow.table import Table


def diagram(known: Table) -> str:
    """The states as a Mermaid state diagram; steps with the same ends are one arrow."""
    lines = ["```mermaid", "stateDiagram-v2"]
    lines += [f"    {state.name}: {state.zh}" for state in known.states.values()]
    lines.append(f"    [*] --> {known.first}")
    arrows: dict[tuple[str, str], list[str]] = {}
    for (state, event), rule in known.rules.items():
        arrows.setdefault((state, rule.to), []).append(known.events[event].zh)
    lines += [f"    {state} --> {to}: {'、'.join(events)}" for (state, to), events in arrows.items()]
    lines += [f"    {state.name} --> [*]" for state in known.states.values() if state.final]
    return "\n".join([*lines, "```"])


def steps(known: Table) -> str:
    """Event → from, to, who may, what it needs, and what else holds."""
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


def reasons(known: Table) -> str:
    """Classes of reasons, and whether a legal basis has to be named."""
    rows = ([f"`{c.name}`", c.zh, c.en, "✓" if c.needs_basis else ""] for c in known.reason_classes.values())
    return _table(["class", "中文", "English", "legal basis"], rows)


def _table(head: list[str], rows: Iterable[list[str]]) -> str:
    return "\n".join(f"| {' | '.join(line)} |" for line in [head, ["---"] * len(head), *rows])


def filled(text: str, known: Table, prefix: str = "") -> str:
    """The document with its generated parts renewed; where it draws several workflows, `prefix` says which."""
    for name, make in PARTS.items():
        mark = f"{prefix}{name}"
        block = f"<!-- {mark}: generated -->\n{make(known)}\n<!-- end -->"
        text = re.sub(rf"<!-- {mark}: generated -->.*?<!-- end -->", lambda _found, b=block: b, text, flags=re.DOTALL)
    return text


PARTS = {"diagram": diagram, "steps": steps, "reasons": reasons}
