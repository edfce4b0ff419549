"""The two suites of algorithms. Everything is bytes; nothing here knows of files, JSON or purposes.

    international   Ed25519 (RFC 8032)        SHA-256   AES-256-GCM (NIST SP 800-38D)
    sm              SM2 (GB/T 32918.2, .5)    SM3 (GB/T 32905)   SM4-GCM (GB/T 32907, GB/T 36624)

SM2 signs with the identity 1234567812345678 that GM/T 0009 gives for where no other was agreed, and writes a signature
as GM/T 0009 does (DER of r and s), so that other software verifies it. Public keys travel as SubjectPublicKeyInfo
(RFC 8410; GM/T 0006 for SM2's object identifier), private ones as PKCS #8. Each has exactly one encoding here.
"""

from __future__ import annotations

import os
from abc import ABC, abstractmethod
from typing import ClassVar, Protocol

import gmalg  # pyright: ignore[reportMissingTypeStubs] - typed inline, without a marker
from cryptography.exceptions import InvalidSignature, InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature, encode_dss_signature
from cryptography.hazmat.primitives.ciphers import Cipher, CipherAlgorithm
from cryptography.hazmat.primitives.ciphers.algorithms import AES, SM4
from cryptography.hazmat.primitives.ciphers.modes import GCM
from cryptography.hazmat.primitives.hmac import HMAC

from ckanext.govcn.signing.exceptions import DecryptionFailed, KeyInvalid, UnknownSuite

NONCE = 12  # bytes, random for every message: fewer than 2**32 messages under one key (SP 800-38D, 8.3)
TAG = 16
SM2_IDENTITY = b"1234567812345678"
SM2_ORDER = 0xFFFFFFFE_FFFFFFFF_FFFFFFFF_FFFFFFFF_7203DF6B_21C6052B_53BBF409_39D54123


class Hasher(Protocol):
    """A digest in the making."""

    def update(self, data: bytes, /) -> None: ...
    def finalize(self) -> bytes: ...


class Suite(ABC):
    """One set of algorithms. Keys are raw bytes of `private_size` and `public_size`, secrets of `secret_size`."""

    name: ClassVar[str]
    signature_algorithm: ClassVar[str]
    digest_algorithm: ClassVar[str]
    cipher_algorithm: ClassVar[str]
    private_size: ClassVar[int] = 32
    public_size: ClassVar[int]
    secret_size: ClassVar[int]
    public_der: ClassVar[bytes]
    """What stands before the key in its SubjectPublicKeyInfo."""
    private_der: ClassVar[tuple[bytes, bytes]]
    """What stands before the private key in its PKCS #8, and between it and the public one ("" without)."""

    # ── signing

    @abstractmethod
    def generate(self) -> bytes:
        """A new private key."""

    @abstractmethod
    def public_of(self, private: bytes) -> bytes:
        """The public key. Raises KeyInvalid."""

    @abstractmethod
    def check_public(self, public: bytes) -> None:
        """Raises KeyInvalid unless this is a public key that anybody can have."""

    @abstractmethod
    def sign(self, private: bytes, message: bytes) -> bytes: ...

    @abstractmethod
    def verify(self, public: bytes, message: bytes, signature: bytes) -> bool: ...

    # ── hashing

    @abstractmethod
    def _hash(self) -> hashes.HashAlgorithm: ...

    def hasher(self) -> Hasher:
        return hashes.Hash(self._hash())

    def digest(self, content: bytes) -> str:
        """Lower-case hexadecimal, 64 digits."""
        hasher = self.hasher()
        hasher.update(content)
        return hasher.finalize().hex()

    def keyed_digest(self, secret: bytes, content: bytes) -> str:
        """The same for content that could be guessed: HMAC (RFC 2104), which nobody finds without the secret."""
        mac = HMAC(secret, self._hash())
        mac.update(content)
        return mac.finalize().hex()

    # ── encryption, always authenticated

    @abstractmethod
    def _cipher(self, secret: bytes) -> CipherAlgorithm: ...

    def new_secret(self) -> bytes:
        """A key for `encrypt`."""
        return os.urandom(self.secret_size)

    def encrypt(self, secret: bytes, plain: bytes, context: bytes) -> bytes:
        """nonce, ciphertext, tag. `context` says what for, and is authenticated: nothing decrypts under another."""
        nonce = os.urandom(NONCE)
        encryptor = Cipher(self._cipher(secret), GCM(nonce)).encryptor()
        encryptor.authenticate_additional_data(self._associated(context))
        return nonce + encryptor.update(plain) + encryptor.finalize() + encryptor.tag

    def decrypt(self, secret: bytes, sealed: bytes, context: bytes) -> bytes:
        """Raises DecryptionFailed; nothing of the plaintext is given out before the tag was found right."""
        if len(sealed) < NONCE + TAG:
            raise DecryptionFailed
        nonce, body, tag = sealed[:NONCE], sealed[NONCE:-TAG], sealed[-TAG:]
        decryptor = Cipher(self._cipher(secret), GCM(nonce, tag)).decryptor()
        decryptor.authenticate_additional_data(self._associated(context))
        try:
            return decryptor.update(body) + decryptor.finalize()
        except InvalidTag as error:
            raise DecryptionFailed from error

    def _associated(self, context: bytes) -> bytes:
        return self.name.encode() + b"\0" + context


