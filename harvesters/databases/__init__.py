"""Departments' databases (前置库) as sources: which drivers there are, and one read-only session through a gate.

`drivers` (with `drivers.yaml`) says what each product needs, `gate` is the way to the server, `session` the connection,
`select` the one statement that a source's description amounts to.
"""
