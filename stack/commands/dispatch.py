"""Commands that belong to the extension: ./govcn NAME … is `ckan govcn-NAME …` on the running platform.

Some need no platform: they run `python -m harvesters …` or `python -m ckanext.govcn.deadline …`. `harvest template`
needs one for a department's entries, `receipt verify` one for its keys unless keys are given.
"""

from __future__ import annotations

import argparse
import subprocess
from pathlib import Path

from stack import environment, identity, lifecycle
from stack.cli import add_data_option
from stack.services import child_environment

WITHOUT_PLATFORM = {("harvest", name): "harvesters" for name in ("preview", "propose", "mark", "template")}
NEVER_WITH_PLATFORM = {"deadline": "ckanext.govcn.deadline"}
TEMPLATE = "目录填报表.xlsx"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Only --data is ours."""
    add_data_option(parser)


def run(options: argparse.Namespace) -> int:
    """The exit code of the command behind."""
    module = NEVER_WITH_PLATFORM.get(options.command)
    module = module or WITHOUT_PLATFORM.get((options.command, next(iter(options.passed_on), "")))
    if options.command == "harvest" and any(each.startswith("--department") for each in options.passed_on):
        return _department_template(options)
    words = [each for each in options.passed_on if not each.startswith("-")]
    if options.command == "sharing" and words[:1] == ["export"] and len(words) == 2:
        return _ledger(options)
    if options.command == "receipt" and any(each.startswith("--key") for each in options.passed_on):
        module = "ckanext.govcn.grant"
    if module is None:
        return lifecycle.ckan(options.data, f"govcn-{options.command}", *options.passed_on)
    environment.prepare("run")
    return subprocess.run(
        [str(environment.python()), "-m", module, *options.passed_on], env=child_environment(), check=False
    ).returncode


def _ledger(options: argparse.Namespace) -> int:
    """`sharing export FILE`: the file belongs to whoever asks, too."""
    parser = argparse.ArgumentParser(add_help=False, allow_abbrev=False)
    parser.add_argument("action")
    parser.add_argument("file", type=Path)
    given, rest = parser.parse_known_args(options.passed_on)
    with identity.lent(given.file):
        return lifecycle.ckan(options.data, "govcn-sharing", given.action, *rest, str(given.file.resolve()))


def _department_template(options: argparse.Namespace) -> int:
    """The file belongs to whoever asks; the account that reads the database is lent it."""
    parser = argparse.ArgumentParser(add_help=False, allow_abbrev=False)
    parser.add_argument("--output", type=Path, default=Path(TEMPLATE))
    given, rest = parser.parse_known_args(options.passed_on)
    with identity.lent(given.output):
        return lifecycle.ckan(options.data, f"govcn-{options.command}", *rest, "--output", str(given.output.resolve()))
