"""``sluice serve``: run the deployments, with a Prefect server of its own unless one is configured."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click

from flows.child import ChildServer, listen
from flows.cli.exit_codes import ExitCode
from flows.cli.options import common
from gx.errors import ConfigError, SluiceError
from gx.settings import Settings

_SERVER_SECONDS = 180


class ServerError(SluiceError):
    """No Prefect server can be started."""


@click.command()
@click.option("--cron", help="When the reference project ingests.  [default: 0 2 * * *]")
@click.option("--time-zone", default="UTC", show_default=True, help="Whose clock that is, such as Europe/Berlin.")
@click.option(
    "--preflight-cron",
    default="0 1 * * *",
    show_default=True,
    help="When to look whether all is there that the next run needs, by the same clock; none: never.",
)
@click.option("--port", type=click.IntRange(1, 65535), default=4200, show_default=True, help="Of the server it starts.")
@common
def serve(
    settings: Settings, as_json: bool, cron: str | None, time_zone: str, preflight_cron: str, port: int
) -> ExitCode:
    """Watch a project until interrupted: the monitor, dbt's models, and a preflight between runs.

    For the reference project also ingest on schedule, and run each load when its gate opens.

    With PREFECT_API_URL set the deployments are served from that server, otherwise one is started here.
    """
    del as_json
    if settings.is_reference:
        cron = cron or "0 2 * * *"
    elif cron is not None:
        raise ConfigError(
            "--cron is when the reference project ingests, and this project has no such flow; leave it out, and have "
            "your scheduler run your own (docs/monitor.md, `sluice record`)"
        )
    os.environ.setdefault("PREFECT_HOME", str(settings.state_dir / "prefect"))
    os.environ.setdefault("PREFECT_SERVER_ANALYTICS_ENABLED", "false")
    os.environ.setdefault("DO_NOT_TRACK", "1")
    # A run of which nothing is heard any more: the server tells it by its missing heartbeat.
    os.environ.setdefault("PREFECT_FLOWS_HEARTBEAT_FREQUENCY", "30")
    ahead = None if preflight_cron == "none" else preflight_cron
    _expect(settings, cron, time_zone, ahead)
    # A served flow runs in a process of its own and reads its settings there.
    os.environ["SLUICE_PROJECT"] = str(settings.project)
    with _server(settings, port):
        from prefect import serve as serve_deployments  # after the environment is set: Prefect reads it at import

        from flows.deployments import pipeline, watch

        _watched_by_server(settings)
        served = [*watch(settings.project, time_zone, ahead)]
        if cron is not None:
            served += pipeline(settings.project, cron, time_zone)
        click.echo(f"serving at {os.environ['PREFECT_API_URL']}; Ctrl-C stops", err=True)
        # The pipeline runs one flow at a time, and one may wait: what watches it must not wait behind them.
        serve_deployments(*served, limit=5)
    return ExitCode.OK


def _expect(settings: Settings, cron: str | None, time_zone: str, preflight_cron: str | None) -> None:
    """Have the monitor miss runs that do not come, also when this process and the server are gone."""
    from flows.monitor.schedules import expect_served

    said = expect_served(settings, cron, time_zone, preflight_cron)
    if said:
        click.secho(said, fg="yellow", err=True)


def _watched_by_server(settings: Settings) -> None:
    """Have the server tell by itself of what goes wrong, on the channels that it can use."""
    from flows.automations import watched_by_server

    for line in watched_by_server(settings):
        click.echo(line, err=True)


@contextmanager
def _server(settings: Settings, port: int) -> Iterator[None]:
    if os.environ.get("PREFECT_API_URL"):
        yield
        return
    try:
        listen(port).close()
    except OSError as error:
        raise ServerError(
            f"no Prefect server can be started on port {port} of 127.0.0.1: {error.strerror}; choose another --port, "
            "or set PREFECT_API_URL to the server that is there already"
        ) from None
    Path(os.environ["PREFECT_HOME"]).mkdir(parents=True, exist_ok=True)
    click.echo("starting the Prefect server", err=True)
    with ChildServer("prefect-server", "flows.prefect_server", ["--port", str(port)], settings.state_dir) as server:
        os.environ["PREFECT_API_URL"] = server.wait_ready(_SERVER_SECONDS)
        yield
