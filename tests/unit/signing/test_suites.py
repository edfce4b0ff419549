"""Both suites pass the same tests; what is published about the algorithms is compared with the standards' examples."""

import gmalg
import pytest
from ckanext.govcn.signing.exceptions import DecryptionFailed, KeyInvalid, UnknownSuite
from ckanext.govcn.signing.suites import NONCE, SUITES, TAG, suite_of
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.modes import GCM
from hypothesis import given, settings
from hypothesis import strategies as st

SM, INTERNATIONAL = SUITES["sm"], SUITES["international"]
both = pytest.mark.parametrize("suite", SUITES.values(), ids=SUITES)


@both
def test_a_signature_is_verified_by_its_key_alone(suite):
    private, other = suite.generate(), suite.generate()
    signature = suite.sign(private, "公共数据".encode())
    assert suite.verify(suite.public_of(private), "公共数据".encode(), signature)
    assert not suite.verify(suite.public_of(other), "公共数据".encode(), signature)
    assert not suite.verify(suite.public_of(private), "公共数据。".encode(), signature)


@both
@settings(max_examples=15, deadline=None)
@given(place=st.integers(0, 200), bit=st.integers(0, 7))
def test_no_changed_signature_is_right(suite, place, bit):
    private = b"\x07" * 32
    signature = bytearray(suite.sign(private, b"message"))
    signature[place % len(signature)] ^= 1 << bit
    assert not suite.verify(suite.public_of(private), b"message", bytes(signature))


@both
@pytest.mark.parametrize("signature", [b"", b"\x30", b"\0" * 64, b"\x30\x06\x02\x01\x00\x02\x01\x00", b"x" * 100_000])
def test_what_is_no_signature_is_wrong(suite, signature):
    assert not suite.verify(suite.public_of(b"\x07" * 32), b"message", signature)


@both
def test_keys_have_their_sizes(suite):
    for _ in range(3):
        private = suite.generate()
        assert len(private) == suite.private_size
        assert len(suite.public_of(private)) == suite.public_size
        suite.check_public(suite.public_of(private))
    assert len(suite.new_secret()) == suite.secret_size


@both
def test_digests_come_in_pieces(suite):
    hasher = suite.hasher()
    hasher.update(b"a")
    hasher.update(b"bc")
    assert hasher.finalize().hex() == suite.digest(b"abc")
    assert len(suite.digest(b"")) == 64


@both
@settings(max_examples=30, deadline=None)
@given(plain=st.binary(max_size=300), context=st.binary(max_size=40))
def test_what_was_encrypted_comes_back(suite, plain, context):
    secret = suite.new_secret()
    sealed = suite.encrypt(secret, plain, context)
    assert suite.decrypt(secret, sealed, context) == plain
    assert len(sealed) == NONCE + len(plain) + TAG


@both
@settings(max_examples=40, deadline=None)
@given(place=st.integers(0, 300), bit=st.integers(0, 7))
def test_changed_bytes_are_not_decrypted(suite, place, bit):
    secret = suite.new_secret()
    sealed = bytearray(suite.encrypt(secret, b"110101199001010010", b"identity"))
    sealed[place % len(sealed)] ^= 1 << bit
    with pytest.raises(DecryptionFailed):
        suite.decrypt(secret, bytes(sealed), b"identity")


@both
def test_nothing_is_decrypted_for_another_purpose_or_by_another_key(suite):
    secret = suite.new_secret()
    sealed = suite.encrypt(secret, b"secret", b"identity")
    for key, context in ((secret, b"mail"), (suite.new_secret(), b"identity")):
        with pytest.raises(DecryptionFailed):
            suite.decrypt(key, sealed, context)
    with pytest.raises(DecryptionFailed):
        suite.decrypt(secret, sealed[:20], b"identity")


@both
def test_the_same_text_is_never_encrypted_alike(suite):
    secret = suite.new_secret()
    assert suite.encrypt(secret, b"same", b"") != suite.encrypt(secret, b"same", b"")


def test_an_unknown_suite_is_named():
    with pytest.raises(UnknownSuite) as error:
        suite_of("md5")
    assert "md5" in error.value.message
    assert "md5" in error.value.message_en


# ── the standards' own examples


def test_ed25519_of_rfc_8032():
    private = bytes.fromhex("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60")
    public = bytes.fromhex("d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a")
    assert INTERNATIONAL.public_of(private) == public
    assert INTERNATIONAL.sign(private, b"").hex() == (
        "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b"
    )


