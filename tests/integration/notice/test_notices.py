"""One outbox, several channels: a real mail server, a real receiver, and everything that can go wrong with them."""

from __future__ import annotations

import hashlib
import hmac
import json
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from contracts.smtp import Mailbox, smtp_server

pytestmark = pytest.mark.usefixtures("clean")

NOW = datetime.now(UTC) + timedelta(hours=1)  # whatever a test puts in is due
SECRET = "made-up-secret-made-up-secret-made-up"
VALUES = {"source": "示例来源", "count": 3, "run": 12}


@pytest.fixture
def mailbox(ckan_config: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> Iterator[Mailbox]:
    with smtp_server() as box:
        monkeypatch.setitem(ckan_config, "smtp.server", f"127.0.0.1:{box.port}")
        monkeypatch.setitem(ckan_config, "smtp.mail_from", "govcn@example.gov.cn")
        yield box


@dataclass
class Receiver:
    """An HTTP server: `status` and `headers` of its answers, `wait` seconds before each; what it `got`, and when it
    `answered`."""

    url: str = ""
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict[str, str])
    wait: float = 0.0
    got: list[tuple[dict[str, str], bytes]] = field(default_factory=list[tuple[dict[str, str], bytes]])
    answered: list[datetime] = field(default_factory=list[datetime])


@pytest.fixture
def receiver(ckan_config: dict[str, Any], monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Receiver]:
    found = Receiver()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            found.got.append((dict(self.headers), body))
            time.sleep(found.wait)
            found.answered.append(datetime.now(UTC))
            self.send_response(found.status)
            for name, value in found.headers.items():
                self.send_header(name, value)
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            return

    (tmp_path / "networks.yaml").write_text("networks: {本机: [127.0.0.0/8]}", "utf-8")
    monkeypatch.setenv("GOVCN_CONFIG", str(tmp_path))
    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        found.url = f"http://127.0.0.1:{server.server_address[1]}/hook/made-up-token"
        monkeypatch.setitem(ckan_config, "smtp.mail_from", "")
        monkeypatch.setitem(ckan_config, "ckanext.govcn.notice.webhook.url", found.url)
        monkeypatch.setitem(ckan_config, "ckanext.govcn.notice.webhook.secret", SECRET)
        monkeypatch.setitem(ckan_config, "ckanext.govcn.notice.webhook.networks", "本机")
        yield found
        server.shutdown()


def user(**about: Any) -> dict[str, Any]:
    from ckan.tests import factories

    return factories.User(**about)


def organization(**members: str) -> str:
    """An organization with users (id → role)."""
    from ckan.tests import factories

    users = [{"name": name, "capacity": role} for name, role in members.items()]
    return factories.Organization(users=users, title="示例市水利局", region_code="990100")["id"]


def tell(*, once: str = "", **to: Any) -> int | None:
    from ckan import model
    from ckanext.govcn.notice.outbox import To, notify

    told = notify("harvest_refused", To(**to), "harvest_run:12", VALUES, once=once)
    model.Session.commit()
    return told


def deliver(now: datetime = NOW) -> dict[str, int]:
    from harvesters.webhook import deliver_due

    return {state: count for state, count in deliver_due(now).items() if count}


def deliveries(state: str | None = None) -> list[dict[str, Any]]:
    from ckanext.govcn.notice import delivery

    return delivery.listed(state)


def mine(name: str, **asked: Any) -> dict[str, Any]:
    from ckan.tests.helpers import call_action

    return call_action("govcn_notice_list", {"user": name, "ignore_auth": False}, **asked)


class TestWhoIsTold:
    def test_a_departments_editors_and_nobody_else(self) -> None:
        editor, admin, member, stranger = user(), user(), user(), user()
        owner = organization(**{editor["name"]: "editor", admin["name"]: "admin", member["name"]: "member"})
        tell(departments=[owner], users=[editor["id"]])
        told = [mine(each["name"])["count"] for each in (editor, admin, member, stranger)]
        assert told == [1, 1, 0, 0]

    @pytest.mark.ckan_config("ckanext.govcn.bureau", "the-bureau")
    def test_the_bureau_and_the_operators(self) -> None:
        from ckan.tests import factories

        officer, operator = user(), factories.Sysadmin()
        factories.Organization(name="the-bureau", users=[{"name": officer["name"], "capacity": "editor"}])
        tell(bureau=True)
        assert [mine(each["name"])["count"] for each in (officer, operator)] == [1, 0]
        tell(operators=True)
        assert [mine(each["name"])["count"] for each in (officer, operator)] == [1, 1]

    def test_what_is_rolled_back_was_never_said(self, mailbox: Mailbox) -> None:
        from ckan import model
        from ckanext.govcn.notice.outbox import To, notify

        reader = user()
        notify("harvest_refused", To(users=[reader["id"]]), "harvest_run:12", VALUES)
        model.Session.rollback()
        assert mine(reader["name"])["count"] == 0
        assert deliver() == {}
        assert mailbox.mails == []

    def test_the_same_thing_is_said_once(self) -> None:
        reader = user()
        assert tell(users=[reader["id"]], once="a") is not None
        assert tell(users=[reader["id"]], once="a") is None
        assert mine(reader["name"])["count"] == 1


