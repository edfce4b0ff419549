"""Leases and the worker: whoever dies loses nothing, whoever lost its lease writes nothing."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
import yaml
from integration.harvest.test_harvest import HEADINGS, RELEASE, make_department, public_titles, row, scalar

pytestmark = [pytest.mark.usefixtures("clean"), pytest.mark.ckan_config("ckanext.govcn.harvest.lease", 3)]

PATIENCE = 120.0


@pytest.fixture(autouse=True)
def sources(clean: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An operator's configuration with sources of its own."""
    make_department("示例市交通运输局")
    (tmp_path / "sources").mkdir()
    (tmp_path / "demo").mkdir()
    monkeypatch.setenv("GOVCN_CONFIG", str(tmp_path))
    return tmp_path / "sources"


def write(folder: Path, name: str, rows: int, **settings: Any) -> None:
    import csv

    with (folder / f"{name}.csv").open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, HEADINGS, restval="")
        writer.writeheader()
        writer.writerows(row(f"{name}-{n}", f"{name}第{n}项", 下载地址="") for n in range(rows))
    given = {
        "name": name,
        "path": f"{name}.csv",
        "provider": "示例市交通运输局",
        "region": "990100",
        "release": RELEASE,
    }
    (folder / f"{name}.yaml").write_text(yaml.safe_dump(given | settings, allow_unicode=True), "utf-8")


def execute(statement: str, **values: Any) -> Any:
    import sqlalchemy as sa
    from ckan import model

    result = model.Session.execute(sa.text(statement), values)
    model.Session.commit()
    return result


def ask(name: str) -> int:
    from harvesters.configured import find
    from harvesters.harvest import queue

    return queue(find(name))


def job(number: int) -> dict[str, Any]:
    from ckan import model
    from ckanext.govcn.harvest import jobs

    model.Session.rollback()
    found = jobs.get(model.Session, number)
    assert found
    return found


def await_that(condition: Callable[[], bool]) -> None:
    limit = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < limit
        time.sleep(0.1)


def work_once() -> None:
    from harvesters.worker import Worker

    previous = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        Worker(once=True).run()
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)


class Service:
    """The worker as the platform runs it, in a process of its own."""

    def __init__(self, ini: str) -> None:
        script = "import sys; from ckan.cli.cli import ckan; sys.exit(ckan())"
        self.process = subprocess.Popen(
            [sys.executable, "-c", script, "--config", ini, "govcn-harvest", "work"], start_new_session=True
        )

    def children(self) -> list[int]:
        listed = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text()
        return [int(each) for each in listed.split()]

    def end(self) -> int:
        self.process.terminate()
        return self.process.wait(60)

    def kill(self) -> None:
        with suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()


@pytest.fixture
def services(ckan_config: dict[str, Any]) -> Any:
    """Starts workers, and ends what a test leaves."""
    given = Path(ckan_config["__file__"])
    ini = given.with_name("worker.ini")  # beside what it includes
    ini.write_text(given.read_text() + "\nckanext.govcn.harvest.lease = 3\nckanext.govcn.harvest.retry_after = 1\n")
    started: list[Service] = []

    def start() -> Service:
        started.append(Service(str(ini)))
        return started[-1]

    yield start
    for each in started:
        each.kill()
    ini.unlink()


# ── leases


def test_one_work_at_a_time_and_a_dead_ones_is_taken_over(sources: Path) -> None:
    from ckanext.govcn.harvest.jobs import Wanted

    from harvesters import leases
    from harvesters.exceptions import SourceBusy

    first = leases.take(Wanted("run", "a"))
    with pytest.raises(SourceBusy):
        leases.take(Wanted("undo", "a"))
    leases.take(Wanted("run", "b"))
    execute("UPDATE govcn_harvest_job SET lease_until = now() - interval '1 second' WHERE id = :id", id=first.id)
    assert leases.take(Wanted("undo", "a")).id != first.id
    assert (job(first.id)["state"], job(first.id)["reason"]) == ("waiting", "retry")


