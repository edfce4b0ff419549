"""The generated ini is read back by CKAN's rules of interpolation, whatever the paths and secrets are called."""

from configparser import ConfigParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

from hypothesis import given
from hypothesis import strategies as st

from stack.configuration import Addresses, ini_text, settings, write_ini
from stack.credentials import Credentials
from stack.project import DataFolder

CREDENTIALS = Credentials("a", "p@ss:/w%rd", "c", "d", "e")
one_line = st.text(st.characters(exclude_categories=["C", "Z"]), min_size=1, max_size=150)


def read(text: str) -> dict[str, str]:
    parser = ConfigParser()
    parser.optionxform = str  # type: ignore[assignment]
    parser.read_string(text)
    return dict(parser["app:main"])


@given(one_line)
def test_any_folder_name_survives(name):
    values = settings(DataFolder(Path("/srv") / name.replace("/", "")), addresses(), CREDENTIALS)
    assert read(ini_text("shared-ckan.ini", values)) == {"use": "config:shared-ckan.ini", **values}


def test_quotes_blanks_and_chinese_survive():
    path = "/srv/50% 'a' \"b\" ; # 数据" + "目录" * 70
    values = settings(DataFolder(Path(path)), addresses(), CREDENTIALS)
    assert read(ini_text("shared-ckan.ini", values))["ckan.storage_path"] == path + "/files"


def test_database_address_names_socket_and_password():
    url = urlsplit(addresses().database_url("ckan", "p@ss:/w%rd", "ckan"))
    assert unquote(url.password or "") == "p@ss:/w%rd"
    assert unquote(url.query) == "host=/tmp/govcn-x"


def test_socket_paths_are_short_enough_for_the_kernel():
    assert len(str(addresses().valkey_socket)) < 100


def test_ini_is_private_and_never_follows_a_link(tmp_path):
    other = tmp_path / "other"
    other.write_text("untouched")
    (tmp_path / "govcn.ini").symlink_to(other)
    path = write_ini(tmp_path, "govcn.ini", "ckan.ini", {"a": "b"})
    assert path.stat().st_mode & 0o777 == 0o600
    assert other.read_text() == "untouched"


def addresses() -> Addresses:
    return Addresses(Path("/tmp/govcn-x"), 8983, 5000)  # noqa: S108
