"""``sluice check``: run one checkpoint; nothing is loaded."""

from __future__ import annotations

import sys
from contextlib import ExitStack, closing, redirect_stdout, suppress
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import click

from checkpoints.layers import audited_load, project_checkpoints
from checkpoints.ledger import Ledger, LedgerError
from checkpoints.result import Verdict
from checkpoints.spec import CheckpointSpec, find_checkpoint
from flows.cli.announcing import announce_where_served
from flows.cli.exit_codes import ExitCode, of_verdict
from flows.cli.options import common_failing_with, ingest_option, print_json
from flows.cli.progress import terminal_progress
from flows.importing import importing_for_good
from gx.errors import ConfigError, SluiceError, WarehouseError
from gx.settings import Settings

if TYPE_CHECKING:
    from checkpoints.result import CheckpointRun

_SHOWN = 50
_PATIENCE_SECONDS = 10.0
_COLOURS = {"passed": "green", "warned": "yellow"}


@click.command()
@click.argument("checkpoint")
@ingest_option("The ingest that is checked (default: the one that began last).")
@click.option("--full", is_flag=True, help="Read all rows, also of tables that tell which of them are new.")
@click.option("--built", is_flag=True, help="Read the build of an audited load that waits; errored if none does.")
@common_failing_with(verdict="errored", results=[])
def check(
    settings: Settings, as_json: bool, checkpoint: str, ingest_id: str | None, full: bool, built: bool
) -> ExitCode:
    """Run CHECKPOINT, record its verdict and decide its gates. Loads nothing."""
    spec = find_checkpoint(project_checkpoints(settings), checkpoint)
    if built:
        audited_load(settings, checkpoint)
    # GX and the sources take seconds to import: --help and a mistyped name must not wait for them.
    with importing_for_good():
        from flows.cli.told import who_was_told
        from flows.ingest_ids import ingest_to_check
        from flows.recording import recorded
        from flows.turn import StillBusyError
        from flows.workspace import open_workspace

    try:
        with (
            redirect_stdout(sys.stderr),  # libraries print remarks, and standard output is one document with --json
            recorded(settings, f"check/{checkpoint}", f"sluice check {checkpoint}", ingest_id=ingest_id),
            open_workspace(settings, what=f"sluice check {checkpoint}", progress=terminal_progress()) as workspace,
        ):
            if ingest_id is None and (built or not spec.gates):
                # What was built is of an ingest that began; and if no load waits there is no reason to close any.
                ingest_id = workspace.ledger.latest_ingest()
            ingest_id = ingest_to_check(workspace.ledger, checkpoint, ingest_id, workspace.begin_ingest)
            run = workspace.check(checkpoint, ingest_id, full_scan=full, built=built)
            gates = [workspace.gate(load, ingest_id) for load in spec.gates]
            failing = run.verdict is not Verdict.PASSED
            told = who_was_told(settings, workspace.ledger, run.finished_at, failing=failing)
    except StillBusyError:
        raise  # another run is at work, and decides
    except SluiceError as error:
        _close(settings, spec, ingest_id, error)
        raise
    announce_where_served(gates)
    if as_json:
        print_json(_document(run, [(gate.load, gate.decision.value) for gate in gates]))
        return _exit_code(run)
    from flows.cli.gate import print_gate
    from flows.cli.summary import print_docs

    _print(run)
    for gate in gates:
        print_gate(gate)
    if told:
        click.echo(told)
    print_docs(settings)
    return _exit_code(run)


def _exit_code(run: CheckpointRun) -> ExitCode:
    return ExitCode.OK if run.softer else of_verdict(run.verdict)  # what only reports stops nothing


