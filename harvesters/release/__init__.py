"""发布包 (release packages): the way from an internal instance to a public one that shares no network with it.

    internal                                        public
    exporting ──▶ package (one signed, numbered file) ──▶ receiving ──▶ run, plan, apply, undo
        ▲                                                    │
        └──────────────── receipt (signed) ◀─────────────────┘

PURE: `manifest`, `package`, `sequence`, `receipts`, `settings`; adapters: `exporting`, `receiving`, `cli`.
docs/release.md describes the format and what is refused.
"""
