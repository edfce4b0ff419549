"""The services behind the integration tests are really there."""

import pytest
from ckan.lib import search
from ckan.lib.redis import is_redis_available
from ckan.tests import factories, helpers


@pytest.mark.usefixtures("clean")
def test_a_dataset_is_stored_and_found():
    dataset = factories.Dataset(owner_org=factories.Organization()["id"])
    assert search.check_solr_schema_version()
    assert is_redis_available()
    found = helpers.call_action("package_search", q=f"id:{dataset['id']}", include_private=True, include_drafts=True)
    assert found["count"] == 1
