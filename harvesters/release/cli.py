"""`ckan govcn-release` (`./govcn release …`): packages out of an internal instance, and what became of them.

Packages come in by `./govcn harvest run SOURCE` with a source of protocol `release`.
"""

# pyright: basic
from __future__ import annotations

from pathlib import Path

import click

from harvesters.cli import _one_sentence, _print, as_json

STATES = {"exported": "已导出", "delivered": "已送达，待审阅", "confirmed": "已确认", "failed": "未成功"}
EVERY = 5000  # entries between two lines of progress


@click.group("govcn-release", short_help="发布包：政务外网 → 互联网")
def release() -> None:
    """发布包：从政务外网实例导出，经网闸或介质送到互联网实例。"""


@release.command("export", short_help="导出下一个发布包")
@click.option("--output", type=click.Path(path_type=Path), help="放文件的目录，默认在平台的存储目录下")
@click.option("--full", is_flag=True, help="全量：不依赖以前的包")
@click.option("--after", type=click.IntRange(min=0), default=0, help="对方已接收到的编号（本站从备份恢复后使用）")
@as_json
def export_command(output: Path | None, after: int, *, full: bool, as_json: bool) -> None:
    """Write what the public may see and what changed since the last package; the first one is full."""
    with _one_sentence(as_json):
        from harvesters.release.exporting import export

        done = export(output, full=full, after=after, progress=_progress)
        if as_json:
            _print(done.to_json())
            return
        if done.manifest is None:
            _print("没有变化，没有生成发布包。需要全量包时加 --full。")
        else:
            counts = done.manifest.counts
            kind = "全量" if done.manifest.full else "增量"
            _print(f"第 {done.manifest.number} 号发布包（{kind}）：{done.path}")
            _print(
                f"条目 {counts['entries']}，撤下 {counts['withdrawals']}，数据文件 {counts['files']}，{done.size} 字节"
            )
        if done.links_left_out:
            _print(f"{done.links_left_out} 个资源只有内网地址，没有带出。")
        for each in done.left_out[:20]:
            _print(f"没有带出 {each.id}：{_reason(each.reason)}")


@release.command("list", short_help="列出发布包及其回执")
@as_json
def list_command(*, as_json: bool) -> None:
    """What was sent from here and what came back, what was taken here."""
    with _one_sentence(as_json):
        from harvesters.release.confirming import sent
        from harvesters.release.exporting import finish_interrupted
        from harvesters.release.receiving import taken

        finish_interrupted()
        out, here = sent(), taken()
        if as_json:
            _print({"sent": out, "taken": here})
            return
        for each in out:
            kind, counts = "全量" if each["full"] else "增量", each["counts"]
            refused = sum(receipt["counts"].get("refused", 0) for receipt in each["receipts"])
            told = f"{STATES[each['state']]}{f'，退回 {refused} 条' if refused else ''}"
            _print(f"{each['number']:>6}  {kind}  条目 {counts['entries']}，撤下 {counts['withdrawals']}  {told}")
            for receipt in each["receipts"]:
                if receipt["message"]:
                    _print(f"        {receipt['site']}：{receipt['message']}")
        for each in here:
            _print(f"{each['source']}  第 {each['number']} 号  {each['at']}  归集任务 {each['run']}  {each['state']}")
        if not out and not here:
            _print("还没有导出或接收过发布包。")


@release.command("verify", short_help="核对一个发布包")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--key", "keys", multiple=True, help="信任的公钥；默认为本站和各发布包来源的公钥")
@as_json
def verify_command(file: Path, keys: tuple[str, ...], *, as_json: bool) -> None:
    """Is the file whole, and signed by a trusted key? Shows what its manifest says."""
    with _one_sentence(as_json):
        from harvesters.release.verifying import verify

        manifest = verify(file, keys)
        if as_json:
            _print({"valid": True, **manifest.to_json()})
            return
        kind, made = "全量" if manifest.full else "增量", f"{manifest.made_at:%Y-%m-%d %H:%M} UTC"
        _print(f"完整可信：站点 {manifest.site} 第 {manifest.number} 号发布包（{kind}），{made}")
        _print(f"密钥 {manifest.key_id}")
        counts = manifest.counts
        _print(f"条目 {counts['entries']}，撤下 {counts['withdrawals']}，数据文件 {counts['files']}")


@release.command("receipt", short_help="导入对方的回执")
@click.argument("file", type=click.Path(path_type=Path))
@as_json
def receipt_command(file: Path, *, as_json: bool) -> None:
    """Take in what the public instance says of a package."""
    with _one_sentence(as_json):
        from dataclasses import asdict

        from harvesters.release.confirming import SHOWN_AS, confirm

        receipt = confirm(file)
        if as_json:
            _print(asdict(receipt) | {"shown_as": SHOWN_AS[receipt.state]})
            return
        _print(f"第 {receipt.number} 号发布包：{STATES[SHOWN_AS[receipt.state]]}")
        if receipt.message:
            _print(receipt.message)
        for each in receipt.refused[:20]:
            _print(f"退回 {each.id}  {each.rule}：{each.message}")


@release.command("receipts", short_help="重新写出本站的回执")
@click.argument("source")
@click.option("--output", type=click.Path(path_type=Path), help="放回执的目录，默认按来源配置")
@click.option("--all", "again", is_flag=True, help="包括已经写过的")
@as_json
def receipts_command(source: str, output: Path | None, *, again: bool, as_json: bool) -> None:
    """Write receipts for packages of SOURCE whose state changed (a plan was applied or rejected, a run undone)."""
    with _one_sentence(as_json):
        from harvesters.configured import find
        from harvesters.release.receiving import write_receipts

        written = [str(path) for path in write_receipts(find(source), output, again=again)]
        _print({"written": written} if as_json else "\n".join(written) or "没有新的回执。")


def _reason(word: str) -> str:
    return {"file_missing": "数据文件不在文件库中", "secrecy_mark": "含有涉密标识，请立即核查"}.get(word, word)


def _progress(entries: int) -> None:
    if entries % EVERY == 0 and entries:
        click.echo(f"已检查 {entries} 条", err=True)
