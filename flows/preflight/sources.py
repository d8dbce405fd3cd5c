"""The sources: Stripe, PostgreSQL and other databases, Fivetran."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from pydantic import SecretStr
from sqlalchemy.engine import URL

from flows.preflight.checks import Check
from flows.preflight.lines import Line, Status, line_of
from flows.preflight.plan import Plan
from flows.sources.errors import SourceError
from gx.errors import WarehouseError
from gx.redaction import safe_url
from gx.warehouse.access_postgres import PostgresAccess
from gx.warehouse.base import Warehouse
from gx.warehouse.grants import Name, NeededGrant
from gx.warehouse.opening import open_warehouse

_POSTGRES = "postgres"
_TABLE_SCHEMA = "public"
_FIVETRAN_BASE = "SLUICE_FIVETRAN_API_BASE"


def source_checks(plan: Plan) -> list[Check]:
    """One check for each source that is configured; the embedded ones are started by the run itself."""
    checks = [
        Check(f"source {name}", ("connection",), partial(_database, plan, name, url), stops=_ingested(plan, name))
        for name, url in plan.databases.items()
    ]
    settings = plan.settings
    if (key := settings.stripe_api_key) is not None:
        checks.append(Check("source stripe", ("connection",), partial(_stripe, plan, key)))
    if settings.fivetran_api_key is not None:
        names = _connections(plan)
        checks.append(Check("source fivetran", names or ("settings",), partial(_fivetran, plan, names)))
    if not checks:
        embedded = "the embedded Stripe and PostgreSQL, which a run starts itself"
        line = Line("sources", "sources", Status.NONE, embedded if settings.is_reference else "none is configured")
        checks.append(Check("sources", ("sources",), lambda: iter([line]), patient=True))
    return checks


def _ingested(plan: Plan, name: str) -> bool:
    """Whether a run reads its rows; a source of figures alone is told of by the checkpoint that needs it."""
    return plan.settings.is_reference and name == _POSTGRES and plan.settings.fivetran_api_key is None


def _database(plan: Plan, name: str, url: URL) -> Iterator[Line]:
    check = f"source {name}"
    if url.get_backend_name() == "postgresql":
        url = PostgresAccess.url_of(url, Name(""), None, seconds=plan.seconds)
    try:
        warehouse = open_warehouse(url, wait_seconds=0, statement_seconds=plan.seconds)
    except KeyError:
        detail = f"how to look at a {url.get_backend_name()} database is not known here"
        yield Line(check, "connection", Status.NOT_CHECKED, detail)
        return
    try:
        try:
            warehouse.probe()
        except WarehouseError as error:
            text = str(error).replace("SLUICE_WAREHOUSE_URL", f"SLUICE_SOURCE_{name.upper()}_URL")
            detail = text.replace("the warehouse ", "the source ")
            stops = _ingested(plan, name)
            yield Line(check, "connection", Status.FAILED, detail, stops=stops, transient=error.transient)
            return
        yield Line(check, "connection", Status.FINE, f"{safe_url(url)} answers")
        if _ingested(plan, name) and url.get_backend_name() == "postgresql":
            yield from _tables(check, warehouse)
    finally:
        warehouse.release()


def _tables(check: str, warehouse: Warehouse) -> Iterator[Line]:
    from flows.sources.raw_tables import POSTGRES_TABLES  # noqa: PLC0415 - it imports pyarrow

    schema = Name(_TABLE_SCHEMA)
    grants = [NeededGrant("SELECT", "TABLE", (schema, Name(table.name, exact=True))) for table in POSTGRES_TABLES]
    with warehouse.connect() as connection:
        access = PostgresAccess(warehouse, connection)
        for grant, answer in zip(grants, access.held(grants), strict=True):
            yield line_of(check, grant.said(access.quoting), answer, stops=True)


def _stripe(plan: Plan, key: SecretStr) -> Iterator[Line]:
    # The client takes its time to import; who has no key pays nothing for it.
    from flows.sources.raw_tables import STRIPE_TABLES  # noqa: PLC0415
    from flows.sources.stripe import StripeSource  # noqa: PLC0415

    source = StripeSource(key, api_base=plan.settings.stripe_api_base).impatient(plan.seconds)
    for _ in source.batches(STRIPE_TABLES[0], newest=1):
        pass
    yield Line("source stripe", "connection", Status.FINE, f"answers, and lets {STRIPE_TABLES[0].name} be read")


def _connections(plan: Plan) -> tuple[str, ...]:
    return tuple(name.strip() for name in plan.settings.fivetran_connections.split(",") if name.strip())


def _fivetran(plan: Plan, names: tuple[str, ...]) -> Iterator[Line]:
    from flows.sources.fivetran_api import API_BASE, FivetranApi, RetryPolicy  # noqa: PLC0415

    check, settings = "source fivetran", plan.settings
    if settings.fivetran_api_key is None or settings.fivetran_api_secret is None or not names:
        detail = "SLUICE_FIVETRAN_API_SECRET and SLUICE_FIVETRAN_CONNECTIONS are needed beside SLUICE_FIVETRAN_API_KEY"
        yield Line(check, "settings", Status.FAILED, detail, stops=True)
        return
    api = FivetranApi(
        settings.fivetran_api_key,
        settings.fivetran_api_secret,
        timeout_seconds=plan.seconds,
        retry=RetryPolicy(attempts=1),
        api_base=plan.environment.get(_FIVETRAN_BASE) or API_BASE,
    )
    try:
        for name in names:
            try:
                connection = api.connection(name)
            except SourceError as error:
                yield Line(check, name, Status.FAILED, str(error), stops=True, transient=error.transient)
                continue
            paused = connection.paused or connection.status.sync_state == "paused"
            if paused or connection.status.setup_state in ("broken", "incomplete"):
                what = "paused: enable it at Fivetran" if paused else connection.status.setup_state
                detail = what if paused else f"{what}: {connection.reasons()}"
                yield Line(check, name, Status.FAILED, detail, stops=True)
            else:
                yield Line(check, name, Status.FINE, f"{connection.service or 'connected'}, {connection.schema_name}")
    finally:
        api.close()
