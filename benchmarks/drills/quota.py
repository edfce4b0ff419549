"""./govcn drill quota: whether limits of grants hold when many clients ask at once (docs/access.md).

A throwaway platform, one conditional dataset with a file, and grants whose access keys 50 clients use at once:

`quota`: half as many requests again as the grant's downloads; `rate`: all clients for 20 s under a grant of so many
downloads in 60 s, then one after Retry-After · `delivered` answers with the data, `allowed` what the grant allows,
`error_percent` how far apart they are · `headers_missing`: answers without RateLimit headers, or 429 without
Retry-After · `revoked_s`, `suspended_s`: seconds from the answer to the revocation (suspension) until the last request
that was still answered with the data had been sent, 0 when none was · `audit.lines` at least one for each of
`audit.answers`, `audit.faults` of `./govcn audit verify`. `ok` false (exit code 1) where an error is 1 % or more, a
header is missing, revocation takes 1 s or more, or the log lacks a line or has a fault.
"""

from __future__ import annotations

import argparse
import functools
import json
import math
import os
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from benchmarks.drills.granting.clients import OK, REFUSED, Answer, Portal  # noqa: E402
from stack import environment, lifecycle, throwaway  # noqa: E402
from stack.identity import unprivileged  # noqa: E402
from stack.output import progress, result, table  # noqa: E402
from stack.project import DataFolder  # noqa: E402
from stack.services import child_environment, ckan_environment  # noqa: E402

CLIENTS, QUOTA, RATE, RATE_SECONDS = 50, 300, 120, 20.0
MOST_ERROR, MOST_SECONDS = 1.0, 1.0


def main() -> int:
    """Drill and print."""
    options = _options()
    with throwaway.portal(demo=False) as up:
        data = DataFolder(Path(up["data"]))
        progress("编造数据集和授权", "Making the dataset and its grants")
        limits: list[dict[str, int]] = [{"quota": options.quota}, {"rate": options.rate}, {}, {}]
        made = _world(Path(lifecycle.require_running(data).ini), limits)
        portal = Portal(up["url"], made["path"])
        of_quota, of_rate, to_revoke, to_suspend = made["grants"]
        report: dict[str, Any] = {"clients": options.clients}
        progress("额度", "Quota")
        asked = portal.hammered(of_quota["key"], options.clients, lambda n: n >= math.ceil(options.quota * 1.5))
        report["quota"] = _compared(asked, options.quota)
        progress("频次", "Rate")
        asked_fast, after = _rate(portal, of_rate["key"], options)
        report["rate"] = _compared(asked_fast, options.rate) | {"after_retry_after": after.status}
        progress("吊销与中止", "Revoking and suspending")
        ended = {
            "revoked_s": ("govcn_grant_key_revoke", to_revoke["key"], {"id": to_revoke["key_id"]}),
            "suspended_s": ("govcn_grant_suspend", to_suspend["key"], {"id": to_suspend["id"], "reason": "演练"}),
        }
        counted = len(asked) + len(asked_fast) + 1
        for name, (action, key, said) in ended.items():
            end = functools.partial(portal.call, action, made["editor"], **said)
            report[name], number = _ended(portal, key, options.clients, end)
            counted += number
        report["audit"] = _audit(data, counted)
    report["headers_missing"] = sum(_lacks_headers(answer) for answer in [*asked, *asked_fast])
    report["error_percent"] = max(report["quota"]["error_percent"], report["rate"]["error_percent"])
    report["processors"] = os.cpu_count()
    report["ok"] = _holds(report)
    if options.json:
        result(report)
    else:
        _show(report)
    return 0 if report["ok"] else 1


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="./govcn drill quota", description=__doc__)
    parser.add_argument("--json", action="store_true", help="一个 JSON 对象 / one JSON object")
    parser.add_argument("--clients", type=int, default=CLIENTS, help="同时下载的客户端 / clients at once")
    parser.add_argument("--quota", type=int, default=QUOTA, help="授权的下载次数 / downloads of the grant")
    parser.add_argument("--rate", type=int, default=RATE, help="每分钟下载次数 / downloads in 60 s")
    return parser.parse_args()


