"""The lock: complete, with hashes, without the address of any registry."""

import re
from pathlib import Path

import pytest

from stack.commands.lock import jar_lock
from stack.jars import locked_jars

LOCK = Path(__file__).resolve().parents[3] / "stack" / "lock"
LISTS = ["run.txt", "test.txt", "benchmark.txt", "container.txt", "build.txt"]


def versions(name: str) -> dict[str, str]:
    return dict(re.findall(r"^([a-z0-9.-]+)==(\S+)", (LOCK / name).read_text(), re.MULTILINE))


@pytest.mark.parametrize("path", sorted(LOCK.iterdir()), ids=lambda path: path.name)
def test_names_no_address(path):
    assert not re.search(r"://|--index-url|--find-links|@ ?file:", path.read_text())


@pytest.mark.parametrize("name", LISTS)
def test_every_package_has_a_hash(name):
    for block in re.split(r"\n(?=\S)", (LOCK / name).read_text().strip()):
        assert re.search(r"--hash=sha256:[0-9a-f]{64}", block), block.splitlines()[0]


@pytest.mark.parametrize("name", LISTS)
def test_the_lists_agree(name):
    run = versions("run.txt")
    assert {package: run.get(package, version) for package, version in versions(name).items()} == versions(name)


def test_benchmark_packages_stay_out_of_the_platform():
    assert "ckanext-harvest" in versions("benchmark.txt")
    assert "ckanext-harvest" not in versions("run.txt") | versions("test.txt") | versions("container.txt")


def test_the_driver_needs_no_compiler():
    assert "psycopg2-binary" in versions("run.txt")
    assert "psycopg2" not in versions("run.txt")


def test_jars_have_hashes_and_distinct_files():
    jars = locked_jars()
    assert all(re.fullmatch(r"[0-9a-f]{64}", jar.sha256) for jar in jars)
    assert len({jar.filename for jar in jars}) == len(jars)
    assert {"solr-core", "lucene-analysis-smartcn", "lucene-analysis-icu"} <= {jar.artifact for jar in jars}


def test_wanted_jars_are_locked():
    wanted = [line for line in (LOCK / "jars.in").read_text().splitlines() if line and not line.startswith("#")]
    locked = {f"{jar.group}:{jar.artifact}:{jar.version}" for jar in locked_jars()}
    assert set(wanted) <= locked


def test_build_tools_come_alone():
    build = versions("build.txt")
    assert {"setuptools", "setuptools-scm", "wheel"} <= set(build)
    assert "ckan" not in build


def test_jar_lock_leaves_native_variants_out():
    resolved = """
[[dependencies]]
groupId = "b"
artifactId = "x"
version = "1"
sha256 = "22"
[[dependencies]]
groupId = "a"
artifactId = "y"
version = "2"
sha256 = "11"
[[dependencies]]
groupId = "a"
artifactId = "y"
version = "2"
classifier = "linux-x86_64"
sha256 = "33"
"""
    assert jar_lock(resolved).splitlines()[1:] == ["a:y:2 11", "b:x:1 22"]
