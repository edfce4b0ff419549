"""共享申请台账: what departments ask of each other, decide and dispute. It delivers no data. See docs/sharing.md."""
