"""What a Prefect server knows of a flow run."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from prefect.client.orchestration import SyncPrefectClient, get_client
from prefect.client.schemas.filters import (
    ArtifactFilter,
    ArtifactFilterFlowRunId,
    DeploymentFilter,
    DeploymentFilterId,
    FlowRunFilter,
    FlowRunFilterId,
    FlowRunFilterName,
)
from prefect.client.schemas.objects import Artifact, FlowRun, StateType
from prefect.settings import (
    PREFECT_API_URL,
    PREFECT_LOGGING_LEVEL,
    PREFECT_LOGGING_TO_API_ENABLED,
    temporary_settings,
)

_SECONDS = 60.0  # task runs reach the server as events, a little later
_ENDED = {StateType.COMPLETED, StateType.FAILED, StateType.CRASHED, StateType.CANCELLED}


@dataclass(frozen=True)
class TaskRecord:
    """How a task run ended; ``attempts`` is 1 when it was not retried."""

    state: str
    attempts: int


@contextmanager
def connected(api_url: str) -> Iterator[PrefectRecords]:
    """Flows that this process runs meanwhile are known to that server."""
    quiet = {PREFECT_LOGGING_LEVEL: "CRITICAL", PREFECT_LOGGING_TO_API_ENABLED: False}
    with temporary_settings({PREFECT_API_URL: api_url, **quiet}), get_client(sync_client=True) as client:
        yield PrefectRecords(client)


class PrefectRecords:
    def __init__(self, client: SyncPrefectClient) -> None:
        self.client = client

    def flow_runs(self, name: str) -> list[FlowRun]:
        """The flow runs of a name, the first one first."""
        found = self.client.read_flow_runs(flow_run_filter=FlowRunFilter(name=FlowRunFilterName(any_=[name])))
        return sorted(found, key=lambda run: str(run.start_time or run.expected_start_time))

    def flow_run(self, name: str) -> FlowRun:
        (run,) = self.flow_runs(name)
        return run

    def tasks(self, flow_run: UUID) -> dict[str, TaskRecord]:
        """The task runs of a flow run by name, once all of them have ended."""
        chosen = FlowRunFilter(id=FlowRunFilterId(any_=[flow_run]))
        deadline = time.monotonic() + _SECONDS
        while True:
            runs = self.client.read_task_runs(flow_run_filter=chosen)
            if runs and all(run.state_type in _ENDED for run in runs):
                return {run.name: TaskRecord(str(run.state_name), run.run_count) for run in runs}
            assert time.monotonic() < deadline, [(run.name, run.state_name) for run in runs]
            time.sleep(0.2)

    def artifacts(self, flow_run: UUID) -> dict[str, Artifact]:
        """The Markdown artifacts that a flow run left, by key."""
        chosen = ArtifactFilter(flow_run_id=ArtifactFilterFlowRunId(any_=[flow_run]))
        found = self.client.read_artifacts(artifact_filter=chosen)
        return {str(artifact.key): artifact for artifact in found if artifact.type == "markdown"}

    def events(self, name: str, ingest_id: str, *, at_least: int = 1) -> list[dict[str, Any]]:
        """The payloads of the events of a name that are about an ingest, the latest first, once there are so many."""
        since = datetime.now(UTC) - timedelta(days=1)
        asked = {"filter": {"event": {"name": [name]}, "occurred": {"since": since.isoformat()}}, "limit": 50}
        deadline = time.monotonic() + _SECONDS
        while True:
            answer = self.client.request("POST", "/events/filter", json=asked)
            payloads = [event["payload"] for event in answer.json()["events"]]
            found = [payload for payload in payloads if payload["ingest_id"] == ingest_id]
            if len(found) >= at_least:
                return found
            assert time.monotonic() < deadline, payloads
            time.sleep(0.2)

    def runs_of_deployment(self, deployment: UUID, *, at_least: int, seconds: float = _SECONDS) -> list[FlowRun]:
        """The flow runs that a deployment has been given, once there are so many."""
        chosen = DeploymentFilter(id=DeploymentFilterId(any_=[deployment]))
        deadline = time.monotonic() + seconds
        while True:
            runs = self.client.read_flow_runs(deployment_filter=chosen)
            if len(runs) >= at_least:
                return runs
            assert time.monotonic() < deadline, f"{len(runs)} runs of {deployment} after {seconds:.0f} s"
            time.sleep(0.2)
