"""CAS 2.0 and 3.0: a service ticket, validated server to server. PURE.

https://apereo.github.io/cas/development/protocol/CAS-Protocol-Specification.html. The protocol has no `state`: it is
part of the service's address, which the server compares when the ticket is validated.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar

from lxml import etree  # pyright: ignore[reportAttributeAccessIssue] - compiled, without stubs

from ckanext.govcn.identity.attempt import Attempt
from ckanext.govcn.identity.exceptions import AnswerInvalid
from ckanext.govcn.identity.identity import Identity, identity_of
from ckanext.govcn.identity.provider import Provider, Wire, with_query, word

MOST_ATTRIBUTES = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Cas(Provider):
    """`server`: the address before /login. `validate`: /p3/serviceValidate (CAS 3.0, with attributes) or
    /serviceValidate (CAS 2.0)."""

    protocol: ClassVar[str] = "cas"

    server: str
    validate: str = "/p3/serviceValidate"

    def question(self, attempt: Attempt, callback: str, wire: Wire) -> str:
        return with_query(self._at("/login"), {"service": _service(callback, attempt)})

    def identify(
        self, query: Mapping[str, str], attempt: Attempt, callback: str, wire: Wire, now: datetime
    ) -> Identity:
        asked = {"service": _service(callback, attempt), "ticket": word(query, "ticket")}
        answer = answer_of(wire.get(with_query(self._at(self.validate), asked)))
        return identity_of(self.name, self.answer, answer, now)

    def _at(self, path: str) -> str:
        return self.address(self.server.rstrip("/") + path)


def answer_of(content: bytes) -> dict[str, Any]:
    """`user`, and `attributes` by name; of an attribute that comes several times the first. Raises AnswerInvalid."""
    parser = etree.XMLParser(resolve_entities=False, load_dtd=False, no_network=True, huge_tree=False)
    try:
        root = etree.fromstring(content, parser)
    except (etree.XMLSyntaxError, ValueError):
        raise AnswerInvalid(rule="xml") from None  # the parser quotes what it read
    if root.getroottree().docinfo.doctype:  # an answer needs no entities
        raise AnswerInvalid(rule="xml")
    success = [child for child in root if _name(child) == "authenticationSuccess"]
    if _name(root) != "serviceResponse" or len(success) != 1:
        raise AnswerInvalid(rule="ticket")
    found: dict[str, Any] = {"attributes": {}}
    for child in success[0]:
        if _name(child) == "user":
            found.setdefault("user", _text(child))
        elif _name(child) == "attributes":
            for attribute in child[:MOST_ATTRIBUTES]:
                found["attributes"].setdefault(_name(attribute), _text(attribute))
    return found


def _service(callback: str, attempt: Attempt) -> str:
    return with_query(callback, {"state": attempt.state})


def _name(element: Any) -> str:
    return etree.QName(element).localname if isinstance(element.tag, str) else ""


def _text(element: Any) -> str:
    """Its own text, whole: a comment inside ends nothing. Nothing where another element stands in it."""
    if any(isinstance(child.tag, str) for child in element):
        return ""
    return (element.text or "") + "".join(child.tail or "" for child in element)
