"""An index is built beside the running one, resumed, compared, swapped in and swapped back, while people go on writing."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from integration.index.test_triggers import dataset, document, drained, sql, waiting
from integration.making import COMPLETE, call, create, publish

__all__ = ["dataset"]

pytestmark = pytest.mark.usefixtures("clean")


@pytest.fixture(autouse=True)
def one_core(clean: None) -> Iterator[None]:
    """The first core is in use and no other is there, before and after."""
    from ckanext.govcn.index import cores

    del clean
    yield
    if (cores.status() or {}).get("state") == "swapped":
        cores.rollback()
    name = cores._core() + cores.BESIDE
    if cores._administer(action="STATUS", core=name)["status"][name]:
        cores._administer(action="UNLOAD", core=name, deleteInstanceDir="true")
    sql("DELETE FROM govcn_index_build")


@pytest.fixture
def datasets(dataset: dict[str, Any]) -> list[dict[str, Any]]:
    """Three published datasets, indexed."""
    titles = ("公交站点信息", "路灯信息")
    more = [publish(create(**COMPLETE | {"title": title}, owner_org=dataset["owner_org"])) for title in titles]
    return [dataset, *more]


def test_built_compared_swapped_and_swapped_back(datasets: list[dict[str, Any]]) -> None:
    from ckan.lib.search.common import make_connection
    from ckanext.govcn.index import cores

    steps: list[tuple[int, int]] = []
    built = cores.rebuild(lambda done, total: steps.append((done, total)))
    assert (built.state, built.documents, built.total, built.sampled, built.differences) == ("built", 3, 3, 3, [])
    assert steps[-1] == (3, 3)
    call("package_patch", id=datasets[0]["id"], title="在重建之后改名")
    call("package_delete", id=datasets[1]["id"])
    assert cores.swap().state == "swapped"
    assert waiting() == {datasets[0]["id"], datasets[1]["id"]}  # the new index was not told
    drained()
    assert document(datasets[0]["id"])["title"] == "在重建之后改名"
    assert document(datasets[1]["id"]) is None
    call("package_patch", id=datasets[2]["id"], title="在切换之后改名")
    cores.rollback()
    drained()
    assert document(datasets[2]["id"])["title"] == "在切换之后改名"
    assert cores.differing(make_connection(decode_dates=False)) == {}


def test_a_building_that_was_killed_goes_on(datasets: list[dict[str, Any]], monkeypatch: pytest.MonkeyPatch) -> None:
    from ckanext.govcn.index import builder, cores

    monkeypatch.setattr(cores, "BATCH", 1)

    def killed(done: int, _total: int) -> None:
        if done == 2:
            cores.solr.commit(cores.beside())
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        cores.rebuild(killed)
    assert cores.status() | {"state": "building", "documents": 2} == cores.status()
    with pytest.raises(cores.NothingBeside):
        cores.swap()
    built = builder.built
    made: list[str] = []
    monkeypatch.setattr(builder, "built", lambda versions: made.extend(versions) or built(versions))
    assert cores.rebuild().documents == 3
    assert len(made) == 1


def test_an_index_that_is_not_the_same_is_not_swapped_in(datasets: list[dict[str, Any]]) -> None:
    from ckanext.govcn.index import builder, cores, solr

    assert cores.rebuild().differences == []
    (wrong,), _ = builder.built({datasets[0]["id"]: cores.wanted()[datasets[0]["id"]]})
    connection = cores.beside()
    connection.add([wrong | {"title": "不是它"}], commit=True)
    with pytest.raises(cores.NotTheSame):
        cores.swap()
    connection.delete(id=[solr.index_id(datasets[1]["id"])], commit=True)
    assert document(datasets[0]["id"])["title"] == datasets[0]["title"]


def test_nothing_beside_is_said() -> None:
    from ckanext.govcn.index import cores

    for command in (cores.swap, cores.rollback):
        with pytest.raises(cores.NothingBeside, match="index rebuild"):
            command()


def test_half_an_answer_is_no_statement_about_what_the_index_holds() -> None:
    from ckanext.govcn.index import cores, solr
    from pysolr import Results

    class Hurried:
        """Solr, out of time before it found anything."""

        def search(self, _query: str, **_parameters: Any) -> Results:
            return Results({"responseHeader": {"partialResults": True}, "response": {"docs": [], "numFound": 0}})

    with pytest.raises(solr.AWAY):
        cores.differing(Hurried())
