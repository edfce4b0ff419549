"""config/release.yaml: limits and receivers, every fault at once."""

import pytest
from unit.release.making import KEY

from harvesters.exceptions import SourceInvalid
from harvesters.release.settings import Limits, Settings, load_settings


def test_the_file_that_comes_along_changes_nothing():
    from harvesters.configured import config_folder

    assert load_settings(config_folder()) == Settings()


def test_without_a_file_the_defaults_hold(tmp_path):
    assert load_settings(tmp_path) == Settings()


def test_limits_and_receivers(tmp_path):
    (tmp_path / "release.yaml").write_text(f"limits: {{entries: 5}}\nreceivers:\n  site-a: {KEY.public.text}\n")
    settings = load_settings(tmp_path)
    assert settings.limits == Limits(entries=5)
    assert settings.receivers == {"site-a": (KEY.public,)}


@pytest.mark.parametrize(
    "text",
    ["[1]", "limits: {entries: -1}", "limits: {pages: 1}", "receiver: {}", "receivers: {a: abc}", "a: [", "\xff"],
)
def test_faults_are_said(tmp_path, text):
    (tmp_path / "release.yaml").write_bytes(text.encode("latin-1"))
    with pytest.raises(SourceInvalid) as error:
        load_settings(tmp_path)
    assert error.value.message
