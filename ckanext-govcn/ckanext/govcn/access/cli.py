"""`ckan govcn-access`: look after the file store."""

from __future__ import annotations

import json

import click

from ckanext.govcn.access import files


@click.group(name="govcn-access")
def access() -> None:
    """开放属性与文件库。"""


@access.command()
@click.option("--json", "as_json", is_flag=True, help="一个 JSON 对象")
def sweep(as_json: bool) -> None:
    """清理上传中断留下的临时文件。"""
    removed = files.sweep()
    click.echo(json.dumps({"removed": removed}) if as_json else f"已清理 {removed} 个临时文件")
