"""`ckan govcn …`: the zone of this instance."""

from __future__ import annotations

import json

import click
from ckan import model

from ckanext.govcn.editorial import zone as zones


@click.group("govcn", short_help="公共数据目录")
def govcn() -> None:
    """公共数据目录的管理命令。"""


@govcn.command("zone")
@click.option("--set", "wanted", type=click.Choice(["internal", "public", "both"]), help="让数据库按这个网络区域把关")
@click.option("--json", "as_json", is_flag=True, help="输出一个 JSON 对象")
def zone(wanted: str | None, as_json: bool) -> None:
    """显示或设置本实例的网络区域（政务外网 internal、互联网 public、合一 both）。"""
    if wanted:
        try:
            zones.enforce(model.Session, wanted)
        except ValueError as refused:
            raise click.ClickException(str(refused)) from refused
        model.Session.commit()
    found = {"configured": zones.configured(), "enforced": zones.enforced(model.Session)}
    if as_json:
        click.echo(json.dumps(found, ensure_ascii=False))
    else:
        click.echo(f"配置 {found['configured']}，数据库 {found['enforced']}")
