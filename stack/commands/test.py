"""./govcn test: sets up what it needs, runs the tests, leaves nothing running."""

from __future__ import annotations

import argparse
import contextlib
import json
import tempfile
from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree  # noqa: S405 (reads the report that our own pytest wrote)

from stack import environment, lifecycle, throwaway
from stack.exceptions import StackError
from stack.output import progress, result
from stack.project import ROOT

PARTS = ("check", "unit", "integration", "browser")
NO_TESTS = 5  # pytest's exit code when it found none
CHECKS = (
    ("ruff", ["-m", "ruff", "check", "."]),
    ("pyright", ["-m", "basedpyright", "--level", "error"]),
    ("import-linter", ["-c", "from importlinter.cli import lint_imports_command; lint_imports_command()"]),
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of `test`; what follows `--` goes to pytest."""
    parser.add_argument(
        "parts",
        nargs="*",
        metavar="PART",
        help="check, unit, integration, browser, access; stop ends the stack kept by --keep",
    )
    parser.add_argument("--keep", action="store_true", help="保留测试服务 / keep the stack for the next run")
    parser.add_argument("--json", action="store_true", help="输出 JSON / print one JSON object")
    parser.epilog = "./govcn test integration --keep -- -k name"


def run(options: argparse.Namespace) -> int:
    """Exit code 0 when every part passed; a part without tests passes."""
    parts = options.parts or list(PARTS)
    if unknown := [part for part in parts if part not in (*PARTS, "access", "stop")]:
        raise StackError(
            f"没有名为 {unknown[0]} 的测试，可选：{'、'.join(PARTS)}、access。",
            f"There are no tests called {unknown[0]}; choose from {', '.join(PARTS)}, access.",
        )
    if parts == ["stop"]:
        throwaway.discard_kept()
        return 0
    environment.prepare("run", "test")
    reports = {part: _run_part(part, options) for part in parts}
    passed = all(report["passed_all"] for report in reports.values())
    if options.json:
        result({"passed": passed, **reports.get("access", {}), "parts": reports})
    return 0 if passed else 1


def _run_part(part: str, options: argparse.Namespace) -> dict[str, object]:
    progress(f"测试：{part}", f"Tests: {part}")
    if part == "check":
        codes = {name: throwaway.run_python(command, quiet=options.json) for name, command in CHECKS}
        return {"passed_all": not any(codes.values()), **{name: code == 0 for name, code in codes.items()}}
    folder = "integration" if part == "access" else part
    if not any((ROOT / "tests" / folder).rglob("test_*.py")):
        return {"passed_all": True, "tests": 0}
    arguments = [*(["-m", "access"] if part == "access" else []), *options.passed_on]
    with _surroundings(folder, keep=options.keep) as (extra, needed), tempfile.TemporaryDirectory() as reports:
        told = Path(reports) / "access.json"  # what the canary suite found: surfaces, persons, cells, leaks, control
        variables = {**needed, "GOVCN_ACCESS_REPORT": str(told)}
        report = _pytest(folder, [*extra, *arguments], variables, quiet=options.json)
        return {**report, **json.loads(told.read_text())} if part == "access" and told.exists() else report


@contextlib.contextmanager
def _surroundings(folder: str, *, keep: bool) -> Iterator[tuple[list[str], dict[str, str]]]:
    """What a class of tests needs around it: pytest's arguments and environment variables."""
    if folder == "integration":
        with throwaway.kept_folder() if keep else throwaway.data_folder() as data:
            yield [f"--ckan-ini={lifecycle.start(data, None, bound=not keep).ini}"], {}
    elif folder == "browser":
        with throwaway.portal(demo=True) as summary:
            administrator = summary["admin"]
            yield (
                [],
                {
                    "GOVCN_TEST_URL": summary["url"],
                    "GOVCN_TEST_DATA": summary["data"],
                    "GOVCN_TEST_ADMIN": administrator["name"],
                    "GOVCN_TEST_ADMIN_PASSWORD": administrator["password"],
                },
            )
    else:
        yield [], {}


def _pytest(folder: str, arguments: list[str], variables: dict[str, str], *, quiet: bool) -> dict[str, object]:
    tests = ROOT / "tests" / folder
    with tempfile.TemporaryDirectory() as reports:
        report = Path(reports) / "report.xml"
        command = ["-m", "pytest", "-c", str(tests / "pytest.ini"), "--rootdir", str(tests), f"--junitxml={report}"]
        named = any(argument.startswith("tests/") for argument in arguments)
        code = throwaway.run_python([*command, *arguments, *([] if named else [str(tests)])], variables, quiet=quiet)
        return {"passed_all": code in (0, NO_TESTS), **_counts(report)}


def _counts(report: Path) -> dict[str, int]:
    if not report.exists():
        return {}
    suite = next(ElementTree.parse(report).getroot().iter("testsuite"))  # noqa: S314
    return {name: int(suite.get(name, "0")) for name in ("tests", "failures", "errors", "skipped")}
