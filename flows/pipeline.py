"""The main job as Prefect flows: ingest, then layer by layer gate, load, checkpoint, publish.

Every failure raises: a task that returned a failed state, or work submitted and not awaited, would let the flow
go on. Decisions are read from the ledger, never from a task's result, and nothing is cached.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from prefect import Flow, Task, flow, get_run_logger, task
from prefect.cache_policies import NO_CACHE
from prefect.client.schemas.objects import FlowRun, State, TaskRun
from prefect.runtime import flow_run

from checkpoints.gate import Gate, GateClosedError
from checkpoints.layers import LOADS, publish_gate
from checkpoints.result import CheckpointFailedError, CheckpointRun
from flows.dbt_runs.judging import MODELS, judge_models
from flows.ingest_ids import new_ingest_id
from flows.masked import masked
from flows.monitor.found import INGEST
from flows.monitor.told import tell_killed, tell_run
from flows.prefect_page import page_of_this_run
from flows.recording import recorded
from flows.reporting import announce, leave_artifact
from flows.scenario import Scenario
from flows.workspace import Workspace, open_workspace
from gx.errors import ConfigError, SluiceError
from gx.settings import Settings, load_settings

FIRST_CHECKPOINT = "raw"
_SOON = [2.0, 10.0]
"""Seconds before the first and the second retry of a step that met a passing fault."""

_GRACE_SECONDS = 120.0

_workspace: ContextVar[Workspace] = ContextVar("workspace")


def _passing_fault(_task: Task[..., Any], _run: TaskRun, state: State[Any]) -> bool:
    """Retry what may help to retry. A closed gate or a wrong setting will be just as closed and wrong again."""
    try:
        state.result()
    except SluiceError as error:
        return error.transient
    except Exception:  # noqa: BLE001 - a bug is not retried
        return False
    return False


_PATIENT: dict[str, Any] = {
    "retries": len(_SOON),
    "retry_delay_seconds": _SOON,
    "retry_condition_fn": _passing_fault,
    "cache_policy": NO_CACHE,
    "persist_result": False,
}


@task(name="preflight", task_run_name="preflight", **_PATIENT)
def preflight() -> None:
    """Fail before anything is loaded when something cannot be used."""
    with masked():
        _workspace.get().preflight()


@task(name="ingest", task_run_name="ingest {ingest_id}", **_PATIENT)
def ingest(ingest_id: str) -> int:
    """Bring the sources to raw; returns the number of rows."""
    with masked():
        return _workspace.get().ingest(ingest_id).rows


@task(name="checkpoint", task_run_name="checkpoint {name}", **_PATIENT)
def checkpoint(name: str, ingest_id: str, *, built: bool = False) -> CheckpointRun:
    """Run a checkpoint and record its decisions. A verdict is a result; only being unable to check raises."""
    with masked():
        run = _workspace.get().check(name, ingest_id, built=built)
        leave_artifact(run)
        if run.not_copied:
            _workspace.get().progress(run.not_copied)
        return run


@task(name="gate", task_run_name="gate {load}", cache_policy=NO_CACHE, persist_result=False)
def gate(load: str, ingest_id: str) -> Gate:
    """Let the flow go on only if the load's gate is open.

    Raises:
        GateClosedError: it is closed.
    """
    with masked():
        try:
            return _workspace.get().require_open(load, ingest_id)
        except GateClosedError as error:
            announce(error.gate)
            raise


@task(name="load", task_run_name="load {name}", **_PATIENT)
def load(name: str, ingest_id: str) -> int:
    """Build a layer with dbt; returns the number of models. Looks at the gate itself once more."""
    with masked():
        return len(_workspace.get().load(name, ingest_id).models)


@task(name="publish", task_run_name="publish {name}", **_PATIENT)
def publish(name: str, ingest_id: str) -> None:
    """Give readers what a load built. Looks at the gate of the publication itself once more.

    Raises:
        GateClosedError: it is closed; readers see what they saw.
    """
    with masked():
        _workspace.get().publish(name, ingest_id)


@flow(name="sluice", flow_run_name="sluice {ingest_id}", persist_result=False)
def main_job(project: str, ingest_id: str, scenario: Scenario | None = None) -> None:
    """Everything in one run: ingest, and each layer once its gate is open.

    Raises:
        GateClosedError: a gate closed; the loads behind it were not run.
        CheckpointFailedError: the last layer's checkpoint, which gates nothing, did not pass.
    """
    with _opened(project, "sluice", f"sluice run, {ingest_id}", ingest_id, scenario):
        try:
            _ingest_and_check(ingest_id)
            for name in LOADS:
                _load_behind_gate(name, ingest_id)
        except Exception:
            _judge_models(ingest_id)
            raise
        _judge_models(ingest_id)


def _crashed(flow: Flow[..., Any], flow_run: FlowRun, state: State[Any]) -> None:
    """The process that watched a run says that it died: nobody has to wait for the monitor to find that out."""
    del flow, state
    tell_killed(load_settings(Path(str(flow_run.parameters["project"]))), str(flow_run.id))


@flow(name=INGEST, persist_result=False, on_crashed=[_crashed])
def ingest_and_gate(project: str) -> None:
    """Ingest and check raw; then announce the gate, so that the next load can start by itself."""
    ingest_id = new_ingest_id()
    with _opened(project, INGEST, f"ingest-and-gate, {ingest_id}", ingest_id):
        _ingest_and_check(ingest_id)
        _announce(LOADS[0], ingest_id)


@flow(name="load-and-gate", flow_run_name="{load_name} {ingest_id}", persist_result=False, on_crashed=[_crashed])
def load_and_gate(project: str, load_name: str, ingest_id: str) -> None:
    """Run one load behind its gate, check what it built, and announce the next gate.

    Started by the event that a gate opened; an event may be late, or come twice, so the ledger is asked again.

    Raises:
        GateClosedError: the gate is not open for this ingest.
    """
    with _opened(project, f"load-and-gate/{load_name}", f"load {load_name}, {ingest_id}", ingest_id):
        _load_behind_gate(load_name, ingest_id)
        following = LOADS[LOADS.index(load_name) + 1 :]
        if following:
            _announce(following[0], ingest_id)


def _preflight() -> None:
    settings = _workspace.get().settings
    preflight.with_options(timeout_seconds=settings.wait_seconds + 4 * settings.preflight_seconds + _GRACE_SECONDS)()


def _ingest_and_check(ingest_id: str) -> None:
    settings = _workspace.get().settings
    _preflight()
    ingest.with_options(timeout_seconds=settings.load_timeout_seconds + _GRACE_SECONDS)(ingest_id)
    _check(FIRST_CHECKPOINT, ingest_id)


def _load_behind_gate(name: str, ingest_id: str) -> None:
    workspace = _workspace.get()
    if not workspace.preflighted:  # in a flow that begins with this load
        _preflight()
    gate(name, ingest_id)
    # dbt is stopped at its own time-out, which says what was too slow; Prefect's is for when even that fails.
    bound = workspace.settings.load_timeout_seconds + workspace.settings.wait_seconds + _GRACE_SECONDS
    load.with_options(timeout_seconds=bound)(name, ingest_id)
    if name not in workspace.checkpoints:
        return
    audited = name in workspace.audited
    run = _check(name, ingest_id, built=audited)
    if audited and (run.opens or workspace.gate(publish_gate(name), ingest_id).is_open):
        bound = workspace.settings.load_timeout_seconds + workspace.settings.wait_seconds + _GRACE_SECONDS
        publish.with_options(timeout_seconds=bound)(name, ingest_id)
    elif name == LOADS[-1] and not run.opens:
        raise CheckpointFailedError(run)  # no gate comes after it that would


def _check(name: str, ingest_id: str, *, built: bool = False) -> CheckpointRun:
    bound = _workspace.get().settings.load_timeout_seconds + _GRACE_SECONDS
    try:
        return checkpoint.with_options(timeout_seconds=bound)(name, ingest_id, built=built)
    except Exception:
        # No later step asks for these gates in this run, so nobody else would tell that they are closed.
        workspace = _workspace.get()
        for load_name in workspace.checkpoints[name].gates:
            with suppress(SluiceError):
                announce(workspace.gate(load_name, ingest_id))
        raise


def _judge_models(ingest_id: str) -> None:
    """Check how dbt's runs went, also that of a load that failed."""
    if _workspace.get().asked_dbt:
        judge_models(_workspace.get(), lambda: _check(MODELS, ingest_id))


