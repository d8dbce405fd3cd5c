"""``sluice replay``: live through an incident again, once as it was and once guarded."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import click

from flows.cli.exit_codes import ExitCode
from flows.cli.options import common, print_json
from flows.cli.prefect_environment import prefect_ready
from flows.cli.progress import terminal_progress
from flows.cli.replay_stale_data import stale_data
from flows.cli.summary import print_summary, summary_document
from flows.turn import turn
from gx.errors import ConfigError
from gx.settings import Settings

if TYPE_CHECKING:
    from flows.cli.job import JobResult

DOCUMENTED_DETECTION = "3 days"
"""How long the duplicates went unnoticed in the first incident."""


@dataclass(frozen=True)
class Act:
    """One half of the replay, as it came out.

    Attributes:
        charge_rows: rows of raw charges.
        charges: distinct charges among them.
        revenue: dollars in ``marts.fct_revenue``; None when it was not built.
        detected_after: seconds from the end of the ingest to the verdict that closed a gate; None when none did.
    """

    title: str
    result: JobResult
    charge_rows: int
    charges: int
    revenue: float | None
    detected_after: float | None


@click.group()
def replay() -> None:
    """Replay an incident of the requirements document."""


replay.add_command(stale_data)


@replay.command("duplicate-revenue")
@common
def duplicate_revenue(settings: Settings, as_json: bool) -> ExitCode:
    """A sync that times out and re-sends its rows: with the staging model of before the incident, and of after.

    Works on a DuckDB warehouse and a ledger of its own, never on yours. Exits 0 when the duplicates were
    stopped before the marts and the deduplicated data got through.
    """
    if not settings.is_reference:
        raise ConfigError("the replay works on the reference project; leave --project and SLUICE_PROJECT out")
    progress = terminal_progress()
    replays = settings.state_dir / "replay"
    with (
        turn(replays, "sluice replay", wait_seconds=settings.wait_seconds, progress=progress),
        prefect_ready(settings),
    ):
        before = _act("BEFORE: no deduplication in staging", "before", settings, progress, deduplicate=False)
        after = _act("AFTER: staging keeps the latest sync of each row", "after", settings, progress, deduplicate=True)
    if as_json:
        print_json(
            {
                "before": _document(before, _world(settings, "before")),
                "after": _document(after, _world(settings, "after")),
            }
        )
    else:
        for act, name in ((before, "before"), (after, "after")):
            _print(act, _world(settings, name))
    for act in (before, after):
        act.result.ledger.close()
    stopped = before.result.code is ExitCode.FAILED and before.revenue is None
    return ExitCode.OK if stopped and after.result.code is ExitCode.OK else ExitCode.FAILED


def _act(title: str, name: str, settings: Settings, progress: Callable[[str], None], *, deduplicate: bool) -> Act:
    # Prefect and GX take seconds to import: --help must not wait for them.
    from flows.cli.job import run_main_job
    from flows.scenario import Scenario

    progress(title)
    world = _world(settings, name)
    shutil.rmtree(world.state_dir, ignore_errors=True)
    result = run_main_job(world, Scenario(faulty=True, deduplicate=deduplicate), progress)
    finished = result.code in (ExitCode.OK, ExitCode.FAILED)
    rows, charges, revenue = _figures(world) if finished else (0, 0, None)
    return Act(title, result, rows, charges, revenue, _detected_after(result))


def _world(settings: Settings, name: str) -> Settings:
    """The same project with a state, a warehouse and a ledger of its own."""
    apart = {"state": settings.state_dir / "replay" / name, "warehouse_url": None, "ledger_url": None}
    return settings.model_copy(update={**apart, "stripe_api_key": None, "fivetran_api_key": None})


def _figures(world: Settings) -> tuple[int, int, float | None]:
    from expectations.facts import Measure
    from expectations.sql_source import SqlSource
    from gx.warehouse.opening import open_warehouse
    from gx.warehouse.table import TableName

    warehouse = open_warehouse(world.warehouse(), wait_seconds=world.wait_seconds)
    try:
        tables = SqlSource("warehouse", warehouse.connect)
        raw = "raw_stripe.charges"
        revenue = None
        if warehouse.find_tables([TableName.parse("marts.fct_revenue")]):
            revenue = float(tables.read(Measure("marts.fct_revenue", column="amount_dollars")))
        return int(tables.read(Measure(raw))), int(tables.read(Measure(raw, distinct="id"))), revenue
    finally:
        warehouse.release()


def _detected_after(result: JobResult) -> float | None:
    ingest = result.ledger.ingest(result.ingest_id)
    for run in result.ledger.runs_of(result.ingest_id):
        if run.verdict and not run.verdict.opens and ingest and ingest.finished_at and run.finished_at:
            return (run.finished_at - ingest.finished_at).total_seconds()
    return None


def _print(act: Act, world: Settings) -> None:
    click.echo()
    click.secho(act.title, bold=True)
    click.echo(f"raw_stripe.charges: {act.charge_rows:,} rows for {act.charges:,} charges")
    print_summary(world, act.result.ledger, act.result.ingest_id)
    if act.detected_after is not None:
        click.echo(f"detected {act.detected_after:.1f} s after the sync ended (then: {DOCUMENTED_DETECTION})")
    shown = "not rebuilt" if act.revenue is None else f"${act.revenue:,.0f}"
    click.echo(f"marts.fct_revenue: {shown}")
    if act.result.code not in (ExitCode.OK, ExitCode.FAILED):
        click.secho(f"error: {act.result.problem}", err=True, fg="red")


def _document(act: Act, settings: Settings) -> dict[str, Any]:
    return {
        **summary_document(settings, act.result.ledger, act.result.ingest_id),
        "raw_charge_rows": act.charge_rows,
        "charges": act.charges,
        "fct_revenue_dollars": act.revenue,
        "detected_after_seconds": act.detected_after,
        "error": act.result.problem,
    }
