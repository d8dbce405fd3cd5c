"""Less than a scan: read only the rows that arrived since the last one, and add them to what is kept of it.

What it sees: every row whose arrival is later than any before, and, by their number, that earlier rows came or went.
What it does not see: a row changed in place without a new arrival, and as many rows deleted as inserted behind the
last arrival. A full scan sees those; it is due every so often, and on any doubt.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from great_expectations.validator.metric_configuration import MetricConfigurationID
from sqlalchemy.exc import SQLAlchemyError

from gx.execution_engine import WarehouseExecutionEngine
from gx.scan.merging import Kept, NotMergeableError, can_be_kept, fingerprint, merge_rule, merged
from gx.scan.parts import Column, Rows, whole
from gx.scan.scan_state import ScanState
from gx.scan.select import Outcome, Plan, Selected, select


class DoubtError(Exception):
    """Why the new rows alone do not tell what holds of the table; its text is for people."""


@dataclass
class Arrivals:
    """The arrivals of one table, for one scan of it.

    Attributes:
        where: the table and its warehouse, for people; what is kept of another is of no use.
        column: the column that orders them.
        before: what is kept of the last scan.
        now: the time of this one.
        why_all: why all rows are read; None while only the new ones are.
        columns: the table's columns in lower case, where they are known.
        after: what is to be kept of this scan; None if that cannot be said.
    """

    where: str
    column: str
    before: ScanState | None
    now: datetime
    why_all: str | None = None
    columns: Collection[str] = ()
    after: ScanState | None = field(default=None, init=False)
    _began: bool = field(default=False, init=False)

    def select(self, engine: WarehouseExecutionEngine, plan: Plan) -> Outcome:
        """Read a plan: the first from the new rows where they are enough, everything else from all.

        Raises:
            WarehouseExhaustedError: the warehouse did not answer.
        """
        if self._began:
            return select(engine, plan)
        self._began = True
        if self.columns and self.column.casefold() not in self.columns:
            self.why_all = f"the table has no column {self.column}, which the suite's `arrivals` names"
            return select(engine, plan)
        table = Rows.of({"batch_id": engine.batch_manager.active_batch_data_id})
        if self.why_all is None:
            try:
                values = self._read_new(engine, plan, table)
            except DoubtError as doubt:
                self.why_all = str(doubt)
            else:
                self._verify(engine, table)
                others = select(engine, {key: columns for key, columns in plan.items() if key not in values})
                return Outcome({**values, **others.values}, others.errors)
        return self._read_all(engine, plan, table)

    def _read_all(self, engine: WarehouseExecutionEngine, plan: Plan, table: Rows) -> Outcome:
        """Read all rows, and what the next scan needs not to have to."""
        book = MetricConfigurationID(self.column, (), ())
        bookkeeping = [Column(sa.func.count(), table), Column(sa.func.max(sa.column(self.column)), table)]
        outcome = _book_first(engine, {book: bookkeeping, **plan}, table)
        outcome.errors.pop(book, None)
        rows, watermark = outcome.values.pop(book, (0, None))
        if not outcome.errors:
            self._keep(engine, plan, outcome.values, int(rows), watermark)
            self._verify(engine, table)
        return outcome

    def _verify(self, engine: WarehouseExecutionEngine, table: Rows) -> None:
        """Keep nothing unless no row arrived later than the watermark.

        Read back, a watermark may be less than what it was (nanoseconds, infinity, floats of 32 bits), and then its own
        row would count as new for ever; and rows that arrived between two statements are in the later one only.
        """
        if self.after is None or self.after.watermark is None:
            return
        query = sa.select(sa.func.count()).select_from(table.since(self.column, self.after.watermark).source(engine))
        try:
            later = engine.execute_query(query).scalar()
        except SQLAlchemyError:
            later = None
        if later != 0:
            self.after = None

    def _keep(self, engine: WarehouseExecutionEngine, plan: Plan, values: Selected, rows: int, watermark: Any) -> None:
        if not can_be_kept(watermark):
            self.why_all = f"{self.column} holds neither numbers nor times"
            return
        kept: dict[str, Kept] = {}
        not_kept: set[str] = set()
        for identifier, columns in plan.items():
            for column, value in zip(columns, values[identifier], strict=True):
                if (column.key or merge_rule(column.sql)) and can_be_kept(value):
                    kept[_name(column, engine)] = value
                else:
                    not_kept.add(_name(column, engine))
        self.after = ScanState(self.where, self.column, watermark, rows, kept, frozenset(not_kept), self.now)

    def _read_new(self, engine: WarehouseExecutionEngine, plan: Plan, table: Rows) -> Selected:
        """The values of all that can be kept up to date from the new rows.

        Raises:
            DoubtError: all rows have to be read.
        """
        state = self._known(engine, plan)
        kept = {
            identifier: columns
            for identifier, columns in plan.items()
            if all(_name(column, engine) in state.values for column in columns)
        }
        new = {
            identifier: [replace(column, rows=column.rows.since(self.column, state.watermark)) for column in columns]
            for identifier, columns in kept.items()
        }
        book = MetricConfigurationID(self.column, (), ())
        total = sa.select(sa.func.count()).select_from(table.source(engine)).scalar_subquery()
        since = table.since(self.column, state.watermark)
        figures: tuple[sa.ColumnElement[Any], ...] = (sa.func.count(), sa.func.max(sa.column(self.column)), total)
        found, errors = _book_first(engine, {book: [Column(sql, since) for sql in figures], **new}, since)
        if errors:
            raise DoubtError("the new rows could not be read by themselves")
        rows, watermark, all_rows = found.pop(book)
        if all_rows - rows != state.rows:
            raise DoubtError("rows that had arrived earlier were added, changed or deleted")
        values, now_kept = _merge(engine, kept, found, state)
        if rows:
            self._look_up(engine, [column for columns in kept.values() for column in columns if column.key], state)
        self.after = replace(
            state,
            watermark=watermark if rows else state.watermark,
            rows=state.rows + int(rows),
            values={**state.values, **now_kept},
        )
        return values

    def _known(self, engine: WarehouseExecutionEngine, plan: Plan) -> ScanState:
        """What is kept, if it is of this very suite.

        Raises:
            DoubtError: it is not.
        """
        state = self.before
        if state is None:
            raise DoubtError("nothing is kept of an earlier scan")
        if state.where != self.where:
            raise DoubtError("what is kept is of another table")
        if state.column != self.column:
            raise DoubtError("another column orders the arrivals")
        if state.watermark is None:
            raise DoubtError("the table was empty")
        if any(
            _name(column, engine) not in state.values.keys() | state.not_kept
            for columns in plan.values()
            for column in columns
        ):
            raise DoubtError("the suite changed")
        return state

    def _look_up(self, engine: WarehouseExecutionEngine, keys: Sequence[Column], state: ScanState) -> None:
        """Ask for the new keys among the old ones, which costs less than to count them all.

        Raises:
            DoubtError: one is there.
        """
        arrival: sa.ColumnClause[Any] = sa.column(self.column)
        earlier = sa.or_(arrival.is_(None), arrival <= state.watermark)
        for column in keys:
            since = column.rows.since(self.column, state.watermark).source(engine)
            new = sa.select(*column.key).select_from(since).where(whole(column.key))
            key = column.key[0] if len(column.key) == 1 else sa.tuple_(*column.key)
            query = sa.select(sa.func.count()).select_from(column.rows.source(engine)).where(earlier, key.in_(new))
            if engine.execute_query(query).scalar():
                raise DoubtError("a new row has the key of an earlier one")


def _book_first(engine: WarehouseExecutionEngine, plan: Plan, table: Rows) -> Outcome:
    """Read the whole table before any part of it: what arrives in between is then later than the watermark."""
    whole_table = {key: columns for key, columns in plan.items() if columns[0].rows.key == table.key}
    first = select(engine, whole_table)
    rest = select(engine, {key: columns for key, columns in plan.items() if key not in whole_table})
    return Outcome({**first.values, **rest.values}, {**first.errors, **rest.errors})


def _merge(
    engine: WarehouseExecutionEngine, kept: Plan, new: Selected, state: ScanState
) -> tuple[Selected, dict[str, Kept]]:
    values: Selected = {}
    by_name: dict[str, Kept] = {}
    for identifier, columns in kept.items():
        together: list[Kept] = []
        for column, fresh in zip(columns, new[identifier], strict=True):
            name = _name(column, engine)
            rule = merge_rule(column.sql)
            if rule is None and (state.values[name] or fresh):
                raise DoubtError("a key occurs more than once")
            if not can_be_kept(fresh):
                raise DoubtError("a value is no finite number or time")
            try:
                by_name[name] = 0 if rule is None else merged(rule, state.values[name], fresh)
            except NotMergeableError:
                raise DoubtError("a value cannot be added to what is kept") from None
            together.append(by_name[name])
        values[identifier] = together
    return values, by_name


def _name(column: Column, engine: WarehouseExecutionEngine) -> str:
    return fingerprint(column.sql, column.rows.key, engine.engine.dialect)
