"""The example sources are valid, and paging parameters go where a body says they belong."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from harvesters.extract.rest_json import request_of
from harvesters.source import ListCall, source_from_yaml

EXAMPLES = sorted((Path(__file__).resolve().parents[3] / "config" / "examples").glob("*.yaml"))


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_every_example_can_be_loaded(path: Path) -> None:
    source = source_from_yaml(path)
    assert (source.name, source.protocol) == (path.stem, "oportal" if path.stem == "shandong" else "rest_json")
    assert source.title


def test_paging_inside_a_body_leaves_the_rest_alone() -> None:
    body = {"query": "q", "variables": {"input": {"keyword": "", "tags": {}}}}
    call = ListCall("https://data.example.gov.cn/graphql", "POST", body=body)
    sent = json.loads(request_of(call, {}, {"variables.input.offset": 20, "a.b": 1}).body or b"")
    assert sent == {"query": "q", "variables": {"input": {"keyword": "", "tags": {}, "offset": 20}}, "a.b": 1}
    assert body["variables"] == {"input": {"keyword": "", "tags": {}}}
