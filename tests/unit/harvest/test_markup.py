"""HTML of others: read as far as it goes, in linear time."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harvesters.extract.markup import DEPTH, parsed


def test_lists_and_tables_without_end_tags() -> None:
    page = parsed("<ul class='a b'><li>一<li>二<ul><li>三</ul><li>四</ul><table><tr><td>x<td>y<tr><td>z</table>")
    assert [li.text for li in page.all("li")] == ["一", "二三", "三", "四"]
    assert [[td.text for td in tr.all("td")] for tr in page.all("tr")] == [["x", "y"], ["z"]]
    assert page.first("ul", "b") is page.first("ul")


def test_what_is_not_read() -> None:
    page = parsed("<p>a<script>'<p>b</p>' < c</script><!-- <p>d --><style>p{}</style>e &lt;b&gt; 1 < 2</p><!-- open")
    assert page.text == "ae <b> 1 2"
    assert len(list(page.all("p"))) == 1


@given(st.text(alphabet="<>/!-=\"'aeiltdru 汉&;", max_size=300))
def test_nothing_breaks_it(page: str) -> None:
    root = parsed(page)
    assert isinstance(root.text, str)
    assert all(node.tag for node in root.all())


@pytest.mark.parametrize(
    "piece",
    [
        "<",
        "<!--",
        "</",
        "<a",
        "<a ",
        "<td>",
        "<div>",
        "<li><ul>",
        '<a b="',
        "<a b='c' ",
        "<![CDATA[",
        "<?",
        "&",
        "<script>",
    ],
)
def test_no_page_takes_long(piece: str) -> None:
    """Eight times the page, about eight times as long: what grew with the square would take sixty-four times."""

    def seconds(characters: int) -> float:
        started = time.process_time()
        root = parsed(piece * (characters // len(piece)))
        assert len(root.text) < 2_000_000
        return time.process_time() - started

    short = max(min(seconds(125_000) for _ in range(3)), 0.02)
    assert seconds(1_000_000) < 24 * short
    assert DEPTH < 1000
