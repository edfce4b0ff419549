"""./govcn ckan …: CKAN's command line against the running platform."""

from __future__ import annotations

import argparse

from stack import lifecycle
from stack.cli import add_data_option


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Only --data is ours; everything else is CKAN's."""
    add_data_option(parser)


def run(options: argparse.Namespace) -> int:
    """CKAN's own exit code."""
    return lifecycle.ckan(options.data, *options.passed_on)
