"""``sluice replay stale-data``: somebody revokes what the 2 a.m. run needs, on a real PostgreSQL with real roles."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import click
from pydantic import SecretStr

from flows.cli.exit_codes import ExitCode
from flows.cli.options import common, print_json
from flows.cli.prefect_environment import prefect_ready
from flows.cli.progress import terminal_progress
from flows.turn import turn
from gx.errors import ConfigError
from gx.settings import Settings

if TYPE_CHECKING:
    from sqlalchemy.engine import URL

    from flows.cli.job import JobResult
    from flows.preflight.preflight import Preflight

DATABASE, LOGIN, ROLE = "warehouse", "dbt_prod_svc", "dbt_prod_role"
REVOKE = f"REVOKE CREATE ON DATABASE {DATABASE} FROM {ROLE}"
_ROLES = (
    f"CREATE DATABASE {DATABASE}",
    f"REVOKE ALL ON DATABASE {DATABASE} FROM PUBLIC",
    f"CREATE ROLE {ROLE}",
    "CREATE ROLE fivetran_role",
    "CREATE ROLE fivetran LOGIN IN ROLE fivetran_role",
    f"CREATE ROLE {LOGIN} LOGIN IN ROLE {ROLE}",
    f"GRANT CONNECT, CREATE, TEMPORARY ON DATABASE {DATABASE} TO {ROLE}",
    f"GRANT CONNECT, CREATE ON DATABASE {DATABASE} TO fivetran_role",
)
_CLEANUP = f"""\
--- a/infrastructure/warehouse/cleanup.sql
+++ b/infrastructure/warehouse/cleanup.sql
@@ -1 +1,2 @@
 -- unused access, to save costs
+{REVOKE};
"""
_START_SECONDS = 90
_UNTIL_THE_RUN = timedelta(hours=1, minutes=12)
"""From 12:48, when the grant was revoked in the document, to the run at 2:00; not waited for here."""


@dataclass
class Facts:
    """What was measured; times in seconds.

    Attributes:
        reviewed_in: until the review of the change named the account and its owner.
        looked_in: how long a preflight took that found the missing grant.
        detected_after: from the start of the 2 a.m. run until it ended with what is missing.
        remedy: the statement that the preflight told.
        alerted_after: from that start until its alert was on record, for everybody that the routing names.
        alert: what it says.
        warned_at_minutes: how old the dashboard was when the monitor, which looks every ten minutes, told that it is
            getting old; on a clock that was turned forward, had nobody heard of anything before.
        stale_at_minutes: likewise, that it is stale.
        nothing_loaded: whether no ingest began, and readers have what they had.
        green_in: how long the preflight took that found nothing wrong, once that statement was executed.
        recovered_in: how long the run after that took, and whether every gate opened.
    """

    reviewed_in: float | None = None
    review: str | None = None
    looked_in: float | None = None
    detected_after: float | None = None
    told: str | None = None
    alerted_after: float | None = None
    alert: str | None = None
    warned_at_minutes: float | None = None
    stale_at_minutes: float | None = None
    remedy: str | None = None
    nothing_loaded: bool = False
    green_in: float | None = None
    recovered_in: float | None = None
    problems: list[str] = field(default_factory=list)

    @property
    def revoke_to_alert(self) -> float | None:
        """Seconds from the REVOKE to the alert, with the document's time between the REVOKE and the run."""
        return None if self.alerted_after is None else _UNTIL_THE_RUN.total_seconds() + self.alerted_after

    @property
    def held(self) -> bool:
        """Whether everything came out as it should."""
        found = (self.reviewed_in, self.looked_in, self.detected_after, self.alerted_after)
        measured = (*found, self.warned_at_minutes, self.stale_at_minutes, self.green_in, self.recovered_in)
        return self.nothing_loaded and not self.problems and None not in measured


