"""What happens to sources that others want to know of, as CKAN's signals: notices attach themselves here.

Receivers are called within the transaction that notes what happened: what they write is kept with it or not at all.
"""

from __future__ import annotations

import ckan.plugins.toolkit as tk

FAILURES_IN_A_ROW = 3

failed_three_times = tk.signals.ckanext.signal("govcn_harvest:failed_three_times")
"""A source whose runs failed three times running, told once per row of failures. Sender: the source's name; keywords:
`title`, `owner_org` (id or None), `failures`, `error` (Chinese), `error_en`."""
