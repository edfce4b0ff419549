"""Ports, credentials, folders, Solr's password file and the error sentences."""

import base64
import errno
import hashlib
import json
import os
import re
import socket
from types import SimpleNamespace

import pytest

from stack import credentials, exceptions, identity, migrate, output, ports, project, solr_home, supervisor
from stack.commands import status, up
from stack.project import DataFolder


@pytest.mark.parametrize("family", [socket.AF_INET, socket.AF_INET6])
def test_a_port_in_use_is_one_sentence_in_two_languages(family, monkeypatch):
    monkeypatch.setattr(ports, "_bound", bound(taken=[family]))
    with pytest.raises(exceptions.PortInUse, match="端口 5000 已被占用.*in use") as caught:
        ports.require_free(5000)
    assert caught.value.transient
    assert caught.value.facts == {"port": 5000}


def test_a_machine_without_ipv6_uses_ipv4_alone(monkeypatch):
    monkeypatch.setattr(ports, "_bound", bound(missing=[socket.AF_INET6]))
    ports.require_free(5000)
    assert ports.loopback_addresses() == ["127.0.0.1"]


def bound(taken=(), missing=()):
    class Bound:
        def __init__(self, family, address, port):
            if family in missing:
                raise OSError(errno.EADDRNOTAVAIL, "no such address")
            if family in taken:
                raise OSError(errno.EADDRINUSE, "in use")

        def __enter__(self):
            return self

        def __exit__(self, *_):
            return None

    return Bound


def test_a_closed_folder_above_is_noticed(tmp_path):
    tmp_path.chmod(0o755)
    inside = tmp_path / "a" / "b"
    inside.mkdir(parents=True)
    assert identity.open_to_others(inside) == identity.open_to_others(tmp_path)
    (tmp_path / "a").chmod(0o700)
    assert not identity.open_to_others(inside)


def test_an_ordinary_user_runs_everything_himself(monkeypatch):
    monkeypatch.setattr(identity.os, "geteuid", lambda: 1000)
    assert identity.unprivileged(["postgres"]) == ["postgres"]


def test_root_hands_over_to_another_account(monkeypatch):
    monkeypatch.setattr(identity.os, "geteuid", lambda: 0)
    command = identity.unprivileged(["postgres"])
    assert command[-2:] == ["--", "postgres"]
    assert command[command.index("--reuid") + 1] != "0"


def test_credentials_are_made_once_private_and_completed(tmp_path):
    path = tmp_path / "secrets.json"
    first = credentials.load_or_create(path)
    assert path.stat().st_mode & 0o777 == 0o600
    assert credentials.load_or_create(path) == first
    kept = json.loads(path.read_text())
    del kept["solr"]
    path.write_text(json.dumps(kept))
    second = credentials.load_or_create(path)
    assert second.solr
    assert second.postgres == first.postgres


def test_a_folder_with_other_things_is_never_taken_over(tmp_path):
    (tmp_path / "thesis.docx").write_text("mine")
    with pytest.raises(exceptions.DataFolderUnusable, match="不是空的"):
        DataFolder(tmp_path).create()
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.docx"]


