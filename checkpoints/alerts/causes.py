"""What kept a run from its end, or from several of its tables, as a problem: one cause has one key, whoever met it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from checkpoints.alerts import keys
from checkpoints.alerts.formats.wording import shorten
from checkpoints.alerts.problem import Problem, ProblemKind
from checkpoints.ledger.connection import LedgerError
from checkpoints.result import CheckpointRun
from checkpoints.spec import CheckpointSpec
from expectations.suite import Severity, SuiteSpec
from gx.errors import ConfigError, SluiceError, WarehouseError

_LONGEST, _LONGEST_LIST = 500, 250
_NO_WAREHOUSE = "the warehouse cannot be used"


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
        key, title, step = keys.WAREHOUSE, _NO_WAREHOUSE, _warehouse_step(spec)
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
        remarks=_softened(spec),
        next_step=step,
        prefect_url=prefect_url,
    )


def lost_warehouse(
    run: CheckpointRun, spec: CheckpointSpec, suites: Sequence[SuiteSpec], said: str, prefect_url: str | None
) -> Problem:
    """The warehouse was lost in the middle of a run, and with it several tables: one problem, and not one for each.

    Args:
        run: the run.
        spec: its checkpoint.
        suites: of the tables that were not read.
        said: what was told of the first of them.
        prefect_url: the flow run's page.
    """
    tables = ", ".join(str(suite.table) for suite in suites)
    owners = (suite.owner for suite in suites if suite.owner)
    layers = {suite.layer for suite in suites}
    return Problem(
        key=keys.WAREHOUSE,
        kind=ProblemKind.CAUSE,
        severity=Severity.WARNING if spec.softer else Severity.CRITICAL,
        title=_NO_WAREHOUSE,
        layer=layers.pop() or None if len(layers) == 1 else None,
        checkpoint=spec.name,
        checkpoints=(spec.name,),
        ingest_id=run.ingest_id,
        run_id=run.run_id,
        tags=tuple(dict.fromkeys(tag for suite in suites for tag in suite.tags)),
        notify=tuple(dict.fromkeys((*spec.notify, *owners))),
        expected=f"the checkpoint {spec.name} reads every table",
        observed=shorten(f"{len(suites)} tables not checked ({shorten(tables, _LONGEST_LIST)}): {said}", _LONGEST),
        blocks=() if spec.softer else spec.gates,
        remarks=_softened(spec),
        next_step=_warehouse_step(spec),
        prefect_url=prefect_url,
    )


def _warehouse_step(spec: CheckpointSpec) -> str:
    return f"see whether the warehouse answers and SLUICE_WAREHOUSE_URL is right, then `sluice check {spec.name}`"


def _softened(spec: CheckpointSpec) -> tuple[str, ...]:
    return (f"the checkpoint {spec.name} is softer: it reports only",) if spec.softer else ()


def _said(error: BaseException) -> str:
    if isinstance(error, SluiceError):
        return shorten(str(error), _LONGEST)
    return f"{type(error).__name__} in sluice itself" if isinstance(error, Exception) else "the run was interrupted"
