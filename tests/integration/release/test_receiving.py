"""A public instance takes packages out of a folder: each once, in order, whole, or not at all."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml

pytestmark = [pytest.mark.usefixtures("clean", "public")]

SENDER = "site-0123456789abcdef"
STATE = {
    "update_cycle": "4",
    "pub_date": "2026-01-05",
    "provider": {"name": "示例市交通运输局", "region_code": "990100"},
}


@pytest.fixture
def public(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A public instance with its own storage and keys."""
    from ckan import model
    from ckan.plugins import toolkit as tk
    from ckanext.govcn.editorial import zone

    storage = tmp_path / "storage"
    storage.mkdir()
    monkeypatch.setitem(tk.config, "ckan.storage_path", str(storage))
    monkeypatch.setitem(tk.config, "ckanext.govcn.signing.folder", str(tmp_path / "keys"))
    monkeypatch.setitem(tk.config, "ckanext.govcn.zone", "public")
    zone.enforce(model.Session, "public")
    model.Session.commit()
    yield
    model.Session.rollback()
    zone.enforce(model.Session, "both")
    model.Session.commit()


def entry(title: str, *, files: Sequence[tuple[str, bytes]] = (), **more: Any) -> dict[str, Any]:
    from unit.release.making import sha256

    resources = [
        {
            "url": name,
            "name": name,
            "format": "csv",
            "remote_id": f"r-{name}",
            "size": len(content),
            "sha256": sha256(content),
        }
        for name, content in files
    ]
    made = {
        "title": title,
        "notes": f"{title}。",
        "open_type": "unconditional",
        "access_mode": "anonymous",
        **STATE,
    } | more
    return made | ({"resources": resources} if resources else {})


class Diode:
    """The folder where the 网闸 drops packages, and the sender that fills it."""

    def __init__(self, folder: Path) -> None:
        from unit.release.making import KEY

        self.folder, self.key, self.number, self.previous = folder, KEY, 0, None
        (folder / "in").mkdir(parents=True)
        self.settings = {
            "name": "neiwang",
            "protocol": "release",
            "path": "in",
            "providers": "create",
            "profile": "portal",
            "sender": {"site": SENDER, "keys": [KEY.public.text], "receipts": "out"},
        }

    def send(
        self, entries: dict[str, Any], *, withdraw: Sequence[str] = (), files: Sequence[bytes] = (), full: bool = False
    ) -> Any:
        from unit.release.making import Contents, draft

        from harvesters.release.manifest import Previous

        self.number += 1
        made = draft(self.number, self.previous, full=full or self.number == 1, site=SENDER)
        manifest = Contents(entries, list(withdraw), list(files)).write(self.path(self.number), made, self.key)
        self.previous = Previous(manifest.number, manifest.digest)
        return manifest

    def path(self, number: int) -> Path:
        return self.folder / "in" / f"{SENDER}-{number:06}.tar"

    def source(self, **more: Any) -> Any:
        from harvesters.source import load_source

        path = self.folder / "neiwang.yaml"
        path.write_text(yaml.safe_dump(self.settings | more, allow_unicode=True), "utf-8")
        return load_source(str(path))

    def harvest(self, **more: Any) -> Any:
        from harvesters.harvest import harvest

        return harvest(self.source(), **more)

    def receipts(self) -> dict[str, Any]:
        """Receipts by file name, verified with the public instance's key as the sender would."""
        from ckanext.govcn.signing import site

        from harvesters.release.receipts import Receipt

        folder = site.key_folder()
        trusted = {folder.site_id: folder.public_keys()}
        return {path.name: Receipt.opened(path.read_bytes(), trusted) for path in (self.folder / "out").glob("*.json")}

    def receipt(self, number: int) -> Any:
        return self.receipts()[f"{SENDER}-{number:06}.receipt.json"]


@pytest.fixture
def diode(tmp_path: Path) -> Diode:
    return Diode(tmp_path / "diode")


def datasets() -> dict[str, dict[str, Any]]:
    """Title → dataset, as an anonymous visitor finds them."""
    from ckan.tests.helpers import call_action

    found = call_action("package_search", {"ignore_auth": False, "user": ""}, rows=100, q="*:*")
    return {each["title"]: each for each in found["results"]}


