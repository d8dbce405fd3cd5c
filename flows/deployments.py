"""The deployments: ingest on a schedule, each load when its gate opens, and what watches them all the time."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, cast

from prefect.client.schemas.objects import ConcurrencyLimitConfig, ConcurrencyLimitStrategy
from prefect.deployments.runner import RunnerDeployment
from prefect.events import DeploymentEventTrigger
from prefect.schedules import Cron

from checkpoints.layers import LOADS
from flows.dbt_runs.flow import watch_models
from flows.monitor.flow import monitor
from flows.monitor.schedules import MONITOR_CRON, PREFLIGHT_CRON, WATCH_MODELS_CRON
from flows.pipeline import ingest_and_gate, load_and_gate
from flows.preflight.flow import preflight_between_runs
from flows.reporting import OPENED

# One run at a time, the next one waits: two ingests side by side could ride on each other's decisions.
_ONE_AT_A_TIME = ConcurrencyLimitConfig(limit=1, collision_strategy=ConcurrencyLimitStrategy.ENQUEUE)
# Another look while one goes on finds nothing more.
_ONE_OR_NONE = ConcurrencyLimitConfig(limit=1, collision_strategy=ConcurrencyLimitStrategy.CANCEL_NEW)


def pipeline(project: Path, cron: str, time_zone: str = "UTC") -> Sequence[RunnerDeployment]:
    """The reference's main job, as ``sluice serve`` serves it.

    Args:
        project: the project's directory.
        cron: when to ingest.
        time_zone: whose clock that is, an IANA name.

    Returns:
        ``ingest-and-gate/scheduled``, and ``load-and-gate/<load>`` for each load, started by the event that its gate
        opened (a load that is started without an open gate fails).
    """
    where = str(project)
    scheduled: Any = ingest_and_gate.to_deployment(
        "scheduled",
        schedule=Cron(cron, timezone=time_zone),
        parameters={"project": where},
        concurrency_limit=_ONE_AT_A_TIME,
    )
    return [scheduled, *(_triggered(where, load) for load in LOADS)]


def watch(
    project: Path, time_zone: str = "UTC", preflight_cron: str | None = PREFLIGHT_CRON
) -> Sequence[RunnerDeployment]:
    """What looks after any project.

    Args:
        project: the project's directory.
        time_zone: whose clock `preflight_cron` goes by, an IANA name.
        preflight_cron: when to look whether all is there that a run needs; None for never.

    Returns:
        ``watch-models/scheduled``, ``monitor/scheduled`` and ``preflight/scheduled``.
    """
    parameters = {"project": str(project)}
    judging: Any = watch_models.to_deployment(
        "scheduled", cron=WATCH_MODELS_CRON, parameters=parameters, concurrency_limit=_ONE_OR_NONE
    )
    watching: Any = monitor.to_deployment(
        "scheduled", cron=MONITOR_CRON, parameters=parameters, concurrency_limit=_ONE_OR_NONE
    )
    if preflight_cron is None:
        return [judging, watching]
    looking_ahead: Any = preflight_between_runs.to_deployment(
        "scheduled",
        schedule=Cron(preflight_cron, timezone=time_zone),
        parameters=parameters,
        concurrency_limit=_ONE_OR_NONE,
    )
    return [judging, watching, looking_ahead]


def _triggered(project: str, load: str) -> RunnerDeployment:
    trigger = DeploymentEventTrigger(
        name=f"gate of {load} opened",
        expect={OPENED},
        match={"prefect.resource.id": f"sluice.gate.{load}"},
        parameters={
            "project": project,
            "load_name": load,
            "ingest_id": {"__prefect_kind": "jinja", "template": "{{ event.payload.ingest_id }}"},
        },
    )
    deployment: Any = load_and_gate.to_deployment(
        load,
        triggers=[trigger],
        parameters={"project": project, "load_name": load},
        concurrency_limit=_ONE_AT_A_TIME,
    )
    return cast("RunnerDeployment", deployment)
