"""Whose address is written down: nobody but a named proxy is believed."""

import pytest
from ckanext.govcn.audit.origin import origin_of

PROXIES = ["127.0.0.0/8", "::1/128", "nonsense"]


@pytest.mark.parametrize(
    ("environ", "found"),
    [
        ({"REMOTE_ADDR": "192.0.2.7", "REMOTE_PORT": "51000"}, ("192.0.2.7", 51000)),
        ({"REMOTE_ADDR": "192.0.2.7", "HTTP_X_FORWARDED_FOR": "198.51.100.1"}, ("192.0.2.7", None)),
        ({"REMOTE_ADDR": "127.0.0.1", "HTTP_X_FORWARDED_FOR": "203.0.113.9, 198.51.100.1"}, ("198.51.100.1", None)),
        ({"REMOTE_ADDR": "::1", "HTTP_X_FORWARDED_FOR": "2001:db8::1"}, ("2001:db8::1", None)),
        ({"REMOTE_ADDR": "127.0.0.1", "REMOTE_PORT": "x"}, ("127.0.0.1", None)),
        ({}, ("", None)),
    ],
)
def test_the_address_of_a_visitor(environ, found):
    assert origin_of(environ, PROXIES) == found