class International(Suite):
    name = "international"
    signature_algorithm, digest_algorithm, cipher_algorithm = "Ed25519", "SHA-256", "AES-256-GCM"
    public_size, secret_size = 32, 32
    public_der = bytes.fromhex("302a300506032b6570032100")
    private_der = bytes.fromhex("302e020100300506032b657004220420"), b""

    def generate(self) -> bytes:
        return Ed25519PrivateKey.generate().private_bytes_raw()

    def public_of(self, private: bytes) -> bytes:
        return Ed25519PrivateKey.from_private_bytes(private).public_key().public_bytes_raw()

    def check_public(self, public: bytes) -> None:
        try:
            Ed25519PublicKey.from_public_bytes(public)
        except ValueError as error:
            raise KeyInvalid(why="长度不对", why_en="wrong length") from error

    def sign(self, private: bytes, message: bytes) -> bytes:
        return Ed25519PrivateKey.from_private_bytes(private).sign(message)

    def verify(self, public: bytes, message: bytes, signature: bytes) -> bool:
        try:
            Ed25519PublicKey.from_public_bytes(public).verify(signature, message)
        except InvalidSignature:
            return False
        return True

    def _hash(self) -> hashes.HashAlgorithm:
        return hashes.SHA256()

    def _cipher(self, secret: bytes) -> CipherAlgorithm:
        return AES(secret)


class ShangMi(Suite):
    """商用密码. The public key is the uncompressed point: 04, x, y."""

    name = "sm"
    signature_algorithm, digest_algorithm, cipher_algorithm = "SM2", "SM3", "SM4-GCM"
    public_size, secret_size = 65, 16
    public_der = bytes.fromhex("3059301306072a8648ce3d020106082a811ccf5501822d034200")
    private_der = (
        bytes.fromhex("308187020100301306072a8648ce3d020106082a811ccf5501822d046d306b0201010420"),
        bytes.fromhex("a144034200"),
    )

    def generate(self) -> bytes:
        private, _ = gmalg.SM2().generate_keypair()
        return private.rjust(self.private_size, b"\0")

    def public_of(self, private: bytes) -> bytes:
        if not 1 <= int.from_bytes(private) <= SM2_ORDER - 2:
            raise KeyInvalid(why="超出范围", why_en="out of range")
        return gmalg.SM2().generate_pk(private)

    def check_public(self, public: bytes) -> None:
        if public[:1] != b"\x04" or not gmalg.SM2().verify_pk(public):
            raise KeyInvalid(why="不是曲线上的点", why_en="no point of the curve")

    def sign(self, private: bytes, message: bytes) -> bytes:
        r, s = gmalg.SM2(private, SM2_IDENTITY).sign(message)
        return encode_dss_signature(int.from_bytes(r), int.from_bytes(s))

    def verify(self, public: bytes, message: bytes, signature: bytes) -> bool:
        try:
            r, s = decode_dss_signature(signature)
        except ValueError:
            return False
        if encode_dss_signature(r, s) != signature or not (0 < r < SM2_ORDER and 0 < s < SM2_ORDER):
            return False
        return gmalg.SM2(uid=SM2_IDENTITY, pk=public).verify(message, r.to_bytes(32), s.to_bytes(32))

    def _hash(self) -> hashes.HashAlgorithm:
        return hashes.SM3()

    def _cipher(self, secret: bytes) -> CipherAlgorithm:
        return SM4(secret)


SUITES: dict[str, Suite] = {suite.name: suite for suite in (International(), ShangMi())}


def suite_of(name: str) -> Suite:
    """The suite of this name. Raises UnknownSuite."""
    try:
        return SUITES[name]
    except (KeyError, TypeError) as error:
        raise UnknownSuite(suite=name) from error
