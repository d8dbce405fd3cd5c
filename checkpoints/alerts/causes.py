"""A run that did not come to its end, as a problem: one cause has one key, whatever checkpoint met it."""

from __future__ import annotations

from pathlib import Path

from checkpoints.alerts import keys
from checkpoints.alerts.problem import Problem, ProblemKind
from checkpoints.ledger.connection import LedgerError
from checkpoints.spec import CheckpointSpec
from expectations.suite import Severity
from gx.errors import ConfigError, SluiceError, WarehouseError

_LONGEST = 500


def problem_of_error(
    error: BaseException,
    spec: CheckpointSpec,
    *,
    project: Path,
    ingest_id: str | None = None,
    run_id: str | None = None,
    prefect_url: str | None = None,
) -> Problem:
    """What kept a checkpoint from being run.

    Args:
        error: what was raised; only the text of sluice's own errors is told.
        spec: the checkpoint.
        project: the project's directory; files are told relative to it.
        ingest_id: what it was about.
        run_id: the run, if it began.
        prefect_url: the flow run's page.
    """
    kind, key = ProblemKind.CAUSE, keys.run_key(spec.name)
    if isinstance(error, ConfigError):
        key = keys.configuration_key(error.file, project)
        title = "the configuration is wrong"
        if error.file is not None:
            title = f"{key.rpartition(':')[2]} is wrong"
        step = f"correct it, then run `sluice check {spec.name}`"
    elif isinstance(error, WarehouseError):
        key, title = keys.WAREHOUSE, "the warehouse cannot be used"
        step = f"see whether the warehouse answers and SLUICE_WAREHOUSE_URL is right, then `sluice check {spec.name}`"
    elif isinstance(error, LedgerError):
        key, title = keys.LEDGER, "the ledger cannot be used; every gate is closed"
        step = "see whether the ledger's database answers and SLUICE_LEDGER_URL is right, then `sluice ledger status`"
    else:
        kind, title = ProblemKind.CHECKPOINT, f"the checkpoint {spec.name} could not be run"
        step = f"run `sluice check {spec.name}`"
    return Problem(
        key=key,
        kind=kind,
        severity=Severity.WARNING if spec.softer else Severity.CRITICAL,
        title=title,
        checkpoint=spec.name,
        checkpoints=(spec.name,) if kind is ProblemKind.CAUSE else (),
        ingest_id=ingest_id,
        run_id=run_id,
        notify=spec.notify,
        expected=f"the checkpoint {spec.name} runs to its end",
        observed=_said(error),
        blocks=() if spec.softer else spec.gates,
        remarks=(f"the checkpoint {spec.name} is softer: it reports only",) if spec.softer else (),
        next_step=step,
        prefect_url=prefect_url,
    )


def _said(error: BaseException) -> str:
    if isinstance(error, SluiceError):
        return str(error)[:_LONGEST]
    return f"{type(error).__name__} in sluice itself" if isinstance(error, Exception) else "the run was interrupted"
