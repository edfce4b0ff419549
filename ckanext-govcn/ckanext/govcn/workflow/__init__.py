"""状态机：states of a case and who may take which step, read from a table. PURE."""
