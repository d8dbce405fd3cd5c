"""Run the one SELECT; where it fails, find out which columns of it are to blame."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import groupby
from typing import Any, NamedTuple, TypeAlias

import sqlalchemy as sa
from great_expectations.validator.metric_configuration import MetricConfigurationID
from sqlalchemy.sql import operators, visitors
from sqlalchemy.sql.elements import ColumnElement, UnaryExpression, WithinGroup

from gx.errors import WarehouseExhaustedError
from gx.execution_engine import WarehouseExecutionEngine
from gx.scan.parts import Column, Rows
from gx.warehouse.base import Warehouse

Plan: TypeAlias = Mapping[MetricConfigurationID, Sequence[Column]]
"""The columns of each metric; those of one metric are all over the same rows."""
Selected: TypeAlias = dict[MetricConfigurationID, Sequence[Any]]


class Outcome(NamedTuple):
    """What came of a SELECT: the values of each metric's columns, and the errors of those that could not be read."""

    values: Selected
    errors: dict[MetricConfigurationID, Exception]


_Item: TypeAlias = tuple[MetricConfigurationID, Sequence[Column]]


def select(engine: WarehouseExecutionEngine, plan: Plan) -> Outcome:
    """Read all columns, in one statement for each set of rows, or as few as the warehouse's limits allow.

    A statement that fails is an error of all its metrics: see :func:`isolate`.

    Raises:
        WarehouseExhaustedError: the warehouse did not answer.
    """
    return _select(engine, plan, _together)


def isolate(engine: WarehouseExecutionEngine, plan: Plan) -> Outcome:
    """Read what can be read of columns that failed together, with few statements.

    What is wrong with the SQL shows on no rows at all as well, so it is first looked for there, without a scan;
    what is wrong with the data, by halves.

    Raises:
        WarehouseExhaustedError: the warehouse did not answer.
    """
    return _select(engine, plan, _apart)


def _select(
    engine: WarehouseExecutionEngine,
    plan: Plan,
    read: Callable[[WarehouseExecutionEngine, Rows, Sequence[_Item]], Outcome],
) -> Outcome:
    outcome = Outcome({}, {})
    for rows, items in _statements(plan, engine.warehouse):
        values, errors = read(engine, rows, items)
        outcome.values.update(values)
        outcome.errors.update(errors)
    return outcome


def _statements(plan: Plan, warehouse: Warehouse) -> Iterator[tuple[Rows, list[_Item]]]:
    """The items of each statement, in the order in which they were wanted: equal suites give equal SQL."""
    by_rows = sorted(plan.items(), key=lambda item: item[1][0].rows.key)
    for _, group in groupby(by_rows, key=lambda item: item[1][0].rows.key):
        statement: list[_Item] = []
        columns: dict[int, bool] = {}
        for item in group:
            more = {id(column.sql): _collects(column.sql) for column in item[1]}
            columns |= more
            if statement and (len(columns) > warehouse.max_columns or sum(columns.values()) > warehouse.max_collected):
                yield statement[0][1][0].rows, statement
                statement, columns = [], more
            statement.append(item)
        yield statement[0][1][0].rows, statement


def _collects(sql: ColumnElement[Any]) -> bool:
    """Whether an aggregate has to collect values, to count different ones or to order them."""
    return any(
        isinstance(element, WithinGroup)
        or (isinstance(element, UnaryExpression) and element.operator is operators.distinct_op)
        for element in visitors.iterate(sql)
    )


def _together(engine: WarehouseExecutionEngine, rows: Rows, items: Sequence[_Item]) -> Outcome:
    try:
        return Outcome(_read(engine, rows.source(engine), items), {})
    except WarehouseExhaustedError:
        raise
    except Exception as error:  # noqa: BLE001 - drivers raise others too, of values that Python cannot hold
        return Outcome({}, dict.fromkeys((identifier for identifier, _ in items), error))


def _apart(engine: WarehouseExecutionEngine, rows: Rows, items: Sequence[_Item]) -> Outcome:
    source = rows.source(engine)
    empty = sa.select(sa.text("*")).select_from(source).where(sa.false()).subquery()
    _, wrong = _halve(items, lambda some: _read(engine, empty, some))
    sound = [item for item in items if item[0] not in wrong]
    values, failed = _halve(sound, lambda some: _read(engine, source, some), fails=not wrong)
    return Outcome(values, wrong | failed)


def _halve(items: Sequence[_Item], read: Callable[[Sequence[_Item]], Selected], *, fails: bool = False) -> Outcome:
    """Read the items, in halves where they fail together; whether they do may be known."""
    if not items:
        return Outcome({}, {})
    if not fails or len(items) == 1:
        try:
            return Outcome(read(items), {})
        except WarehouseExhaustedError:
            raise
        except Exception as error:  # noqa: BLE001 - as above
            if len(items) == 1:
                return Outcome({}, {items[0][0]: error})
    middle = len(items) // 2
    first = _halve(items[:middle], read)
    second = _halve(items[middle:], read, fails=not first.errors)
    return Outcome(first.values | second.values, first.errors | second.errors)


def _read(engine: WarehouseExecutionEngine, source: Any, items: Iterable[_Item]) -> Selected:
    columns = {id(column.sql): column.sql for _, columns in items for column in columns}
    labelled = [sql.label(f"sluice_{index}") for index, sql in enumerate(columns.values())]
    row = engine.execute_query(sa.select(*labelled).select_from(source)).one()
    values = dict(zip(columns, row, strict=True))
    return {identifier: [values[id(column.sql)] for column in columns] for identifier, columns in items}
