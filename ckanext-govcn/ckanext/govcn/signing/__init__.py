"""签名、杂凑、加密: signing, hashing and encryption, PURE, over well-kept libraries and nowhere else in the platform.

`suites` are the two sets of algorithms (`international`, `sm`), `keys` the key pairs and their folder, `envelopes` what
a signed document looks like. docs/adr/signing.md says why these libraries.
"""