def test_who_lost_the_lease_cannot_commit(sources: Path) -> None:
    from ckan import model
    from ckanext.govcn.harvest.jobs import Wanted
    from sqlalchemy import text

    from harvesters import leases
    from harvesters.exceptions import LeaseLost

    def work() -> None:
        with leases.held(lease):
            model.Session.execute(note, {"name": "before"})
            model.Session.commit()
            with model.ensure_engine().begin() as another:
                another.execute(text("UPDATE govcn_harvest_job SET attempt = attempt + 1"))
            model.Session.execute(note, {"name": "after"})
            model.Session.commit()

    note = text("INSERT INTO govcn_harvest_source (name) VALUES (:name)")
    lease = leases.take(Wanted("run", "a"))
    with pytest.raises(LeaseLost):
        work()
    model.Session.rollback()
    assert execute("SELECT name FROM govcn_harvest_source").scalars().all() == ["before"]
    assert leases.finish(lease) is False


def test_a_lease_is_renewed_while_the_work_goes_on(sources: Path) -> None:
    from ckanext.govcn.harvest.jobs import Wanted

    from harvesters import leases

    lease = leases.take(Wanted("run", "a"))
    with leases.held(lease):
        lease.progress = {"records": 7}
        time.sleep(4)
        assert leases.reap() == 0
        assert job(lease.id)["progress"] == {"records": 7}
    assert leases.finish(lease)
    assert job(lease.id)["state"] == "finished"


def test_a_holder_that_died_before_the_clock_was_put_back_is_found(sources: Path) -> None:
    from ckanext.govcn.harvest.jobs import Wanted

    from harvesters import checking, leases

    lease = leases.take(Wanted("run", "a"))
    with leases.held(lease):
        execute("UPDATE govcn_harvest_job SET heartbeat_at = now() + '1 hour', lease_until = now() + '61 minutes'")
        await_that(lambda: job(lease.id)["heartbeat_at"] < datetime.now(UTC) + timedelta(minutes=1))
        assert leases.reap() == 0  # who lives says so again
    execute("UPDATE govcn_harvest_job SET heartbeat_at = now() + '1 hour', lease_until = now() + '61 minutes'")
    assert [each.kind for each in checking.check().differences] == ["stuck"]
    assert leases.reap() == 1
    assert job(lease.id)["state"] == "waiting"


def test_a_death_that_two_workers_notice_is_one_failure(sources: Path) -> None:
    from ckan.common import config

    from harvesters import leases
    from harvesters.leases import Lease

    execute("INSERT INTO govcn_harvest_source (name) VALUES ('laiyuan')")
    number = asked("laiyuan")
    lease = leases.claim(per_host=1)
    assert lease
    execute("UPDATE govcn_harvest_job SET attempt = :most", most=int(config["ckanext.govcn.harvest.attempts"]))
    noticed = [Lease(number, job(number)["attempt"], "run", "laiyuan") for _ in range(2)]
    assert [leases.died(each) for each in noticed] == [True, False]
    assert job(number)["state"] == "failed"
    assert scalar("SELECT failures FROM govcn_harvest_source") == 1


def test_no_run_is_running_without_a_lease(sources: Path) -> None:
    from harvesters import checking, leases

    execute("INSERT INTO govcn_harvest_run (source, state) VALUES ('a', 'running')")
    assert [each.kind for each in checking.check().differences] == ["stuck"]
    assert leases.reap() == 1
    assert scalar("SELECT state FROM govcn_harvest_run") == "crashed"
    assert checking.check().differences == []


def test_jobs_on_one_host_are_limited(sources: Path) -> None:
    from ckan import model
    from ckanext.govcn.harvest import jobs

    from harvesters import leases

    for name in ("a", "b", "c"):
        host = "" if name == "c" else "data.example.gov.cn"
        execute("INSERT INTO govcn_harvest_source (name, host) VALUES (:name, :host)", name=name, host=host)
        jobs.create(model.Session, jobs.Wanted("run", name))
    model.Session.commit()
    claimed = [leases.claim(per_host=1) for _ in range(3)]
    assert [each.source for each in claimed if each] == ["a", "c"]


def test_the_more_urgent_goes_first_and_a_pause_is_kept(sources: Path) -> None:
    from ckan import model
    from ckanext.govcn.harvest import jobs

    from harvesters import leases
    from harvesters.exceptions import SourceUnreachable

    jobs.create(model.Session, jobs.Wanted("run", "timetable", reason="schedule"))
    jobs.create(model.Session, jobs.Wanted("run", "person"))
    model.Session.commit()
    first = leases.claim(per_host=1)
    assert first
    assert first.source == "person"
    first.failure = SourceUnreachable("x", "y")
    assert leases.again(first, pause=60)
    second = leases.claim(per_host=1)
    assert second
    assert second.source == "timetable"
    assert leases.claim(per_host=1) is None
    assert "x" in job(first.id)["error"]


