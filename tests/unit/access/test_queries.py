"""What a visitor may ask the search for."""

import pytest
from ckanext.govcn.access.exceptions import SearchNotAllowed
from ckanext.govcn.access.queries import Allowed, fields_in

ALLOWED = Allowed(["title_sort"])


@pytest.mark.parametrize(
    "request_",
    [
        {"q": "停车场"},
        {"q": "title:停车场 AND 12:00"},
        {"q": "https://data.example/x"},
        {"q": "统计时间:2023"},
        {"q": "*:*", "fq": '+organization:"a:b" -theme:(A OR B)', "sort": "score desc, metadata_modified desc"},
        {"fq_list": ["formats:CSV"], "facet.field": ["theme", "organization"], "fl": ["id", "name"]},
        {"facet.field": '["theme","formats"]', "fl": "id,name title"},
        {"sort": "title_sort asc"},
        {"fq": "metadata_modified:[2024-01-01T00:00:00Z TO NOW]"},
        {"sort": None, "fl": None},
    ],
)
def test_public_fields_may_be_asked_for(request_):
    ALLOWED.check(request_)


@pytest.mark.parametrize(
    "request_",
    [
        {"fl": ["res_url"]},
        {"fl": "extras_secret"},
        {"facet.field": ["res_url"]},
        {"facet.field": '["res_url"]'},
        {"fq": "res_url:http*"},
        {"fq": "title:x +res_url:*secret*"},
        {"fq": "(res_url:a)"},
        {"fq": "-permission_labels:public"},
        {"fq_list": ["title:x", "data_dict:*secret*"]},
        {"fq": "res_\\url:x"},
        {"q": "res_url:http*"},
        {"q": "extras_source:x"},
        {"q": "_query_:x"},
        {"q": "permission_labels:x"},
        {"sort": "res_url asc"},
        {"sort": "if(exists(res_url),1,0) desc"},
        {"bf": "ord(res_url)"},
        {"boost": "res_url"},
        {"qf": "title^2 res_url^4"},
        {"df": "data_dict"},
    ],
)
def test_other_fields_are_refused(request_):
    with pytest.raises(SearchNotAllowed):
        ALLOWED.check(request_)


def test_quoted_colons_are_no_fields():
    assert fields_in('organization:"x:y" 12:00') == {"organization"}