def _world(ini: Path, limits: list[dict[str, int]]) -> dict[str, Any]:
    command = unprivileged([str(environment.python()), "-m", "benchmarks.drills.granting.world", str(ini)])
    done = subprocess.run(
        command, input=json.dumps(limits), stdout=subprocess.PIPE, text=True, check=True, cwd=ROOT,
        env=child_environment(ckan_environment(ini)),
    )  # fmt: skip
    return json.loads(done.stdout)


def _rate(portal: Portal, key: str, options: argparse.Namespace) -> tuple[list[Answer], Answer]:
    """Answers of one window, and the one after the wait that the last refusal names."""
    began = time.monotonic()
    answers = portal.hammered(key, options.clients, lambda _: time.monotonic() - began > RATE_SECONDS)
    refused = [answer for answer in answers if answer.status == REFUSED]
    if refused:
        last = max(refused, key=lambda answer: answer.came)
        time.sleep(max(0.0, last.came + float(last.headers["retry-after"]) - time.monotonic()))
    connection = portal.connection()
    return answers, portal.get(connection, key)


def _compared(answers: list[Answer], allowed: int) -> dict[str, Any]:
    delivered = sum(answer.status == OK for answer in answers)
    refused = sum(answer.status == REFUSED for answer in answers)
    seconds = max(answer.came for answer in answers) - min(answer.asked for answer in answers)
    return {
        "allowed": allowed,
        "requests": len(answers),
        "delivered": delivered,
        "refused": refused,
        "other": len(answers) - delivered - refused,
        "error_percent": round(abs(delivered - allowed) * 100 / allowed, 2),
        "requests_per_s": round(len(answers) / seconds, 1),
    }


def _ended(portal: Portal, key: str, clients: int, end: Any) -> tuple[float, int]:
    """Seconds until nothing was delivered any more, and how many requests there were."""
    done = threading.Event()
    answers: list[Answer] = []

    def hammer() -> None:
        answers.extend(portal.hammered(key, clients, lambda _: done.is_set()))

    thread = threading.Thread(target=hammer)
    thread.start()
    time.sleep(2)
    end()
    ended = time.monotonic()
    time.sleep(3)
    done.set()
    thread.join()
    last = max((answer.asked for answer in answers if answer.status == OK), default=ended)
    if not any(answer.status == OK for answer in answers):
        raise SystemExit("nothing was delivered before")
    return round(max(0.0, last - ended), 3), len(answers)


def _audit(data: DataFolder, expected: int) -> dict[str, int]:
    """Lines about downloads, and what is wrong with the log."""
    progress("核对审计日志", "Verifying the audit log")
    command = [ROOT / "govcn", "audit", "verify", "--json", "--data", data.path]
    said = json.loads(subprocess.run(command, stdout=subprocess.PIPE, check=False).stdout)
    return {"answers": expected, "lines": said["lines"], "faults": len(said["faults"])}


def _lacks_headers(answer: Answer) -> bool:
    wanted = {"ratelimit-limit", "ratelimit-remaining", "ratelimit-reset"}
    return not wanted <= answer.headers.keys() or (answer.status == REFUSED and "retry-after" not in answer.headers)


def _holds(report: dict[str, Any]) -> bool:
    return (
        report["error_percent"] < MOST_ERROR
        and report["rate"]["after_retry_after"] == OK
        and not (report["quota"]["other"] or report["rate"]["other"] or report["headers_missing"])
        and report["revoked_s"] < MOST_SECONDS
        and report["suspended_s"] < MOST_SECONDS
        and report["audit"]["lines"] >= report["audit"]["answers"]
        and not report["audit"]["faults"]
    )


def _show(report: dict[str, Any]) -> None:
    names = ("allowed", "requests", "delivered", "refused", "error_percent")
    print(table(["", *names], [[kind, *(report[kind][name] for name in names)] for kind in ("quota", "rate")]))
    kept = ("clients", "headers_missing", "revoked_s", "suspended_s", "audit", "ok")
    print(json.dumps({name: report[name] for name in kept}))


if __name__ == "__main__":
    sys.exit(main())
