"""Permission labels (IPermissionLabels): the first question, *may you see the entry*, as CKAN's search asks it."""

from __future__ import annotations

from typing import Any

from ckan import model
from ckan.lib.plugins import DefaultPermissionLabels

from ckanext.govcn.access import people, rules


class LevelLabels(DefaultPermissionLabels):
    """Labels by level; whatever is not active has CKAN's default labels alone.

    `fq=+state:deleted` switches off CKAN's filter of states for everybody, so the labels alone guard drafts and deleted
    datasets; the default ones name the owner's members or the creator and nobody else.
    """

    def get_dataset_labels(self, dataset_obj: model.Package) -> list[str]:
        if dataset_obj.state != "active":
            return super().get_dataset_labels(dataset_obj)
        return rules.labels_for(people.what_of(dataset_obj))

    def get_user_dataset_labels(self, user_obj: Any) -> list[str]:
        who = people.who_is(user_obj)
        labels = rules.labels_of(who)
        return [*labels, f"creator-{who.user_id}"] if who.user_id else labels
