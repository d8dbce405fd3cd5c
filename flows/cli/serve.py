"""``sluice serve``: run the deployments, with a Prefect server of its own unless one is configured."""

from __future__ import annotations

import os
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager

import click

from flows.cli.exit_codes import ExitCode
from flows.cli.options import common
from gx.errors import ConfigError, SluiceError
from gx.settings import Settings

_SERVER_SECONDS = 180
_STOP_SECONDS = 20


class ServerError(SluiceError):
    """The Prefect server did not come up."""


@click.command()
@click.option("--cron", default="0 2 * * *", show_default=True, help="When to ingest.")
@click.option("--time-zone", default="UTC", show_default=True, help="Whose clock that is, such as Europe/Berlin.")
@click.option(
    "--preflight-cron",
    default="0 1 * * *",
    show_default=True,
    help="When to look whether all is there that the run needs, by the same clock; none: never.",
)
@click.option("--port", type=click.IntRange(1, 65535), default=4200, show_default=True, help="Of the server it starts.")
@common
def serve(settings: Settings, as_json: bool, cron: str, time_zone: str, preflight_cron: str, port: int) -> ExitCode:
    """Ingest on schedule, run each load when its gate opens, and watch all of it, until interrupted.

    With PREFECT_API_URL set the deployments are served from that server, otherwise one is started here.
    """
    del as_json
    if not settings.is_reference:
        raise ConfigError("`sluice serve` serves the reference project; leave --project and SLUICE_PROJECT out")
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

        from flows.deployments import deployments

        _watched_by_server(settings)
        click.echo(f"serving at {os.environ['PREFECT_API_URL']}; Ctrl-C stops", err=True)
        # The pipeline runs one flow at a time, and one may wait: what watches it must not wait behind them.
        serve_deployments(*deployments(settings.project, cron, time_zone, ahead), limit=5)
    return ExitCode.OK


def _expect(settings: Settings, cron: str, time_zone: str, preflight_cron: str | None) -> None:
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
    url = f"http://127.0.0.1:{port}/api"
    if _is_up(url):
        raise ServerError(
            f"something answers at {url} already; set PREFECT_API_URL to use it, or choose another --port"
        )
    log = settings.state_dir / "prefect-server.log"
    log.parent.mkdir(parents=True, exist_ok=True)
    command = [sys.executable, "-m", "prefect", "server", "start", "--host", "127.0.0.1", "--port", str(port)]
    with log.open("w", encoding="utf-8") as output:
        server = subprocess.Popen(command, stdout=output, stderr=subprocess.STDOUT)
    try:
        _wait_until_up(url, server, str(log))
        os.environ["PREFECT_API_URL"] = url
        yield
    finally:
        server.terminate()
        try:
            server.wait(_STOP_SECONDS)
        except subprocess.TimeoutExpired:
            server.kill()


def _wait_until_up(url: str, server: subprocess.Popen[bytes], log: str) -> None:
    click.echo("starting the Prefect server", err=True)
    deadline = time.monotonic() + _SERVER_SECONDS
    while not _is_up(url):
        if server.poll() is not None:
            raise ServerError(f"the Prefect server ended with code {server.returncode}; see {log}")
        if time.monotonic() > deadline:
            raise ServerError(f"the Prefect server did not answer within {_SERVER_SECONDS} s; see {log}")
        time.sleep(0.5)


def _is_up(url: str) -> bool:
    try:
        with urllib.request.urlopen(f"{url}/health", timeout=2) as answer:  # noqa: S310 - http to this machine
            return bool(answer.status == 200)
    except (urllib.error.URLError, OSError):
        return False
