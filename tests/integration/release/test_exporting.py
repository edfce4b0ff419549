"""What goes out of an internal instance, and that nothing else does."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

pytestmark = [pytest.mark.usefixtures("clean", "internal")]

FILE = "名称,泊位\n甲,10\n".encode()


@pytest.fixture
def internal(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An internal instance with its own storage and keys."""
    from ckan.plugins import toolkit as tk

    (tmp_path / "storage").mkdir()
    monkeypatch.setitem(tk.config, "ckan.storage_path", str(tmp_path / "storage"))
    monkeypatch.setitem(tk.config, "ckanext.govcn.signing.folder", str(tmp_path / "keys"))
    monkeypatch.setitem(tk.config, "ckanext.govcn.zone", "internal")


@pytest.fixture
def owner() -> dict[str, Any]:
    from integration.making import department

    return department("990100", title="示例市交通运输局")


def made(
    owner: dict[str, Any], title: str, *, open_type: str = "unconditional", status: str = "published", **more: Any
) -> str:
    """A dataset as a harvest leaves it, with its 发布依据; its id."""
    from ckan import model
    from ckan.tests.helpers import call_action
    from ckanext.govcn.catalog.entry import Release
    from ckanext.govcn.editorial import model as records
    from integration.making import COMPLETE, internal

    fields = {**COMPLETE, "title": title, "owner_org": owner["id"], "open_type": open_type, "catalog_status": status}
    created = call_action("package_create", internal(), **fields | more)
    records.set_release(model.Session, created["id"], Release("reviewed", "示密审〔2026〕1号", "王审查", "2026-01-05"))
    model.Session.commit()
    return created["id"]


def hang(package_id: str, content: bytes, name: str = "停车场.csv", **more: Any) -> str:
    """A stored file on the dataset; the resource's id."""
    from ckan import model
    from ckan.tests.helpers import call_action
    from ckanext.govcn.access import files
    from integration.making import internal

    stored = files.store(io.BytesIO(content), 10**6)
    given = {"package_id": package_id, "url": name, "url_type": "file", "name": name, "format": "CSV"}
    resource = call_action("resource_create", internal(), **given | more)
    files.attach(resource["id"], stored.sha256, name)
    model.Session.commit()
    return resource["id"]


def patch(package_id: str, **fields: Any) -> None:
    from ckan.tests.helpers import call_action
    from integration.making import internal

    call_action("package_patch", internal(), id=package_id, **fields)


def export(**options: Any) -> Any:
    from harvesters.release.exporting import export as export_package

    return export_package(**options)


def opened(path: str) -> dict[str, Any]:
    """Everything of a package, as its receiver reads it."""
    from ckanext.govcn.signing import site

    from harvesters.release.package import Trust, open_package
    from harvesters.release.settings import Limits

    folder = site.key_folder()
    with open_package(Path(path), Trust(tuple(folder.public_keys()), folder.site_id), Limits()) as package:
        return {
            "manifest": package.manifest,
            "entries": {each.id: each.entry for each in package.entries()},
            "withdrawals": list(package.withdrawals()),
            "files": [stream.read() for _, stream in package.contents()],
        }


def test_the_first_package_holds_what_the_public_may_see(owner: dict[str, Any]) -> None:
    parking, firms = made(owner, "停车场信息"), made(owner, "企业登记信息", open_type="conditional")
    resource = hang(parking, FILE)
    hang(firms, b"closed content", "firms.csv")
    made(owner, "不予开放的", open_type="none")
    made(owner, "待审核的", status="department_review")
    made(owner, "已下架的", status="withdrawn")
    done = export()
    found = opened(done.path)
    assert set(found["entries"]) == {parking, firms}
    entry = found["entries"][parking]
    assert (entry.title, entry.open_type, entry.provider.name) == ("停车场信息", "unconditional", "示例市交通运输局")
    assert entry.provider.region_code == "990100"
    assert entry.codes
    assert [(each.url, each.remote_id, each.size) for each in entry.resources] == [("停车场.csv", resource, len(FILE))]
    assert found["entries"][firms].resources == ()
    assert found["files"] == [FILE]
    assert (found["manifest"].number, found["manifest"].full, found["manifest"].previous) == (1, True, None)
    assert done.to_json()["entries"]["count"] == 2


