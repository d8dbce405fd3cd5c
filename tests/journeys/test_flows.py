"""The main job as Prefect knows it: what is failed, what is tried again, what is left to look at."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from prefect.client.schemas.objects import FlowRun, State, StateType

from checkpoints.gate import GateClosedError
from checkpoints.result import Verdict
from flows.cli.exit_codes import ExitCode
from flows.cli.job import run_main_job
from flows.clock import utc_now
from flows.ingest_ids import new_ingest_id
from flows.pipeline import LocalRun, load_and_gate, main_job, run_locally
from flows.scenario import Scenario
from gx.settings import Settings
from tests.journeys.command import Sluice
from tests.journeys.conftest import GoodRun, PrefectServer
from tests.journeys.prefect_records import PrefectRecords, TaskRecord, connected
from tests.journeys.tables import PUBLISHED, Tables

pytestmark = [pytest.mark.journey, pytest.mark.timeout(600)]

DONE = TaskRecord("Completed", 1)
FAILED = TaskRecord("Failed", 1)


@pytest.fixture(scope="module")
def prefect(good_run: GoodRun, prefect_server: PrefectServer) -> Iterator[PrefectRecords]:
    with connected(prefect_server.url) as records:
        yield records


@pytest.fixture
def tables(state_after_good_run: Path) -> Tables:
    return Tables.of_file(state_after_good_run / "warehouse.duckdb")


@contextmanager
def another_process_has(warehouse: Path) -> Iterator[Callable[[], None]]:
    """Someone looks at the DuckDB file meanwhile; the function makes them leave."""
    program = "import sys, duckdb; open = duckdb.connect(sys.argv[1]); print('open', flush=True); sys.stdin.read()"
    holder = subprocess.Popen(
        [sys.executable, "-c", program, str(warehouse)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert holder.stdout is not None
    assert holder.stdin is not None
    assert holder.stdout.readline() == b"open\n"
    try:
        yield holder.stdin.close
    finally:
        holder.kill()
        holder.wait()
        holder.stdout.close()


def silent(_line: str) -> None:
    """No progress is shown."""


@dataclass(frozen=True)
class StoppedRun:
    """The main job with the faulty sync and the staging models of before the incident, after a good run."""

    ingest_id: str
    state: State[Any]
    run: FlowRun
    before: dict[str, list[tuple[Any, ...]]]
    tables: Tables
    sluice: Sluice


@pytest.fixture(scope="module")
def stopped(prefect: PrefectRecords, good_run: GoodRun, states: Path) -> StoppedRun:
    sluice = good_run.copy(states / "stopped-flow")
    tables = Tables.of_file(sluice.warehouse)
    before = tables.contents("staging", *PUBLISHED)
    settings, ingest_id = Settings(state=sluice.state), new_ingest_id()
    with run_locally(LocalRun(settings, silent)):
        state: State[Any] = main_job(
            str(settings.project), ingest_id, Scenario(faulty=True, deduplicate=False), return_state=True
        )
    return StoppedRun(ingest_id, state, prefect.flow_run(f"sluice {ingest_id}"), before, tables, sluice)


def test_a_closed_gate_makes_the_flow_run_failed(stopped: StoppedRun) -> None:
    assert stopped.state.type is StateType.FAILED
    assert isinstance(stopped.state.result(raise_on_failure=False), GateClosedError)
    assert (stopped.run.state_type, stopped.run.state_name) == (StateType.FAILED, "Failed")
    assert stopped.run.state is not None
    assert "the gate of marts is closed" in str(stopped.run.state.message)


def test_nothing_runs_behind_a_closed_gate_and_it_is_not_tried_again(
    stopped: StoppedRun, prefect: PrefectRecords
) -> None:
    assert prefect.tasks(stopped.run.id) == {
        "preflight": DONE,
        f"ingest {stopped.ingest_id}": DONE,
        "checkpoint raw": DONE,
        "gate staging": DONE,
        "load staging": DONE,
        "checkpoint staging": DONE,
        "gate marts": FAILED,
        "checkpoint models": DONE,
    }


def test_a_closed_gate_is_announced_without_a_figure_of_the_data(stopped: StoppedRun, prefect: PrefectRecords) -> None:
    (event,) = prefect.events("sluice.gate.closed", stopped.ingest_id)
    assert event == {"load": "marts", "ingest_id": stopped.ingest_id, "reasons": ["staging failed"]}


def test_readers_keep_the_figures_of_the_good_run(stopped: StoppedRun) -> None:
    assert stopped.tables.contents("staging", *PUBLISHED) == stopped.before
    assert stopped.tables.value("select sum(amount_dollars) from marts.fct_revenue") == 412_184
    assert stopped.tables.value("select sum(amount_dollars) from staging.stg_stripe_charges") == 412_184
    # ... while the build of staging that was refused did take the faulty sync's rows.
    assert stopped.tables.value("select sum(amount_dollars) from staging_audit.stg_stripe_charges") == 847_342


def test_a_persons_word_for_a_gate_and_its_end_are_announced(
    stopped: StoppedRun, prefect: PrefectRecords, prefect_server: PrefectServer
) -> None:
    already = len(prefect.events("sluice.gate.closed", stopped.ingest_id))
    word = ("--reason", "finance agreed", "--by", "Ada", "--until", "1h")
    server = {"PREFECT_API_URL": prefect_server.url}

    assert stopped.sluice.run("gate", "override", "marts", *word, **server).code == 0
    (opened,) = prefect.events("sluice.gate.opened", stopped.ingest_id)
    assert opened["load"] == "marts"
    assert "overridden by Ada" in opened["reasons"][0]
    assert "finance agreed" not in str(opened)  # events travel further than the ledger

    assert stopped.sluice.run("gate", "revoke", "marts", "--by", "Ada", **server).code == 0
    assert prefect.events("sluice.gate.closed", stopped.ingest_id, at_least=already + 1)[0]["load"] == "marts"


def test_a_check_by_hand_announces_its_gates(
    stopped: StoppedRun, prefect: PrefectRecords, prefect_server: PrefectServer
) -> None:
    """So a load of one's own project can be served, and start when its gate opens."""
    ingest = "checked-by-hand"

    checked = stopped.sluice.run("check", "raw", "--ingest", ingest, "--json", PREFECT_API_URL=prefect_server.url)

    assert (checked.code, checked.document["gates"]) == (0, {"staging": "open"})
    (event,) = prefect.events("sluice.gate.opened", ingest)
    assert event == {"load": "staging", "ingest_id": ingest, "reasons": [f"raw {checked.document['verdict']}"]}


