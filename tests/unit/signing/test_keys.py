"""Keys as texts, their ids, and the folder that keeps them."""

import shutil
import stat
import subprocess

import pytest
from ckanext.govcn.signing.exceptions import KeyExposed, KeyInvalid, KeyMissing
from ckanext.govcn.signing.keys import KeyFolder, PrivateKey, PublicKey
from ckanext.govcn.signing.suites import SUITES

both = pytest.mark.parametrize("suite", SUITES.values(), ids=SUITES)


@both
def test_texts_bring_keys_back(suite):
    key = PrivateKey.generate(suite)
    assert PublicKey.from_text(key.public.text) == key.public
    assert PublicKey.from_text(key.public.pem) == key.public
    assert PublicKey.from_text(f"\n  {key.public.text[:20]}\n{key.public.text[20:]} ") == key.public
    assert PrivateKey.from_pem(key.pem) == key


@both
def test_an_id_states_the_suite_and_one_key_has_one(suite):
    one, two = PrivateKey.generate(suite), PrivateKey.generate(suite)
    assert one.key_id.startswith(f"{suite.name}-")
    assert one.key_id != two.key_id
    assert PublicKey.from_text(one.public.text).key_id == one.key_id


@both
def test_a_private_key_shows_itself_nowhere(suite):
    key = PrivateKey.generate(suite)
    assert key._raw.hex() not in repr(key)
    assert repr(key._raw) not in repr(key)


@pytest.mark.parametrize(
    "text",
    ["", "abc", "钥匙", "MCowBQYDK2VwAyEA", "A" * 20_000, "-----BEGIN PUBLIC KEY-----\n-----END PUBLIC KEY-----"],
)
def test_what_is_no_key_is_said_so(text):
    with pytest.raises(KeyInvalid):
        PublicKey.from_text(text)
    with pytest.raises(KeyInvalid) as error:
        PrivateKey.from_pem(text)
    assert not text or text not in str(error.value)


@both
def test_a_private_key_is_no_public_one(suite):
    with pytest.raises(KeyInvalid):
        PublicKey.from_text(PrivateKey.generate(suite).pem)


@both
def test_openssl_reads_them(suite, tmp_path):
    """What other software of the field makes of the files."""
    if not shutil.which("openssl"):
        pytest.skip("no openssl on this machine")
    key = PrivateKey.generate(suite)
    (tmp_path / "public.pem").write_text(key.public.pem)
    (tmp_path / "private.pem").write_text(key.pem)
    command = ["openssl", "pkey", "-in", tmp_path / "private.pem", "-pubout"]
    assert subprocess.run(command, capture_output=True, text=True, check=True).stdout == key.public.pem
    if suite.name == "sm":
        (tmp_path / "signature").write_bytes(key.sign(b"message"))
        (tmp_path / "message").write_bytes(b"message")
        verify = ["openssl", "pkeyutl", "-verify", "-pubin", "-inkey", tmp_path / "public.pem", "-rawin"]
        options = ["-digest", "sm3", "-pkeyopt", "distid:1234567812345678"]
        files = ["-in", tmp_path / "message", "-sigfile", tmp_path / "signature"]
        said = subprocess.run([*verify, *options, *files], capture_output=True, text=True, check=False)
        assert "Verified Successfully" in said.stdout, said


@both
def test_a_folder_makes_its_first_key_once(suite, tmp_path):
    folder = KeyFolder(tmp_path / "keys")
    key = folder.ensure(suite)
    assert folder.ensure(suite) == key == folder.current()
    assert folder.site_id.startswith("site-")
    assert stat.S_IMODE((tmp_path / "keys").stat().st_mode) == 0o700
    for path in (tmp_path / "keys").iterdir():
        assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_new_key_signs_and_the_old_one_stays(tmp_path):
    folder = KeyFolder(tmp_path / "keys")
    old = folder.ensure(SUITES["international"])
    site = folder.site_id
    new = folder.create(SUITES["sm"])
    assert folder.current() == new
    assert folder.site_id == site
    assert {key.key_id for key in folder.public_keys()} == {old.key_id, new.key_id}
    assert [each.key.key_id for each in folder.all() if each.current] == [new.key_id]
    assert folder.private(old.key_id) == old


def test_a_key_that_others_can_read_is_not_used(tmp_path):
    folder = KeyFolder(tmp_path / "keys")
    key = folder.ensure(SUITES["international"])
    (tmp_path / "keys" / f"{key.key_id}.pem").chmod(0o640)
    with pytest.raises(KeyExposed):
        folder.current()


@pytest.mark.parametrize("key_id", ["../secrets", "international-" + "0" * 32, "", "x" * 500])
def test_a_key_that_is_not_there_is_said_so(tmp_path, key_id):
    folder = KeyFolder(tmp_path / "keys")
    with pytest.raises(KeyMissing):
        folder.current()
    folder.ensure(SUITES["international"])
    with pytest.raises(KeyMissing):
        folder.private(key_id)