def test_afterwards_only_differences_go_out(owner: dict[str, Any]) -> None:
    one, two, three = (made(owner, title) for title in ("停车场信息", "公厕信息", "图书馆信息"))
    hang(one, FILE)
    first = opened(export().path)["manifest"]
    assert export().manifest is None
    patch(one, notes="新的摘要。")
    patch(two, catalog_status="withdrawn")
    patch(three, open_type="none")
    four = made(owner, "公园信息")
    found = opened(export().path)
    assert set(found["entries"]) == {one, four}
    assert found["entries"][one].resources
    assert found["files"] == []  # the receiver has it
    assert found["withdrawals"] == sorted([two, three])
    assert (found["manifest"].number, found["manifest"].full) == (2, False)
    assert found["manifest"].previous.digest == first.digest
    patch(two, catalog_status="published")
    third = opened(export().path)
    assert (set(third["entries"]), third["withdrawals"]) == ({two}, [])


def test_a_full_package_says_everything(owner: dict[str, Any]) -> None:
    one, two = made(owner, "停车场信息"), made(owner, "公厕信息")
    hang(one, FILE)
    export()
    patch(two, catalog_status="withdrawn")
    export()
    found = opened(export(full=True).path)
    assert (set(found["entries"]), found["withdrawals"], found["files"]) == ({one}, [two], [FILE])
    assert (found["manifest"].number, found["manifest"].full) == (3, True)


def test_the_same_state_is_the_same_body(owner: dict[str, Any], tmp_path: Path) -> None:
    for title in ("停车场信息", "公厕信息"):
        hang(made(owner, title), title.encode())
    first, second = export(full=True), export(full=True)
    assert first.manifest.body == second.manifest.body
    size = first.manifest.body.size
    assert Path(first.path).read_bytes()[-size:] == Path(second.path).read_bytes()[-size:]


def test_a_changed_file_goes_out_alone(owner: dict[str, Any]) -> None:
    from ckan import model
    from ckanext.govcn.access import files

    one = made(owner, "停车场信息")
    resource = hang(one, FILE)
    hang(one, b"other", "other.csv")
    export()
    files.attach(resource, files.store(io.BytesIO(b"new"), 100).sha256, "停车场.csv")
    model.Session.commit()
    assert opened(export().path)["files"] == [b"new"]


def test_login_data_goes_out_and_stays_for_those_who_are_logged_in(owner: dict[str, Any]) -> None:
    one = made(owner, "停车场信息", access_mode="login")
    hang(one, FILE)
    found = opened(export().path)
    assert found["entries"][one].access_mode == "login"
    assert found["files"] == [FILE]


def test_nothing_leaks(owner: dict[str, Any]) -> None:
    """Canaries in everything that must stay: addresses, closed entries, raw records, accounts, the reviewer's name."""
    import sqlalchemy as sa
    from ckan import model
    from ckan.tests import factories
    from ckan.tests.helpers import call_action
    from integration.making import internal

    word = "jinsique741"
    factories.User(name=f"{word}user", email=f"{word}@example.gov.cn", fullname=f"{word}人")
    address = f"http://10.1.2.3/{word}/export.csv?key=1"
    one = made(owner, "停车场信息", url=address, contact_name="张公开", contact_phone="0000-12345678")
    call_action("resource_create", internal(), package_id=one, url=address, name="链接", format="CSV")
    hang(one, FILE, description="说明")
    two = made(owner, "企业登记信息", open_type="conditional", url=address)
    call_action("resource_create", internal(), package_id=two, url=address, name="链接", format="CSV")
    hang(two, f"{word} closed".encode(), f"{word}.csv", description=word)
    for title, more in (
        (f"{word}不予", {"open_type": "none", "share_type": "1"}),
        (f"{word}待核定", {"open_type": ""}),
        (f"{word}草稿", {"status": "draft"}),
        (f"{word}审核中", {"status": "bureau_review"}),
        (f"{word}下架", {"status": "withdrawn"}),
    ):
        hang(made(owner, title, **more), f"{word} {title}".encode(), f"{word}.csv")
    deleted = made(owner, f"{word}已删除")
    model.Session.execute(sa.text("UPDATE package SET state = 'deleted' WHERE id = :id"), {"id": deleted})
    model.Session.execute(
        sa.text(
            "INSERT INTO govcn_harvest_record (source, remote_id, package_id, state, seen_run, changed_run, entry, resources) "
            "VALUES ('laiyuan', '1', :id, 'active', 1, 1, CAST(:raw AS jsonb), CAST(:raw AS jsonb))"
        ),
        {"id": one, "raw": json.dumps([{"url": address, "id": "x", "remote_id": word}])},
    )
    model.Session.commit()
    done = export(full=True)
    whole = Path(done.path).read_bytes()
    assert word.encode() not in whole
    assert b"10.1.2.3" not in whole
    assert "王审查".encode() not in whole
    assert "张公开".encode() in whole  # the entry's own contact is what the public sees
    assert "张公开".encode() in json.dumps(shown_to_the_public(one), ensure_ascii=False).encode()
    assert done.links_left_out == 1
    told = json.dumps(done.to_json(), ensure_ascii=False)
    assert word not in told


