"""`config/release.yaml`: how much of a package is taken at most, and whose receipts are believed. PURE."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, cast

import yaml
from ckanext.govcn.signing.exceptions import KeyInvalid
from ckanext.govcn.signing.keys import PublicKey

from harvesters.exceptions import Fault, SourceInvalid

FILE = "release.yaml"
KEYS = {"limits", "receivers"}


@dataclass(frozen=True, slots=True)
class Limits:
    """What a package may hold at most; sizes in bytes. A package is never unpacked: sizes are what lies there."""

    package: int = 64 * 2**30
    manifest: int = 2**20
    entries: int = 1_000_000
    entry: int = 4 * 2**20
    files: int = 1_000_000
    file: int = 4 * 2**30


@dataclass(frozen=True, slots=True)
class Settings:
    """`receivers`: site id of a public instance → the keys it signs receipts with."""

    limits: Limits = field(default_factory=Limits)
    receivers: Mapping[str, tuple[PublicKey, ...]] = field(default_factory=dict[str, "tuple[PublicKey, ...]"])


def load_settings(folder: Path) -> Settings:
    """The operator's settings; without the file the defaults. Raises SourceInvalid with every fault."""
    path = folder / FILE
    if not path.is_file():
        return Settings()
    try:
        given: Any = yaml.safe_load(path.read_text("utf-8")) or {}
    except (yaml.YAMLError, UnicodeError, RecursionError) as error:
        raise SourceInvalid(FILE, [Fault(1, "文件", "不是有效的 YAML（UTF-8）。")]) from error
    top = _mapping(given)
    faults = [] if isinstance(given, dict) else [Fault(1, "文件", "应为“键: 值”的形式。")]
    faults += [Fault(1, str(key), "未知的键，只能有 limits 和 receivers。") for key in top if key not in KEYS]
    settings = Settings(_limits(_mapping(top.get("limits")), faults), _receivers(top.get("receivers"), faults))
    if faults:
        raise SourceInvalid(FILE, faults)
    return settings


def _limits(given: Mapping[str, Any], faults: list[Fault]) -> Limits:
    names = {each.name for each in fields(Limits)}
    for key, value in given.items():
        if key not in names:
            faults.append(Fault(1, f"limits.{key}", f"未知的上限，只能有 {'、'.join(sorted(names))}。"))
        elif not isinstance(value, int) or isinstance(value, bool) or value < 1:
            faults.append(Fault(1, f"limits.{key}", "应为大于 0 的整数。"))
    return Limits() if faults else Limits(**given)


def _receivers(given: Any, faults: list[Fault]) -> dict[str, tuple[PublicKey, ...]]:
    found: dict[str, tuple[PublicKey, ...]] = {}
    for site, keys in _mapping(given).items():
        listed = cast("list[Any]", keys if isinstance(keys, list) else [keys])
        try:
            found[str(site)] = tuple(PublicKey.from_text(str(key)) for key in listed)
        except KeyInvalid as error:
            faults.append(Fault(1, f"receivers.{site}", error.message))
    return found


def _mapping(value: Any) -> dict[str, Any]:
    return cast("dict[str, Any]", value) if isinstance(value, dict) else {}
