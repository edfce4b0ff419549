"""The file of a package: what comes back, and that nothing else is ever taken for one."""

import io
import json
import os
import tarfile
import tracemalloc

import pytest
from ckanext.govcn.signing.envelopes import Context, canonical, seal
from ckanext.govcn.signing.keys import PrivateKey
from hypothesis import given
from hypothesis import strategies as st
from unit.release.making import KEY, KEYS, LIMITS, SITE, SOME, TRUST, Contents, draft, sha256

from harvesters.exceptions import HarvestError
from harvesters.release.exceptions import (
    ContentDamaged,
    PackageDamaged,
    PackageError,
    PackageInvalid,
    PackageTooLarge,
    PackageTruncated,
    PackageUntrusted,
    WrongSite,
)
from harvesters.release.manifest import Manifest, ManifestError, Previous
from harvesters.release.package import BLOCK, Content, PackageWriter, Trust, open_package, read_manifest
from harvesters.release.settings import Limits


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    path = tmp_path_factory.mktemp("package") / "whole.tar"
    SOME.write(path)
    return path.read_bytes()


def read(path, trust=TRUST, limits=LIMITS):
    """Everything a receiver would take out of a package."""
    with open_package(path, trust, limits) as package:
        contents = [(content, stream.read()) for content, stream in package.contents()]
        return package.manifest, list(package.entries()), list(package.withdrawals()), contents


@pytest.mark.parametrize("key", KEYS.values(), ids=KEYS)
def test_what_was_written_comes_back(tmp_path, key):
    written = SOME.write(tmp_path / "a.tar", key=key)
    manifest, entries, withdrawals, contents = read(tmp_path / "a.tar", Trust((key.public,), SITE))
    assert manifest == written
    assert (manifest.suite, manifest.key_id, manifest.number, manifest.full) == (key.suite.name, key.key_id, 1, True)
    assert manifest.counts == {"entries": 2, "withdrawals": 1, "files": 3, "bytes": 3017}
    assert [(each.id, each.entry.title, each.entry.tags) for each in entries] == [
        ("a1", "示例市公共停车场信息", ("停车",)),
        ("b2", "示例市企业登记信息", ()),
    ]
    assert withdrawals == ["c3"]
    assert [content for _, content in contents] == SOME.files
    assert [known.sha256 for known, _ in contents] == [sha256(content) for content in SOME.files]


def test_people_can_look_inside(tmp_path):
    SOME.write(tmp_path / "a.tar")
    with tarfile.open(tmp_path / "a.tar", "r:") as archive:
        names = archive.getnames()
        assert names[:4] == ["manifest.json", "entries.ndjson", "withdrawals.ndjson", "files.ndjson"]
        assert names[4:] == [f"files/{sha256(content)}" for content in SOME.files]
        envelope = archive.extractfile("manifest.json").read()
        assert json.loads(envelope)["payloadType"] == Context.RELEASE


def test_the_same_state_is_the_same_bytes(tmp_path):
    SOME.write(tmp_path / "a.tar")
    SOME.write(tmp_path / "b.tar")
    assert (tmp_path / "a.tar").read_bytes() == (tmp_path / "b.tar").read_bytes()


def test_a_file_is_carried_once(tmp_path):
    manifest = Contents(files=[b"same", b"other", b"same"]).write(tmp_path / "a.tar")
    assert (manifest.files.count, manifest.files.bytes) == (2, 9)
    assert len(read(tmp_path / "a.tar")[3]) == 2


def test_an_empty_package_is_one(tmp_path):
    Contents().write(tmp_path / "a.tar")
    assert read(tmp_path / "a.tar")[1:] == ([], [], [])


def test_a_file_that_is_not_what_its_name_says_is_not_carried(tmp_path):
    for stored in (b"other", b"longer than said", b""):
        writer = PackageWriter(tmp_path)
        writer.add_content(Content(sha256(b"said!"), 5))
        with pytest.raises(ContentDamaged):
            writer.write(tmp_path / f"{len(stored)}.tar", draft(), KEY, lambda _, content=stored: io.BytesIO(content))


# ── nothing else is taken for a package


@given(place=st.integers(min_value=0), change=st.integers(1, 255))
def test_any_changed_byte_is_noticed(tmp_path_factory, whole, place, change):
    changed = bytearray(whole)
    changed[place % len(changed)] ^= change
    path = tmp_path_factory.mktemp("changed") / "a.tar"
    path.write_bytes(changed)
    with pytest.raises(PackageError):
        read(path)


