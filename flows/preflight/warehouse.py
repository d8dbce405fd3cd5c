"""The warehouse: can it be reached, does its virtual warehouse compute, can the schemas be written?"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy.engine import URL
from sqlalchemy.exc import SQLAlchemyError

from checkpoints.layers import audited_loads
from checkpoints.loads import declared_loads
from flows.preflight.checks import Check
from flows.preflight.lines import Line, Status, line_of
from flows.preflight.plan import Plan
from gx.errors import WarehouseError
from gx.warehouse.access import Access, Answer
from gx.warehouse.access_opening import ACCESSES
from gx.warehouse.duckdb import DuckDBWarehouse
from gx.warehouse.grants import Name
from gx.warehouse.opening import open_warehouse
from gx.warehouse.publishing import audit_schema

WAREHOUSE = "warehouse"
FAILOVER = "failover"
_CONNECTION = "connection"
_VIRTUAL = "virtual warehouse"
_RAW = ("raw_stripe", "raw_postgres")
_OFF = "none"


class RefusedError(WarehouseError):
    """The warehouse let nobody in.

    Attributes:
        remedy: the statement that would change that, where it is a grant.
    """

    def __init__(self, message: str, *, remedy: str | None, transient: bool) -> None:
        self.remedy = remedy
        super().__init__(message, transient=transient and remedy is None)


@contextmanager
def access(plan: Plan, role: Name | None = None, virtual_warehouse: Name | None = None) -> Iterator[Access]:
    """A connection of its own on which to ask what a role may do; by default the run's own.

    Raises:
        RefusedError: there is no connection.
        WarehouseError: a statement that had to succeed did not.
    """
    kind = ACCESSES[plan.warehouse.dialect_name]
    url = plan.warehouse.url
    asked = role or _role_of(url)
    url = kind.url_of(url, asked, virtual_warehouse, seconds=plan.seconds) if asked else url
    warehouse = open_warehouse(url, wait_seconds=0, statement_seconds=plan.seconds)
    try:
        quoting = kind.quoting_of(warehouse)
        try:
            warehouse.probe()
        except WarehouseError as error:
            remedy = kind.refused(str(error), quoting.of(asked), url, quoting) if asked else None
            raise RefusedError(str(error), remedy=remedy, transient=error.transient) from None
        try:
            with warehouse.connect() as connection:
                yield kind(warehouse, connection)
        except SQLAlchemyError as error:
            raise WarehouseError(
                f"{warehouse.describe()} could not be asked: {warehouse.reason(error)}",
                transient=warehouse.is_transient(error),
            ) from None
    finally:
        warehouse.release()


def warehouse_check(plan: Plan) -> Check:
    """Whether it can be reached, and computes."""
    if isinstance(plan.warehouse, DuckDBWarehouse):
        # A run waits for the file; who only asks is not kept.
        return Check(WAREHOUSE, (_CONNECTION,), lambda: _file(plan), patient=plan.run)
    virtual = _virtual(plan)
    expects = (_CONNECTION, f"{_VIRTUAL} {virtual.text}") if virtual else (_CONNECTION,)
    return Check(WAREHOUSE, expects, lambda: _server(plan, virtual))


def schemas_check(plan: Plan) -> Check | None:
    """Whether the schemas that a run writes can be written; None where there is nothing to ask."""
    if plan.warehouse.dialect_name not in ACCESSES:
        return None
    schemas = _schemas(plan)
    if not schemas:
        return None

    def run() -> Iterator[Line]:
        try:
            with access(plan) as asked:
                for schema, answer in asked.writable(schemas):
                    yield line_of("schemas", schema, answer, stops=True)
        except RefusedError as error:
            yield refused("schemas", schemas[0], error)

    return Check("schemas", schemas, run)


def refused(check: str, what: str, error: RefusedError) -> Line:
    """The line of a connection that there is not."""
    return Line(check, what, Status.FAILED, str(error), error.remedy, stops=True, transient=error.transient)


def _server(plan: Plan, virtual: Name | None) -> Iterator[Line]:
    try:
        with access(plan) as asked:
            yield Line(WAREHOUSE, _CONNECTION, Status.FINE, f"{asked.warehouse.describe()} answers")
            if not asked.has_virtual_warehouses:
                yield from _without_effect(plan)
            if virtual is not None:
                yield from _compute(asked, virtual, plan.settings.failover_warehouse)
    except RefusedError as error:
        yield refused(WAREHOUSE, _CONNECTION, error)


def _without_effect(plan: Plan) -> Iterator[Line]:
    if plan.settings.failover_warehouse:
        detail = "SLUICE_FAILOVER_WAREHOUSE has no effect here: only Snowflake has virtual warehouses"
        yield Line(WAREHOUSE, FAILOVER, Status.WARNING, detail)


def _compute(asked: Access, virtual: Name, failover: str | None) -> Iterator[Line]:
    fold = asked.quoting.fold
    name = virtual.folded(fold)
    answer = asked.ready(virtual)
    line = line_of(WAREHOUSE, f"{_VIRTUAL} {virtual.text}", answer, stops=True, about_warehouse=name)
    if answer.holds or failover is None or fold(failover) == name:
        yield line
        return
    second = asked.ready(Name(failover))
    yield line
    if second.holds:
        detail = f"{failover} is used instead of {name}: {answer.detail}"
        yield Line(WAREHOUSE, FAILOVER, Status.WARNING, detail, about_warehouse=fold(failover))
    else:
        yield line_of(WAREHOUSE, FAILOVER, Answer(False, second.detail, second.remedy), stops=True)


def _file(plan: Plan) -> Iterator[Line]:
    warehouse = plan.warehouse
    assert isinstance(warehouse, DuckDBWarehouse)  # noqa: S101 - what the caller looked at
    yield from _without_effect(plan)
    path = warehouse.path
    if plan.run:
        warehouse.create()
    elif plan.settings.is_reference and path is not None and not path.exists():
        yield _yet_to_be_made(str(path))
        return
    try:
        warehouse.probe()
    finally:
        warehouse.release()
    yield Line(WAREHOUSE, _CONNECTION, Status.FINE, f"{warehouse.describe()} can be read and written")


def _yet_to_be_made(path: str) -> Line:
    directory = os.path.dirname(path)  # noqa: PTH120 - up to the first directory that exists
    while directory and not os.path.isdir(directory):  # noqa: PTH112
        directory = os.path.dirname(directory)  # noqa: PTH120
    if os.access(directory, os.W_OK):
        return Line(WAREHOUSE, _CONNECTION, Status.FINE, f"there is no file {path} yet; the first run makes it")
    detail = f"there is no file {path}, and none can be made in {directory}"
    return Line(WAREHOUSE, _CONNECTION, Status.FAILED, detail, stops=True)


def _schemas(plan: Plan) -> tuple[str, ...]:
    settings, found = plan.settings, list[str]()
    if settings.is_reference and settings.fivetran_api_key is None:
        found += _RAW
    audited = audited_loads(settings)
    for load in (declared_loads(settings.checkpoints_dir) or {}).values():
        if settings.is_reference or load.name in audited:  # what dbt alone writes is not this user's business
            found += load.schemas
            found += [audit_schema(schema) for schema in load.schemas if load.name in audited]
    if settings.data_quality_schema != _OFF:
        found.append(settings.data_quality_schema)
    return tuple(found)


def _virtual(plan: Plan) -> Name | None:
    if not ACCESSES[plan.warehouse.dialect_name].has_virtual_warehouses:
        return None
    named = plan.warehouse.url.query.get("warehouse")
    return Name(named) if isinstance(named, str) else None


def _role_of(url: URL) -> Name | None:
    role = url.query.get("role")
    if isinstance(role, str):
        return Name(role)
    return Name(url.username, exact=True) if url.username else None