def taken() -> dict[int, str]:
    import sqlalchemy as sa
    from ckan import model

    rows = model.Session.execute(sa.text("SELECT number, digest FROM govcn_release_received"))
    return {row.number: row.digest for row in rows}


FILE = b"name,places\nA,10\n"


def test_a_first_package_fills_the_portal(diode: Diode, app: Any) -> None:
    manifest = diode.send(
        {
            "d-1": entry("停车场信息", files=[("parking.csv", FILE)], codes=["209/000007"], categories=["209"]),
            "d-2": entry("企业登记信息", open_type="conditional", access_mode=""),
        },
        files=[FILE],
    )
    report = diode.harvest()
    assert (report.state, report.error, report.counts.added, report.counts.refused) == ("finished", "", 2, 0)
    found = datasets()
    assert set(found) == {"停车场信息", "企业登记信息"}
    assert found["停车场信息"]["codes"] == ["209/000007"]
    assert found["停车场信息"]["organization"]["title"] == "示例市交通运输局"
    assert found["企业登记信息"]["resources"] == []
    (resource,) = found["停车场信息"]["resources"]
    assert app.get(resource["url"]).body == FILE.decode()
    receipt = diode.receipt(1)
    assert (receipt.state, receipt.number, receipt.digest, receipt.refused) == ("applied", 1, manifest.digest, ())
    assert receipt.counts["added"] == 2
    assert taken() == {1: manifest.digest}


def test_differences_change_add_and_withdraw(diode: Diode) -> None:
    diode.send({"d-1": entry("停车场信息"), "d-2": entry("公厕信息"), "d-3": entry("图书馆信息")})
    diode.harvest()
    diode.send(
        {"d-1": entry("停车场信息", notes="新的摘要。"), "d-4": entry("公园信息")}, withdraw=["d-2", "d-unknown"]
    )
    report = diode.harvest()
    assert (report.counts.added, report.counts.changed, report.counts.removed) == (1, 1, 1)
    found = datasets()
    assert set(found) == {"停车场信息", "图书馆信息", "公园信息"}
    assert found["停车场信息"]["notes"] == "新的摘要。"
    diode.send({"d-2": entry("公厕信息")})
    diode.harvest()
    assert "公厕信息" in datasets()


def test_many_withdrawals_are_meant_and_do_not_wait(diode: Diode) -> None:
    diode.send({f"d-{n}": entry(f"数据集{n}") for n in range(30)})
    diode.harvest()
    diode.send({}, withdraw=[f"d-{n}" for n in range(29)])
    report = diode.harvest()
    assert (report.counts.removed, report.counts.waiting, report.brake) == (29, 0, "")
    assert set(datasets()) == {"数据集29"}


def test_what_a_full_package_does_not_name_is_braked(diode: Diode) -> None:
    diode.send({f"d-{n}": entry(f"数据集{n}") for n in range(30)})
    diode.harvest()
    diode.send({"d-0": entry("数据集0")}, withdraw=["d-1"], full=True)
    report = diode.harvest()
    assert report.counts.removed == 1
    assert report.counts.waiting == 28
    assert report.brake
    assert len(datasets()) == 29
    assert diode.receipt(2).state == "waiting"


def test_several_packages_are_taken_in_order(diode: Diode) -> None:
    for n in range(1, 4):
        diode.send({f"d-{n}": entry(f"数据集{n}")})
    assert diode.harvest().state == "finished"
    assert set(datasets()) == {"数据集1", "数据集2", "数据集3"}
    assert sorted(taken()) == [1, 2, 3]
    assert len(diode.receipts()) == 3


def test_again_changes_nothing_and_says_so(diode: Diode) -> None:
    diode.send({"d-1": entry("停车场信息")})
    diode.harvest()
    report = diode.harvest()
    assert (report.state, report.counts.added, report.counts.changed, report.counts.removed) == ("finished", 0, 0, 0)
    assert report.warnings_by_rule == {"R01": 1}
    assert "已经接收过" in report.problems[0].message


