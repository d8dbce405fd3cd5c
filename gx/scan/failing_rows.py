"""The rows that fail an expectation: the statement that finds them, and what of them may be shown."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import sqlalchemy as sa
from great_expectations.core import ExpectationValidationResult
from great_expectations.expectations.expectation_configuration import ExpectationConfiguration
from great_expectations.validator.metric_configuration import MetricConfiguration
from sqlalchemy.sql.elements import ColumnElement, quoted_name

from gx.errors import WarehouseExhaustedError
from gx.scan.choose import choose
from gx.scan.metrics import Metric
from gx.scan.parts import Rows, column_names
from gx.scan.reading import Reading
from gx.scan.stock import COLUMNS, provider
from gx.scan.uniqueness import DUPLICATES, DuplicateCount, sample
from gx.shown import MOST_ROWS, Shown, spelled
from gx.warehouse.literals import written_out

_QUERY = "unexpected_rows_query"
_Row: TypeAlias = Mapping[str, Any]
"""The values of a row by the columns' names, as :func:`gx.shown.spelled` has them."""


@dataclass
class FailingRows:
    """Finds failing rows after the verdicts, which nothing here can change: an error means that less is shown."""

    reading: Reading
    _asks: bool = field(default=True, init=False)

    def add_to(self, result: ExpectationValidationResult, counted: MetricConfiguration | None) -> None:
        """Complete a result, if its expectation does not hold and its meta says what may be shown.

        At most one statement is sent, for samples and keys together; none where neither may be shown.

        Args:
            result: gains ``unexpected_index_query``, ``partial_unexpected_list`` and ``partial_unexpected_index_list``,
                which mean what they mean to GX.
            counted: the metric that counted the rows.
        """
        configuration = result.expectation_config
        shown = Shown.of(configuration.meta) if configuration else None
        if shown is None or configuration is None or result.success:
            return
        with suppress(Exception):  # drivers and GX raise many kinds; the verdict stands all the same
            if _QUERY in configuration.kwargs:
                result.result["unexpected_index_query"] = self._query(configuration)
            elif counted is not None and result.result.get("unexpected_count"):
                self._add_rows(result.result, choose(counted, self.reading.engine), shown)

    def _add_rows(self, result: dict[str, Any], metric: Metric, shown: Shown) -> None:
        if (failing := metric.failing(self.reading)) is None:
            return
        find = _Find(self.reading, failing.condition, failing.rows, failing.columns)
        names = column_names(metric.configuration.metric_domain_kwargs)
        rows = self._rows(find, metric, names, shown)
        if rows is not None and shown.samples:
            result["partial_unexpected_list"] = [_sample(metric, names, row) for row in rows]
        if rows is not None and shown.keys:
            named = (*shown.keys, *(names if shown.samples else ()))
            result["partial_unexpected_index_list"] = [{name: row[spelled(name)] for name in named} for row in rows]
        # A condition that holds the values of other metrics (a mean, for a z-score) would tell them.
        if isinstance(metric, DuplicateCount) or not metric.needs(self.reading):
            statement = find.statement(shown.keys if rows is not None else ())
            result["unexpected_index_query"] = written_out(statement, self.reading.engine.engine.dialect)

    def _rows(self, find: _Find, metric: Metric, names: Sequence[str], shown: Shown) -> list[_Row] | None:
        """Some of the rows, if any of their values may be shown and can be had."""
        if not self._asks or not (shown.keys or shown.samples):
            return None
        if isinstance(metric, DuplicateCount) and not shown.keys:
            found = self.reading.value(metric.needs(self.reading)[DUPLICATES].id)
            return [{spelled(name): value for name, value in zip(names, key, strict=True)} for key in sample(found)]
        try:
            return find.some(shown.keys, names)
        except WarehouseExhaustedError:
            self._asks = False  # the next would have to wait as long
        except Exception:  # noqa: BLE001 - as above
            if not self.reading.knows_schema:
                self.reading.schema()  # once more, with the keys spelled as the table has them
                return self._rows(find, metric, names, shown)
        return None

    def _query(self, configuration: ExpectationConfiguration) -> str:
        """The suite's own query, about this table."""
        engine = self.reading.engine
        table = engine.get_domain_records(domain_kwargs={"batch_id": self.reading.batch.id})
        query_about: Any = provider(
            f"{_QUERY}.table", engine
        ).cls._get_substituted_batch_subquery_from_query_and_batch_selectable
        return f"{query_about(configuration.kwargs[_QUERY], table, engine)};"


@dataclass(frozen=True)
class _Find:
    """How rows are found."""

    reading: Reading
    condition: ColumnElement[bool]
    rows: Rows
    columns: Sequence[ColumnElement[Any]]

    def statement(self, keys: Sequence[str]) -> sa.Select[Any]:
        columns = {spelled(str(column.key)): column for column in self.columns}
        named = {spelled(key): self._key(key) for key in keys}
        source = self.rows.source(self.reading.engine)
        return sa.select(*{**named, **columns}.values()).select_from(source).where(self.condition)

    def some(self, keys: Sequence[str], names: Sequence[str]) -> list[_Row]:
        selected = list(dict.fromkeys(spelled(name) for name in (*keys, *names)))
        found = self.reading.engine.execute_query(self.statement(keys).limit(MOST_ROWS)).all()
        return [dict(zip(selected, row, strict=True)) for row in found]

    def _key(self, name: str) -> ColumnElement[Any]:
        if self.reading.knows_schema:
            for column in self.reading.schema()[COLUMNS]:
                if spelled(column) == spelled(name):
                    return sa.column(column)
        return sa.column(quoted_name(name.strip('"'), quote=True) if name.startswith('"') else name)


def _sample(metric: Metric, names: Sequence[str], row: _Row) -> Any:
    """As GX has it: a value; two for a pair of columns; by column for more."""
    values = [row[spelled(name)] for name in names]
    domain = metric.configuration.metric_domain_kwargs
    if domain.get("column") is not None:
        return values[0]
    return tuple(values) if domain.get("column_A") is not None else dict(zip(names, values, strict=True))