def _announce(load_name: str, ingest_id: str) -> None:
    workspace = _workspace.get()
    announce(workspace.gate(load_name, ingest_id))
    workspace.require_open(load_name, ingest_id)  # a flow that ends before a closed gate has failed


@contextmanager
def _opened(project: str, name: str, what: str, ingest_id: str, scenario: Scenario | None = None) -> Iterator[None]:
    local = _local.get()
    settings = local.settings if local else load_settings(Path(project))
    # A command's own server is gone when the command is; no page of it is worth keeping.
    page = None if local else page_of_this_run()
    with (
        recorded(
            settings,
            name,
            what,
            ingest_id=ingest_id,
            run_id=flow_run.id,
            prefect_url=page,
            ended=partial(tell_run, settings),
        ),
        _in_workspace(settings, what, local, scenario, page),
    ):
        yield


@contextmanager
def _in_workspace(
    settings: Settings, what: str, local: LocalRun | None, scenario: Scenario | None, page: str | None
) -> Iterator[None]:
    if not settings.is_reference:
        raise ConfigError(
            "these flows ingest and load the reference warehouse; call `sluice check` and `sluice gate check` "
            "from the flows of another project"
        )
    reporter = local.reporter if local else get_run_logger().info
    with open_workspace(settings, what=what, progress=reporter, scenario=scenario) as workspace:
        workspace.prefect_url = page
        token = _workspace.set(workspace)
        try:
            yield
        finally:
            _workspace.reset(token)


@dataclass(frozen=True)
class LocalRun:
    """A flow that is called by the command line, in its process.

    Attributes:
        settings: used instead of those that a deployed flow reads for itself; they never become Prefect parameters.
        reporter: told the progress instead of Prefect's run log.
    """

    settings: Settings
    reporter: Callable[[str], None]


_local: ContextVar[LocalRun | None] = ContextVar("local", default=None)


@contextmanager
def run_locally(local: LocalRun) -> Iterator[None]:
    """Run the flows that are called in this block with these settings and this reporter."""
    token = _local.set(local)
    try:
        yield
    finally:
        _local.reset(token)
