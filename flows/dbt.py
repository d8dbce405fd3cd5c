"""Run dbt for one load of the reference warehouse, as a child process.

A child and not dbt's in-process runner: within one process all connections to a DuckDB file need one
configuration, and the flow has its own; a child gives its memory and its lock back when it ends, and can be
stopped when its time is up.
"""

from __future__ import annotations

import json
import sys
import time
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal, get_args

from sqlalchemy.engine import URL

from checkpoints.layers import LOADS
from flows.dbt_process import follow, running
from flows.dbt_profile import TARGETS, warehouse_environment
from flows.dbt_results import DbtModelRun, recorded_models
from gx.errors import ConfigError, SluiceError
from gx.redaction import redact, url_secrets

PROJECT_DIR = Path(__file__).resolve().parent / "transform"
"""The dbt project that ships with sluice, its profiles included."""

# No garbage collection while importing, nor of what was imported: a fifth of dbt's start-up.
_START_DBT = "import gc; gc.disable(); from dbt.cli.main import cli; gc.enable(); gc.freeze(); cli()"
_SHOWN_ERRORS = 5
_HARMLESS = ("success", "skipped")
_NOISE = ("nanobind:", "- leaked", "- ... skipped", "See https://nanobind")  # duckdb 2.0 at exit
_TRANSIENT = (  # in lower case, as DuckDB, PostgreSQL and Snowflake word them
    "could not set lock on file",
    "conflicting lock",
    "conflict on",
    "connection refused",
    "connection reset",
    "connection timed out",
    "timeout expired",
    "server closed the connection",
    "terminating connection",
    "the database system is starting up",
    "the database system is shutting down",
    "too many clients",
    "temporary failure in name resolution",
    "deadlock detected",
    "could not serialize access",
    "failed to connect to db",
    "lock timeout",
)


DbtStatus = Literal["started", "success", "error", "skipped"]


@dataclass(frozen=True)
class DbtRun:
    """A load that succeeded: its models as they finished, and all its seconds, dbt's start-up included."""

    load: str
    models: tuple[DbtModelRun, ...]
    seconds: float


@dataclass(frozen=True)
class DbtProgress:
    """A model started or ended: the ``index``-th of ``total``; ``seconds`` once it has ended."""

    model: str
    status: DbtStatus
    index: int
    total: int
    seconds: float | None


class DbtFailed(SluiceError):
    """A load did not succeed. Some of its models may have been built; readers' tables are replaced whole.

    Attributes:
        load: the load.
        models: what became of each model, as far as dbt got.
    """

    def __init__(
        self, message: str, *, load: str, models: tuple[DbtModelRun, ...] = (), transient: bool = False
    ) -> None:
        self.load = load
        self.models = models
        self.transient = transient
        super().__init__(message)


@dataclass
class _Output:
    """What the child said, as far as it is needed once it has ended."""

    invocation_id: str | None = None
    errors: list[str] = field(default_factory=list)
    other: deque[str] = field(default_factory=lambda: deque(maxlen=10))


@dataclass(frozen=True)
class DbtSetup:
    """Where dbt works, the same for every load."""

    warehouse: URL
    """Its password goes into the child's environment and nowhere else."""
    state_dir: Path
    """dbt keeps what it makes (parsed project, compiled SQL, results) in ``dbt/`` below it."""
    environment: Mapping[str, str] = field(repr=False)
    """What the child inherits, without ``SLUICE_*`` and ``DBT_*``, which may hold other secrets."""
    timeout_seconds: float = 3600.0
    """How long one load may take; then dbt and all it started are stopped."""
    lock_wait_seconds: float = 60.0
    """How long, roughly, to wait for another process that has a DuckDB file open."""
    audited: tuple[str, ...] = ()
    """The schemas whose tables are built in ``<schema>_audit``. The same for every load: a change means a new parse."""
    project_dir: Path = PROJECT_DIR
    """The dbt project."""
    model: str | None = None
    """One model of the load, instead of all of them."""
    asking: str | None = None
    """The warehouse's schema in which dbt itself asks for the load's gate; None when nobody keeps gates there."""


