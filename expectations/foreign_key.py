"""Referential integrity: every value has its row in a parent table."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Optional

import sqlalchemy as sa
from great_expectations.compatibility import pydantic
from great_expectations.execution_engine import SqlAlchemyExecutionEngine
from great_expectations.expectations.expectation import ColumnMapExpectation
from great_expectations.expectations.metrics.map_metric_provider import (
    ColumnMapMetricProvider,
    column_condition_partial,
)

from expectations.facts import Facts
from expectations.sentences import RuleSentence
from gx.warehouse.table import TableName

# GX reads the annotations of the expectation below with pydantic 1, which knows Optional[X] and not X | None.
# ruff: noqa: UP045


class ColumnValuesInParentTable(ColumnMapMetricProvider):
    """The map metric: the value exists in the parent table's column."""

    condition_metric_name = "column_values.in_parent_table"
    condition_value_keys = ("parent_table", "parent_column", "parent_read")

    @column_condition_partial(engine=SqlAlchemyExecutionEngine)
    def _sqlalchemy(
        cls, column: Any, parent_table: str, parent_column: str, parent_read: str | None = None, **kwargs: Any
    ) -> Any:
        del kwargs
        parent: sa.ColumnClause[Any] = sa.column(parent_column)
        # A NULL among the parents would make `IN` unknown, and so let every orphan pass.
        table = TableName.parse(parent_read or parent_table).clause()
        return column.in_(sa.select(parent).select_from(table).where(parent.is_not(None)))


class ExpectColumnValuesToExistInTable(RuleSentence, ColumnMapExpectation):
    """Expect every value of a column to exist in a column of another table (a foreign key). Nulls are ignored."""

    parent_table: str
    parent_column: str
    parent_read: Optional[str] = None
    """Where the parent table is read, when not where its name says; filled in at each run."""

    map_metric = "column_values.in_parent_table"
    success_keys: ClassVar[tuple[str, ...]] = ("mostly", "parent_table", "parent_column", "parent_read")
    args_keys: ClassVar[tuple[str, ...]] = ("column", "parent_table", "parent_column")

    @pydantic.validator("parent_table")
    def _is_a_table_name(cls, value: str) -> str:
        return str(TableName.parse(value))

    def with_facts(self, facts: Facts) -> Any:
        """The expectation with where the parent table is read."""
        read = facts.read_as(self.parent_table)
        return self if read == self.parent_table else self.copy(update={"parent_read": read})

    @classmethod
    def rule(cls, kwargs: Mapping[str, Any]) -> str:
        mostly = float(kwargs.get("mostly") or 1)
        share = "every value" if mostly == 1 else f"at least {mostly * 100:g} % of values"
        return f"{kwargs['column']}: {share} must exist in {kwargs['parent_table']}.{kwargs['parent_column']}."
