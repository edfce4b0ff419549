"""The services behind the integration tests are really there."""

import pytest
from ckan.lib import search
from ckan.lib.redis import is_redis_available
from ckan.tests import factories, helpers


@pytest.mark.usefixtures("clean_db", "clean_index")
def test_a_dataset_is_stored_and_found():
    dataset = factories.Dataset(owner_org=factories.Organization()["id"])
    assert search.check_solr_schema_version()
    assert is_redis_available()
    assert helpers.call_action("package_search", q=f"id:{dataset['id']}")["count"] == 1