def run_dbt(
    load: str,
    setup: DbtSetup,
    *,
    deduplicate: bool = True,
    full_refresh: bool = False,
    ingest_id: str | None = None,
    on_progress: Callable[[DbtProgress], None] | None = None,
    clock: Callable[[], float] = time.monotonic,
) -> DbtRun:
    """Build one load's tables from the layer before it.

    Args:
        load: one of ``LOADS``.
        setup: the warehouse, and where and how long dbt may work.
        deduplicate: False builds the BEFORE staging models of the first incident.
        full_refresh: rebuild incremental models from scratch, as after a change of their logic.
        ingest_id: of what is loaded; the rows that its checkpoint quarantined are left out.
        on_progress: called in this thread as each model starts and ends.
        clock: seconds that only grow, to measure with.

    Raises:
        ConfigError: there is no such load, or the warehouse is none that dbt can use.
        DbtFailed: a model failed, dbt could not run, or the time was up; ``transient`` says whether to
            try again.
    """
    if load not in LOADS:
        raise ConfigError(f"there is no load {load!r}; the loads are {', '.join(LOADS)}")
    settings = warehouse_environment(setup.warehouse, lock_wait_seconds=setup.lock_wait_seconds)
    if ingest_id is not None:
        # No dbt variable, for with another one dbt would parse everything again.
        settings["SLUICE_DBT_INGEST_ID"] = ingest_id
    inherited = {name: value for name, value in setup.environment.items() if not name.startswith(("SLUICE_", "DBT_"))}
    target = target_dir(setup, deduplicate=deduplicate)
    work = target.parent
    target.mkdir(parents=True, exist_ok=True)
    (target / "run_results.json").unlink(missing_ok=True)  # an earlier run's
    secrets = url_secrets(setup.warehouse)
    output = _Output()

    def on_line(line: str) -> None:
        progress = _note(line, output)
        if progress and on_progress:
            on_progress(progress)

    started = clock()
    variables = {
        "deduplicate": deduplicate,
        "audited_schemas": list(setup.audited),
        "sluice_loads": list(LOADS) if setup.asking else [],
        "sluice_schema": setup.asking or "",
    }
    command = _command(setup.model or f"tag:{load}", setup.project_dir, target, work / "logs", variables, full_refresh)
    with running(command, inherited | settings, work) as child:
        timed_out = follow(child, on_line, setup.timeout_seconds)
    models = tuple(
        replace(model, message=redact(model.message, secrets))
        for model in recorded_models(target / "run_results.json", output.invocation_id)
    )
    if timed_out:
        raise DbtFailed(
            f"load {load}: dbt was stopped after {setup.timeout_seconds:g} seconds, all the time it had."
            " Look for a slow model, or allow more time (SLUICE_LOAD_TIMEOUT_SECONDS)",
            load=load,
            models=models,
        )
    if child.returncode != 0 or not models or any(model.status != "success" for model in models):
        raise _failure(load, models, output, child.returncode, secrets)
    return DbtRun(load, models, clock() - started)


def target_dir(setup: DbtSetup, *, deduplicate: bool = True) -> Path:
    """Where dbt leaves what it makes: a parse is kept for one target and one set of vars, or it would be made anew."""
    target = TARGETS[setup.warehouse.get_backend_name()]
    return setup.state_dir.resolve() / "dbt" / (target if deduplicate else f"{target}-before")


def _command(
    selected: str,
    project_dir: Path,
    target_dir: Path,
    log_dir: Path,
    variables: Mapping[str, object],
    full_refresh: bool,
) -> list[str]:
    # -P: the current directory is no place to import from.
    command = [sys.executable, "-P", "-c", _START_DBT]
    command += ["--log-format", "json", "--log-level", "info", "--log-level-file", "none", "--no-use-colors"]
    command += [
        "--no-version-check",
        "--no-send-anonymous-usage-stats",
        "--log-path",
        str(log_dir),
        "run",
        "--select",
        selected,
    ]
    command += ["--project-dir", str(project_dir), "--profiles-dir", str(project_dir)]
    command += ["--target-path", str(target_dir)]
    command += ["--vars", json.dumps(variables)]
    if full_refresh:
        command += ["--full-refresh"]
    return command


def _note(line: str, output: _Output) -> DbtProgress | None:
    """Take in one line of dbt's JSON log; a model's start or end is progress."""
    try:
        event = json.loads(line)
        info, data = event["info"], event["data"]
    except (ValueError, TypeError, KeyError):  # adapters print, and so does an interpreter that crashes
        if line and not line.startswith(_NOISE):
            output.other.append(line)
        return None
    output.invocation_id = info.get("invocation_id", output.invocation_id)
    if info["level"] == "error" and info["name"] in ("MainEncounteredError", "RunResultError"):
        output.errors.append(str(info["msg"]))
    if info["name"] not in ("LogStartLine", "LogModelResult", "SkippingDetails"):
        return None
    node = data["node_info"]
    status = {"LogStartLine": "started", "SkippingDetails": "skipped"}.get(info["name"], node["node_status"])
    if status not in get_args(DbtStatus):
        status = "error"
    return DbtProgress(node["node_name"], status, data["index"], data["total"], data.get("execution_time"))


def _failure(
    load: str, models: tuple[DbtModelRun, ...], output: _Output, exit_code: int, secrets: tuple[str, ...]
) -> DbtFailed:
    """Say which models failed, or why dbt did not get that far."""
    failed = [model for model in models if model.status not in _HARMLESS]
    if failed:
        problems = [f"{model.name}: {model.message}" for model in failed]
        what = f"{len(failed)} of {len(models)} models failed ({', '.join(model.name for model in failed)})"
    else:
        problems = output.errors or list(output.other)
        what = f"dbt built nothing (exit code {exit_code})"
    shown = "\n".join(problems[:_SHOWN_ERRORS]) or "dbt gave no reason"
    # A failure passes only if each of its causes does.
    transient = bool(problems) and all(any(sign in problem.lower() for sign in _TRANSIENT) for problem in problems)
    advice = "It may pass on another try." if transient else "Mend the model or its input, then run the load again."
    return DbtFailed(
        redact(f"load {load}: {what}.\n{shown}\n{advice}", secrets),
        load=load,
        models=models,
        transient=transient,
    )