def asked(name: str, by: str = "", reason: str = "person") -> int:
    """A run that somebody, or the timetable, asked for."""
    from ckan import model
    from ckanext.govcn.harvest import jobs

    number = jobs.create(model.Session, jobs.Wanted("run", name, wanted_by=by, reason=reason))
    model.Session.commit()
    return number


def asker_of(run: int) -> str:
    from ckan import model
    from ckanext.govcn.harvest import deciding

    return deciding.stewardship(model.Session, run)[0].asked_by


def test_who_asked_for_a_run_is_known_of_every_attempt_and_when_its_job_is_gone(sources: Path) -> None:
    """Who asked for a run may not carry out what opens: that has to be known as long as anything waits."""
    from ckan import model

    from harvesters import leases
    from harvesters.configured import find
    from harvesters.harvest import harvest
    from harvesters.worker import THIN

    write(sources, "laiyuan", 3, apply="review")
    asked("laiyuan", "clerk")
    runs = []
    for _ in range(2):
        lease = leases.claim(per_host=1)
        assert lease
        with leases.held(lease):
            runs.append(harvest(find("laiyuan"), lease=lease).run)
        model.Session.commit()
        leases.died(lease)  # it never came to say that it was done
        execute("UPDATE govcn_harvest_job SET not_before = now()")
    assert [asker_of(run) for run in runs] == ["clerk", "clerk"]
    execute("UPDATE govcn_harvest_job SET state = 'failed', finished_at = '2020-01-01'")
    execute(str(THIN), days=90)
    assert scalar("SELECT count(*) FROM govcn_harvest_job") == 0
    assert asker_of(runs[-1]) == "clerk"


def test_a_run_of_the_timetable_that_somebody_wants_as_well_is_theirs(sources: Path) -> None:
    from harvesters import leases

    number = asked("laiyuan", reason="schedule")
    assert asked("laiyuan", "clerk") == number
    assert asked("laiyuan", "colleague") == number
    assert job(number)["wanted_by"] == "clerk"
    lease = leases.claim(per_host=1)
    assert lease
    twin = asked("laiyuan", reason="schedule")
    assert twin != number
    leases.again(lease, pause=0)
    assert (job(number)["state"], job(twin)["state"]) == ("failed", "waiting")
    assert job(twin)["wanted_by"] == "clerk"


def test_what_two_people_decide_is_done_with_the_rights_of_each(sources: Path) -> None:
    """The bureau asks for what a clerk has asked for, who may not do all of it: it must not wait in the clerk's job."""
    from ckan import model
    from ckanext.govcn.harvest import jobs

    from harvesters import leases

    def decide(by: str) -> int:
        number = jobs.create(model.Session, jobs.Wanted("apply", "laiyuan", {"run": 1}, wanted_by=by))
        model.Session.commit()
        return number

    clerk, officer = decide("clerk"), decide("officer")
    assert clerk != officer
    assert decide("clerk") == clerk
    assert [job(each)["wanted_by"] for each in (clerk, officer)] == ["clerk", "officer"]
    lease = leases.claim(per_host=1)
    assert lease
    leases.again(lease, pause=0)
    assert job(lease.id)["state"] == "waiting"


# ── the worker


def test_a_job_is_carried_out_and_tells_what_it_did(sources: Path) -> None:
    write(sources, "laiyuan", 3)
    number = ask("laiyuan")
    assert ask("laiyuan") == number
    work_once()
    done = job(number)
    assert (done["state"], done["attempt"]) == ("finished", 1)
    assert done["result"]["added"] == 3, str(done["result"])
    assert done["run_id"] == done["result"]["run"]
    assert len(public_titles()) == 3