def test_each_checkpoint_leaves_an_artifact_with_verdict_reasons_and_data_docs(
    stopped: StoppedRun, prefect: PrefectRecords
) -> None:
    artifacts = prefect.artifacts(stopped.run.id)
    staging = str(artifacts["checkpoint-staging"].data)

    assert set(artifacts) == {"checkpoint-raw", "checkpoint-staging", "checkpoint-models"}
    assert "## raw: warned" in str(artifacts["checkpoint-raw"].data)
    assert "## staging: failed" in staging
    assert "105.6 % apart" in staging
    assert f"for ingest `{stopped.ingest_id}`" in staging
    assert "[Data Docs](file://" in staging


def test_a_wrong_key_is_found_by_the_preflight_at_once_and_nothing_is_loaded(
    prefect: PrefectRecords, settings_of: Callable[..., Settings], state_after_good_run: Path, good_run: GoodRun
) -> None:
    settings = settings_of(state_after_good_run, stripe_api_key="wrong_key_51Zz")

    job = run_main_job(settings, Scenario(), silent)
    gate = job.ledger.gate("staging", ["raw"], ingest_id=None, now=utc_now())
    job.ledger.close()

    assert job.code is ExitCode.ERRORED
    assert "Stripe" in str(job.problem)
    assert "wrong_key_51Zz" not in str(job.problem)
    assert prefect.tasks(prefect.flow_run(f"sluice {job.ingest_id}").id) == {"preflight": FAILED}
    assert gate.ingest_id == good_run.ingest_id  # no ingest has begun since


