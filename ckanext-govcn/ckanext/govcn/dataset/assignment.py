"""Which 信息资源代码 a dataset gets, PURE: one per 分类 it hangs under, never reused.

Moving to another classification makes a new code and the old one becomes a 关联资源代码 (standards.md §1.3).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from ckanext.govcn.catalog import identifiers


@dataclass(frozen=True, slots=True)
class Assignment:
    """The codes of a dataset, whether they are 暂定, and the codes it had before that stay as related ones."""

    codes: tuple[str, ...]
    provisional: bool
    former: tuple[str, ...] = ()


def node_of(code: str) -> str:
    """The classification node of a code: what stands before the last `/`."""
    return code.rpartition("/")[0]


def assign(
    categories: Sequence[str],
    department_node: str,
    present: Sequence[str],
    reserve: Callable[[Sequence[str]], Sequence[str]],
) -> Assignment:
    """Keep a present code whose node still applies, reserve one for every other node.

    Without a classification the code comes from the provider's 部门 node and is provisional. `reserve` turns nodes
    into new codes, in the same order.
    """
    nodes = list(dict.fromkeys(map(identifiers.full_node, categories))) or [department_node]
    kept: dict[str, str] = {}
    for code in present:
        kept.setdefault(node_of(code), code)
    new = dict(zip(missing := [node for node in nodes if node not in kept], reserve(missing), strict=True))
    codes = tuple(kept.get(node) or new[node] for node in nodes)
    return Assignment(codes, provisional=not categories, former=tuple(code for code in present if code not in codes))
