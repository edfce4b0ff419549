"""./govcn bench NAME and ./govcn drill NAME: run benchmarks/NAME.py or benchmarks/drills/NAME.py in this environment.

Such a script makes its own stack (`stack.throwaway.portal`), removes it, and with --json prints one JSON object.
"""

from __future__ import annotations

import argparse

from stack import environment, throwaway
from stack.exceptions import StackError
from stack.project import ROOT

FOLDERS = {"bench": ROOT / "benchmarks", "drill": ROOT / "benchmarks" / "drills"}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Everything is passed on."""


def run(options: argparse.Namespace) -> int:
    """The script's own exit code."""
    folder = FOLDERS[options.command]
    known = sorted(path.stem for path in folder.glob("*.py") if not path.stem.startswith("_"))
    name, *arguments = options.passed_on or [""]
    if name not in known:
        raise StackError(
            f"没有名为 {name!r} 的项目，可选：{'、'.join(known) or '（无）'}。",
            f"There is nothing called {name!r}; choose from {', '.join(known) or '(none)'}.",
        )
    environment.prepare("run", "test")
    return throwaway.run_python([str(folder / f"{name}.py"), *arguments])