def test_sm2_of_gb_t_32918_5():
    """Appendix A: the recommended curve, identity 1234567812345678, message "message digest", fixed k."""
    private = bytes.fromhex("3945208F7B2144B13F36E38AC6D39F95889393692860B51A42FB81EF4DF7C5B8")
    k = 0x59276E27D506861A16680F3AD9C02DCCEF3CC1FA3CDBE4CE6D54B80DEAC1BC21
    r = 0xF5A03B0648D2C4630EEAC513E1BB81A15944DA3827D5B74143AC7EACEEE720B3
    s = 0xB1B6AA29DF212FD8763182BC0D421CA1BB9038FD1F7F42D4840B69C485BBC1AA
    public = bytes.fromhex(
        "0409F9DF311E5421A150DD7D161E4BC5C672179FAD1833FC076BB08FF356F35020"
        "CCEA490CE26775A52DC6EA718CC1AA600AED05FBF35E084A6632F6072DA9AD13"
    )
    assert SM.public_of(private) == public
    made = gmalg.SM2(private, b"1234567812345678", rnd_fn=lambda _bits: k).sign(b"message digest")
    assert [int.from_bytes(each) for each in made] == [r, s]
    assert SM.verify(public, b"message digest", encode_dss_signature(r, s))
    assert not SM.verify(public, b"message digest", encode_dss_signature(r, s + 1))


@pytest.mark.parametrize(
    ("message", "digest"),
    [
        (b"abc", "66c7f0f462eeedd9d1f2d46bdc10e4e24167c4875cf2f7a2297da02b8f4ba8e0"),
        (b"abcd" * 16, "debe9ff92275b8a138604889c18e5a4d6fdb70e5387e5765293dcba39c0c5732"),
    ],
)
def test_sm3_of_gb_t_32905(message, digest):
    assert SM.digest(message) == digest


def test_sm4_gcm_of_rfc_8998():
    """Appendix A.1."""
    key, nonce = bytes.fromhex("0123456789abcdeffedcba9876543210"), bytes.fromhex("00001234567800000000abcd")
    associated = bytes.fromhex("feedfacedeadbeeffeedfacedeadbeefabaddad2")
    plain = b"".join(byte * 8 for byte in (b"\xaa", b"\xbb", b"\xcc", b"\xdd", b"\xee", b"\xff", b"\xee", b"\xaa"))
    encryptor = Cipher(SM._cipher(key), GCM(nonce)).encryptor()
    encryptor.authenticate_additional_data(associated)
    assert (encryptor.update(plain) + encryptor.finalize()).hex() == (
        "17f399f08c67d5ee19d0dc9969c4bb7d5fd46fd3756489069157b282bb200735d82710ca5c22f0ccfa7cbf93d496ac15a56834cbcf98c397b4024a2691233b8d"
    )
    assert encryptor.tag.hex() == "83de3541e4c2b58177e065a9bf7b62ec"


@pytest.mark.parametrize("private", [0, 0xFFFFFFFEFFFFFFFFFFFFFFFFFFFFFFFF7203DF6B21C6052B53BBF40939D54122])
def test_sm2_keys_out_of_range_are_none(private):
    with pytest.raises(KeyInvalid):
        SM.public_of(private.to_bytes(32))


@pytest.mark.parametrize("point", [b"\x04" + b"\0" * 64, b"\x04" + b"\xff" * 64, b"\0" * 65, b"\x02" + b"\1" * 64])
def test_what_is_no_point_of_the_curve_is_no_key(point):
    with pytest.raises(KeyInvalid):
        SM.check_public(point)


@both
@pytest.mark.parametrize("secret", [b"Jefe", b"\x0b" * 32, b"k" * 64])
def test_a_keyed_digest_is_the_hmac_of_rfc_2104(suite, secret):
    def digest(pad, content):
        return bytes.fromhex(suite.digest(bytes(byte ^ pad for byte in secret.ljust(64, b"\0")) + content))

    assert suite.keyed_digest(secret, b"content") == digest(0x5C, digest(0x36, b"content")).hex()


def test_the_keyed_digest_of_rfc_4231():
    digest = "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
    assert INTERNATIONAL.keyed_digest(b"Jefe", b"what do ya want for nothing?") == digest
