"""What checks raise, what arrives on a channel, and what people answer; a real project and a channel that is a file."""

from __future__ import annotations

import json
from typing import Any

import pytest

from checkpoints.alerts import lifecycle, report
from tests.flows.cli.foreign import ForeignProject

FILE = """
channels:
  desk: {type: file, path: told.jsonl}
routes:
  - {severity: [critical, warning], to: desk}
"""
UNIQUE = "expect_column_values_to_be_unique: {column: id}"
EMAIL = "expect_column_values_to_be_in_set: {column: email, value_set: [a@example.com]}"
ALWAYS = "expect_column_values_to_not_be_null: {column: ordered_at}"


@pytest.fixture
def told_project(project: ForeignProject) -> ForeignProject:
    project.checkpoint(FILE, name="_alerts")
    project.set("DATA_QUALITY_SCHEMA", "none")
    return project


def told(project: ForeignProject) -> list[dict[str, Any]]:
    file = project.state / "told.jsonl"
    return [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()] if file.exists() else []


def open_alerts(project: ForeignProject) -> list[dict[str, Any]]:
    answer = project.sluice("alerts", "list", "--json")
    assert answer.code == 0
    return list(answer.document["alerts"])


def test_a_failure_is_told_once_updated_and_resolved(told_project: ForeignProject) -> None:
    project = told_project
    project.suite(UNIQUE, EMAIL, ALWAYS, more="pii: [email]\nowner: shop-team\n")
    assert project.check().code == 1
    text = json.dumps(told(project))
    assert "must be unique" in text
    assert "example.com" not in text  # no value of a personal column, also not from the suite
    first = open_alerts(project)
    assert [(each["failed_runs"], each["channels"]) for each in first] == [(1, ["desk"]), (1, ["desk"])]
    problem = first[0]["problem"]
    assert (problem["owner"], problem["blocks"], problem["observed"]) == (
        "shop-team", ["marts"], "2 of 5 unexpected (40 %)",
    )  # fmt: skip
    assert problem["docs_url"].startswith("file://")

    # Moved to another place they are the same; one that is gone is over, and what is new gets through.
    project.suite(
        ALWAYS, "expect_column_values_to_not_be_null: {column: amount}", UNIQUE, more="pii: [email]\nowner: x\n"
    )
    assert project.check().code == 1
    second = open_alerts(project)
    assert [(each["id"], each["failed_runs"]) for each in second] == [(1, 2), (3, 1)]

    project.sql("update shop.orders set id = 3, amount = 1 where email is null or amount is null")
    project.sql("update shop.orders set id = 9 where customer_id is null")
    project.sql("update shop.orders set id = 4 where customer_id = 999")
    assert project.check().code == 0
    assert open_alerts(project) == []
    ends = [each for each in told(project) if "resolved after" in json.dumps(each)]
    assert ends


def test_a_table_that_is_not_there_is_one_problem_and_resolves_nothing_else(told_project: ForeignProject) -> None:
    project = told_project
    project.suite(UNIQUE, ALWAYS)
    assert project.check().code == 1
    project.sql("alter table shop.orders rename to gone")
    assert project.check().code == 3
    found = {each["problem"]["key"]: each["failed_runs"] for each in open_alerts(project)}
    assert len(found) == 2
    assert found["shop.orders/table/unread"] == 1
    project.sql("alter table shop.gone rename to orders")
    project.check()
    assert [each["failed_runs"] for each in open_alerts(project)] == [2]


def test_a_wrong_suite_is_one_cause_that_ends_when_the_check_runs_again(told_project: ForeignProject) -> None:
    project = told_project
    file = project.suite("expect_nothing_at_all: {}")
    assert project.check().code == 2
    (alert,) = open_alerts(project)
    assert alert["problem"]["key"] == f"cause:configuration:{file.relative_to(project.root).as_posix()}"
    assert (alert["problem"]["checkpoints"], alert["failed_runs"]) == (["mycheck"], 1)
    project.suite(ALWAYS)
    assert project.check().code == 0
    assert open_alerts(project) == []


def test_a_softer_checkpoint_warns_and_says_so(told_project: ForeignProject) -> None:
    project = told_project
    project.checkpoint('suites: ["*"]\nmode: softer\n')
    project.suite(UNIQUE)
    project.check()
    (alert,) = open_alerts(project)
    assert alert["problem"]["severity"] == "warning"
    assert "softer" in alert["problem"]["remarks"][0]


