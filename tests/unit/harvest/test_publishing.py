"""编目状态 of harvested entries, and who owns them."""

from __future__ import annotations

import itertools

import pytest
from ckanext.govcn.catalog.entry import CatalogEntry, Provider
from ckanext.govcn.department.resolution import Department, Directory

from harvesters.plan import Judged
from harvesters.providers import NoOwner, Owners
from harvesters.publishing import status_for
from harvesters.source import Source

RELEASED = Judged(CatalogEntry(open_type="unconditional"), "o", publishes=True, decided=True)
DECIDED = Judged(CatalogEntry(open_type="unconditional"), "o", decided=True)
HELD = Judged(CatalogEntry(), "o")


@pytest.mark.parametrize(
    ("judged", "now", "after"),
    [
        (RELEASED, "", "published"),
        (DECIDED, "", "department_review"),
        (HELD, "", "department_review"),
        (DECIDED, "published", "published"),
        (HELD, "published", "department_review"),
        (RELEASED, "department_review", "published"),
        (DECIDED, "bureau_review", "bureau_review"),
        (RELEASED, "withdrawn", "withdrawn"),
    ],
)
def test_the_state_after_a_harvest(judged: Judged, now: str, after: str) -> None:
    assert status_for(judged, now) == after


def department(identifier: str, name: str, region: str = "990100", **more: object) -> Department:
    return Department(identifier, identifier, region, name, **more)  # type: ignore[arg-type]


DIRECTORY = Directory.of(
    [
        department("jt", "示例市交通运输局", former_names=("示例市交通局",)),
        department("ga", "示例市公安局"),
        department("zf-d", "综合行政执法局", "990102"),
        department("zf-x", "综合行政执法局", "990103"),
    ]
)


PLACELESS = Directory.of([department("sf-1", "市司法局", ""), department("sf-3", "市司法局", "990100")])


def placeless(source: str, unplaced: tuple[str, ...] = (), **more: str) -> tuple[Owners, list[str]]:
    """Owners of a list that does not say where it is, and what became of departments."""
    did: list[str] = []

    def create(provider: Provider) -> str:
        did.append(f"create {provider.region_code}{provider.name}")
        return f"new-{len(did)}"

    def place(identifier: str, provider: Provider) -> None:
        did.append(f"place {identifier} {provider.region_code}{provider.name}")

    known = Source(source, providers="create", profile="portal", region=more.get("region", ""))
    directory = DIRECTORY if more.get("directory") == "other" else PLACELESS
    return Owners(known, directory, create, more.get("home", ""), unplaced, place), did


def test_a_list_of_nowhere_never_gets_another_sources_department() -> None:
    found, did = placeless("wuhu")
    assert found.owner_of(Provider("市司法局"))[1] == "new-1"
    assert did == ["create 市司法局（wuhu）"]


def test_a_list_of_nowhere_never_gets_a_department_of_some_place() -> None:
    found, did = placeless("wuhu", directory="other")
    assert found.owner_of(Provider("示例市公安局"))[1] == "new-1"
    assert did == ["create 示例市公安局"]


def test_a_list_of_nowhere_finds_its_own_departments_again() -> None:
    found, did = placeless("huangshan", ("sf-1",))
    assert found.owner_of(Provider("市司法局"))[1] == "sf-1"
    assert not did


def test_departments_of_a_list_are_placed_once_its_region_is_known() -> None:
    found, did = placeless("huangshan", ("sf-1",), region="990200")
    assert found.owner_of(Provider("市司法局"))[1] == "sf-1"
    assert found.owner_of(Provider("市司法局", "990200"))[1] == "sf-1"
    assert found.owner_of(Provider("市司法局", "990203"))[1] == "new-2"
    assert did == ["place sf-1 990200市司法局", "create 990203市司法局"]


def test_a_region_that_names_agree_on_counts_like_a_stated_one() -> None:
    found, did = placeless("wenzhou", home="990100")
    assert found.owner_of(Provider("市司法局"))[1] == "sf-3"
    assert not did


def owners(providers: str, **more: object) -> tuple[Owners, list[Provider]]:
    made: list[Provider] = []
    numbers = itertools.count(1)

    def create(provider: Provider) -> str:
        made.append(provider)
        return f"new-{next(numbers)}"

    source = Source("s", providers=providers, region="990100", **more)  # type: ignore[arg-type]
    return Owners(source, DIRECTORY, create), made


def test_fixed_takes_the_sources_department_whatever_the_record_leaves_out() -> None:
    found, _ = owners("fixed", provider="示例市交通运输局")
    assert found.owner_of(Provider(unit="运输科")) == (Provider("示例市交通运输局", "990100", unit="运输科"), "jt")
    assert found.owner_of(Provider("示例市交通局")) == (Provider("示例市交通运输局", "990100"), "jt")


@pytest.mark.parametrize(("name", "proposed"), [("示例市水利局", 1), ("", 0)])
def test_a_department_that_an_administrator_deleted_is_not_brought_back(name: str, proposed: int) -> None:
    source = Source("s", providers="create", profile="portal", region="990100")
    found = Owners(source, DIRECTORY, lambda _provider: "")
    for _ in range(2):
        refusal = found.owner_of(Provider(name))
        assert isinstance(refusal, NoOwner)
        assert refusal.rule == "E05"
    assert len(found.proposed) == proposed


def test_fixed_never_takes_another_departments_dataset() -> None:
    found, _ = owners("fixed", provider="示例市交通运输局")
    refusal = found.owner_of(Provider("示例市公安局"))
    assert isinstance(refusal, NoOwner)
    assert refusal.rule == "H02"


def test_departments_of_the_same_name_are_told_apart_by_region() -> None:
    found, _ = owners("create")
    assert found.owner_of(Provider("综合行政执法局", "990102"))[1] == "zf-d"
    assert found.owner_of(Provider("综合行政执法局", "990103"))[1] == "zf-x"


def test_create_makes_an_unknown_department_once_and_never_of_a_role() -> None:
    found, made = owners("create")
    assert found.owner_of(Provider("示例市气象局"))[1] == "new-1"
    assert found.owner_of(Provider("示例市气象局"))[1] == "new-1"
    assert [each.name for each in made] == ["示例市气象局"]
    assert isinstance(found.owner_of(Provider("地区管理员")), NoOwner)
    assert not found.proposed


def test_map_proposes_what_its_table_does_not_know() -> None:
    found, made = owners("map", provider_map={"交通局": "示例市交通运输局"})
    assert found.owner_of(Provider("示例市交通运输局"))[1] == "jt"
    assert isinstance(found.owner_of(Provider("示例市气象局")), NoOwner)
    assert found.proposed == {Provider("示例市气象局", "990100"): 1}
    assert not made


def test_an_entry_of_a_department_without_a_provider_has_no_owner() -> None:
    found, _ = owners("create")
    assert isinstance(found.owner_of(Provider()), NoOwner)


def test_another_portals_entry_without_a_department_waits_for_one() -> None:
    found, made = owners("create", profile="portal")
    assert found.owner_of(Provider("地区管理员", "330102")) == (Provider(region_code="330102"), "new-1")
    assert found.owner_of(Provider()) == (Provider(region_code="990100"), "new-1")
    assert [each.name for each in made] == ["提供方待完善"]
