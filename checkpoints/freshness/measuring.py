"""Measure how new tables are: one look at the catalog and one statement for all of them, no scan where none is needed.

The newest of a column is asked with ``max``, which columnar warehouses and an index answer from what they know. By
metadata it is asked when the layer was published, or on Snowflake when the table was altered.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy import quoted_name
from sqlalchemy.exc import SQLAlchemyError

from checkpoints.freshness.spec import FreshnessSpec
from expectations.documents import suggest
from expectations.moments import in_utc, moment_of
from gx.masking import mask_error
from gx.warehouse.base import Warehouse
from gx.warehouse.catalog import last_altered
from gx.warehouse.publishing_marks import MARKER
from gx.warehouse.table import CatalogTable, TableName


@dataclass(frozen=True)
class Measured:
    """How new one table is.

    Attributes:
        newest: in UTC; None when it holds no row with such a time, or could not be measured.
        problem: why it could not be measured; no value of the data.
    """

    spec: FreshnessSpec
    newest: datetime | None = None
    problem: str | None = None


@dataclass(frozen=True)
class _Question:
    """What is asked of the warehouse about one table, and how its answer is read."""

    spec: FreshnessSpec
    columns: tuple[sa.ScalarSelect[Any], ...]
    read: Callable[[Sequence[Any]], datetime | None]


class _UnmeasurableError(Exception):
    """Why one table cannot be measured."""


def measure(warehouse: Warehouse, specs: Sequence[FreshnessSpec]) -> tuple[Measured, ...]:
    """How new the tables are, in the order of ``specs``. A table that cannot be measured takes no other with it.

    Args:
        warehouse: has them.
        specs: of the tables.

    Raises:
        WarehouseError: it cannot be reached, or is in use by another process.
    """
    if not specs:
        return ()
    with warehouse.hold():
        markers = [marker for spec in specs if spec.column is None and (marker := _marker_of(spec.table))]
        catalog = warehouse.find_tables([*(spec.table for spec in specs), *dict.fromkeys(markers)])
        measured: dict[FreshnessSpec, Measured] = {}
        questions = []
        for spec in specs:
            try:
                questions.append(_question(warehouse, spec, catalog))
            except _UnmeasurableError as error:
                measured[spec] = Measured(spec, problem=str(error))
        for answer in _ask(warehouse, questions):
            measured[answer.spec] = answer
    return tuple(measured[spec] for spec in specs)


def _ask(warehouse: Warehouse, questions: Sequence[_Question]) -> list[Measured]:
    """All in one statement; if that fails, each by itself, so that it is known which one is at fault."""
    if not questions:
        return []
    try:
        with warehouse.connect() as connection:
            row = list(connection.execute(sa.select(*(c for each in questions for c in each.columns))).one())
    except SQLAlchemyError as error:
        if len(questions) == 1:
            return [Measured(questions[0].spec, problem=mask_error(warehouse.reason(error)))]
        return [answer for question in questions for answer in _ask(warehouse, [question])]
    answers = []
    for question in questions:
        values, row = row[: len(question.columns)], row[len(question.columns) :]
        try:
            answers.append(Measured(question.spec, question.read(values)))
        except (ValueError, _UnmeasurableError) as error:
            answers.append(Measured(question.spec, problem=str(error)))
    return answers


def _question(warehouse: Warehouse, spec: FreshnessSpec, catalog: Mapping[TableName, CatalogTable]) -> _Question:
    table = catalog.get(spec.table)
    if table is None:
        raise _UnmeasurableError(f"there is no table {spec.table}, or none that this user may see")
    if spec.column is not None:
        return _of_column(spec, table, spec.column)
    marker = catalog.get(_marker_of(spec.table) or spec.table)
    if marker is not None and marker.name.casefold() == MARKER:
        return _of_build(spec, table, marker)
    if warehouse.keeps_last_altered:
        altered = last_altered(table, warehouse.catalog_schema(table.database))
        return _Question(spec, (altered,), lambda values: _moment(values[0], "last_altered"))
    raise _UnmeasurableError(
        f"{spec.table} is in no layer that sluice publishes, and this warehouse does not keep when a table changed; "
        "name the `column:` that holds when a row was loaded"
    )


def _of_column(spec: FreshnessSpec, table: CatalogTable, name: str) -> _Question:
    column = table.column(name)
    if column is None and table.columns:
        near = suggest(name.casefold(), [each.name.casefold() for each in table.columns])
        raise _UnmeasurableError(f"{spec.table} has no column {name}{near}")
    spelled: sa.ColumnClause[Any] = sa.column(quoted_name(column.name, quote=True) if column else name)
    newest = sa.select(sa.func.max(spelled)).select_from(table.clause()).scalar_subquery()
    return _Question(spec, (newest,), lambda values: _moment(values[0], name))


def _of_build(spec: FreshnessSpec, table: CatalogTable, marker: CatalogTable) -> _Question:
    """When the layer was built whose tables readers see now."""

    def read(values: Sequence[Any]) -> datetime | None:
        built_at, tables = values
        if tables is None or table.name.casefold() not in {str(name).casefold() for name in json.loads(tables)}:
            raise _UnmeasurableError(f"{spec.table} was not built with the layer that {marker.schema} holds")
        return _moment(built_at, "built_at")

    wanted: tuple[sa.ColumnClause[Any], ...] = (sa.column("built_at"), sa.column("tables"))
    return _Question(
        spec,
        tuple(sa.select(sa.func.max(each)).select_from(marker.clause()).scalar_subquery() for each in wanted),
        read,
    )


def _marker_of(table: TableName) -> TableName | None:
    return TableName((*table.parts[:-1], MARKER)) if table.schema else None


def _moment(value: object, column: str) -> datetime | None:
    return None if value is None else in_utc(moment_of(value, column))
