"""Just enough HTML to find links, labels and tables in pages of others: linear in time, bounded in depth and size.

Broken markup is read as far as it goes; nothing is fetched, run or expanded.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from dataclasses import dataclass, field

DEPTH = 200
NODES = 100_000
_TOKEN = re.compile(r"<(/?)([a-zA-Z][a-zA-Z0-9]*)([^<>]*)>|([^<]+)|<")
_ATTRIBUTE = re.compile(r"""([a-zA-Z_:-]+)\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s"'>]+))""")
_VOID = frozenset({"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "wbr"})
_UNREAD = frozenset({"script", "style", "template", "noscript"})
# a tag that opens closes those of the first set, up to one of the second: li after li, td after td
_CLOSES = {"li": ({"li"}, {"ul", "ol"}), "tr": ({"tr", "td", "th"}, {"table"}), "td": ({"td", "th"}, {"tr", "table"})}
_CLOSES["th"] = _CLOSES["td"]


@dataclass(slots=True)
class Node:
    """An element: tag in lower case, attributes, and what is inside it in order."""

    tag: str
    attributes: dict[str, str] = field(default_factory=dict[str, str])
    inside: list[Node | str] = field(default_factory=list["Node | str"])

    def all(self, tag: str = "", named: str = "") -> Iterator[Node]:
        """Elements inside, in the page's order: with this tag, with this class."""
        waiting = list(reversed(self.inside))
        while waiting:
            node = waiting.pop()
            if isinstance(node, str):
                continue
            if (not tag or node.tag == tag) and (not named or named in node.attributes.get("class", "").split()):
                yield node
            waiting.extend(reversed(node.inside))

    def first(self, tag: str = "", named: str = "") -> Node | None:
        return next(self.all(tag, named), None)

    def children(self, named: str) -> list[Node]:
        """Elements directly inside that have this class."""
        nodes = [node for node in self.inside if isinstance(node, Node)]
        return [node for node in nodes if named in node.attributes.get("class", "").split()]

    @property
    def text(self) -> str:
        """All text inside, blanks together."""
        texts: list[str] = []
        waiting: list[Node | str] = list(reversed(self.inside))
        while waiting:
            node = waiting.pop()
            if isinstance(node, str):
                texts.append(node)
            else:
                waiting.extend(reversed(node.inside))
        return " ".join(html.unescape("".join(texts)).split())


def parsed(page: str) -> Node:
    """The page as a tree; what exceeds DEPTH is read flat, what exceeds NODES is left out."""
    root = Node("")
    stack, unread = [root], ""
    for count, token in enumerate(_TOKEN.finditer(_without_comments(page))):
        if count > NODES:
            break
        closing, tag, attributes, text = token[1], (token[2] or "").lower(), token[3], token[4]
        if unread:
            unread = "" if closing and tag == unread else unread
        elif text:
            stack[-1].inside.append(text)
        elif closing:
            _close(stack, tag)
        elif tag in _UNREAD:
            unread = tag
        elif tag:
            _open(stack, tag, attributes)
    return root


def _open(stack: list[Node], tag: str, attributes: str) -> None:
    closed, until = _CLOSES.get(tag, (set[str](), set[str]()))
    for at in range(len(stack) - 1, 0, -1):
        if not closed or stack[at].tag in until:
            break
        if stack[at].tag in closed:
            del stack[at:]
    found = _ATTRIBUTE.finditer(attributes[:5_000])
    node = Node(tag, {a[1].lower(): html.unescape(a[2] or a[3] or a[4] or "") for a in found})
    stack[-1].inside.append(node)
    if tag not in _VOID and not attributes.endswith("/") and len(stack) < DEPTH:
        stack.append(node)


def _close(stack: list[Node], tag: str) -> None:
    for at in range(len(stack) - 1, 0, -1):
        if stack[at].tag == tag:
            del stack[at:]
            return


def _without_comments(page: str) -> str:
    parts: list[str] = []
    at = 0
    while (start := page.find("<!--", at)) >= 0:
        parts.append(page[at:start])
        end = page.find("-->", start)
        if end < 0:
            return "".join(parts)
        at = end + 3
    return "".join([*parts, page[at:]])