def test_every_byte_of_the_head_counts(tmp_path, whole):
    """Byte by byte where it matters most: the archive's first header and the signed manifest."""
    path = tmp_path / "a.tar"
    path.write_bytes(whole)
    head = len(whole) - read_manifest(path, TRUST, LIMITS).body.size
    for place in range(head):
        path.write_bytes(whole[:place] + bytes([whole[place] ^ 1]) + whole[place + 1 :])
        with pytest.raises(PackageError):
            read_manifest(path, TRUST, LIMITS)


@given(length=st.integers(min_value=0))
def test_half_a_package_is_none_and_may_still_be_arriving(tmp_path_factory, whole, length):
    path = tmp_path_factory.mktemp("short") / "a.tar"
    path.write_bytes(whole[: length % len(whole)])
    with pytest.raises(PackageError) as error:
        read(path)
    if length % len(whole) > BLOCK:
        assert isinstance(error.value, PackageTruncated)
        assert error.value.transient


@pytest.mark.parametrize("more", [b"\0", b"\0" * 10240, b"x" * 100_000])
def test_more_than_was_signed_is_noticed(tmp_path, whole, more):
    (tmp_path / "a.tar").write_bytes(whole + more)
    with pytest.raises(PackageDamaged):
        read(tmp_path / "a.tar")


@given(st.binary(max_size=2000))
def test_any_bytes_are_no_package(tmp_path_factory, content):
    path = tmp_path_factory.mktemp("any") / "a.tar"
    path.write_bytes(content)
    with pytest.raises(PackageInvalid):
        read(path)


def test_other_archives_are_no_packages(tmp_path):
    for mode in ("w", "w:gz", "w:xz"):
        with tarfile.open(tmp_path / "a.tar", mode) as archive:
            for name in ("manifest.json", "../../etc/passwd", "/etc/passwd"):
                member = tarfile.TarInfo(name)
                member.size = 4
                archive.addfile(member, io.BytesIO(b"null"))
        with pytest.raises(PackageError):
            read(tmp_path / "a.tar")


def test_links_and_devices_are_no_packages(tmp_path, whole):
    (tmp_path / "real.tar").write_bytes(whole)
    (tmp_path / "link.tar").symlink_to(tmp_path / "real.tar")
    os.mkfifo(tmp_path / "pipe.tar")
    with pytest.raises(OSError, match="symbolic"):
        read(tmp_path / "link.tar")
    with pytest.raises(PackageInvalid):
        read(tmp_path / "pipe.tar")
    with pytest.raises(PackageInvalid):
        read(tmp_path)


# ── who signed it, and what for


def test_only_trusted_keys_are_believed(tmp_path):
    stranger = PrivateKey.generate(KEY.suite)
    SOME.write(tmp_path / "a.tar", key=stranger)
    with pytest.raises(PackageUntrusted) as error:
        read(tmp_path / "a.tar")
    assert stranger.key_id in error.value.message
    with pytest.raises(PackageUntrusted):
        read(tmp_path / "a.tar", Trust((), ""))


def test_another_site_is_refused(tmp_path):
    SOME.write(tmp_path / "a.tar", draft(site="site-other"))
    with pytest.raises(WrongSite):
        read(tmp_path / "a.tar")
    assert read(tmp_path / "a.tar", Trust((KEY.public,), ""))[0].site == "site-other"


def test_a_signature_for_another_purpose_is_none(tmp_path, whole):
    manifest = SOME.write(tmp_path / "a.tar")
    envelope = seal(KEY, Context.RELEASE_RECEIPT, manifest.to_bytes())
    member = tarfile.TarInfo("manifest.json")
    member.size = len(envelope)
    head = member.tobuf(tarfile.GNU_FORMAT) + envelope + b"\0" * (-len(envelope) % BLOCK)
    (tmp_path / "b.tar").write_bytes(head + whole[-manifest.body.size :])
    with pytest.raises(PackageUntrusted):
        read(tmp_path / "b.tar")


def _signed(document) -> bytes:
    envelope = seal(KEY, Context.RELEASE, canonical(document))
    member = tarfile.TarInfo("manifest.json")
    member.size = len(envelope)
    return member.tobuf(tarfile.GNU_FORMAT) + envelope + b"\0" * (-len(envelope) % BLOCK)


