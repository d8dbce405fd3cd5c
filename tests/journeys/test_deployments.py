"""What `sluice serve` deploys: an ingest on schedule, and loads that only an open gate starts."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import cast
from uuid import UUID

import pytest
from prefect.client.schemas.objects import ConcurrencyLimitStrategy, StateType
from prefect.client.schemas.schedules import CronSchedule
from prefect.deployments.runner import RunnerDeployment

from checkpoints.gate import Decision, Gate
from checkpoints.ledger import Ledger
from flows.deployments import pipeline, watch
from flows.monitor.schedules import MONITOR_CRON, PREFLIGHT_CRON, WATCH_MODELS_CRON
from flows.pipeline import LocalRun, ingest_and_gate, run_locally
from flows.reporting import announce
from gx.settings import REFERENCE_PROJECT, Settings
from tests.journeys.conftest import GoodRun, PrefectServer
from tests.journeys.prefect_records import PrefectRecords, connected

pytestmark = [pytest.mark.journey, pytest.mark.timeout(600)]

CRON = "*/10 * * * *"


@dataclass(frozen=True)
class Deployed:
    """The deployments on a server that nobody serves: the runs they are given stay where they can be looked at."""

    records: PrefectRecords
    ids: dict[str, UUID]


@pytest.fixture(scope="module")
def declared() -> dict[str, RunnerDeployment]:
    served = [*pipeline(REFERENCE_PROJECT, CRON), *watch(REFERENCE_PROJECT)]
    return {f"{item.flow_name}/{item.name}": item for item in served}


@pytest.fixture(scope="module")
def deployed(
    good_run: GoodRun, prefect_server: PrefectServer, declared: dict[str, RunnerDeployment]
) -> Iterator[Deployed]:
    with connected(prefect_server.url) as records:
        # Without a running event loop `apply` returns the id itself.
        yield Deployed(records, {name: cast("UUID", item.apply()) for name, item in declared.items()})


def test_there_is_one_deployment_for_the_ingest_and_one_for_each_load(declared: dict[str, RunnerDeployment]) -> None:
    assert list(declared) == [
        "ingest-and-gate/scheduled",
        "load-and-gate/staging",
        "load-and-gate/marts",
        "load-and-gate/dashboards",
        "watch-models/scheduled",
        "monitor/scheduled",
        "preflight/scheduled",
    ]


def test_the_ingest_and_what_watches_it_have_schedules(declared: dict[str, RunnerDeployment]) -> None:
    ingest, *loads, models, monitor, ahead = declared.values()

    assert [item.schedule for item in ingest.schedules or ()] == [CronSchedule(cron=CRON, timezone="UTC")]
    assert [item.schedule for item in models.schedules or ()] == [CronSchedule(cron=WATCH_MODELS_CRON)]
    assert [item.schedule for item in monitor.schedules or ()] == [CronSchedule(cron=MONITOR_CRON)]
    assert [item.schedule for item in ahead.schedules or ()] == [CronSchedule(cron=PREFLIGHT_CRON, timezone="UTC")]
    assert [item.schedules or [] for item in loads] == [[], [], []]
    assert [len(item.triggers) for item in loads] == [1, 1, 1]


def test_runs_of_one_deployment_wait_for_each_other(declared: dict[str, RunnerDeployment]) -> None:
    for item in [*declared.values()][:-3]:
        assert item.concurrency_limit == 1
        assert item.concurrency_options is not None
        assert item.concurrency_options.collision_strategy is ConcurrencyLimitStrategy.ENQUEUE


def test_a_look_that_comes_while_one_goes_on_is_left_out(declared: dict[str, RunnerDeployment]) -> None:
    for item in [*declared.values()][-2:]:
        assert item.concurrency_limit == 1
        assert item.concurrency_options is not None
        assert item.concurrency_options.collision_strategy is ConcurrencyLimitStrategy.CANCEL_NEW


def test_the_schedule_becomes_runs_with_these_versions_of_prefect_and_sqlalchemy(deployed: Deployed) -> None:
    runs = deployed.records.runs_of_deployment(deployed.ids["ingest-and-gate/scheduled"], at_least=2)

    assert {run.state_type for run in runs} == {StateType.SCHEDULED}
    assert {run.parameters["project"] for run in runs} == {str(REFERENCE_PROJECT)}
    assert all(run.expected_start_time and run.expected_start_time.minute % 10 == 0 for run in runs)


def test_an_ingest_whose_gate_opens_starts_the_load_of_that_ingest(
    deployed: Deployed, settings_of: Callable[..., Settings], state_after_good_run: Path
) -> None:
    settings = settings_of(state_after_good_run)

    with run_locally(LocalRun(settings, lambda _: None)):
        ingest_and_gate(str(settings.project))

    (run,) = deployed.records.runs_of_deployment(deployed.ids["load-and-gate/staging"], at_least=1)
    assert run.parameters == {
        "project": str(REFERENCE_PROJECT),
        "load_name": "staging",
        "ingest_id": latest_ingest(settings),
    }


def test_a_gate_that_stays_closed_starts_nothing(deployed: Deployed) -> None:
    announce(Gate("marts", "ingest-closed", Decision.CLOSED, ("staging failed",)))
    announce(Gate("marts", "ingest-open", Decision.OPEN, ("staging passed",)))

    runs = deployed.records.runs_of_deployment(deployed.ids["load-and-gate/marts"], at_least=1)
    assert [run.parameters["ingest_id"] for run in runs] == ["ingest-open"]


def latest_ingest(settings: Settings) -> str | None:
    ledger = Ledger(settings.ledger(), gate_valid_hours=settings.gate_valid_hours)
    try:
        return ledger.latest_ingest()
    finally:
        ledger.close()
