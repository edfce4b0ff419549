"""The rules themselves, in the order of the form: identity, description, items, sharing, opening, provenance."""
