"""A source that says it is what it was is not read again, and loses nothing; one of which anything changed is read."""

from __future__ import annotations

import hashlib
import json
import os
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import yaml
from integration.making import call, department

pytestmark = pytest.mark.usefixtures("clean")

HEAD = "目录id,信息资源名称,信息资源提供方,更新周期"
PAGE = 2


class Portal:
    """Answers /catalogue.csv and the pages of /list, each with an ETag; `statuses` is what it answered."""

    def __init__(self) -> None:
        self.rows: dict[str, str] = {f"a{n}": f"停车场信息{n}" for n in range(4)}
        self.provider = "示例市交通运输局"
        self.statuses: list[int] = []
        portal = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                kind, body = portal.answer(self.path)
                tag = f'"{hashlib.sha256(body).hexdigest()}"'
                status = 304 if self.headers.get("If-None-Match") == tag else 200
                portal.statuses.append(status)
                self.send_response(status)
                self.send_header("ETag", tag)
                if status == 200:
                    self.send_header("Content-Type", kind)
                    self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                if status == 200:
                    self.wfile.write(body)

            def log_message(self, format: str, *_: Any) -> None:
                """Say nothing."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True).start()

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.server.server_port}"

    def answer(self, path: str) -> tuple[str, bytes]:
        if path.startswith("/list"):
            first = PAGE * (int(parse_qs(urlsplit(path).query)["page"][0]) - 1)
            rows = list(self.rows.items())[first : first + PAGE]
            listed = [dict(zip(HEAD.split(","), [*row, self.provider, "每年"], strict=True)) for row in rows]
            return "application/json", json.dumps({"rows": listed, "total": len(self.rows)}).encode()
        rows = [f"{key},{title},{self.provider},每年" for key, title in self.rows.items()]
        return "text/csv; charset=utf-8", "\n".join([HEAD, *rows]).encode()


@pytest.fixture
def portal() -> Iterator[Portal]:
    served = Portal()
    yield served
    served.server.shutdown()
    served.server.server_close()


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "networks.yaml").write_text("networks: {本机: [127.0.0.0/8]}\n", "utf-8")
    (tmp_path / "folders.yaml").write_text(f"folders: {{交换区: '{tmp_path}/exchange'}}\n", "utf-8")
    (tmp_path / "exchange").mkdir()
    monkeypatch.setenv("GOVCN_CONFIG", str(tmp_path))
    department("990100", title="示例市交通运输局")
    return tmp_path


GIVEN = {"name": "laiyuan", "provider": "示例市交通运输局", "region": "990100", "allow_networks": ["本机"], "profile": "portal"}


def source_of(folder: Path, **settings: Any) -> Any:
    from harvesters.source import load_source

    (folder / "laiyuan.yaml").write_text(yaml.safe_dump(GIVEN | settings, allow_unicode=True), "utf-8")
    return load_source(str(folder / "laiyuan.yaml"))


def harvested(folder: Path, *, fresh: bool = False, **settings: Any) -> dict[str, Any]:
    from harvesters.harvest import harvest

    return harvest(source_of(folder, **settings), fresh=fresh).to_json()


def counts(report: dict[str, Any]) -> dict[str, int]:
    assert report["state"] == "finished"
    names = ("records", "added", "changed", "unchanged", "removed", "refused")
    return {name: report[name] for name in names if report[name]}


def from_address(folder: Path, portal: Portal, **more: Any) -> dict[str, Any]:
    return harvested(folder, url=f"{portal.address}/catalogue.csv", **more)


def test_what_is_not_modified_is_not_fetched(folder: Path, portal: Portal) -> None:
    portal.rows["a9"] = ""  # refused: no title
    first = from_address(folder, portal)
    second = from_address(folder, portal)
    assert portal.statuses == [200, 304]
    assert counts(first) == {"records": 5, "added": 4, "refused": 1}
    assert counts(second) == {"records": 5, "unchanged": 4, "refused": 1}
    assert (first["unmodified"], second["unmodified"]) == (False, True)
    assert (first["why"], second["why"]) == ([], ["来源表示内容未变，本次没有重新读取。"])
    for name in ("refusals", "refused_by_rule", "standing"):
        assert second[name] == first[name]
    assert counts(from_address(folder, portal)) == counts(second)
    portal.rows["a1"] = "公交站点信息"
    assert counts(from_address(folder, portal)) == {"records": 5, "changed": 1, "unchanged": 3, "refused": 1}
    assert portal.statuses == [200, 304, 304, 200]  # the newer answer is not fetched twice
    del portal.rows["a2"]
    assert counts(from_address(folder, portal)) == {"records": 4, "unchanged": 3, "removed": 1, "refused": 1}
    assert counts(from_address(folder, portal)) == {"records": 4, "unchanged": 3, "refused": 1}


def test_it_is_read_again_when_somebody_asks(folder: Path, portal: Portal) -> None:
    from_address(folder, portal)
    again = from_address(folder, portal, fresh=True)
    assert (again["unmodified"], counts(again)) == (False, {"records": 4, "unchanged": 4})
    assert from_address(folder, portal)["unmodified"]
    assert portal.statuses == [200, 200, 304]


def test_a_queued_job_reads_it_again_when_somebody_asks(folder: Path, portal: Portal) -> None:
    from harvesters.harvest import queue
    from harvesters.worker import Worker

    from_address(folder, portal)
    queue(source_of(folder, url=f"{portal.address}/catalogue.csv"), fresh=True)
    Worker(once=True).run()
    assert portal.statuses == [200, 200]


def test_other_settings_or_another_edition_read_it_again(
    folder: Path, portal: Portal, monkeypatch: pytest.MonkeyPatch
) -> None:
    from harvesters import freshness

    from_address(folder, portal)
    from_address(folder, portal, files="copy")
    from_address(folder, portal, files="copy", title="只改名称")
    monkeypatch.setattr(freshness, "edition", lambda: "another edition")
    from_address(folder, portal, files="copy")
    assert portal.statuses == [200, 200, 304, 200]


def test_one_page_that_changed_has_all_of_them_read(folder: Path, portal: Portal) -> None:
    portal.rows["a4"] = "停车场信息4"
    settings: dict[str, Any] = {
        "protocol": "rest_json",
        "list": {"url": f"{portal.address}/list", "records": "rows", "id": "目录id"},
        "paging": {"kind": "page", "page": "page", "page_size": PAGE, "total": "total"},
    }
    assert counts(harvested(folder, **settings)) == {"records": 5, "added": 5}
    assert counts(harvested(folder, **settings)) == {"records": 5, "unchanged": 5}
    assert portal.statuses == [200, 200, 200, 304, 304, 304]
    portal.statuses.clear()
    portal.rows["a4"] = "公交站点信息"
    assert counts(harvested(folder, **settings)) == {"records": 5, "changed": 1, "unchanged": 4}
    assert portal.statuses.count(200) == 4
    assert harvested(folder, **settings)["unmodified"]


def test_a_run_that_held_something_back_is_followed_by_one_that_reads(folder: Path, portal: Portal) -> None:
    portal.rows |= {f"b{n}": f"公共厕所信息{n}" for n in range(30)}
    from_address(folder, portal)
    portal.rows = dict(list(portal.rows.items())[:5])
    braked = from_address(folder, portal)
    assert braked["brake"]
    again = from_address(folder, portal)
    assert again["brake"]
    assert again["waiting"] == braked["waiting"] == 29
    assert portal.statuses == [200, 200, 200]


def test_a_plan_that_waits_is_not_taken_for_what_is_there(folder: Path, portal: Portal) -> None:
    from harvesters.harvest import apply

    first = from_address(folder, portal, apply="review")
    assert first["waiting"] == 4
    apply(first["run"], source_of(folder, url=f"{portal.address}/catalogue.csv", apply="review"))
    assert counts(from_address(folder, portal, apply="review")) == {"records": 4, "unchanged": 4}
    assert from_address(folder, portal, apply="review")["unmodified"]
    assert portal.statuses == [200, 200, 304]


def test_an_undone_run_is_followed_by_one_that_reads(folder: Path, portal: Portal) -> None:
    from harvesters.harvest import undo

    from_address(folder, portal)
    portal.rows["a1"] = "公交站点信息"
    changed = from_address(folder, portal)
    undo(changed["run"])
    assert not from_address(folder, portal)["unmodified"]


def test_a_dataset_that_is_gone_is_made_again(folder: Path, portal: Portal) -> None:
    from_address(folder, portal)
    (gone, *_) = call("package_search", include_private=True)["results"]
    call("dataset_purge", id=gone["id"])
    assert counts(from_address(folder, portal)) == {"records": 4, "added": 1, "unchanged": 3}


def test_what_waits_for_a_department_is_tried_in_every_run(folder: Path, portal: Portal) -> None:
    portal.provider = "水务局"
    settings = {"providers": "map", "provider_map": {"交通局": "示例市交通运输局", "水务局": "示例市水务局"}}
    assert counts(from_address(folder, portal, **settings)) == {"records": 4, "refused": 4}
    department("990100", title="示例市水务局")
    from_address(folder, portal, **settings)
    assert portal.statuses == [200, 200]


def test_a_run_that_died_is_followed_by_one_that_reads(
    folder: Path, portal: Portal, monkeypatch: pytest.MonkeyPatch
) -> None:
    from harvesters.portal import CkanSession

    from_address(folder, portal)
    portal.rows["a1"] = "公交站点信息"

    def dies(*_: Any) -> Any:
        raise OSError("disk")

    with monkeypatch.context() as patched:
        patched.setattr(CkanSession, "apply", dies)
        with pytest.raises(OSError, match="disk"):
            from_address(folder, portal)
    portal.rows["a1"] = "停车场信息1"
    assert counts(from_address(folder, portal)) == {"records": 4, "unchanged": 4}
    assert portal.statuses == [200, 200, 200]


FROM_FOLDER: dict[str, Any] = {"protocol": "folder", "directory": {"root": "交换区", "settle": "0"}}


def fill(folder: Path) -> None:
    for name in ("一", "二"):
        rows = [f"{name}{n},停车场信息{name}{n},示例市交通运输局,每年" for n in range(2)]
        (folder / "exchange" / f"{name}.csv").write_text("\n".join([HEAD, *rows]), "utf-8")


def test_a_folder_whose_files_are_what_they_were(folder: Path) -> None:
    fill(folder)
    assert counts(harvested(folder, **FROM_FOLDER)) == {"records": 4, "added": 4}
    again = harvested(folder, **FROM_FOLDER)
    assert (again["unmodified"], counts(again)) == (True, {"records": 4, "unchanged": 4})
    os.unlink(folder / "exchange" / "二.csv")
    assert counts(harvested(folder, **FROM_FOLDER)) == {"records": 2, "unchanged": 2, "removed": 2}


def test_a_file_still_being_written_takes_nothing_down(folder: Path) -> None:
    fill(folder)
    harvested(folder, **FROM_FOLDER)
    (folder / "exchange" / "二.csv").rename(folder / "exchange" / "二.csv.part")
    report = harvested(folder, **FROM_FOLDER)
    assert counts(report) == {"records": 2, "unchanged": 2}
    assert "没有读到" in report["brake"]
    assert report["warnings_by_rule"] == {"H08": 1}
    (folder / "exchange" / "二.csv.part").rename(folder / "exchange" / "二.csv")
    assert counts(harvested(folder, **FROM_FOLDER)) == {"records": 4, "unchanged": 4}
