"""Workbooks (xlsx) that come from outside and go back: what may be opened, and texts that stay texts. PURE."""
