"""``sluice freshness`` and ``sluice sla``: what they say, and by which exit code."""

from __future__ import annotations

from contextlib import closing
from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa

from checkpoints.ledger import Ledger
from checkpoints.ledger.flow_runs import FlowRun, RunState
from tests.flows.cli.foreign import ForeignProject

HOUR = timedelta(hours=1)
LIMITS = """
shop:
  column: loaded_at
  warn: 6h
  error: 12h
  tables:
    shop.loads:
"""


def loaded(project: ForeignProject, age: timedelta) -> None:
    moment = (datetime.now(UTC) - age).replace(tzinfo=None)
    project.sql(
        f"create schema if not exists shop; create or replace table shop.loads as select timestamp '{moment}' loaded_at"
    )


def declare(project: ForeignProject, file: str, text: str) -> None:
    project.checkpoint()
    (project.root / "checkpoints" / file).write_text(text)


@pytest.mark.parametrize(
    ("age", "code", "state"), [(HOUR, 0, "fresh"), (7 * HOUR, 0, "warning"), (13 * HOUR, 1, "stale")]
)
def test_the_exit_code_says_whether_a_table_is_stale(
    project: ForeignProject, age: timedelta, code: int, state: str
) -> None:
    declare(project, "_freshness.yml", LIMITS)
    loaded(project, age)
    answer = project.sluice("freshness", "--json")
    assert answer.code == code
    (table,) = answer.document
    assert (table["table"], table["state"], table["problem"]) == ("shop.loads", state, None)
    assert table["minutes_since_update"] == age // timedelta(minutes=1)
    people = project.sluice("freshness")
    assert people.code == code
    assert f"shop.loads  {state}" in people.out
    assert "Allowed: at most 12 h old, a warning from 6 h on." in people.out


def test_what_could_not_be_measured_is_an_error_and_not_fine(project: ForeignProject) -> None:
    declare(project, "_freshness.yml", LIMITS + "    shop.lodas:\n")
    loaded(project, HOUR)
    answer = project.sluice("freshness", "--json")
    assert answer.code == 3
    assert [each["state"] for each in answer.document] == ["fresh", "not measured"]
    assert answer.document[1]["minutes_since_update"] is None


@pytest.mark.parametrize("command", ["freshness", "sla"])
def test_a_project_that_says_nothing_is_told_how_to(project: ForeignProject, command: str) -> None:
    project.checkpoint()
    answer = project.sluice(command)
    assert answer.code == 2
    assert "checkpoints/_" in answer.err


def runs(project: ForeignProject, *days_ago: int) -> None:
    """Runs that began five minutes after midnight, so many days ago, and took an hour."""
    midnight = datetime.now(UTC).replace(hour=0, minute=5, second=0, microsecond=0)
    url = sa.make_url(f"sqlite:///{project.state / 'ledger.sqlite'}")
    with closing(Ledger(url, gate_valid_hours=24)) as ledger:
        for days in days_ago:
            begun = midnight - timedelta(days=days)
            ledger.flow_runs.begin(FlowRun(f"run-{days}", "check/mycheck", "a check", begun, begun))
            ledger.flow_runs.finish(f"run-{days}", RunState.COMPLETED, begun + HOUR)


def test_promises_that_are_met_are_shown_with_their_days(project: ForeignProject) -> None:
    text = 'nightly: {flow: check/mycheck, by: "23:58", warn_until: "23:59", time_zone: UTC}\n'
    declare(project, "_slas.yml", text)
    runs(project, 3, 2, 1)
    answer = project.sluice("sla", "--json")
    assert answer.code == 0
    today, yesterday, _ = (day for day in answer.document)
    assert today["actual_completion_time"] is None
    assert (yesterday["sla_status"], yesterday["minutes_late"]) == ("MET", 0)
    assert "23:58 UTC" in yesterday["target_completion_time"]
    assert "MET" in project.sluice("sla").out


def test_a_breach_is_an_exit_code(project: ForeignProject) -> None:
    text = 'nightly: {flow: check/mycheck, by: "00:01", warn_until: "00:02", time_zone: UTC}\n'
    declare(project, "_slas.yml", text)
    runs(project, 3)
    answer = project.sluice("sla")
    assert answer.code == 1
    assert "BREACHED" in answer.out
