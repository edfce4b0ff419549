"""Template helpers of 样例数据."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import ckan.plugins.toolkit as tk

from ckanext.govcn.dataset import forms
from ckanext.govcn.dataset.language import say
from ckanext.govcn.sample.content import KINDS


def govcn_sample(package: Mapping[str, Any]) -> dict[str, Any] | None:
    """The sample of a dataset for the reader of this page, with `said`, what kind it is; None without one."""
    try:
        found = tk.get_action("govcn_sample_show")(forms.asking(), {"package_id": package["id"]})
    except tk.ObjectNotFound:
        return None
    return {**found, "said": say(*KINDS[found["kind"]])}


def govcn_sample_may_edit(package: Mapping[str, Any]) -> bool:
    """Whether the reader enters the sample of this dataset."""
    return bool(tk.h.check_access("govcn_sample_update", {"package_id": package["id"]}))