def test_a_gap_waits_for_what_is_missing(diode: Diode) -> None:
    diode.send({"d-1": entry("停车场信息")})
    diode.harvest()
    diode.send({"d-2": entry("公厕信息")})
    held = diode.path(2).rename(diode.folder / "held.tar")
    diode.send({"d-3": entry("公园信息")})
    report = diode.harvest()
    assert report.state == "failed"
    assert "缺少第 2 号发布包" in report.error
    assert set(datasets()) == {"停车场信息"}
    refused = diode.receipts()[f"{SENDER}-000003.refused.receipt.json"]
    assert (refused.state, refused.reason, refused.number) == ("refused", "gap", 3)
    held.rename(diode.path(2))
    assert diode.harvest().state == "finished"
    assert set(datasets()) == {"停车场信息", "公厕信息", "公园信息"}


def test_a_full_package_needs_none_before_it(diode: Diode) -> None:
    diode.number, diode.previous = 6, None
    diode.send({"d-1": entry("停车场信息")}, full=True)
    assert diode.harvest().state == "finished"
    assert sorted(taken()) == [7]


def test_a_first_difference_without_a_start_is_a_gap(diode: Diode) -> None:
    diode.number = 1
    diode.send({"d-1": entry("停车场信息")})
    assert "缺少第 1 号" in diode.harvest().error
    assert datasets() == {}


def test_a_fork_is_refused_and_what_follows_is_taken(diode: Diode) -> None:
    diode.send({"d-1": entry("停车场信息")})
    diode.harvest()
    good = diode.previous
    diode.path(1).unlink()
    diode.number, diode.previous = 0, None
    diode.send({"d-1": entry("被替换的内容")}, full=True)
    report = diode.harvest()
    assert report.state == "failed"
    assert "不是同一序列" in report.error
    assert "--after 1" in report.error
    diode.previous = good
    diode.send({"d-2": entry("公厕信息")})
    report = diode.harvest()
    assert report.state == "finished"
    assert report.refused_by_rule == {"R01": 1}
    assert set(datasets()) == {"停车场信息", "公厕信息"}


def test_a_receiver_restored_from_a_backup_asks_for_a_full_package(diode: Diode) -> None:
    import sqlalchemy as sa
    from ckan import model

    for n in range(1, 4):
        diode.send({f"d-{n}": entry(f"数据集{n}")})
        diode.harvest()
    model.Session.execute(sa.text("DELETE FROM govcn_release_received WHERE number > 1"))  # yesterday's backup
    model.Session.commit()
    for number in (2, 3):
        diode.path(number).unlink()
    diode.send({"d-4": entry("数据集4")})
    assert "缺少第 2 号" in diode.harvest().error
    diode.send({f"d-{n}": entry(f"数据集{n}") for n in range(1, 5)}, full=True)
    assert diode.harvest().state == "finished"
    assert sorted(taken()) == [1, 5]
    assert len(datasets()) == 4


@pytest.mark.parametrize("place", [600, 2000, -700])
def test_a_damaged_package_leaves_everything_as_it_was(diode: Diode, place: int) -> None:
    diode.send({"d-1": entry("停车场信息", files=[("a.csv", FILE)])}, files=[FILE])
    whole = bytearray(diode.path(1).read_bytes())
    whole[place] ^= 1
    diode.path(1).write_bytes(whole)
    report = diode.harvest()
    assert report.state == "failed"
    assert report.error
    assert datasets() == {}
    assert taken() == {}


def test_a_package_that_still_arrives_is_taken_later(diode: Diode) -> None:
    diode.send({"d-1": entry("停车场信息")})
    whole = diode.path(1).read_bytes()
    diode.path(1).write_bytes(whole[:-600])
    report = diode.harvest()
    assert report.state == "failed"
    assert "不完整" in report.error
    assert diode.receipts() == {}
    diode.path(1).write_bytes(whole)
    assert diode.harvest().state == "finished"


def test_garbage_in_the_folder_holds_nothing_up(diode: Diode) -> None:
    (diode.folder / "in" / "a.tar").write_bytes(b"x" * 5000)
    (diode.folder / "in" / "notes.txt").write_text("ignored")
    (diode.folder / "in" / ".half.tar").write_text("ignored")
    diode.send({"d-1": entry("停车场信息")})
    report = diode.harvest()
    assert (report.state, report.counts.added) == ("finished", 1)
    assert [(each.rule, each.file) for each in report.problems if each.severity == "refuse"] == [("R01", "a.tar")]