def test_a_file_as_data_folder_is_a_clear_error(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(exceptions.DataFolderUnusable):
        DataFolder(tmp_path / "file").create()


def test_a_full_disk_is_said_before_anything_is_written(tmp_path, monkeypatch):
    monkeypatch.setattr(project.shutil, "disk_usage", lambda path: SimpleNamespace(free=100 * 2**20))
    with pytest.raises(exceptions.DiskFull, match="磁盘空间不足.*剩余 100 MB.*500 MB"):
        project.require_space(tmp_path / "not" / "there", 500 * 2**20)


def test_solr_checks_the_password_as_written():
    known = json.loads(solr_home.security_json("geheim"))["authentication"]
    assert known["blockUnknown"] is True
    digest, salt = (base64.b64decode(part) for part in known["credentials"]["ckan"].split())
    assert digest == hashlib.sha256(hashlib.sha256(salt + b"geheim").digest()).digest()


def test_an_index_of_another_schema_is_dropped_and_one_of_this_schema_kept(tmp_path):
    solr_home.write(tmp_path, "geheim")
    index = tmp_path / solr_home.CORE / "data" / "index"
    index.mkdir(parents=True)
    solr_home.write(tmp_path, "geheim")
    assert index.exists()
    (tmp_path / solr_home.SCHEMA).write_text("of another release")
    solr_home.write(tmp_path, "geheim")
    assert not index.exists()


def test_a_core_with_a_schema_of_its_own_is_left_alone(tmp_path):
    """The benchmarks set stock CKAN's core beside ours before Solr's first start."""
    other = tmp_path / "stock" / "core.properties"
    other.parent.mkdir()
    other.write_text("name=stock\n")
    solr_home.write(tmp_path, "geheim")
    assert other.read_text() == "name=stock\n"


def test_an_index_is_filled_again_after_it_was_dropped(tmp_path, monkeypatch):
    called = []
    monkeypatch.setattr(migrate, "run", lambda command, _environment: called.append(command[-2:]))
    data = DataFolder(tmp_path)
    platform = SimpleNamespace(data=data, ini=tmp_path / "govcn.ini")
    solr_home.write(data.solr, "geheim")
    migrate.when_needed(platform)
    migrate.when_needed(platform)
    assert called == [["db", "upgrade"]]
    (data.solr / solr_home.SCHEMA).write_text("of another release")
    solr_home.write(data.solr, "geheim")
    migrate.when_needed(platform)
    migrate.when_needed(platform)
    assert called == [["db", "upgrade"], ["govcn-index", "fill"]]


def test_which_core_is_in_use_outlives_a_restart(tmp_path):
    solr_home.write(tmp_path, "geheim")
    swapped = {solr_home.CORE: "ckan-beside", "ckan-beside": solr_home.CORE}
    for folder, name in swapped.items():
        (tmp_path / folder).mkdir(exist_ok=True)
        (tmp_path / folder / "core.properties").write_text(f"name={name}\n")
    solr_home.write(tmp_path, "geheim")
    assert {each: (tmp_path / each / "core.properties").read_text() for each in swapped} == {
        folder: f"name={name}\n" for folder, name in swapped.items()
    }


def test_solr_home_is_private(tmp_path):
    solr_home.write(tmp_path, "geheim")
    assert (tmp_path / "security.json").stat().st_mode & 0o777 == 0o600
    assert "configSet=solr" in (tmp_path / "ckan" / "core.properties").read_text()


def test_a_large_log_is_shortened(tmp_path, monkeypatch):
    monkeypatch.setattr(supervisor, "LARGEST_LOG", 10)
    log = tmp_path / "web.log"
    log.write_text("x" * 11)
    supervisor.shorten(log)
    assert log.read_text() == ""
    assert (tmp_path / "web.log.1").read_text() == "x" * 11


def test_tables_count_a_chinese_character_as_two_columns():
    lines = output.table(("来源", "n"), [("a", 1), ("统计局", 22)]).splitlines()
    assert lines == ["来源    n", "a       1", "统计局  22"]


def test_every_error_speaks_two_languages():
    for kind in (exceptions.NotRunning("data"), exceptions.PortInUse("端口被占用", "in use")):
        assert re.search(r"[一-鿿].* / .*[a-z]", str(kind))


@pytest.mark.parametrize(
    ("number", "kind"), [(errno.ENOSPC, exceptions.DiskFull), (errno.EACCES, exceptions.FileUnusable)]
)
def test_what_the_system_says_becomes_a_sentence(number, kind):
    error = exceptions.of_system(OSError(number, os.strerror(number), "/srv/x"))
    assert isinstance(error, kind)
    assert "/srv/x" in error.chinese


def test_every_state_has_a_word():
    assert {"starting", "ready", "restarting", "stopped"} <= set(status.WORDS)


def test_the_harvest_table_has_a_heading_for_every_count():
    assert len(up.HEADINGS) == len(up.COUNTS) + 1


@pytest.mark.skipif(os.geteuid() != 0, reason="只有 root 需要借出文件 (only root lends files)")
def test_a_lent_file_comes_back_to_whoever_asked(tmp_path):
    path = tmp_path / "目录.xlsx"
    with identity.lent(path):
        assert path.stat().st_uid == identity.service_owner().uid
        path.write_text("x")
    assert path.stat().st_uid == 0
    with identity.lent(tmp_path / "failed.xlsx"):
        pass
    assert not (tmp_path / "failed.xlsx").exists()
