"""``sluice replay slow-model``: the model that went from 4 minutes to 8 hours, caught by its own history."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from flows.cli.exit_codes import ExitCode
from flows.cli.options import common, print_json
from flows.cli.progress import terminal_progress
from flows.turn import turn
from gx.errors import ConfigError
from gx.settings import Settings

if TYPE_CHECKING:
    from checkpoints.data_quality.performance import ModelNow
    from flows.slow_model import SlowModel

THEN = (
    ("02:01", "fct_user_activity starts, in its new form; it used to take 4 minutes"),
    ("06:47", "people ask why their dashboards show yesterday's data: 4 h 46 min in, nothing had told"),
    ("10:23", "it ends, after 8 h 21 min and $384; so for 2 weeks, until somebody read dbt's log"),
)
"""The requirements document's timeline."""


@click.command("slow-model")
@common
def slow_model(settings: Settings, as_json: bool) -> ExitCode:
    """A model that becomes slow: fct_user_activity in its fast form, then with the four correlated subqueries.

    Really built by dbt, on a PostgreSQL and a ledger of its own, never on yours. Exits 0 when the checkpoint
    passed on the fast form's nights and failed on the first night of the slow one.
    """
    if not settings.is_reference:
        raise ConfigError("the replay works on the reference project; leave --project and SLUICE_PROJECT out")
    from flows.slow_model import replay_slow_model

    progress = terminal_progress()
    replays = settings.state_dir / "replay"
    with turn(replays, "sluice replay", wait_seconds=settings.wait_seconds, progress=progress):
        played = replay_slow_model(settings, replays / "slow-model", progress)
    if as_json:
        print_json(_document(played))
    else:
        _print(played)
    return ExitCode.OK if played.before.opens and played.sentence is not None else ExitCode.FAILED


def _print(played: SlowModel) -> None:
    fast, slow = played.fast, played.slow
    click.echo()
    click.secho("THEN, as the requirements document tells it (2.3 million users, Snowflake)", bold=True)
    for time, what in THEN:
        click.echo(f"{time}  {what}")
    click.echo()
    click.secho(f"HERE, measured ({played.users:,} users, PostgreSQL without indexes)", bold=True)
    click.echo(f"{fast.earlier_runs + 1} nights of the fast form, the last {_seconds(fast)}: {_verdict(played.before)}")
    click.echo(f"first night of the slow form, {_seconds(slow)}: {_verdict(played.caught)}")
    click.echo(f"    {played.sentence or 'its history was not found to be broken'}")
    click.echo(f"on record {played.on_record_after:.1f} s after the model ended, dbt's own end included")
    click.echo(f"detected {played.detected_after:.1f} s after the model ended (then: 2 weeks)")
    click.echo(
        f"by its own history; the limit of 10 minutes would have said {slow.performance}, so small are the data here"
    )


def _seconds(model: ModelNow) -> str:
    return f"{model.seconds or 0:,.2f} s"


def _verdict(run: Any) -> str:
    return f"checkpoint {run.checkpoint} {run.verdict.value}"


def _document(played: SlowModel) -> dict[str, Any]:
    return {
        "users": played.users,
        "fast_seconds": played.fast.seconds,
        "slow_seconds": played.slow.seconds,
        "median_seconds": played.slow.median_seconds,
        "times_median": played.slow.times_median,
        "earlier_runs": played.slow.earlier_runs,
        "performance_status": played.slow.performance,
        "verdict_before": played.before.verdict.value,
        "verdict": played.caught.verdict.value,
        "sentence": played.sentence,
        "reasons": list(played.caught.reasons()),
        "on_record_after_seconds": played.on_record_after,
        "detected_after_seconds": played.detected_after,
        "documented": {"detected_after": "2 weeks", "noticed_by_users_after": "4 h 46 min", "took": "8 h 21 min"},
    }
