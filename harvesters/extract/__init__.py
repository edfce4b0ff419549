"""One file per protocol; each has `records_from(source, fetcher) -> Iterator[Record | RecordError]`.

A RecordError in the stream is a record that could not be read: it is reported and the rest goes on.
A SourceError ends the stream.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TypeAlias

from harvesters.exceptions import RecordError, SourceRefused
from harvesters.fetch import Fetcher
from harvesters.record import Record
from harvesters.source import Source

Extracted: TypeAlias = "Record | RecordError"


def records_from(source: Source, fetcher: Fetcher) -> Iterator[Extracted]:
    """All records of a source, by its protocol."""
    from harvesters.extract import catalogue_file, ckan, database, directory, oportal, rest_json

    extractors = {
        "catalogue_file": catalogue_file.records_from,
        "rest_json": rest_json.records_from,
        "ckan": ckan.records_from,
        "oportal": oportal.records_from,
        "database": database.records_from,
        "folder": directory.records_from,
        "sftp": directory.records_from,
    }
    if source.protocol == "release":
        raise SourceRefused(source.path, "发布包不预览；用 ./govcn release verify 文件 查看其清单。")
    return extractors[source.protocol](source, fetcher)
