"""A person's edit is found at once, and succeeds while the index is away."""

from __future__ import annotations

from typing import Any

import pytest
from integration.index.test_triggers import dataset, document, drained, waiting
from integration.making import COMPLETE, call, create, publish

__all__ = ["dataset"]

pytestmark = pytest.mark.usefixtures("clean")


@pytest.fixture
def away(monkeypatch: pytest.MonkeyPatch) -> Any:
    """A Solr that nobody reaches while inside."""
    from ckan.common import config
    from ckanext.govcn.index import interactive

    monkeypatch.setattr(interactive, "_patience", interactive._Patience())
    patch = pytest.MonkeyPatch()
    patch.setitem(config, "solr_url", "http://127.0.0.1:9/solr/away")
    yield patch
    patch.undo()


def test_an_edit_is_found_at_once_and_nothing_waits(dataset: dict[str, Any]) -> None:
    call("package_patch", id=dataset["id"], title="改名后的停车场")
    assert document(dataset["id"])["title"] == "改名后的停车场"
    assert waiting() == set()


def test_deleting_and_purging_are_seen_at_once(dataset: dict[str, Any]) -> None:
    other = publish(create(**COMPLETE | {"title": "公交站点信息"}, owner_org=dataset["owner_org"]))
    call("package_delete", id=dataset["id"])
    call("dataset_purge", id=other["name"])
    assert document(dataset["id"]) is document(other["id"]) is None
    assert waiting() == set()


def test_edits_succeed_while_the_index_is_away(dataset: dict[str, Any], away: pytest.MonkeyPatch) -> None:
    call("package_patch", id=dataset["id"], title="改名后的停车场")
    other = publish(create(**COMPLETE | {"title": "公交站点信息"}, owner_org=dataset["owner_org"]))
    third = create(**COMPLETE | {"title": "路灯信息"}, owner_org=dataset["owner_org"])
    call("package_delete", id=third["id"])
    assert waiting() == {dataset["id"], other["id"], third["id"]}
    away.undo()
    drained()
    assert document(dataset["id"])["title"] == "改名后的停车场"
    assert document(other["id"])["title"] == "公交站点信息"
    assert document(third["id"]) is None


def test_what_was_not_committed_never_reaches_the_index(dataset: dict[str, Any]) -> None:
    from ckan import model
    from ckan.tests.helpers import call_action
    from integration.making import site

    changed = dict(dataset) | {"title": "没有提交"}
    changed.pop("metadata_modified", None)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(model.repo, "commit", model.Session.rollback)
        call_action("package_update", site(), **changed)
    assert document(dataset["id"])["title"] == dataset["title"]
    assert waiting() == set()


def test_a_document_is_made_anew_on_request(dataset: dict[str, Any]) -> None:
    from ckan.lib import search
    from ckan.lib.search.common import make_connection
    from ckanext.govcn.index import solr

    make_connection().delete(id=[solr.index_id(dataset["id"])], commit=True)
    search.rebuild(dataset["id"])
    assert document(dataset["id"])["title"] == dataset["title"]
    assert waiting() == set()


def test_pages_say_that_the_search_is_away(dataset: dict[str, Any], away: pytest.MonkeyPatch, app: Any) -> None:
    del away
    for address in ("/", "/dataset", "/dataset?q=%E5%81%9C%E8%BD%A6", "/organization"):
        answer = app.get(address, expect_errors=True)
        assert (answer.status_code, "检索服务暂时没有响应" in answer.body) == (503, True), address
    assert app.get("/api/3/action/package_search", expect_errors=True).status_code == 503
    assert app.get(f"/dataset/{dataset['name']}").status_code == 200
    assert app.get("/search/suggest?q=%E5%81%9C%E8%BD%A6").json == {"suggestions": []}