def test_a_source_that_does_not_answer_is_tried_again_and_then_told_of(
    sources: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from ckan.common import config

    monkeypatch.setitem(config, "ckanext.govcn.harvest.attempts", 4)
    write(sources, "laiyuan", 1, url="http://127.0.0.1:9/none.csv", allow_private=True, path="")
    (sources.parent / "networks.yaml").write_text("networks: {本机: [127.0.0.0/8]}\nalways: [本机]\n", "utf-8")
    number = ask("laiyuan")
    for attempt in range(1, 5):
        work_once()
        assert (job(number)["attempt"], job(number)["state"]) == (attempt, "failed" if attempt == 4 else "waiting")
        execute("UPDATE govcn_harvest_job SET not_before = now()")
    assert scalar("SELECT count(*) FROM govcn_notice WHERE kind = 'harvest_failing'") == 1
    assert scalar("SELECT failures FROM govcn_harvest_source") == 4
    assert job(number)["error"]


def test_slow_sources_hold_up_no_other(sources: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from ckan.common import config

    class Slow(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            time.sleep(12)
            self.send_response(404)
            self.end_headers()

    monkeypatch.setitem(config, "ckanext.govcn.harvest.processes", 1)
    monkeypatch.setitem(config, "ckanext.govcn.harvest.slow", 1)
    (sources.parent / "networks.yaml").write_text("networks: {本机: [127.0.0.0/8]}\nalways: [本机]\n", "utf-8")
    with ThreadingHTTPServer(("127.0.0.1", 0), Slow) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        address = f"http://127.0.0.1:{server.server_address[1]}/a.csv"
        write(sources, "slow", 1, url=address, allow_private=True, path="", priority=9)
        write(sources, "quick", 1)
        slow, quick = ask("slow"), ask("quick")
        work_once()
        server.shutdown()
    assert (job(slow)["state"], job(quick)["state"]) == ("failed", "finished")
    assert job(quick)["finished_at"] < job(slow)["finished_at"]


def test_what_cannot_be_read_is_not_tried_again(sources: Path) -> None:
    write(sources, "laiyuan", 1)
    number = ask("laiyuan")
    (sources / "laiyuan.yaml").write_text("name: laiyuan\nnonsense: 1\n", "utf-8")
    work_once()
    assert (job(number)["state"], job(number)["attempt"]) == ("failed", 1)
    assert "nonsense" in job(number)["error"]
    assert scalar("SELECT state FROM govcn_harvest_run") == "failed"


def test_undo_and_preview_are_jobs_too(sources: Path) -> None:
    from ckan import model
    from ckanext.govcn.harvest import jobs

    write(sources, "laiyuan", 2)
    run = ask("laiyuan")
    work_once()
    done = job(run)["run_id"]
    preview = jobs.create(model.Session, jobs.Wanted("preview", "laiyuan", {"entries": True}))
    undo = jobs.create(model.Session, jobs.Wanted("undo", "laiyuan", {"run": done}))
    model.Session.commit()
    work_once()
    assert job(undo)["result"]["withdrawn"] == 2
    assert len(job(preview)["result"]["entry_list"]) == 2
    assert public_titles() == set()


def test_a_worker_that_is_killed_leaves_its_job_to_the_next(sources: Path, services: Any) -> None:
    write(sources, "laiyuan", 1500)
    number = ask("laiyuan")
    first = services()
    await_that(lambda: (scalar("SELECT count(*) FROM govcn_harvest_record") or 0) > 0)
    first.kill()
    assert job(number)["state"] == "running"
    services()
    await_that(lambda: job(number)["state"] == "finished")
    assert job(number)["attempt"] == 2
    assert scalar("SELECT count(*) FROM package WHERE state = 'active'") == 1500
    assert scalar("SELECT count(*) FROM govcn_harvest_run WHERE state = 'crashed'") == 1
    assert scalar("SELECT count(*) FROM govcn_harvest_run WHERE state = 'running'") == 0


def test_a_process_that_is_killed_is_replaced_at_once(sources: Path, services: Any) -> None:
    write(sources, "laiyuan", 1500)
    number = ask("laiyuan")
    worker = services()
    await_that(lambda: (scalar("SELECT count(*) FROM govcn_harvest_record") or 0) > 0)
    for child in worker.children():
        os.kill(child, signal.SIGKILL)
    await_that(lambda: job(number)["state"] == "finished")
    assert scalar("SELECT count(*) FROM package WHERE state = 'active'") == 1500


def test_a_worker_that_is_asked_to_end_gives_its_job_back(sources: Path, services: Any) -> None:
    write(sources, "laiyuan", 1500)
    number = ask("laiyuan")
    worker = services()
    await_that(lambda: (scalar("SELECT count(*) FROM govcn_harvest_record") or 0) > 0)
    assert worker.end() == 0
    assert (job(number)["state"], job(number)["attempt"]) == ("waiting", 0)
    assert scalar("SELECT failures FROM govcn_harvest_source") == 0
    services()
    await_that(lambda: job(number)["state"] == "finished")


def test_a_job_that_is_cancelled_stops(sources: Path, services: Any) -> None:
    from ckan import model
    from ckanext.govcn.harvest import jobs

    write(sources, "laiyuan", 3000)
    number = ask("laiyuan")
    worker = services()
    await_that(lambda: (scalar("SELECT count(*) FROM govcn_harvest_record") or 0) > 0)
    assert jobs.cancel(model.Session, number)
    model.Session.commit()
    await_that(lambda: not worker.children())
    assert job(number)["state"] == "cancelled"
    assert 0 < scalar("SELECT count(*) FROM package WHERE state = 'active'") < 3000
    assert scalar("SELECT state FROM govcn_harvest_run") == "failed"


# ── the timetable


def test_a_source_runs_when_its_turn_has_come(sources: Path) -> None:
    from ckan import model
    from ckanext.govcn.harvest import jobs

    from harvesters.timetable import Timetable, pause, shown

    write(sources, "laiyuan", 1, schedule="every 6h", priority=3)
    write(sources, "ruhe", 1)
    table, now = Timetable(), datetime.now(UTC)
    assert table.turn(now) == 1
    (job_,) = jobs.listed(model.Session, {}, None)
    assert (job_["source"], job_["reason"], job_["priority"]) == ("laiyuan", "schedule", 3)
    assert table.turn(now) == 0
    assert [(each["name"], each["schedule"]) for each in shown()] == [("laiyuan", "every 6h"), ("ruhe", "")]
    later = execute("SELECT next_run_at FROM govcn_harvest_source WHERE name = 'laiyuan'").scalar()
    assert later == now + timedelta(hours=6)
    execute("UPDATE govcn_harvest_source SET next_run_at = now() - interval '1 minute' WHERE name = 'laiyuan'")
    pause("laiyuan", paused=True)
    assert table.turn() == 0
    pause("laiyuan", paused=False)
    assert table.turn() == 1
    assert len(jobs.listed(model.Session, {}, None)) == 1  # the first one still waits: it is the same


def test_a_worker_whose_clock_is_behind_puts_a_turn_in_once(sources: Path) -> None:
    from harvesters.schedule import BEIJING
    from harvesters.timetable import Timetable, put_in

    now = datetime.now(UTC)
    write(sources, "laiyuan", 1, schedule=f"daily at {now.astimezone(BEIJING):%H:%M}")
    Timetable().enter(now)
    execute("UPDATE govcn_harvest_source SET next_run_at = :turn", turn=now.replace(second=0, microsecond=0))
    behind = now - timedelta(minutes=5)
    assert put_in(behind) == 1
    execute("UPDATE govcn_harvest_job SET state = 'finished'")
    assert put_in(behind) == 0


def test_a_changed_schedule_begins_anew_and_one_taken_away_ends(sources: Path) -> None:
    from harvesters.timetable import Timetable, shown

    write(sources, "laiyuan", 1, schedule="every 6h")
    table = Timetable()
    table.turn()
    write(sources, "laiyuan", 1, schedule="daily at 02:30")
    os.utime(sources / "laiyuan.yaml", (1, 1))
    assert table.turn() == 0
    assert shown()[0]["next_run_at"].endswith("18:30:00+00:00")
    (sources / "laiyuan.yaml").unlink()
    table.turn()
    assert (shown()[0]["schedule"], shown()[0]["next_run_at"]) == ("", None)


def test_a_source_belongs_to_its_department(sources: Path) -> None:
    from ckan import model

    from harvesters.timetable import Timetable

    make_department("示例市统计局")
    write(sources, "fixed", 1)
    write(sources, "said", 1, department="示例市统计局")
    write(sources, "foreign", 1, providers="create")
    write(sources, "wrong", 1, department="没有这个局")
    Timetable().turn()
    rows = execute("SELECT name, owner_org FROM govcn_harvest_source ORDER BY name").all()
    titles = {name: model.Group.get(owner).title if owner else None for name, owner in rows}
    assert titles == {"fixed": "示例市交通运输局", "foreign": None, "said": "示例市统计局", "wrong": None}
