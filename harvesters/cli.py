"""`ckan govcn-harvest` and `ckan govcn-demo`: the operator's way into 目录归集."""

from __future__ import annotations

import click


@click.group("govcn-harvest", short_help="目录归集：归集来源、归集任务")
def harvest() -> None:
    """Sources and runs of 目录归集. Progress goes to standard error, `--json` to standard output."""


@click.group("govcn-demo", short_help="演示数据：示例市")
def demo() -> None:
    """The fictional 示例市 of `config/demo/`."""
