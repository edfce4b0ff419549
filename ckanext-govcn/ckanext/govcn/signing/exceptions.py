"""Errors of signing, hashing and encryption.

    SigningError
    ├── UnknownSuite        suite
    ├── KeyInvalid          what a person gave as a key is none, or of another suite
    ├── KeyFolderError
    │   ├── KeyMissing      the folder has no such key
    │   └── KeyExposed      others than the platform's account may read the file
    ├── SignatureError      a signed document is not believed
    │   ├── EnvelopeInvalid     it has not the form of one
    │   ├── WrongContext        signed for another purpose
    │   ├── UntrustedKey        signed by a key that is not trusted here
    │   └── SignatureWrong      the signature does not fit the content
    └── DecryptionFailed    another key, another purpose, or changed bytes

Errors are raised with facts and word themselves, in Chinese and in English, with what to do next. None is transient:
trying again gives the same answer.
"""

from __future__ import annotations

from ckanext.govcn.errors import WordedError


class SigningError(WordedError):
    """Root of all errors of this package."""

    zh = "签名或加密出错。"
    en = "Signing or encryption failed."


class UnknownSuite(SigningError):
    """Fact: `suite`."""

    zh = "没有名为“{suite}”的密码算法套件，请用 international 或 sm。"
    en = "There is no suite {suite!r}; use international or sm."


class KeyInvalid(SigningError):
    """Facts: `why`, `why_en`."""

    zh = "不是有效的密钥：{why}。请重新复制 ./govcn ckan govcn-keys show-public 输出的公钥。"
    en = "Not a valid key: {why_en}. Copy the public key again from ./govcn ckan govcn-keys show-public."


class KeyFolderError(SigningError):
    """Something about the folder of keys."""


class KeyMissing(KeyFolderError):
    """Facts: `key_id` (empty: any), `folder`."""

    zh = "密钥目录 {folder} 里没有密钥 {key_id}。用 ./govcn ckan govcn-keys list 查看，或用 create 新建。"
    en = "Folder {folder} holds no key {key_id}. See ./govcn ckan govcn-keys list, or make one with create."


class KeyExposed(KeyFolderError):
    """Fact: `path`."""

    zh = "私钥文件 {path} 可被其他账户读取，不再使用。请改用新密钥（govcn-keys create），并查明原因。"
    en = "Others may read the private key {path}, so it is not used. Make another with govcn-keys create; find out why."


class SignatureError(SigningError):
    """A signed document that is not believed."""


class EnvelopeInvalid(SignatureError):
    """Fact: `why` (Chinese), `why_en`."""

    zh = "不是签名文件：{why}。请确认文件完整、没有被改动或转码。"
    en = "Not a signed document: {why_en}. Make sure that the file is whole and was not converted on the way."


class WrongContext(SignatureError):
    """Facts: `given`, `wanted`."""

    zh = "签名的用途是“{given}”，这里需要“{wanted}”。请核对拿到的是不是所要的文件。"
    en = "Signed for {given!r}, but {wanted!r} is needed here. Check that this is the right file."


class UntrustedKey(SignatureError):
    """Fact: `key_id`."""

    zh = "签名密钥 {key_id} 不在信任列表中。请当面或电话与对方核对密钥编号后再加入配置。"
    en = "Key {key_id} is not trusted here. Compare its id with the sender by another way before adding it."


class SignatureWrong(SignatureError):
    """Fact: `key_id`."""

    zh = "签名与内容不符（密钥 {key_id}）：文件在签名后被改动或损坏。请让对方重新发送。"
    en = "The signature does not fit the content (key {key_id}): it was changed or damaged. Have it sent again."


class DecryptionFailed(SigningError):
    """No facts: what exactly was wrong is nobody's business."""

    zh = "无法解密：密钥或用途不对，或者密文已被改动。"
    en = "Cannot be decrypted: another key, another purpose, or changed bytes."