def test_another_key_or_site_is_not_believed(diode: Diode) -> None:
    from ckanext.govcn.signing.keys import PrivateKey

    diode.send({"d-1": entry("停车场信息")})
    diode.settings["sender"] = {**diode.settings["sender"], "site": "site-other"}
    assert "来自站点" in diode.harvest().error
    stranger = PrivateKey.generate(diode.key.suite).public.text
    diode.settings["sender"] = {"site": SENDER, "keys": [stranger]}
    assert "不在信任列表" in diode.harvest().error
    assert datasets() == {}


def test_what_no_public_instance_may_hold_is_refused_one_by_one(diode: Diode) -> None:
    manifest = diode.send(
        {
            "d-1": entry("停车场信息"),
            "d-2": entry("不予开放的", open_type="none"),
            "d-3": entry("待核定的", open_type=""),
            "d-4": entry("带文件的有条件", open_type="conditional", files=[("a.csv", FILE)]),
            "d-5": entry("没有文件的", files=[("b.csv", b"never sent")]),
            "d-6": entry("", files=[]),
            "d-7": entry("名单（秘密）"),
        },
        files=[FILE],
    )
    report = diode.harvest()
    assert report.state == "finished"
    assert report.counts.added == 1
    assert set(datasets()) == {"停车场信息"}
    receipt = diode.receipt(1)
    refused = {each.id: each.rule for each in receipt.refused}
    assert set(refused) == {"d-2", "d-3", "d-4", "d-5", "d-6", "d-7"}
    assert (refused["d-2"], refused["d-4"], refused["d-5"], refused["d-7"]) == ("R02", "R02", "R03", "E26")
    assert "秘密" not in json.dumps([each.message for each in receipt.refused], ensure_ascii=False)
    assert receipt.counts["refused"] == 6
    assert taken() == {1: manifest.digest}


def test_opening_wider_waits_and_the_next_package_waits_for_it(diode: Diode) -> None:
    from harvesters.exceptions import HarvestError
    from harvesters.harvest import apply
    from harvesters.release.receiving import write_receipts

    diode.send({"d-1": entry("企业登记信息", open_type="conditional", access_mode="")})
    diode.harvest()
    diode.send({"d-1": entry("企业登记信息", files=[("a.csv", FILE)])}, files=[FILE])
    report = diode.harvest()
    assert report.counts.waiting == 1
    assert diode.receipt(2).state == "waiting"
    diode.send({"d-2": entry("公厕信息")})
    with pytest.raises(HarvestError, match="待审阅"):
        diode.harvest()
    apply(report.run, diode.source())
    assert [resource["name"] for resource in datasets()["企业登记信息"]["resources"]] == ["a.csv"]
    assert write_receipts(diode.source())
    assert diode.receipt(2).state == "applied"
    diode.harvest()
    assert "公厕信息" in datasets()


def test_what_a_person_rejects_is_told_to_the_sender(diode: Diode) -> None:
    from harvesters.harvest import reject

    diode.send({"d-1": entry("企业登记信息", open_type="conditional", access_mode="")})
    diode.harvest()
    diode.send({"d-1": entry("企业登记信息")})
    reject(diode.harvest().run)
    diode.harvest()
    receipt = diode.receipt(2)
    assert (receipt.state, [(each.id, each.rule) for each in receipt.refused]) == ("applied", [("d-1", "R04")])


def test_a_package_can_be_undone(diode: Diode) -> None:
    from harvesters.harvest import undo

    diode.send({"d-1": entry("停车场信息")})
    diode.harvest()
    diode.send({"d-1": entry("停车场信息", notes="新的摘要。"), "d-2": entry("公厕信息")})
    undo(diode.harvest().run)
    assert {title: each["notes"] for title, each in datasets().items()} == {"停车场信息": "停车场信息。"}
    diode.harvest()
    assert diode.receipt(2).state == "undone"


def test_planning_takes_nothing(diode: Diode) -> None:
    diode.send({"d-1": entry("停车场信息")})
    report = diode.harvest(plan_only=True)
    assert (report.counts.waiting, report.counts.added) == (1, 0)
    assert taken() == {}
    assert diode.harvest().counts.added == 1


