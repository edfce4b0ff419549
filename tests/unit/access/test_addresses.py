"""Own routes and file names."""

import pytest
from ckanext.govcn.access import addresses
from ckanext.govcn.access.addresses import Route


@pytest.mark.parametrize("filename", ["全市停车场.csv", "a b.xlsx", "100%.csv", "data"])
def test_a_route_reads_back(filename):
    route = Route("pid", "rid", filename)
    assert addresses.route_of("https://portal.example/zh" + addresses.path_of(route)) == route


@pytest.mark.parametrize(
    "url",
    [
        "https://data.example/dataset/p/resource/r",
        "https://data.example/download/x.csv",
        "https://data.example/x?next=/dataset/p/resource/r/download/x",
        "https://[::1",
        "",
    ],
)
def test_another_address_is_no_route(url):
    assert addresses.route_of(url) is None


@pytest.mark.parametrize(
    "url", ["javascript:alert(1)", "file:///etc/passwd", "data.csv", "http://", "https://[", "x" * 3000]
)
def test_what_is_no_address_is_refused_with_a_sentence(url):
    chinese, english = addresses.problem_of(url) or ("", "")
    assert chinese
    assert english


def test_sound_addresses_have_no_problem():
    assert addresses.problem_of("https://数据.示例.cn/全市停车场.csv?x=1") is None


def test_file_names_keep_their_chinese():
    assert addresses.safe_filename("全市停车场.csv") == "全市停车场.csv"


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("../../etc/passwd", "passwd"),
        ("C:\\桌面\\数据.xlsx", "数据.xlsx"),
        ("a\r\nSet-Cookie: x.csv", "a_Set-Cookie_ x.csv"),
        ("x\u202egpj.exe", "x_gpj.exe"),
        ("...", "data"),
        ("", "data"),
    ],
)
def test_file_names_are_made_safe(given, kept):
    assert addresses.safe_filename(given) == kept


def test_long_file_names_keep_their_extension():
    name = addresses.safe_filename("停" * 300 + ".csv")
    assert name.endswith(".csv")
    assert len(name.encode()) <= addresses.MAX_FILENAME_BYTES


def test_the_name_of_a_link_never_comes_from_an_address():
    assert addresses.link_filename("https://secret.example/x.csv", "CSV") == "data.csv"
    assert addresses.link_filename("停车场", "csv") == "停车场.csv"
    assert addresses.link_filename("停车场.csv", "csv") == "停车场.csv"


def test_further_fields_keep_neither_addresses_nor_digests():
    given = {"remote_id": "7", "mirror": "https://secret.example/x", "sha256": "ab", "checksum": "1", "note": "x"}
    assert addresses.kept_extras(given) == {"remote_id": "7", "note": "x"}


def test_what_is_said_of_a_resource_loses_its_address():
    assert addresses.without("下载 https://secret.example/x", "https://secret.example/x") == "下载"
    assert addresses.without("下载", "") == "下载"