def shown_to_the_public(package_id: str) -> dict[str, Any]:
    from ckan.tests.helpers import call_action

    return call_action("package_show", {"ignore_auth": False, "user": "", "use_cache": False}, id=package_id)


def test_an_entry_says_nothing_that_a_visitor_does_not_see(owner: dict[str, Any]) -> None:
    """Every text of every entry is in what the internal instance shows to a visitor without an account."""
    from harvesters.entry_json import to_json

    for title, open_type in (("停车场信息", "unconditional"), ("企业登记信息", "conditional")):
        made(
            owner, title, open_type=open_type, contact_name="张公开", share_condition="共享条件", source_system="某系统"
        )
    for identity, entry in opened(export().path)["entries"].items():
        shown = json.dumps(shown_to_the_public(identity), ensure_ascii=False)
        values = {key: value for key, value in to_json(entry).items() if key != "provider"}
        for text in texts(values):
            assert json.dumps(text, ensure_ascii=False)[1:-1] in shown, text


def texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for each in value.values():
            yield from texts(each)
    elif isinstance(value, list):
        for each in value:
            yield from texts(each)


def test_an_entry_with_a_secrecy_mark_never_goes_out(owner: dict[str, Any]) -> None:
    from ckan import model

    one = made(owner, "停车场信息")
    export()
    model.Session.query(model.Package).filter_by(id=one).update({"title": "停车场名单（秘密）"})
    model.Session.commit()
    done = export()
    assert [(each.id, each.reason) for each in done.left_out] == [(one, "secrecy_mark")]
    assert opened(done.path)["withdrawals"] == [one]
    assert "秘密".encode() not in Path(done.path).read_bytes()


def test_without_its_release_nothing_goes_out(owner: dict[str, Any]) -> None:
    import sqlalchemy as sa
    from ckan import model

    one = made(owner, "停车场信息")
    model.Session.execute(sa.text("DELETE FROM govcn_release WHERE package_id = :id"), {"id": one})
    model.Session.commit()
    assert opened(export(full=True).path)["entries"] == {}


def test_a_lost_file_leaves_its_dataset_as_it_was_sent(owner: dict[str, Any]) -> None:
    from ckanext.govcn.access import files

    one = made(owner, "停车场信息")
    resource = hang(one, FILE)
    export()
    patch(one, notes="新的摘要。")
    files.path_of(files.sha256_of(resource)).unlink()
    done = export()
    assert done.manifest is None
    assert [(each.id, each.reason) for each in done.left_out] == [(one, "file_missing")]


def test_a_public_instance_exports_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    from ckan.plugins import toolkit as tk

    from harvesters.release.exceptions import NotInternal

    monkeypatch.setitem(tk.config, "ckanext.govcn.zone", "public")
    with pytest.raises(NotInternal):
        export()


