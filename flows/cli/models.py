"""``sluice models``: what dbt's models take and cost, against their own history."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager, redirect_stdout
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from checkpoints.data_quality.dbt_runs import OK, Prices
from flows.cli.exit_codes import ExitCode, of_verdict
from flows.cli.options import common, print_json
from flows.cli.progress import terminal_progress
from flows.importing import importing_for_good
from gx.errors import ConfigError
from gx.settings import Settings

if TYPE_CHECKING:
    from checkpoints.data_quality import DataQuality
    from checkpoints.data_quality.performance import ModelNow
    from flows.dbt_runs.loading import Loaded
    from gx.warehouse.base import Warehouse

_MOST_DAYS = 3_660
_WIDEST = 60
"""Characters of a column of names; a longer name pushes only its own line."""


@click.group()
def models() -> None:
    """See how long dbt's models take, and what they cost."""


@models.command()
@click.option(
    "--artifacts",
    multiple=True,
    type=click.Path(path_type=Path, resolve_path=True),
    metavar="DIR",
    help="Read dbt's artifacts in this folder, or in the folders in it, and no other source. Can be repeated.",
)
@click.option("--days", type=float, default=7.0, show_default=True, help="Read runs that ended in the last DAYS.")
@common
def load(settings: Settings, as_json: bool, artifacts: tuple[Path, ...], days: float) -> ExitCode:
    """Load what dbt's runs took into data_quality.dbt_model_performance. A run that is there is not loaded again.

    Reads dbt's artifacts, dbt Cloud and Snowflake's query history, as far as they are set. Exits 3 when a source, or
    a file of one, could not be read; the others are loaded all the same. Without manifest.json the times are read, and
    a note says what is not known.
    """
    if not 0 < days <= _MOST_DAYS:
        raise ConfigError(f"--days must be more than 0 and at most {_MOST_DAYS}; found {days:g}")
    prices = Prices.parse(settings.model_prices, settings.model_clusters)
    from flows.dbt_runs.loading import load_runs, sources_of

    now = datetime.now(UTC)
    with _opened(settings) as (data_quality, warehouse), ExitStack() as kept:
        sources = sources_of(settings, warehouse, kept, artifacts=artifacts, progress=terminal_progress())
        loaded = load_runs(sources, data_quality, prices, since=now - timedelta(days=days), now=now)
    if as_json:
        print_json([_loaded(each) for each in loaded])
    else:
        for each in loaded:
            click.echo(str(each))
    _print_notes(note for each in loaded for note in each.notes)
    _print_problems(problem for each in loaded for problem in each.problems)
    return ExitCode.ERRORED if any(each.problems for each in loaded) else ExitCode.OK


@models.command()
@common
def watch(settings: Settings, as_json: bool) -> ExitCode:
    """Load from the sources that are set, run the checkpoint `models`, and raise an alert for what is wrong. Once.

    For cron, where `sluice serve` does not do it every ten minutes. Exits 0 also when there is nothing to check yet or
    another run is at work, and says so; 1 when the checkpoint failed; 3 when something could not be read or checked.
    """
    with importing_for_good():
        from flows.dbt_runs.watching import watch_once

    with redirect_stdout(sys.stderr):  # libraries print remarks, and standard output is one document with --json
        watched = watch_once(settings, progress=terminal_progress())
    if as_json:
        run = {"verdict": watched.run.verdict.value, "reasons": list(watched.run.reasons())} if watched.run else None
        print_json({"loaded": [_loaded(each) for each in watched.loaded], "run": run, "unchecked": watched.unchecked})
    else:
        for line in watched.lines:
            click.echo(line)
    _print_notes(watched.notes)
    _print_problems(watched.problems)
    if watched.problems:
        return ExitCode.ERRORED
    return of_verdict(watched.run.verdict) if watched.run and not watched.run.softer else ExitCode.OK


@models.command("list")
@click.option("--limit", type=click.IntRange(1), default=20, show_default=True, help="Show so many of the slowest.")
@common
def list_models(settings: Settings, as_json: bool, limit: int) -> ExitCode:
    """List the slowest models: what the newest run took and cost, and the median of the runs before it."""
    from checkpoints.data_quality.performance import models_now

    with _opened(settings) as (data_quality, _):
        found = models_now(data_quality)
    if as_json:
        print_json([_model(each) for each in found[:limit]])
        return ExitCode.OK
    if not found:
        click.echo("no dbt run is on record; `sluice models load` brings them, and the main job records its own")
        return ExitCode.OK
    width = min(max(len(each.name) for each in found[:limit]), _WIDEST)
    for each in found[:limit]:
        colour = None if each.performance == OK and each.status == "success" else "red"
        click.secho(f"{each.name:<{width}}  {_told(each)}", fg=colour)
    if len(found) > limit:
        click.echo(f"and {len(found) - limit} more (--limit)")
    return ExitCode.OK


@contextmanager
def _opened(settings: Settings) -> Iterator[tuple[DataQuality, Warehouse]]:
    """The schema in the warehouse that models are on record in, and the warehouse."""
    # A warehouse's driver takes its time to import: --help must not wait for it.
    from checkpoints.data_quality import DataQuality, data_quality_of
    from checkpoints.ledger import Ledger
    from gx.warehouse.opening import open_warehouse

    ledger = Ledger(settings.ledger(), gate_valid_hours=settings.gate_valid_hours)
    warehouse = open_warehouse(settings.warehouse(), wait_seconds=settings.wait_seconds)
    try:
        data_quality = data_quality_of(settings, warehouse, ledger)
        if not isinstance(data_quality, DataQuality):
            raise ConfigError("SLUICE_DATA_QUALITY_SCHEMA is none: this project keeps nothing in the warehouse")
        yield data_quality, warehouse
    finally:
        warehouse.release()
        ledger.close()


def _print_notes(notes: Iterable[str]) -> None:
    for note in notes:
        click.secho(f"note: {note}", err=True, fg="yellow")


def _print_problems(problems: Iterable[str]) -> None:
    for problem in problems:
        click.secho(f"not read: {problem}", err=True, fg="red")


def _told(model: ModelNow) -> str:
    seconds = "      no time" if model.seconds is None else f"{model.seconds:>11,.2f} s"
    cost = "" if model.dollars is None else f"${model.dollars:,.4f}"
    against = f"no median yet ({model.earlier_runs} earlier runs)"
    if model.times_median is not None:
        against = f"{model.times_median:,.1f} x median of {model.median_seconds:,.2f} s over {model.earlier_runs} runs"
    return f"{seconds}  {model.performance:<7}  {model.status:<8}  {cost:>10}  {against}"


def _model(model: ModelNow) -> dict[str, Any]:
    return {
        "model": model.name,
        "source": model.source,
        "run_id": model.run_id,
        "status": model.status,
        "execution_time_seconds": model.seconds,
        "performance_status": model.performance,
        "estimated_cost_dollars": model.dollars,
        "finished_at": f"{model.finished_at.isoformat()}Z",
        "median_seconds": model.median_seconds,
        "earlier_runs": model.earlier_runs,
        "times_median": model.times_median,
    }


def _loaded(loaded: Loaded) -> dict[str, Any]:
    return {
        "source": loaded.source,
        "runs": loaded.runs,
        "new_runs": loaded.new_runs,
        "models": loaded.models,
        "problems": list(loaded.problems),
        "notes": list(loaded.notes),
    }
