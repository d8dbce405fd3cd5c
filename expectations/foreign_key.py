"""Referential integrity: every value has its row in a parent table."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

import sqlalchemy as sa
from great_expectations.compatibility import pydantic
from great_expectations.execution_engine import SqlAlchemyExecutionEngine
from great_expectations.expectations.expectation import ColumnMapExpectation
from great_expectations.expectations.metrics.map_metric_provider import (
    ColumnMapMetricProvider,
    column_condition_partial,
)

from expectations.sentences import RuleSentence
from gx.warehouse.table import TableName


class ColumnValuesInParentTable(ColumnMapMetricProvider):
    """The map metric: the value exists in the parent table's column."""

    condition_metric_name = "column_values.in_parent_table"
    condition_value_keys = ("parent_table", "parent_column")

    @column_condition_partial(engine=SqlAlchemyExecutionEngine)
    def _sqlalchemy(cls, column: Any, parent_table: str, parent_column: str, **kwargs: Any) -> Any:
        del kwargs
        parent: sa.ColumnClause[Any] = sa.column(parent_column)
        # A NULL among the parents would make `IN` unknown, and so let every orphan pass.
        keys = sa.select(parent).select_from(TableName.parse(parent_table).clause()).where(parent.is_not(None))
        return column.in_(keys)


class ExpectColumnValuesToExistInTable(RuleSentence, ColumnMapExpectation):
    """Expect every value of a column to exist in a column of another table (a foreign key). Nulls are ignored."""

    parent_table: str
    parent_column: str

    map_metric = "column_values.in_parent_table"
    success_keys: ClassVar[tuple[str, ...]] = ("mostly", "parent_table", "parent_column")
    args_keys: ClassVar[tuple[str, ...]] = ("column", "parent_table", "parent_column")

    @pydantic.validator("parent_table")
    def _is_a_table_name(cls, value: str) -> str:
        return str(TableName.parse(value))

    @classmethod
    def rule(cls, kwargs: Mapping[str, Any]) -> str:
        mostly = float(kwargs.get("mostly") or 1)
        share = "every value" if mostly == 1 else f"at least {mostly * 100:g} % of values"
        return f"{kwargs['column']}: {share} must exist in {kwargs['parent_table']}.{kwargs['parent_column']}."
