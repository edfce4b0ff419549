"""Notices (消息): one outbox, several channels, delivery state and retry. See docs/notices.md."""
