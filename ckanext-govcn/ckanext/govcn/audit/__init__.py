"""审计日志: what was done by whom, one line each, chained by digests so that no line can be changed, lost or cut off
without being found out.

`chain` (PURE) makes and checks lines; `log` keeps them in a table that refuses changes, and signs the head of the chain
into a file outside the database.
"""
