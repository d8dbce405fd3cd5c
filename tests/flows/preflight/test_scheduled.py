"""The preflight between runs: told once, over when it is well, in nobody's way."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import duckdb
import pytest
from sqlalchemy.engine import URL

from checkpoints.alerts.problem import Alert
from checkpoints.ledger import Ledger
from checkpoints.ledger.flow_runs import RunState
from flows.alerting import alerting_of
from flows.clock import utc_now
from flows.monitor.monitor import run_monitor
from flows.monitor.schedules import expect_served
from flows.preflight.scheduled import look_ahead
from gx.errors import ConfigError
from tests.warehouses.roles import Project


@pytest.fixture
def project(tmp_path: Path) -> Project:
    found = Project(tmp_path, URL.create("duckdb", database=str(tmp_path / "shop.duckdb")))
    found.write("accounts: []\n")
    duckdb.connect(str(tmp_path / "shop.duckdb")).close()
    (tmp_path / "checkpoints" / "_alerts.yml").write_text("channels:\n  people: {type: file, path: told.jsonl}\n")
    return found


def alerts(project: Project) -> list[Alert]:
    with closing(Ledger(project.settings().ledger(), gate_valid_hours=24)) as ledger:
        return list(ledger.alerts.unresolved())


def titles(project: Project) -> list[str]:
    return [alert.problem.title for alert in alerts(project)]


def look(project: Project) -> None:
    look_ahead(project.settings(), pauses=())


def told(project: Project) -> int:
    file = project.directory / "state" / "told.jsonl"
    return len(file.read_text(encoding="utf-8").splitlines()) if file.exists() else 0


def spoil_docs(project: Project) -> Path:
    """A file where a folder should be."""
    docs = project.directory / "state" / "data_docs"
    docs.parent.mkdir(exist_ok=True)
    docs.write_text("")
    return docs


def test_what_is_wrong_is_told_once_and_over_when_it_is_well(project: Project) -> None:
    docs = spoil_docs(project)
    (project.directory / "service_accounts.yml").write_text("accounts:\n  - {name: x}\n")

    look(project)
    look(project)

    assert [(alert.problem.title, alert.problem.severity.value) for alert in alerts(project)] == [
        ("preflight: configuration: service_accounts.yml: failed", "critical"),
        ("preflight: stores: Data Docs sluice: failed", "warning"),  # it stops no run
    ]
    assert [alert.failed_runs for alert in alerts(project)] == [1, 1]
    before = told(project)
    assert before > 0
    docs.unlink()
    (project.directory / "service_accounts.yml").write_text("accounts: []\n")
    look(project)
    assert titles(project) == []
    assert told(project) > before  # that it is over


def test_a_file_that_the_monitor_tells_of_is_one_alert(project: Project) -> None:
    (project.directory / "checkpoints" / "_slas.yml").write_text("nightly: {flow: check/order}\n")
    (project.directory / "checkpoints" / "orders.yml").write_text("suites: 3\n")
    settings = project.settings()
    with closing(Ledger(settings.ledger(), gate_valid_hours=24)) as ledger:
        run_monitor(settings, ledger, alerting_of(settings, ledger, utc_now), utc_now)
    assert titles(project) == ["the monitor cannot read checkpoints"]  # the SLAs of which cannot be read either

    look(project)

    assert titles(project) == ["the monitor cannot read checkpoints"]


def test_it_is_on_record_and_no_failure_of_its_own(project: Project) -> None:
    (project.directory / "service_accounts.yml").write_text("accounts:\n  - {name: x}\n")

    look(project)

    with closing(Ledger(project.settings().ledger(), gate_valid_hours=24)) as ledger:
        assert [(run.flow, run.state) for run in ledger.flow_runs.latest_ends()] == [("preflight", RunState.COMPLETED)]


def test_what_could_not_be_looked_at_again_is_not_taken_for_well(project: Project) -> None:
    spoil_docs(project)
    look(project)
    assert titles(project) == ["preflight: stores: Data Docs sluice: failed"]
    (project.directory / "gx").mkdir()
    (project.directory / "gx" / "great_expectations.yml").write_text("- no mapping\n")
    look(project)
    assert titles(project) == [
        "preflight: stores: Data Docs sluice: failed",
        "preflight: stores: configuration: failed",
    ]


def test_a_file_that_another_process_has_open_is_neither_wrong_nor_well(project: Project) -> None:
    database = str(project.directory / "shop.duckdb")
    holding = "import duckdb, sys; kept = duckdb.connect(sys.argv[1]); print('open', flush=True); sys.stdin.read()"
    with subprocess.Popen(
        [sys.executable, "-c", holding, database], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == "open\n"

        found = look_ahead(project.settings(preflight_seconds=4, wait_seconds=0.2), pauses=())

        other.communicate("")
    assert [line.what for line in found.lines if line.check == "warehouse"] == ["connection"]
    assert titles(project) == []


def test_a_ledger_that_cannot_be_written_is_told_without_it(project: Project) -> None:
    look(project)
    ledger = project.settings().ledger().database
    assert ledger is not None
    with closing(sqlite3.connect(ledger)) as connection, connection:
        connection.execute("DROP TABLE alerts")
    look(project)
    assert told(project) == 0  # nothing is wrong but the ledger, of which the monitor tells

    (project.directory / "service_accounts.yml").write_text("accounts:\n  - {name: x}\n")
    look(project)

    assert told(project) > 0


def test_it_can_be_left_out_and_its_time_is_checked(project: Project) -> None:
    settings = project.settings()
    with closing(Ledger(settings.ledger(), gate_valid_hours=24)) as ledger:
        assert expect_served(settings, "0 2 * * *", "Europe/Berlin", "0 1 * * *") is None
        schedules = {each.flow: (each.cron, each.time_zone) for each in ledger.schedules.all()}
        assert schedules["preflight"] == ("0 1 * * *", "Europe/Berlin")
        expect_served(settings, "0 2 * * *", "UTC", None)
        assert "preflight" not in {each.flow for each in ledger.schedules.all()}
        with pytest.raises(ConfigError, match="five fields"):
            expect_served(settings, "0 2 * * *", "UTC", "hourly")