class TestReading:
    def test_marks(self) -> None:
        from ckan.tests.helpers import call_action

        reader, other = user(), user()
        first = tell(users=[reader["id"], other["id"]])
        tell(users=[reader["id"]])
        context = {"user": reader["name"], "ignore_auth": False}
        assert call_action("govcn_notice_mark_read", context, ids=[first]) == {"marked": 1, "unread": 1}
        assert call_action("govcn_notice_mark_read", context, ids=[first]) == {"marked": 0, "unread": 1}
        assert mine(reader["name"], unread=True)["count"] == 1
        assert mine(other["name"])["unread"] == 1
        assert call_action("govcn_notice_mark_read", context, all=True) == {"marked": 1, "unread": 0}

    def test_the_public_reads_none(self, app: Any) -> None:
        import ckan.plugins.toolkit as tk

        with pytest.raises(tk.NotAuthorized):
            mine("")
        answer = app.get("/govcn/notices", follow_redirects=False)
        assert answer.status_code == 302
        assert "/user/login" in answer.headers["Location"]

    @pytest.mark.parametrize("ids", [None, ["x"], [-1], ["9" * 30], [{}], list(range(500))])
    def test_odd_numbers_are_refused(self, ids: Any) -> None:
        import ckan.plugins.toolkit as tk
        from ckan.tests.helpers import call_action

        with pytest.raises(tk.ValidationError):
            call_action("govcn_notice_mark_read", {"user": user()["name"], "ignore_auth": False}, ids=ids)

    def test_the_page_with_a_token(self, app: Any) -> None:
        from ckan.tests import factories

        reader = factories.UserWithToken()
        number = tell(users=[reader["id"]])
        headers = {"Authorization": reader["token"]}
        page = app.get("/govcn/notices", headers=headers).body
        assert "“示例来源”有 3 条记录被退回" in page
        assert "/harvest/run/12" in page
        app.post("/govcn/notices/read", headers=headers, data={"id": number})
        assert mine(reader["name"])["unread"] == 0
        app.post("/govcn/notices/preferences", headers=headers, data={})
        from ckan.tests.helpers import call_action

        shown = call_action("govcn_notice_preferences_show", {"user": reader["name"], "ignore_auth": False})
        assert shown == {"mail": False}
        assert app.get("/govcn/notices?page=9999999999&unread=1", headers=headers).status_code == 200