def _close(settings: Settings, spec: CheckpointSpec, ingest_id: str | None, error: SluiceError) -> None:
    """A check that could not even begin leaves no gate open that an earlier one had opened."""
    from checkpoints.asking import ask
    from checkpoints.data_quality import NoDataQuality, opened_data_quality
    from checkpoints.ingesting import record_beginning
    from flows.clock import utc_now
    from flows.ingest_ids import ingest_to_check

    with closing(Ledger(settings.ledger(), gate_valid_hours=settings.gate_valid_hours)) as ledger, ExitStack() as kept:
        kept.callback(_tell, settings, ledger, spec, ingest_id, error)  # last: the gates come first
        data_quality = NoDataQuality()
        if not isinstance(error, WarehouseError):  # it has just been tried
            with suppress(ConfigError):
                data_quality = kept.enter_context(opened_data_quality(settings, ledger, wait_seconds=_PATIENCE_SECONDS))

        def begun(name: str, source: str) -> object:
            return record_beginning(data_quality, ledger, name, source, utc_now())

        with suppress(LedgerError):  # then every gate is closed as it is
            about = ingest_to_check(ledger, spec.name, ingest_id, begun)
            reason = f"the check could not be run: {error}"
            with data_quality.closing(spec.gates, about, f"the check {spec.name} could not be run"):
                ledger.close_gates(spec.name, about, spec.gates, reason, utc_now(), Verdict.ERRORED.value)
            announce_where_served([ask(settings, load, about) for load in spec.gates])


def _tell(settings: Settings, ledger: Ledger, spec: CheckpointSpec, ingest_id: str | None, error: SluiceError) -> None:
    """Raise an alert for a check that could not begin, unless its run has done so."""
    if error.told:
        return
    from flows.alerting import alerting_of
    from flows.clock import utc_now

    now = utc_now()
    alerting = alerting_of(settings, ledger, utc_now)
    report = alerting.report_error(error, spec, ingest_id, f"{spec.name}-{now:%Y%m%dT%H%M%S}-{uuid4().hex[:8]}")
    try:
        ledger.alerts.report(report, now)
    except Exception as lost:  # noqa: BLE001 - the first error is what the command ends with
        report.failure = str(lost) if isinstance(lost, SluiceError) else type(lost).__name__
    if problem := alerting.send(report, now):
        click.secho(f"alerts: {problem}", fg="yellow", err=True)


def _print(run: CheckpointRun) -> None:
    held = sum(1 for outcome in run.outcomes if outcome.success)
    verdict = click.style(run.verdict.value, fg=_COLOURS.get(run.verdict.value, "red"))
    click.echo(f"checkpoint {run.checkpoint}: {verdict}, {held} of {len(run.outcomes)} expectations hold")
    reasons = run.reasons()
    for reason in reasons[:_SHOWN]:
        click.echo(f"    - {reason}")
    if len(reasons) > _SHOWN:
        click.echo(f"    - and {len(reasons) - _SHOWN} more (see the Data Docs, or --json)")
    for scan in run.scans:
        if scan.why_all:
            click.echo(f"    all rows of {scan.table} were read: {scan.why_all}")
    if run.docs_problem:
        what = "are not complete" if run.docs else "could not be published"
        click.secho(f"Data Docs {what}: {run.docs_problem}", fg="yellow", err=True)
    if run.not_copied:
        click.secho(f"{run.not_copied.rstrip('.')}. Then write it anew: sluice ledger publish", fg="yellow", err=True)
    if run.not_told:
        click.secho(f"alerts: {run.not_told}", fg="yellow", err=True)


def _document(run: CheckpointRun, gates: list[tuple[str, str]]) -> dict[str, Any]:
    return {
        "checkpoint": run.checkpoint,
        "run_id": run.run_id,
        "ingest_id": run.ingest_id,
        "mode": "softer" if run.softer else "blocking",
        "verdict": run.verdict.value,
        "reasons": list(run.reasons()),
        "gates": dict(gates),
        "results": [
            {
                "suite": outcome.suite,
                "table": outcome.table,
                "expectation": outcome.expectation,
                "column": outcome.column,
                "severity": outcome.severity.value,
                "blocking": outcome.blocking,
                "success": bool(outcome.success),
                "observed_value": outcome.observed_value,
                "element_count": outcome.element_count,
                "unexpected_count": outcome.unexpected_count,
                "error": outcome.error,
                "sentence": outcome.sentence,
            }
            for outcome in run.outcomes
        ],
        "row_counts": dict(run.row_counts),
        "scans": {
            scan.table: {"statements": scan.statements, "new_rows_only": scan.new_rows_only, "why_all": scan.why_all}
            for scan in run.scans
        },
        "data_docs": run.docs,
        "data_docs_problem": run.docs_problem,
        "data_quality_problem": run.not_copied,
        "alerts_problem": run.not_told,
    }
