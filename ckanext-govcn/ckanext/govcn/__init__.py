"""公共数据开放平台: the Chinese government catalogue on CKAN.

One package per domain word; docs/architecture.md has the map.
"""
