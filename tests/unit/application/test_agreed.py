"""What the department settles: kept as it was said, told in the agreement, and never less of a limit than was meant."""

from __future__ import annotations

import pytest
from ckanext.govcn.application import agreed
from ckanext.govcn.grant import terms
from ckanext.govcn.grant.exceptions import TermsRefused

NOTHING = {"quota": None, "quota_period": "all", "rate": None}


def test_what_is_not_said_is_left_out():
    assert agreed.read({}) == agreed.read({"fields": "", "deliveries": ""}) == NOTHING
    assert agreed.said(NOTHING) == {"limits": "不限", "fields": "全部", "deliveries": "平台下载"}


def test_columns_and_deliveries_are_kept_and_said():
    settled = agreed.read({"quota": "5", "fields": "名称\n车位", "deliveries": "interface\ndownload"})
    assert settled == {**NOTHING, "quota": 5, "fields": ["名称", "车位"], "deliveries": ["download", "interface"]}
    assert agreed.said(settled)["fields"] == "名称、车位"
    assert agreed.said(settled)["deliveries"] == "平台下载、平台接口"
    assert terms.fields(settled["fields"]) == ("名称", "车位")


@pytest.mark.parametrize(
    ("field", "value"), [("fields", "名称\n名称"), ("fields", "名称\n \n"), ("deliveries", "fax"), ("quota", "x")]
)
def test_what_is_not_understood_is_refused(field, value):
    with pytest.raises(TermsRefused) as refused:
        agreed.read({field: value})
    assert refused.value.field == field
