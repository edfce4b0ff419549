"""办理时限: how long a process may take, which days count, and where a period stands; see docs/deadlines.md."""
