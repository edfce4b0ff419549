"""./govcn python …: the interpreter of this environment, with the libraries' folders set."""

from __future__ import annotations

import argparse
import subprocess

from stack import environment
from stack.services import child_environment


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Everything is passed on."""


def run(options: argparse.Namespace) -> int:
    """Python's own exit code."""
    environment.prepare("run", "test")
    return subprocess.run(
        [str(environment.python()), *options.passed_on], env=child_environment(), check=False
    ).returncode