def test_a_load_that_fails_ends_the_run_and_leaves_the_next_gate_closed_and_a_passing_fault_before_it_does_not(
    prefect: PrefectRecords, settings_of: Callable[..., Settings], state_after_good_run: Path, tables: Tables
) -> None:
    tables.change("alter table marts.fct_user_activity drop column total_events")
    shown = tables.contents("dashboards")
    with another_process_has(state_after_good_run / "warehouse.duckdb") as let_go:

        def reporter(line: str) -> None:
            if line.startswith("waiting for the warehouse"):  # longer than it waits, shorter than until it tries again
                threading.Timer(1.2, let_go).start()

        job = run_main_job(settings_of(state_after_good_run, wait_seconds=0.3), Scenario(), reporter)
    verdicts = {run.checkpoint: run.verdict for run in job.ledger.runs_of(job.ingest_id)}
    alerts = [alert.problem.title for alert in job.ledger.alerts.unresolved()]
    job.ledger.close()
    gates = Sluice(state_after_good_run).run("gate", "status", "--json")

    assert job.code is ExitCode.ERRORED
    assert "load marts" in str(job.problem)
    assert "fct_user_activity" in str(job.problem)
    tasks = prefect.tasks(prefect.flow_run(f"sluice {job.ingest_id}").id)
    assert tasks["preflight"] == TaskRecord("Completed", 2)
    assert tasks["load marts"] == FAILED
    assert (tasks["checkpoint models"], verdicts["models"]) == (DONE, Verdict.FAILED)
    assert any(title.startswith("data_quality.dbt_run_latest: status") for title in alerts)
    assert "checkpoint marts" not in tasks
    assert {gate["load"]: gate["decision"] for gate in gates.document} == {
        "staging": "open",
        "publish-staging": "open",
        "marts": "open",
        "publish-marts": "closed",
        "dashboards": "closed",
        "publish-dashboards": "closed",
    }
    assert tables.contents("dashboards") == shown


def test_a_load_that_is_asked_for_twice_is_run_twice(
    prefect: PrefectRecords, settings_of: Callable[..., Settings], state_after_good_run: Path, tables: Tables,
    good_run: GoodRun,
) -> None:  # fmt: skip
    settings = settings_of(state_after_good_run)
    published = [tables.value("select published_at from dashboards.executive_summary")]
    for _ in range(2):
        with run_locally(LocalRun(settings, silent)):
            load_and_gate(str(settings.project), "dashboards", good_run.ingest_id)
        published.append(tables.value("select published_at from dashboards.executive_summary"))

    assert published[0] < published[1] < published[2]
    runs = prefect.flow_runs(f"dashboards {good_run.ingest_id}")
    assert [run.state_name for run in runs] == ["Completed", "Completed"]
    for run in runs:
        assert prefect.tasks(run.id) == {
            "preflight": DONE,
            "gate dashboards": DONE,
            "load dashboards": DONE,
            "checkpoint dashboards": DONE,
            "publish dashboards": DONE,
        }


def test_an_event_that_comes_for_an_ingest_without_an_open_gate_loads_nothing(
    prefect: PrefectRecords, settings_of: Callable[..., Settings], state_after_good_run: Path, tables: Tables
) -> None:
    settings, ingest_id = settings_of(state_after_good_run), new_ingest_id()
    before = tables.contents(*PUBLISHED)

    with run_locally(LocalRun(settings, silent)):
        state: State[Any] = load_and_gate(str(settings.project), "marts", ingest_id, return_state=True)

    assert state.type is StateType.FAILED
    assert prefect.tasks(prefect.flow_run(f"marts {ingest_id}").id) == {"preflight": DONE, "gate marts": FAILED}
    assert tables.contents(*PUBLISHED) == before
