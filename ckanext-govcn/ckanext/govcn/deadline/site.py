"""Where the operator's own rows and holidays are: `config/` beside the code, or GOVCN_CONFIG."""

from __future__ import annotations

import os
from pathlib import Path


def config_folder() -> Path:
    """The folder that may hold sla.yaml and holidays.yaml."""
    beside = Path(__file__).resolve().parents[4] / "config"
    return Path(os.environ.get("GOVCN_CONFIG") or (beside if beside.is_dir() else "config"))
