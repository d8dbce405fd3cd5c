"""The SQL of which columns of the SELECT are made."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import sqlalchemy as sa
from great_expectations.core.id_dict import IDDict
from great_expectations.execution_engine import SqlAlchemyExecutionEngine
from sqlalchemy.sql.elements import ColumnElement

ALL_ROWS: ColumnElement[int] = sa.func.count()
"""How many rows there are; one object, for a SELECT reads once what several metrics share."""

# What of a metric's domain says which rows it is about; the rest says which columns.
_ROWS = ("batch_id", "table", "row_condition", "condition_parser")
_COLUMNS = ("column", "column_A", "column_B", "column_list")


class Part(NamedTuple):
    """What a GX provider gives for a partial metric.

    Attributes:
        sql: an aggregate, a condition that is true of the unexpected rows, or what such a condition is about.
        compute: the domain without its columns.
        accessor: the columns: ``column``, ``column_A`` and ``column_B``, or ``column_list``.
    """

    sql: Any
    compute: Mapping[str, Any]
    accessor: Mapping[str, Any]

    @property
    def columns(self) -> list[ColumnElement[Any]]:
        """The columns that the metric is about."""
        return [sa.column(name) for name in column_names(self.accessor)]


@dataclass(frozen=True)
class Rows:
    """The rows that a SELECT reads: of which table, and on what condition.

    Attributes:
        key: equal for equal rows.
        domain: for GX's ``get_domain_records``.
        condition: a condition that is not of the metric's domain.
    """

    key: str
    domain: Mapping[str, Any]
    condition: ColumnElement[bool] | None = None

    @classmethod
    def of(cls, domain: Mapping[str, Any]) -> Rows:
        """The rows of a metric's domain, whichever columns of them it is about."""
        rows = IDDict({name: domain[name] for name in _ROWS if domain.get(name) is not None})
        if "row_condition" not in rows:
            rows.pop("condition_parser", None)
        return cls(str(rows.to_id()), rows)

    def since(self, arrival: ColumnElement[Any], watermark: Any) -> Rows:
        """Those of the rows that arrived later."""
        return self.where(f"since {watermark}", arrival > watermark)

    def where(self, name: str, condition: ColumnElement[bool]) -> Rows:
        """Those of the rows that meet a condition; its name tells it from others."""
        both = condition if self.condition is None else sa.and_(self.condition, condition)
        return replace(self, key=f"{self.key} {name}", condition=both)

    def source(self, engine: SqlAlchemyExecutionEngine) -> Any:
        """The rows, for ``select_from``."""
        records: Any = engine.get_domain_records(domain_kwargs=dict(self.domain))
        source = records.subquery() if isinstance(records, sa.Select) else records
        if self.condition is None:
            return source
        return sa.select(sa.text("*")).select_from(source).where(self.condition).subquery()


@dataclass(frozen=True)
class Column:
    """One column of a SELECT over the rows: an aggregate.

    Attributes:
        key: the columns of a key, if it is the surplus of rows over their keys' hashes.
    """

    sql: ColumnElement[Any]
    rows: Rows
    key: Sequence[ColumnElement[Any]] = ()


def column_names(domain: Mapping[str, Any]) -> list[str]:
    """The columns that a metric's domain names, in order."""
    if domain.get("column") is not None:
        return [domain["column"]]
    if domain.get("column_A") is not None:
        return [domain["column_A"], domain["column_B"]]
    return list(domain.get("column_list") or [])


def kept(domain: Mapping[str, Any], columns: Sequence[ColumnElement[Any]]) -> ColumnElement[bool] | None:
    """The condition that ``ignore_row_if`` sets; None when every row counts.

    Raises:
        ValueError: GX knows no such value of it.
    """
    ignore = domain.get("ignore_row_if")
    nulls = [column.is_(None) for column in columns]
    if ignore in (None, "neither", "never"):
        return None
    if ignore in ("both_values_are_missing", "all_values_are_missing"):
        return sa.not_(sa.and_(*nulls))
    if ignore in ("either_value_is_missing", "any_value_is_missing"):
        return sa.not_(sa.or_(*nulls))
    raise ValueError(f'Unrecognized value of ignore_row_if ("{ignore}").')


def count_where(condition: ColumnElement[bool]) -> ColumnElement[Any]:
    """How many rows meet a condition."""
    return sa.func.count(sa.case((condition, 1)))


def split(domain: Mapping[str, Any]) -> Part:
    """A domain in its two halves, for SQL that is not GX's."""
    accessor = {name: value for name, value in domain.items() if name in _COLUMNS and value is not None}
    return Part(None, {name: value for name, value in domain.items() if name not in _COLUMNS}, accessor)


def whole(key: Sequence[ColumnElement[Any]]) -> ColumnElement[bool]:
    """The condition that no value of a key is missing."""
    return sa.and_(*(column.is_not(None) for column in key))
