"""有条件开放数据申请: ask, review, decide, agree, use, account for, end. See docs/applications.md."""