def test_a_crash_leaves_no_number_without_its_file(owner: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    from harvesters.release.confirming import sent
    from harvesters.release.exporting import finish_interrupted

    made(owner, "停车场信息")
    replaced = Path.replace

    def crash(self: Path, target: Any) -> Path:
        if str(target).endswith(".tar"):
            raise KeyboardInterrupt
        return replaced(self, target)

    monkeypatch.setattr(Path, "replace", crash)
    with pytest.raises(KeyboardInterrupt):
        export()
    monkeypatch.setattr(Path, "replace", replaced)
    assert [(each["number"], each["there"]) for each in sent()] == [(1, False)]
    finish_interrupted()
    assert [(each["number"], each["there"]) for each in sent()] == [(1, True)]
    assert opened(sent()[0]["file"])["manifest"].number == 1
    assert export().manifest is None


def test_a_failed_export_leaves_no_number(owner: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    from ckanext.govcn.access import files

    from harvesters.release.confirming import sent
    from harvesters.release.exceptions import ContentDamaged

    resource = hang(made(owner, "停车场信息"), FILE)
    path = files.path_of(files.sha256_of(resource))
    path.write_bytes(b"x" * len(FILE))
    with pytest.raises(ContentDamaged):
        export()
    assert sent() == []
    path.write_bytes(FILE)
    done = export()
    assert done.manifest.number == 1
    assert [each.name for each in Path(done.path).parent.iterdir()] == [Path(done.path).name]


def test_numbers_go_on_after_a_restored_backup(owner: dict[str, Any]) -> None:
    from harvesters.release.exceptions import NumberTaken

    made(owner, "停车场信息")
    assert export(after=5).manifest.number == 6
    with pytest.raises(NumberTaken):
        export(full=True, after=4)
    assert export(full=True, after=7).manifest.number == 8


# ── receipts


@pytest.fixture
def receiver(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """A public instance whose receipts are believed here."""
    from ckanext.govcn.signing.keys import PrivateKey
    from ckanext.govcn.signing.suites import SUITES

    key = PrivateKey.generate(SUITES["international"])
    folder = tmp_path / "config"
    folder.mkdir()
    (folder / "release.yaml").write_text(f"receivers: {{site-public: {key.public.text}}}\n")
    monkeypatch.setenv("GOVCN_CONFIG", str(folder))
    return key


def receipt(key: Any, manifest: Any, folder: Path, **more: Any) -> Path:
    from harvesters.release.receipts import Receipt

    given = {"state": "applied", "at": "2026-11-24T01:00:00Z", "counts": {"added": 1, "refused": 0}} | more
    made = Receipt("site-public", manifest.site, manifest.number, manifest.digest, **given)
    path = folder / "receipt.json"
    path.write_bytes(made.signed(key))
    return path


def test_receipts_confirm_what_was_sent(owner: dict[str, Any], receiver: Any, tmp_path: Path) -> None:
    from harvesters.release.confirming import confirm, sent

    made(owner, "停车场信息")
    manifest = export().manifest
    assert [each["state"] for each in sent()] == ["exported"]
    for state, shown, at in (
        ("waiting", "delivered", "2026-11-24T01:00:00Z"),
        ("applied", "confirmed", "2026-11-24T02:00:00Z"),
        ("waiting", "confirmed", "2026-11-24T01:00:00Z"),  # an older one that came late
        ("undone", "failed", "2026-11-24T03:00:00Z"),
    ):
        confirm(receipt(receiver, manifest, tmp_path, state=state, at=at))
        assert [each["state"] for each in sent()] == [shown]


def test_what_was_refused_there_comes_again(owner: dict[str, Any], receiver: Any, tmp_path: Path) -> None:
    from harvesters.release.confirming import confirm
    from harvesters.release.receipts import RefusedEntry

    one, two = made(owner, "停车场信息"), made(owner, "公厕信息")
    hang(one, FILE)
    manifest = export().manifest
    refused = (RefusedEntry(one, "R03", "没有文件"), RefusedEntry(two, "R04", "审阅后没有执行"))
    confirm(receipt(receiver, manifest, tmp_path, refused=refused, counts={"refused": 2}))
    found = opened(export().path)
    assert (set(found["entries"]), found["files"]) == ({one}, [FILE])


def test_receipts_of_others_are_not_taken(owner: dict[str, Any], receiver: Any, tmp_path: Path) -> None:
    from dataclasses import replace

    from ckanext.govcn.signing.keys import PrivateKey

    from harvesters.release.confirming import confirm, sent
    from harvesters.release.exceptions import FolderUnusable, ReceiptInvalid, ReceiptUnknown

    made(owner, "停车场信息")
    manifest = export().manifest
    with pytest.raises(ReceiptInvalid):
        confirm(receipt(PrivateKey.generate(receiver.suite), manifest, tmp_path))
    for other in (replace(manifest, digest="0" * 64), replace(manifest, number=9), replace(manifest, site="site-x")):
        with pytest.raises(ReceiptUnknown):
            confirm(receipt(receiver, other, tmp_path))
    (tmp_path / "large").write_bytes(b"x" * 5_000_000)
    with pytest.raises(ReceiptInvalid):
        confirm(tmp_path / "large")
    with pytest.raises(FolderUnusable):
        confirm(tmp_path / "missing")
    assert [each["state"] for each in sent()] == ["exported"]
