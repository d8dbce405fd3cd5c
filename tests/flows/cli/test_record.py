"""``sluice record``: a flow of somebody's own, watched like sluice's."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path

import pytest
from click.testing import CliRunner

from checkpoints.ledger import Ledger
from checkpoints.ledger.flow_runs import FlowRun, RunState
from flows.cli.app import cli
from gx.settings import load_settings
from tests.flows.cli.foreign import ForeignProject

SAYING = [sys.executable, "-c", "import sys; print('built'); sys.exit(int(sys.argv[1]))"]


def opened(project: ForeignProject) -> Ledger:
    return Ledger(load_settings(project.root).ledger(), gate_valid_hours=24)


def runs(project: ForeignProject) -> list[FlowRun]:
    with closing(opened(project)) as ledger:
        return list(ledger.flow_runs.latest_ends())


def alerts(project: ForeignProject) -> list[tuple[str, str | None]]:
    with closing(opened(project)) as ledger:
        return [(alert.problem.title, alert.problem.observed) for alert in ledger.alerts.unresolved()]


def record(project: ForeignProject, *arguments: str) -> tuple[int, str]:
    """Options come before the name, and not at the end as everywhere else."""
    result = CliRunner().invoke(cli, ["record", "--project", str(project.root), *arguments])
    return result.exit_code, result.stderr


@pytest.fixture
def shop(project: ForeignProject) -> ForeignProject:
    project.checkpoint()
    return project


def test_a_command_that_fails_is_an_alert_until_it_completes_and_its_exit_code_is_passed_on(
    shop: ForeignProject,
) -> None:
    assert record(shop, "nightly", "--", *SAYING, "7")[0] == 7
    (run,) = runs(shop)
    assert (run.flow, run.state, run.problem) == ("own/nightly", RunState.FAILED, "it ended with exit code 7")
    ((title, observed),) = alerts(shop)
    assert title == "own/nightly failed"
    assert "sys.exit" not in f"{observed}{run}"  # arguments may hold secrets

    assert record(shop, "nightly", *SAYING, "0")[0] == 0
    assert [each.state for each in runs(shop)] == [RunState.COMPLETED]
    assert alerts(shop) == []


@pytest.mark.parametrize("code", ["0", "7"])
def test_a_run_that_could_not_be_put_on_record_says_so_and_ends_as_its_command(shop: ForeignProject, code: str) -> None:
    assert "not on record" not in record(shop, "nightly", *SAYING, "0")[1]
    database = load_settings(shop.root).ledger().database
    assert database is not None
    Path(database).write_bytes(b"\x07broken" * 500)

    ended, said = record(shop, "nightly", *SAYING, code)

    assert ended == int(code)
    assert "warning: this run of own/nightly is not on record, and nobody watches it: the ledger" in said


def test_what_cannot_be_started_is_told(shop: ForeignProject) -> None:
    code, said = record(shop, "nightly", "--", "no-such-program")
    assert (code, "own/nightly: no-such-program could not be started" in said) == (127, True)
    assert alerts(shop)[0][0] == "own/nightly failed"


def test_a_name_that_no_run_can_have_is_refused(shop: ForeignProject) -> None:
    code, said = record(shop, "my flow", "--", *SAYING, "0")
    assert (code, "no name of a flow" in said) == (2, True)
    assert record(shop, "nightly", "--")[0] == 2


def test_who_stops_it_stops_the_command(shop: ForeignProject, tmp_path: Path) -> None:
    mark = tmp_path / "begun"
    slow = "import pathlib, sys, time; pathlib.Path(sys.argv[1]).touch(); time.sleep(60)"
    starting = "import sys; from flows.cli.app import cli; cli(sys.argv[1:])"
    command = [sys.executable, "-c", starting, "record", "slow", "--", sys.executable, "-c", slow, str(mark)]
    with subprocess.Popen(command, env={**os.environ, "SLUICE_PROJECT": str(shop.root)}) as recording:
        while not mark.exists():
            assert recording.poll() is None
            time.sleep(0.1)
        recording.send_signal(signal.SIGTERM)
        assert recording.wait(60) == 128 + signal.SIGTERM
    assert [each.problem for each in runs(shop)] == ["it was ended by SIGTERM"]


def test_a_schedule_and_an_sla_may_name_it(shop: ForeignProject) -> None:
    directory = shop.root / "checkpoints"
    (directory / "_schedules.yml").write_text('own/nightly: {cron: "0 2 * * *", time_zone: UTC}\n')
    (directory / "_slas.yml").write_text(
        'nightly: {flow: own/nightly, by: "00:01", warn_until: "00:02", time_zone: UTC}\n'
    )
    assert shop.sluice("monitor", "--once").code == 0
    with closing(opened(shop)) as ledger:
        assert [each.flow for each in ledger.schedules.all()] == ["own/nightly"]
    assert shop.sluice("sla").code == 0
    (directory / "_schedules.yml").write_text('own: {cron: "0 2 * * *", time_zone: UTC}\n')
    refused = shop.sluice("monitor", "--once")
    assert refused.code == 3
    assert "own/NAME for what `sluice record NAME` runs" in refused.out