@pytest.mark.parametrize(
    "change",
    [
        {"format": "govcn-release/2"},
        {"more": 1},
        {"number": 0},
        {"number": True},
        {"number": 10**30},
        {"site": "../x"},
        {"site": ""},
        {"full": 1},
        {"previous": {"number": 1, "digest": "x"}},
        {"body": {"size": -1, "digest": "0" * 64}},
        {"entries": {"count": 1}},
        {"made_at": "yesterday"},
        {"key_id": "international-" + "0" * 32},
        {"suite": "sm"},
        {"files": []},
    ],
)
def test_a_manifest_of_another_form_is_refused_even_when_signed(tmp_path, change):
    manifest = SOME.write(tmp_path / "a.tar")
    (tmp_path / "b.tar").write_bytes(_signed(json.loads(manifest.to_bytes()) | change))
    with pytest.raises(PackageInvalid):
        read(tmp_path / "b.tar")


@pytest.mark.parametrize("document", [None, [], 1, "x", {}])
def test_a_document_that_is_no_manifest_is_refused(tmp_path, document):
    (tmp_path / "b.tar").write_bytes(_signed(document))
    with pytest.raises(PackageInvalid):
        read(tmp_path / "b.tar")


# ── limits


@pytest.mark.parametrize(
    "limits",
    [
        Limits(package=5000),
        Limits(manifest=100),
        Limits(entries=2),
        Limits(entry=20),
        Limits(files=2),
        Limits(file=2999),
    ],
)
def test_what_is_too_large_is_refused(tmp_path, limits):
    SOME.write(tmp_path / "a.tar")
    with pytest.raises(PackageTooLarge):
        read(tmp_path / "a.tar", limits=limits)


def test_a_manifest_cannot_claim_a_size_it_does_not_have(tmp_path, whole):
    size = tarfile.TarInfo("manifest.json")
    size.size = 8**11 - 1
    (tmp_path / "a.tar").write_bytes(size.tobuf(tarfile.GNU_FORMAT) + whole[BLOCK:])
    with pytest.raises(PackageTooLarge):
        read(tmp_path / "a.tar")


def test_memory_does_not_grow_with_the_package(tmp_path):
    many = Contents({f"{n:06}": {"title": "示例" * 400} for n in range(6000)}, [], [b"x" * 30_000_000])
    many.write(tmp_path / "a.tar")
    tracemalloc.start()
    with open_package(tmp_path / "a.tar", TRUST, LIMITS) as package:
        assert sum(1 for _ in package.entries()) == 6000
        for _, stream in package.contents():
            while stream.read(2**20):
                pass
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert (tmp_path / "a.tar").stat().st_size > 40_000_000
    assert peak < 8_000_000


# ── lines


@pytest.mark.parametrize(
    "entry",
    [
        {"title": 1},
        {"tags": ["x", 2]},
        {"items": [{"name": {}}]},
        {"resources": [{"url": None}]},
        {"provider": "x"},
        [],
    ],
)
def test_an_entry_of_wrong_types_is_refused(tmp_path, entry):
    Contents({"a": entry}).write(tmp_path / "a.tar")
    with pytest.raises(PackageInvalid):
        read(tmp_path / "a.tar")


def test_an_entry_of_a_newer_edition_is_read_as_far_as_known(tmp_path):
    Contents({"a": {"title": "示例", "new_field": {"x": 1}}}).write(tmp_path / "a.tar")
    assert read(tmp_path / "a.tar")[1][0].entry.title == "示例"


@pytest.mark.parametrize("identity", ["", "../x", "a/b", "a" * 101, "数据"])
def test_an_identity_is_a_plain_word(tmp_path, identity):
    Contents({identity: {}}).write(tmp_path / "a.tar")
    with pytest.raises(PackageInvalid):
        read(tmp_path / "a.tar")


def test_every_error_says_what_to_do_in_both_languages(tmp_path):
    SOME.write(tmp_path / "a.tar", draft(site="site-other"))
    with pytest.raises(HarvestError) as error:
        read(tmp_path / "a.tar")
    assert "a.tar" in error.value.message
    assert "a.tar" in error.value.message_en


def test_a_manifest_is_read_in_its_own_words_alone():
    manifest = draft(2, Previous(1, "0" * 64), full=False)
    from ckanext.govcn.signing.envelopes import Opened

    with pytest.raises(ManifestError):  # its suite and key are not those that signed
        Manifest.from_signed(Opened(manifest.to_bytes(), KEY.public))
