"""同一系列: what a yearly series, or one title from many districts, has in common. PURE."""

from __future__ import annotations

import functools
import re

from ckanext.govcn.search.understand import fold, segment

_HAN = re.compile(r"[\u3400-\u9fff]+")
_NUMBERS = re.compile(
    r"[\d〇零一二三四五六七八九十]+(?:年度?|月份?|季度|日|号|批|期)|\d+|[\s_\-—()（）\[\]【】、,，.。:：]+"
)
LONGEST = 200  # characters: Lucene refuses very long terms, and the page looks for the same key
LEAST = 3  # characters; below that too little stays to call two titles alike


@functools.lru_cache(maxsize=4096)
def series_key(title: str) -> str:
    """What stays of a title without places, years, numbers and punctuation; the title when too little stays.

    >>> series_key("西湖区2021年停车场信息") == series_key("余杭区停车场信息（2022）")
    True
    """
    without_places = _HAN.sub(lambda found: _without_places(found[0]), fold(title))
    key = _NUMBERS.sub("", without_places)
    return (key if len(key) >= LEAST else title)[:LONGEST]


def _without_places(text: str) -> str:
    return "".join(word for word, entry in segment(text) if entry is None or entry.kind != "region")