@click.command("stale-data")
@common
def stale_data(settings: Settings, as_json: bool) -> ExitCode:
    """A grant is revoked at 12:47 AM: the run at 2:00 says which one before it loads anything.

    Works on a PostgreSQL warehouse and a ledger of its own, never on yours. Exits 0 when the review, the preflight and
    the run all found the grant, the run's failure and the dashboard's age each raised an alert, nothing was loaded, and
    executing the GRANT that was told put it right.
    """
    if not settings.is_reference:
        raise ConfigError("the replay works on the reference project; leave --project and SLUICE_PROJECT out")
    progress = terminal_progress()
    replays = settings.state_dir / "replay"
    facts = Facts()
    with (
        turn(replays, "sluice replay", wait_seconds=settings.wait_seconds, progress=progress),
        prefect_ready(settings),
        _server(replays / "stale-data") as admin,
    ):
        _live_through(_world(settings, replays / "stale-data", admin), admin, facts, progress)
    if as_json:
        print_json({**asdict(facts), "revoke_to_alert": facts.revoke_to_alert, "held": facts.held})
    else:
        _print(facts)
    return ExitCode.OK if facts.held else ExitCode.FAILED


def _live_through(world: Settings, admin: URL, facts: Facts, progress: Callable[[str], None]) -> None:
    from flows.preflight.lines import Status

    progress("the night before: the run as it should be")
    yesterday = _run(world, facts, "the night before", progress)
    if facts.problems:
        return
    progress("12:47 AM: somebody cleans up")
    _review(world, facts)
    _execute(admin.set(database=DATABASE), REVOKE)
    found, facts.looked_in = _preflight(world)
    red = [line for line in found.lines if line.status is Status.FAILED]
    facts.remedy = red[0].remedy if len(red) == 1 else None
    if facts.remedy is None:
        facts.problems.append(f"the preflight was to tell one missing grant, and told {[str(line) for line in red]}")
        return
    progress("2:00 AM: the run starts")
    began, began_at = time.monotonic(), datetime.now(UTC)
    stopped = _job(world, progress)
    facts.detected_after, facts.told = time.monotonic() - began, stopped.problem
    with closing(stopped.ledger):
        latest = stopped.ledger.latest_ingest()
        alert = next((each for each in stopped.ledger.alerts.unresolved() if each.opened_at >= began_at), None)
    if alert is not None:
        facts.alerted_after = (alert.opened_at - began_at).total_seconds()
        facts.alert = alert.problem.title
    progress("and if nobody had heard of it: the monitor looks every ten minutes")
    _watch(world, facts)
    refused = stopped.code is not ExitCode.OK and facts.remedy in (stopped.problem or "")
    facts.nothing_loaded = refused and latest == yesterday and _published(world) == {yesterday}
    progress(f"the grant is given back as it was told: {facts.remedy}")
    _execute(admin.set(database=DATABASE), facts.remedy)
    found, seconds = _preflight(world)
    if any(line.status is Status.FAILED for line in found.lines):
        facts.problems.append("the preflight was still red after the GRANT")
        return
    facts.green_in = seconds
    began = time.monotonic()
    _run(world, facts, "the run after it", progress)
    facts.recovered_in = time.monotonic() - began


def _watch(world: Settings, facts: Facts) -> None:
    from flows.stale_watch import ages_told

    told = ages_told(world, world.state_dir)
    facts.warned_at_minutes, facts.stale_at_minutes = told.warned, told.stale


def _run(world: Settings, facts: Facts, what: str, progress: Callable[[str], None]) -> str:
    result = _job(world, progress)
    result.ledger.close()
    if result.code is not ExitCode.OK:
        facts.problems.append(f"{what} was to go through: {result.problem}")
    return result.ingest_id


def _job(world: Settings, progress: Callable[[str], None]) -> JobResult:
    # Prefect and GX take seconds to import: --help must not wait for them.
    from flows.cli.job import run_main_job
    from flows.scenario import Scenario

    return run_main_job(world, Scenario(), progress)


def _review(world: Settings, facts: Facts) -> None:
    from flows.permissions.review import review
    from flows.preflight.accounts import REGISTRY, load_registry

    began = time.monotonic()
    registry = load_registry(world.project / REGISTRY)
    for finding in review(_CLEANUP, registry)[0] if registry else ():
        facts.reviewed_in = time.monotonic() - began
        facts.review = f"{finding.file}:{finding.line}: {', '.join(finding.touches)}; owner {finding.owner}"


