"""``sluice run``: the main job."""

from __future__ import annotations

import click

from flows.cli.exit_codes import ExitCode
from flows.cli.options import common, print_json
from flows.cli.prefect_environment import prefect_ready
from flows.cli.progress import terminal_progress
from gx.errors import ConfigError
from gx.settings import Settings


@click.command()
@click.option("--scale", type=click.IntRange(1, 10_000), default=1, show_default=True, help="Times the data.")
@click.option("--seed", type=click.IntRange(0), default=0, show_default=True, help="Of the generated data.")
@common
def run(settings: Settings, as_json: bool, scale: int, seed: int) -> ExitCode:
    """Ingest, check and load the reference warehouse, layer by layer, each behind its gate."""
    if not settings.is_reference:
        raise ConfigError(
            "`sluice run` drives the reference warehouse's own sources and dbt project; for your tables use "
            "`sluice check CHECKPOINT --project DIR` after your ingest and `sluice gate check LOAD` before your load"
        )
    if scale > 1:
        # Another amount of data is another warehouse, with a history of its own.
        settings = settings.model_copy(update={"state": settings.state_dir / f"scale-{scale}"})
    settings.warehouse()  # a wrong URL is said before anything is started
    # Prefect and GX take seconds to import: --help must not wait for them.
    from flows.cli.job import run_main_job
    from flows.cli.summary import print_summary, summary_document
    from flows.scenario import Scenario

    with prefect_ready(settings):
        result = run_main_job(settings, Scenario(seed=seed, scale=scale), terminal_progress())
    if as_json:
        print_json({**summary_document(settings, result.ledger, result.ingest_id), "error": result.problem})
    else:
        print_summary(settings, result.ledger, result.ingest_id)
        if result.problem and result.code is not ExitCode.FAILED:
            click.secho(f"error: {result.problem}", err=True, fg="red")
    result.ledger.close()
    return result.code
