"""The bureau edits notice and footer while the portal runs."""

import pytest
from ckan.plugins import toolkit as tk
from ckan.tests.helpers import call_action

pytestmark = pytest.mark.usefixtures("clean")


@pytest.mark.parametrize("key", ["ckanext.govcn.portal.notice", "ckanext.govcn.footer.icp"])
def test_an_editable_setting_can_be_set(key):
    call_action("config_option_update", **{key: "示ICP备00000000号"})
    assert tk.config[key] == "示ICP备00000000号"


def test_other_settings_cannot():
    with pytest.raises(tk.ValidationError):
        call_action("config_option_update", **{"ckanext.govcn.zone": "public"})