def _preflight(world: Settings) -> tuple[Preflight, float]:
    from checkpoints.ledger import Ledger
    from flows.preflight.preflight import preflight
    from gx.warehouse.opening import open_warehouse

    began = time.monotonic()
    warehouse = open_warehouse(world.warehouse(), wait_seconds=0)
    with closing(Ledger(world.ledger(), gate_valid_hours=world.gate_valid_hours)) as ledger:
        found = preflight(world, warehouse, ledger, run=False)
    warehouse.release()
    return found, time.monotonic() - began


def _published(world: Settings) -> set[str]:
    """The ingests that readers' layers are of."""
    from checkpoints.layers import audited_loads
    from gx.warehouse.opening import open_warehouse, publisher_of

    warehouse = open_warehouse(world.warehouse(), wait_seconds=0)
    builds = [publisher_of(warehouse, load.schemas).published() for load in audited_loads(world).values()]
    warehouse.release()
    return {build.ingest_id if build else "nothing" for build in builds}


def _world(settings: Settings, directory: Path, admin: URL) -> Settings:
    """The same project with a state, a warehouse and a ledger of its own; it connects as the service account."""
    url = admin.set(username=LOGIN, database=DATABASE).render_as_string(hide_password=False)
    own = {"state": directory / "state", "warehouse_url": SecretStr(url), "ledger_url": None}
    others = {"stripe_api_key": None, "fivetran_api_key": None, "failover_warehouse": None}
    return settings.model_copy(update={**own, **others})


@contextmanager
def _server(directory: Path) -> Iterator[URL]:
    """A PostgreSQL server with the accounts; its superuser's URL."""
    from sqlalchemy.engine import make_url

    from flows.child import ChildServer

    shutil.rmtree(directory, ignore_errors=True)
    data = ["--data-dir", str(directory.resolve() / "server" / "postgres")]
    with ChildServer("warehouse", "flows.sources.emulators.postgres", data, directory.resolve() / "server") as server:
        admin = make_url(server.wait_ready(_START_SECONDS))
        _execute(admin, *_ROLES)
        yield admin


def _execute(url: URL, *statements: str) -> None:
    import sqlalchemy as sa

    engine = sa.create_engine(url, isolation_level="AUTOCOMMIT", poolclass=sa.NullPool)
    with engine.connect() as connection:
        for statement in statements:
            connection.exec_driver_sql(statement)


def _print(facts: Facts) -> None:
    def seconds(value: float | None) -> str:
        return "never" if value is None else f"{value:.2f} s"

    def minutes(value: float | None) -> str:
        return "never" if value is None else f"{value:.0f} minutes"

    rows = [
        ("the document", "here, measured"),
        ("12:47 AM  permissions are cleaned up", f"a pull request with it fails in {seconds(facts.reviewed_in)}"),
        ("", facts.review or ""),
        ("12:48 AM  dbt's access is revoked", f"{REVOKE}; sluice preflight tells it in {seconds(facts.looked_in)}"),
        (" 2:00 AM  the daily run starts", "the daily run starts"),
        (" 2:14 AM  dbt fails, nobody is told", f"stopped {seconds(facts.detected_after)} after its start, with"),
        ("", facts.remedy or ""),
        ("", f'alert "{facts.alert}" {seconds(facts.alerted_after)} after the start'),
        ("", "nothing was loaded" if facts.nothing_loaded else "something was loaded, or it was not found"),
        (" 9:00 AM  the CEO finds stale data", "readers have last night's data, with its age beside it (sluice_build)"),
        ("          that is 7 hours old", f"the monitor warns when it is {minutes(facts.warned_at_minutes)} old,"),
        ("", f"and alerts that it is stale at {minutes(facts.stale_at_minutes)}, whatever became of the run's alert"),
        (" 9:15 AM  access is restored", f"executed as told; the preflight is green after {seconds(facts.green_in)}"),
        (" 9:32 AM  fresh data", f"fresh data {seconds(facts.recovered_in)} later, every gate open"),
    ]
    click.echo()
    for then, now in rows:
        click.echo(f"{then:<40}{now}")
    click.echo("\nfound then after 7 hours, by a reader; here by the run itself, which fails and alerts")
    whole = "never" if facts.revoke_to_alert is None else str(timedelta(seconds=round(facts.revoke_to_alert)))
    click.echo(f"from the REVOKE to the alert: {whole}, of which {_UNTIL_THE_RUN} is the document's, until the run")
    for problem in facts.problems:
        click.secho(f"error: {problem}", err=True, fg="red")
