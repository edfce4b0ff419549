"""What every extractor must do, whatever protocol it speaks. A subclass says how its source answers.

`serve(parts)` makes a source and a fetcher that hold these records; `broken()` the ways its source can misbehave.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from harvesters.exceptions import RecordError, SourceError
from harvesters.extract import records_from
from harvesters.fetch import Fetcher
from harvesters.record import Record
from harvesters.source import Source

PARTS = [
    {"title": f"公共厕所信息{n}", "notes": "名称、位置和开放时间", "orgName": "示例市城市管理局", "updateCycle": "每年"}
    for n in range(5)
]


class ExtractorContract:
    def serve(self, parts: Sequence[Any], folder: Any) -> tuple[Source, Fetcher]:
        raise NotImplementedError

    def broken(self, folder: Any) -> list[tuple[str, Source, Fetcher]]:
        """(what the message must say, source, fetcher) for each way of sending nonsense."""
        raise NotImplementedError

    def extracted(self, parts: Sequence[Any], folder: Any) -> list[Record | RecordError]:
        return list(records_from(*self.serve(parts, folder)))

    def test_every_record_comes_once_and_in_order(self, tmp_path: Any) -> None:
        records = self.extracted(PARTS, tmp_path)
        assert all(isinstance(r, Record) for r in records)
        assert [r.raw["title"] for r in records if isinstance(r, Record)] == [p["title"] for p in PARTS]

    def test_places_are_counted_and_name_the_source(self, tmp_path: Any) -> None:
        rows = [r.place.row for r in self.extracted(PARTS, tmp_path)]
        assert rows == sorted(set(rows))
        assert all(row > 0 for row in rows)
        assert all(r.place.file for r in self.extracted(PARTS, tmp_path))

    def test_reading_again_gives_the_same_hashes(self, tmp_path: Any) -> None:
        first, second = (self.extracted(PARTS, tmp_path) for _ in range(2))
        assert [r.hash for r in first if isinstance(r, Record)] == [r.hash for r in second if isinstance(r, Record)]

    def test_wild_values_are_kept_as_they_came(self, tmp_path: Any) -> None:
        wild = {**PARTS[0], "notes": "“引号”，逗号\n换行 <script>alert(1)</script> '; DROP TABLE x; --", "title": "𠮷野家"}
        record = self.extracted([wild, *PARTS[1:]], tmp_path)[0]
        assert isinstance(record, Record)
        assert (record.raw["title"], record.raw["notes"]) == (wild["title"], wild["notes"])

    def test_nonsense_ends_in_a_clear_error(self, tmp_path: Any) -> None:
        for why, source, fetcher in self.broken(tmp_path):
            with pytest.raises(SourceError, match=why) as caught:
                list(records_from(source, fetcher))
            assert caught.value.message
            assert caught.value.message_en