class Crash(BaseException):
    """The process ends here."""


@pytest.mark.parametrize("batch", [1, 2, 3])
def test_after_a_crash_the_package_is_finished_without_doubles(
    diode: Diode, monkeypatch: pytest.MonkeyPatch, batch: int
) -> None:
    from harvesters import run as running
    from harvesters.release import receiving

    monkeypatch.setattr(running, "BATCH", 10)
    diode.send({"d-00": entry("撤下的")})
    diode.harvest()
    manifest = diode.send({f"d-{n:02}": entry(f"数据集{n}") for n in range(1, 26)}, withdraw=["d-00"])
    done = receiving.ReleaseSession.apply
    calls: list[int] = []

    def crash(self: Any, plan: Any) -> Any:
        applied = done(self, plan)
        calls.append(1)
        if len(calls) == batch + 1:
            raise Crash
        return applied

    monkeypatch.setattr(receiving.ReleaseSession, "apply", crash)
    with pytest.raises(Crash):
        diode.harvest()
    assert 2 not in taken()
    monkeypatch.setattr(receiving.ReleaseSession, "apply", done)
    report = diode.harvest()
    assert report.state == "finished"
    assert report.counts.unchanged == min(batch * 10, 25)
    assert len(datasets()) == 25
    assert taken()[2] == manifest.digest


def test_the_number_is_kept_only_with_the_end_of_the_run(diode: Diode, monkeypatch: pytest.MonkeyPatch) -> None:
    from harvesters.release import receiving

    diode.send({"d-1": entry("停车场信息")})
    monkeypatch.setattr(receiving.CkanSession, "_standing", lambda _self: (_ for _ in ()).throw(Crash()))
    with pytest.raises(Crash):
        diode.harvest()
    monkeypatch.undo()
    assert taken() == {}


def test_the_portal_keeps_no_copy_of_the_package(diode: Diode) -> None:
    from ckan.plugins import toolkit as tk

    diode.send({"d-1": entry("停车场信息")})
    diode.harvest()
    assert list((Path(tk.config["ckan.storage_path"]) / "govcn-releases" / "incoming").iterdir()) == []


def test_codes_follow_the_sender(diode: Diode) -> None:
    """A provisional code that became a real one there becomes it here; what is made here later goes past it."""
    from ckan import model
    from ckanext.govcn.dataset import model as register

    diode.send({"d-1": entry("停车场信息", codes=["307990100001/000001"], code_provisional=True)})
    diode.harvest()
    first = datasets()["停车场信息"]
    assert (first["codes"], first["code_provisional"]) == (["307990100001/000001"], True)
    changed = entry("停车场信息", codes=["209/000041"], categories=["209"], related_codes=["307990100001/000001"])
    diode.send({"d-1": changed})
    diode.harvest()
    second = datasets()["停车场信息"]
    assert (second["codes"], second.get("code_provisional"), second["name"]) == (["209/000041"], None, first["name"])
    assert register.reserve(model.Session, ["209"]) == ["209/000042"]
    model.Session.rollback()


def test_a_code_that_is_taken_here_refuses_the_entry(diode: Diode) -> None:
    diode.send(
        {
            "d-1": entry("停车场信息", codes=["209/000007"], categories=["209"]),
            "d-2": entry("另一个", codes=["209/000007"], categories=["209"]),
        }
    )
    report = diode.harvest()
    assert report.counts.added == 1
    assert [(each.id, each.rule) for each in diode.receipt(1).refused] == [("d-2", "H04")]


def test_a_file_exchanged_between_looking_and_taking_is_found_out(diode: Diode) -> None:
    """The copy is what is verified."""
    from harvesters.release.exceptions import PackageDamaged
    from harvesters.release.receiving import Inbox, _Copy

    diode.send({"d-1": entry("停车场信息")})
    inbox = Inbox(diode.source())
    found = inbox.next()
    assert found
    with (
        _Copy(replace(found, manifest=replace(found.manifest, digest="0" * 64)), inbox) as copy,
        pytest.raises(PackageDamaged),
    ):
        list(copy.records())
