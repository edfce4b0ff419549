"""Why a sample is not taken. Trying again with something else helps."""

from __future__ import annotations

from ckanext.govcn.errors import WordedError


class SampleRefused(WordedError):
    """`said`, `said_en`: the first thing that is wrong with it; `field` is where a form says so."""

    zh = "{said}"
    en = "{said_en}"
    field = "sample"
