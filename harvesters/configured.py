"""Where configured sources are found: `config/sources` and `config/demo` beside the code, or below GOVCN_CONFIG."""

from __future__ import annotations

import os
from pathlib import Path

from harvesters.source import Source, load_source


def config_folder() -> Path:
    """The operator's configuration: GOVCN_CONFIG, else the folder beside the code, else beside the caller."""
    beside = Path(__file__).resolve().parent.parent / "config"
    return Path(os.environ.get("GOVCN_CONFIG") or (beside if beside.is_dir() else "config"))


def folders() -> tuple[Path, ...]:
    """Folders with one YAML file per source."""
    return config_folder() / "sources", config_folder() / "demo"


def names(folder: Path) -> list[str]:
    """Names of the sources configured in a folder, in order."""
    return sorted(path.stem for path in folder.glob("*.yaml"))


def find(given: str) -> Source:
    """The source that a person named: a configured name, a YAML file or a catalogue file."""
    for folder in folders():
        if given in names(folder):
            return load_source(given, folder)
    return load_source(given, folders()[0])


def is_configured(source: Source) -> bool:
    """Is this what its name alone finds?"""
    own = next((folder / f"{source.name}.yaml" for folder in folders() if source.name in names(folder)), None)
    return own is not None and source.file == own.resolve()