def test_a_query_over_personal_data_is_told_in_a_plain_sentence_without_itself(told_project: ForeignProject) -> None:
    project = told_project
    query = "unexpected_rows_expectation: {unexpected_rows_query: 'select * from {batch} where email is null'}"
    project.suite(query, more="pii: [email]\n")
    assert project.check().code == 1
    (item,) = told(project)[0]["items"]
    assert (item["title"], item["expected"], item["observed"]) == (
        "shop.orders: a query of the suite finds no rows", "a query of the suite finds no rows", "it finds 2 rows",
    )  # fmt: skip
    assert "email is null" not in json.dumps(told(project))


def test_a_ledger_that_cannot_be_written_is_told_directly(told_project: ForeignProject) -> None:
    project = told_project
    project.suite(ALWAYS)
    project.set("LEDGER_URL", f"sqlite:///{project.root}")  # a directory
    assert project.check().code == 3
    text = json.dumps(told(project))
    assert "the ledger cannot be used" in text
    assert "without the ledger" in text


@pytest.mark.parametrize("broken", [(lifecycle, "advance"), (report, "advance")])
def test_alerting_that_is_broken_changes_no_verdict(
    told_project: ForeignProject, monkeypatch: pytest.MonkeyPatch, broken: tuple[Any, str]
) -> None:
    def bad(*_: object, **__: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(*broken, bad)
    project = told_project
    project.suite(ALWAYS)
    assert project.check().code == 0
    assert project.gate().code == 0
    project.suite(UNIQUE)
    assert project.check().code == 1
    assert project.gate().code == 1


def test_a_routing_that_is_wrong_is_told_with_its_line_and_stops_no_run(told_project: ForeignProject) -> None:
    project = told_project
    project.checkpoint("routes:\n  - {severity: critcal, to: slack}\n", name="_alerts")
    project.suite(ALWAYS)
    passed = project.check()
    assert passed.code == 0
    wrong = "_alerts.yml:2 is wrong, so the default routing holds: `severity` is 'critcal'"
    assert wrong in passed.out  # while nothing fails too: its rules tell nobody
    listed = project.sluice("alerts", "list")
    assert (listed.code, "_alerts.yml:2: `severity` is 'critcal'" in listed.err) == (0, True)
    project.suite(UNIQUE)
    failed = project.check().out
    assert "nobody was told, for no channel is set up" in failed
    assert wrong in failed
    answer = project.sluice("alerts", "ack", "1", "--by", "Ada")
    assert answer.code == 2
    assert "_alerts.yml:2: `severity` is 'critcal' (did you mean 'critical'?)" in answer.err


def test_people_answer(told_project: ForeignProject) -> None:
    project = told_project
    assert "no open alerts" in project.sluice("alerts", "list").out
    project.suite(UNIQUE, "expect_column_values_to_not_be_null: {column: amount}")
    project.check()
    assert project.sluice("alerts", "ack", "1", "--by", "Ada", "--thread").code == 0
    listed = project.sluice("alerts", "list").out
    assert listed.count("acknowledged by Ada") == 2
    snoozed = project.sluice("alerts", "snooze", "2", "--until", "4h", "--by", "Ada", "--reason", "known")
    assert snoozed.code == 0
    assert project.sluice("alerts", "snooze", "2", "--until", "30d", "--by", "Ada", "--reason", "x").code == 2
    shown = project.sluice("alerts", "show", "2")
    assert "snoozed by Ada" in shown.out
    assert "observed:   1 of 5 unexpected (20 %)" in shown.out
    assert project.sluice("alerts", "resolve", "1", "--by", "Ada").code == 0
    assert [each["id"] for each in open_alerts(project)] == [2]
    assert project.sluice("alerts", "ack", "1", "--by", "Ada").code == 2


def test_who_was_not_told_yet_is_not_listed_as_told(told_project: ForeignProject) -> None:
    project = told_project
    routing = FILE.replace("to: desk", "to: [desk, pager]")
    # The pager has no key, so nobody can even try.
    project.checkpoint(routing.replace("channels:", "channels:\n  pager: {type: pagerduty}"), name="_alerts")
    project.suite(UNIQUE)
    assert project.check().code == 1
    listed = project.sluice("alerts", "list").out
    assert "NOT DELIVERED to pager (waiting, not tried yet)" in listed
    assert "told on desk, NOT DELIVERED to pager" in listed
    assert "told on desk, NOT DELIVERED to pager" in project.sluice("alerts", "show", "1").out
    assert "since:      20" in project.sluice("alerts", "show", "1").out
