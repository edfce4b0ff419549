"""`govcn deadline table|due`, with the clock where the tests set it."""

import json

import pytest
from ckanext.govcn.deadline.cli import deadline
from ckanext.govcn.deadline.sla import load_sla
from click.testing import CliRunner
from freezegun import freeze_time

DUE = ["due", "--process", "share_request", "--type", "conditional"]


@pytest.fixture(autouse=True)
def config(tmp_path, monkeypatch):
    monkeypatch.setenv("GOVCN_CONFIG", str(tmp_path))
    return tmp_path


def run(*arguments):
    return CliRunner().invoke(deadline, arguments)


def test_the_table():
    found = json.loads(run("table", "--json").stdout)
    assert len(found["terms"]) == len(load_sla().terms)
    assert found["reminders"][2] == {"at": 1, "to": ["handler", "authority"]}
    said = run("table").stdout
    assert "共享申请的答复（有条件共享）：10 个工作日，可延长 10" in said
    assert "第二十二条（天数未核对原文）" in said


def test_a_due_day_over_national_day():
    found = json.loads(run(*DUE, "--received", "2025年9月26日", "--json").stdout)
    assert found == {
        "process": "share_request",
        "type": "conditional",
        "title": "共享申请的答复（有条件共享）",
        "received": "2025-09-26",
        "starts": "2025-09-28",
        "days": 10,
        "due": "2025-10-16",
        "extension": 10,
        "due_extended": "2025-10-30",
        "reminders": [
            {"on": "2025-10-14", "at": -2, "to": ["handler"]},
            {"on": "2025-10-16", "at": 0, "to": ["handler"]},
            {"on": "2025-10-17", "at": 1, "to": ["handler", "authority"]},
        ],
        "basis": "《政务数据共享条例》（国务院令第809号）第二十二条",
        "verified": False,
        "warnings": [],
    }
    said = run(*DUE, "--received", "2025-09-26").stdout
    assert "收到 2025-09-26（星期五），自 2025-09-28（星期日）起算，10 个工作日" in said
    assert "截止 2025-10-16（星期四）" in said


@freeze_time("2025-09-30T16:30:00Z")  # half past midnight of 1 October in China
def test_received_today_in_china():
    found = json.loads(run(*DUE, "--json").stdout)
    assert (found["received"], found["starts"]) == ("2025-10-01", "2025-10-09")


def test_an_unknown_year_warns_until_it_is_entered(config):
    late = [*DUE, "--received", "2026-12-25"]
    assert [each["year"] for each in json.loads(run(*late, "--json").stdout)["warnings"]] == [2027]
    said = run(*late)
    assert said.exit_code == 0
    assert "注意：2027 年的节假日安排还没有" in said.stderr
    assert "Note: The holidays of 2027 are not known" in said.stderr
    (config / "holidays.yaml").write_text("years: {2027: {basis: 测试, holidays: [2027-01-01]}}", "utf-8")
    assert json.loads(run(*late, "--json").stdout)["warnings"] == []
    assert run(*late).stderr == ""


@pytest.mark.parametrize(
    ("arguments", "error", "words"),
    [
        (["due", "--process", "nothing"], "UnknownTerm", "时限表里没有“nothing”"),
        (["due", "--process", "share_request"], "UnknownTerm", "share_request conditional"),
        ([*DUE, "--received", "soon"], "DateInvalid", "“soon”不是日期"),
        ([*DUE, "--received", "1949-10-01"], "DateOutOfRange", "1949-10-01"),
    ],
)
def test_errors_in_both_languages(arguments, error, words):
    said = run(*arguments)
    assert said.exit_code == 1
    assert said.stdout == ""
    assert words in said.stderr
    assert len(said.stderr.splitlines()) == 2
    given = json.loads(run(*arguments, "--json").stdout)
    assert (given["error"], given["transient"]) == (error, False)
    assert words in given["message"]
    assert given["message_en"]


def test_a_faulty_file_of_the_operator_stops_the_answer(config):
    (config / "holidays.yaml").write_text("years: {2027: {}}", "utf-8")
    said = run(*DUE)
    assert said.exit_code == 1
    assert "缺少 basis" in said.stderr
