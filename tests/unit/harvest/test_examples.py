"""The example sources are valid, and paging parameters go where a body says they belong."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from harvesters.extract.rest_json import request_of
from harvesters.source import DetailCall, ListCall, source_from_yaml

PROTOCOLS = {"shandong": "oportal", "qianzhiku": "database", "mulu-wenjianjia": "folder", "mulu-sftp": "sftp"}
EXAMPLES = sorted((Path(__file__).resolve().parents[3] / "config" / "examples").glob("*.yaml"))


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_every_example_can_be_loaded(path: Path) -> None:
    source = source_from_yaml(path)
    assert (source.name, source.protocol) == (path.stem, PROTOCOLS.get(path.stem, "rest_json"))
    assert source.title


def test_what_a_source_sends_is_never_a_reference(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("API_KEY", "ours")
    call = DetailCall("https://a.example/{id}", "POST", {"X-Key": "${API_KEY}"}, {"q": "{id}"}, {"id": "{id}"})
    sent = request_of(call, {"id": "${API_KEY}"}, {})
    assert sent.headers["X-Key"] == "ours"
    assert "ours" not in sent.url + (sent.body or b"").decode()


def test_paging_inside_a_body_leaves_the_rest_alone() -> None:
    body = {"query": "q", "variables": {"input": {"keyword": "", "tags": {}}}}
    call = ListCall("https://data.example.gov.cn/graphql", "POST", body=body)
    sent = json.loads(request_of(call, {}, {"variables.input.offset": 20, "a.b": 1}).body or b"")
    assert sent == {"query": "q", "variables": {"input": {"keyword": "", "tags": {}, "offset": 20}}, "a.b": 1}
    assert body["variables"] == {"input": {"keyword": "", "tags": {}}}