class TestMail:
    def test_a_mail_in_both_languages(self, mailbox: Mailbox) -> None:
        reader = user(email="reader@example.gov.cn", fullname="读者")
        tell(users=[reader["id"]])
        assert deliver() == {"sent": 1}
        (mail,) = mailbox.mails
        assert mail["Subject"] == "“示例来源”有 3 条记录被退回"
        assert mail["To"] == "读者 <reader@example.gov.cn>"
        text = mail.get_content()
        assert "请按退回原因更正后重新归集" in text
        assert "3 records from" in text
        assert "/harvest/run/12" in text
        assert deliver() == {}

    def test_whoever_turned_it_off_or_left_gets_none(self, mailbox: Mailbox) -> None:
        from ckan import model
        from ckan.tests.helpers import call_action

        first, second = user(), user()
        call_action("govcn_notice_preferences_update", {"user": first["name"], "ignore_auth": False}, mail=False)
        tell(users=[first["id"], second["id"]])
        assert [row["user"] for row in deliveries()] == [second["name"]]
        model.User.get(second["id"]).state = "deleted"
        model.Session.commit()
        assert deliver() == {"dropped": 1}
        assert mailbox.mails == []

    def test_a_passing_fault_is_tried_again_later_and_a_lasting_one_is_not(self, mailbox: Mailbox) -> None:
        reader = user()
        tell(users=[reader["id"]])
        mailbox.answers = {"DATA": "451 later"}
        assert deliver() == {"waiting": 1}
        assert deliver() == {}  # not before its time
        mailbox.answers = {"MAIL": ""}
        assert deliver(NOW + timedelta(minutes=2)) == {"waiting": 1}
        mailbox.answers = {"RCPT": "550 nobody"}
        assert deliver(NOW + timedelta(hours=1)) == {"failed": 1}
        (row,) = deliveries("failed")
        assert (row["attempts"], row["last_error"]) == (3, "邮件服务器拒收（550）")
        mailbox.answers = {}
        from ckanext.govcn.notice import delivery

        assert delivery.retry(None, NOW + timedelta(hours=1)) == 1
        assert deliver(NOW + timedelta(hours=1)) == {"sent": 1}

    def test_no_server(self, mailbox: Mailbox, ckan_config: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
        tell(users=[user()["id"]])
        monkeypatch.setitem(ckan_config, "smtp.server", "127.0.0.1:1")
        assert deliver() == {"waiting": 1}

    def test_tries_end(self, mailbox: Mailbox) -> None:
        from ckanext.govcn.notice import delivery

        tell(users=[user()["id"]])
        mailbox.answers = {"DATA": "451 later"}
        now, tried = NOW, 0
        while deliveries("waiting") and tried < 20:
            deliver(now)
            now += timedelta(days=1)
            tried += 1
        assert tried == delivery.ATTEMPTS
        assert len(deliveries("failed")) == 1


class TestWebhook:
    def test_a_signed_post_that_says_no_more_than_the_notice(self, receiver: Receiver) -> None:
        reader = user(email="reader@example.gov.cn")
        tell(users=[reader["id"]])
        assert deliver() == {"sent": 1}
        ((headers, body),) = receiver.got
        stamp = headers["X-Govcn-Timestamp"]
        expected = hmac.new(SECRET.encode(), f"{stamp}.".encode() + body, hashlib.sha256).hexdigest()
        assert headers["X-Govcn-Signature"] == f"sha256={expected}"
        assert abs(int(stamp) - NOW.timestamp()) < 2
        said = json.loads(body)
        assert said["id"] == headers["X-Govcn-Delivery"]
        assert said["people"] == [reader["name"]]
        assert said["title_zh"] == "“示例来源”有 3 条记录被退回"
        assert "reader@example.gov.cn" not in body.decode()
        assert SECRET not in body.decode() + str(headers)

    def test_the_key_is_the_same_at_every_try(self, receiver: Receiver) -> None:
        tell()
        receiver.status = 500
        assert deliver() == {"waiting": 1}
        receiver.status = 200
        assert deliver(NOW + timedelta(minutes=2)) == {"sent": 1}
        first, second = (headers["X-Govcn-Delivery"] for headers, _ in receiver.got)
        assert first == second

    @pytest.mark.parametrize(
        ("status", "becomes"), [(503, "waiting"), (429, "waiting"), (404, "failed"), (410, "failed")]
    )
    def test_what_the_receiver_answers(self, receiver: Receiver, status: int, becomes: str) -> None:
        tell()
        receiver.status = status
        assert deliver() == {becomes: 1}

    def test_the_receiver_says_when_to_come_back(self, receiver: Receiver) -> None:
        tell()
        receiver.status, receiver.headers = 503, {"Retry-After": "20"}
        started = time.monotonic()
        assert deliver() == {"waiting": 1}
        assert time.monotonic() - started < 15
        receiver.headers = {"Retry-After": "7200"}
        assert deliver(NOW + timedelta(minutes=2)) == {"waiting": 1}
        assert deliver(NOW + timedelta(minutes=90)) == {}

    @pytest.mark.parametrize("location", ["http://169.254.169.254/latest/", "http://10.0.0.1/", "/elsewhere"])
    def test_a_redirect_is_never_followed(self, receiver: Receiver, location: str) -> None:
        tell()
        receiver.status, receiver.headers = 307, {"Location": location}
        assert deliver() == {"failed": 1}
        assert len(receiver.got) == 1

    def test_an_address_that_nobody_allowed(
        self, receiver: Receiver, ckan_config: dict[str, Any], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        tell()
        monkeypatch.setitem(ckan_config, "ckanext.govcn.notice.webhook.networks", "")
        assert deliver() == {"failed": 1}
        assert receiver.got == []
        assert "made-up-token" not in deliveries("failed")[0]["last_error"]

    def test_a_slow_receiver_does_not_hold_up_mail(self, receiver: Receiver, mailbox: Mailbox) -> None:
        from ckanext.govcn.notice import delivery
        from ckanext.govcn.notice.mail import Mail

        from harvesters.webhook import LIMITS, Webhook

        tell(users=[user()["id"]])
        receiver.wait = 5
        hurried = Webhook(receiver.url, SECRET, ("本机",), replace(LIMITS, seconds=1, silence=1))
        done = delivery.deliver_due(NOW, {"mail": Mail(), "webhook": hurried})
        assert (done["sent"], done["waiting"]) == (1, 1)

    def test_a_short_secret_signs_nothing(
        self, receiver: Receiver, ckan_config: dict[str, Any], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        tell()
        monkeypatch.setitem(ckan_config, "ckanext.govcn.notice.webhook.secret", "short")
        assert deliver() == {"failed": 1}
        assert receiver.got == []


class TestTheOutbox:
    def test_two_processes_deliver_each_once(self, receiver: Receiver) -> None:
        from ckan import model

        for _ in range(12):
            tell()
        receiver.wait = 0.05

        def work() -> None:
            deliver()
            model.Session.remove()

        threads = [threading.Thread(target=work) for _ in range(3)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        keys = [headers["X-Govcn-Delivery"] for headers, _ in receiver.got]
        assert sorted(keys) == sorted(set(keys))
        assert len(keys) == 12

    def test_one_whose_process_died_is_tried_again(self, receiver: Receiver) -> None:
        from ckanext.govcn.notice import delivery

        class Killed(BaseException):
            pass

        class Dying:
            def send(self, message: Any, now: datetime) -> bool:
                raise Killed

        tell()
        with pytest.raises(Killed):
            delivery.deliver_due(NOW, {"webhook": Dying()})
        assert deliver() == {}  # the lease holds
        assert deliver(NOW + delivery.LEASE * 2) == {"sent": 1}

    def test_an_error_of_ours_does_not_stop_the_others(self, mailbox: Mailbox) -> None:
        from ckanext.govcn.notice import delivery
        from ckanext.govcn.notice.mail import Mail

        class Broken:
            def send(self, message: Any, now: datetime) -> bool:
                raise RuntimeError("a secret address")

        tell(users=[user()["id"], user()["id"]])
        done = delivery.deliver_due(NOW, {"mail": Broken()})
        assert done["waiting"] == 2
        assert {row["last_error"] for row in deliveries()} == {"程序出错，见日志"}
        assert delivery.deliver_due(NOW + timedelta(hours=1), {"mail": Mail()})["sent"] == 2

    def test_old_notices_go(self) -> None:
        reader = user()
        tell(users=[reader["id"]])
        deliver(NOW + timedelta(days=100))
        assert mine(reader["name"])["count"] == 1
        deliver(NOW + timedelta(days=181))
        assert mine(reader["name"])["count"] == 0


class TestTheWorker:
    """It harvests, and has notices delivered beside that."""

    @pytest.fixture
    def job(self, receiver: Receiver, tmp_path: Path) -> int:
        """A harvest that waits for the worker, and a notice that waits for the receiver."""
        from harvest.test_harvest import make_department
        from harvest.test_worker import ask, write

        make_department("示例市交通运输局")
        for name in ("sources", "demo"):
            (tmp_path / name).mkdir()
        write(tmp_path / "sources", "laiyuan", 1)
        tell()
        return ask("laiyuan")

    def test_a_receiver_that_hangs_holds_up_no_job(self, receiver: Receiver, job: int) -> None:
        from harvest.test_worker import job as found
        from harvest.test_worker import work_once

        receiver.wait = 8
        work_once()
        assert found(job)["state"] == "finished"
        assert found(job)["started_at"] < receiver.answered[0]
        assert [row["state"] for row in deliveries()] == ["sent"]

    def test_delivering_takes_no_longer_than_a_lease(
        self, receiver: Receiver, job: int, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        from ckanext.govcn.notice import delivery
        from harvest.test_worker import job as found
        from harvest.test_worker import work_once

        from harvesters import worker

        assert delivery.LEASE.total_seconds() > worker.DELIVERING
        monkeypatch.setattr(worker, "DELIVERING", 1)
        receiver.wait = 8
        work_once()
        assert found(job)["state"] == "finished"
        assert [row["state"] for row in deliveries()] == ["waiting"]
        receiver.wait = 0
        assert deliver(NOW + delivery.LEASE) == {"sent": 1}

    def test_nothing_to_tell_starts_no_process(self, receiver: Receiver) -> None:
        from harvesters.webhook import is_due

        assert not is_due(NOW)
        tell()
        assert is_due(NOW)
        deliver()
        assert not is_due(NOW)
        assert is_due(NOW + timedelta(days=181))  # it is too old to be kept


def test_the_wait_grows_and_ends_at_half_a_day() -> None:
    from ckanext.govcn.notice.delivery import delay

    assert [delay(n) for n in range(1, 9)] == [60, 240, 960, 3840, 15360, 43200, 43200, 43200]
    assert delay(1, 7200) == 7200
    assert delay(1, 10**9) == 43200
