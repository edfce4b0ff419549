"""The demo in `config/demo/` is what its script makes, and holds what it is there to show."""

from __future__ import annotations

import importlib
import sys
from collections import Counter
from pathlib import Path

import pytest
import yaml

DEMO = Path(__file__).parents[3] / "config" / "demo"


@pytest.fixture(scope="module")
def build() -> object:
    sys.path.insert(0, str(DEMO / "setup"))
    try:
        yield importlib.import_module("build")
    finally:
        sys.path.remove(str(DEMO / "setup"))


def test_the_files_are_what_the_script_makes(build: object, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(build, "HERE", tmp_path)
    build.build()
    made = {path.relative_to(tmp_path): path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    kept = {
        path.relative_to(DEMO): path.read_bytes()
        for folder in ("catalogues", "files")
        for path in (DEMO / folder).rglob("*")
        if path.is_file()
    }
    assert sorted(made) == sorted(kept)
    assert [str(path) for path in made if made[path] != kept[path]] == []


def test_it_is_as_various_as_a_city(build: object) -> None:
    datasets = [*build.STATISTICS, *build.TRANSPORT, *build.HEALTH, *build.CITY, *build.DISTRICTS]
    levels = Counter(each.level for each in datasets)
    assert len(datasets) >= 50
    assert len({each.theme for each in datasets}) >= 18
    assert min(levels["login"], levels["conditional"], levels["closed"]) >= 3
    assert sum(each.secrecy == "涉密" for each in datasets) == 1
    assert sum("身份证号" in "".join(each.columns) for each in datasets) == 1


def test_region_codes_are_ones_nobody_uses() -> None:
    departments = yaml.safe_load((DEMO / "setup" / "departments.yaml").read_text("utf-8"))["departments"]
    assert {each["region_code"][:2] for each in departments} == {"99"}
    assert len({(each["region_code"], each["title"]) for each in departments}) == len(departments)


def test_every_provider_of_the_catalogues_is_a_department_of_the_demo(build: object) -> None:
    setup = yaml.safe_load((DEMO / "setup" / "departments.yaml").read_text("utf-8"))
    assert setup["bureau"] in {each["title"] for each in setup["departments"]}
    known = {each["title"] for each in setup["departments"]}
    given = {each.provider.rpartition("/")[2] for each in [*build.CITY, *build.DISTRICTS]}
    assert given <= known


def test_data_files_are_in_the_encodings_departments_use() -> None:
    (example,) = (DEMO / "files" / "weijian" / "01").glob("*.csv")
    with pytest.raises(UnicodeDecodeError):
        example.read_text("utf-8")
    assert example.read_text("gb18030").startswith("机构编号,机构名称")
