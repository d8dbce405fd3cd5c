"""Less than a scan: read only the rows that arrived since the last one, and add them to what is kept of it.

What it sees: every row whose arrival is later than any before, and, by their number, that earlier rows came or went.
What it does not see: a row changed in place without a new arrival, and as many rows deleted as inserted behind the
last arrival. A full scan sees those; it is due every so often, and on any doubt.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from hashlib import sha256
from typing import Any, NamedTuple

import sqlalchemy as sa
from great_expectations.validator.metric_configuration import MetricConfigurationID
from sqlalchemy.sql.elements import quoted_name

from gx.execution_engine import WarehouseExecutionEngine
from gx.scan.batch import TableBatch
from gx.scan.merging import (
    Kept,
    NotMergeableError,
    can_be_kept,
    can_merge,
    fingerprint,
    is_count,
    merge_rule,
    merged,
    named_in,
)
from gx.scan.parts import ALL_ROWS, Column, Rows, whole
from gx.scan.scan_state import ScanState
from gx.scan.select import Outcome, Plan, Selected, select


class DoubtError(Exception):
    """Why the new rows alone do not tell what holds of the table; its text is for people."""


class _Named(NamedTuple):
    """A column of the SELECT, and the fingerprint of its SQL under which its value is kept."""

    name: str
    column: Column


_NamedPlan = Mapping[MetricConfigurationID, Sequence[_Named]]


@dataclass
class Arrivals:
    """The arrivals of one table, for one scan of it.

    Attributes:
        where: the table and its warehouse, for people; what is kept of another is of no use.
        column: the column that orders them.
        before: what is kept of the last scan.
        now: the time of this one.
        pii: columns of which nothing may be kept but how many values there are.
        why_all: why all rows are read; None while only the new ones are.
        after: what is to be kept of this scan; None if that cannot be said.
    """

    where: str
    column: str
    before: ScanState | None
    now: datetime
    why_all: str | None = None
    pii: frozenset[str] = frozenset()
    after: ScanState | None = field(default=None, init=False)
    _began: bool = field(default=False, init=False)
    _arrival: sa.ColumnClause[Any] = field(init=False)
    _columns: str = field(default="", init=False)

    def select(self, batch: TableBatch, plan: Plan) -> Outcome:
        """Read a plan: the first from the new rows where they are enough, everything else from all.

        Raises:
            WarehouseExhaustedError: the warehouse did not answer.
        """
        engine = batch.engine
        if self._began:
            return select(engine, plan)
        self._began = True
        found = batch.table.column(self.column)
        if batch.table.columns and found is None:
            self.why_all = f"the table has no column {self.column}, which the suite's `arrivals` names"
            return select(engine, plan)
        self._arrival = sa.column(quoted_name(found.name, quote=True) if found else self.column)
        self._columns = sha256(repr(batch.table.columns).encode()).hexdigest()[:32]
        table = Rows.of({"batch_id": batch.id})
        named = {
            identifier: [_Named(_fingerprint(column, engine), column) for column in columns]
            for identifier, columns in plan.items()
        }
        if self.why_all is None:
            try:
                values = self._read_new(engine, named, table)
            except DoubtError as doubt:
                self.why_all = str(doubt)
            else:
                others = select(engine, {key: columns for key, columns in plan.items() if key not in values})
                return Outcome({**values, **others.values}, others.errors)
        return self._read_all(engine, named, table)

    def _read_all(self, engine: WarehouseExecutionEngine, plan: _NamedPlan, table: Rows) -> Outcome:
        """Read all rows, and what the next scan needs not to have to."""
        book = [Column(ALL_ROWS, table), Column(self._latest, table)]
        outcome = _book_first(engine, book, _columns(plan), table)
        outcome.errors.pop(_BOOK, None)
        rows, watermark = outcome.values.pop(_BOOK, (0, None))
        if not outcome.errors:
            self._keep(plan, outcome.values, int(rows), watermark)
            self._verify(engine, table)
        return outcome

    def _keep(self, plan: _NamedPlan, values: Selected, rows: int, watermark: Any) -> None:
        if not can_be_kept(watermark):
            self.why_all = f"{self.column} holds neither numbers nor times"
            return
        kept: dict[str, Kept] = {}
        not_kept: set[str] = set()
        for identifier, columns in plan.items():
            for (name, column), value in zip(columns, values[identifier], strict=True):
                if self._may_keep(column) and (column.key or can_merge(column.sql, value)):
                    kept[name] = value
                else:
                    not_kept.add(name)
        self.after = ScanState(
            where=self.where,
            columns=self._columns,
            column=self.column,
            watermark=watermark,
            rows=rows,
            values=kept,
            not_kept=frozenset(not_kept),
            full_scan_at=self.now,
        )

    def _verify(self, engine: WarehouseExecutionEngine, table: Rows) -> None:
        """Keep nothing unless no row arrived later than the watermark.

        Read back, a watermark may be less than what it was (nanoseconds, infinity, floats of 32 bits), and then its own
        row would count as new for ever; and rows that arrived between two statements are in the later one only.
        """
        if self.after is None or self.after.watermark is None:
            return
        later = select(engine, {_BOOK: [Column(ALL_ROWS, table.since(self._arrival, self.after.watermark))]})
        if later.errors or later.values[_BOOK] != [0]:
            self.after = None

    def _read_new(self, engine: WarehouseExecutionEngine, plan: _NamedPlan, table: Rows) -> Selected:
        """The values of all that can be kept up to date from the new rows.

        Raises:
            DoubtError: all rows have to be read.
        """
        state = self._known(plan)
        kept = {
            identifier: columns
            for identifier, columns in plan.items()
            if all(name in state.values for name, _ in columns)
        }
        new = {
            identifier: [replace(column, rows=column.rows.since(self._arrival, state.watermark)) for column in columns]
            for identifier, columns in _columns(kept).items()
        }
        total = sa.select(ALL_ROWS).select_from(table.source(engine)).scalar_subquery()
        since = table.since(self._arrival, state.watermark)
        book = [Column(sql, since) for sql in (ALL_ROWS, self._latest, total)]
        found, errors = _book_first(engine, book, new, since)
        if errors:
            raise DoubtError("the new rows could not be read by themselves")
        rows, watermark, all_rows = found.pop(_BOOK)
        if all_rows - rows != state.rows:
            raise DoubtError("rows that had arrived earlier were added, changed or deleted")
        if not can_be_kept(watermark):
            raise DoubtError(f"{self.column} holds neither numbers nor times")
        values, now_kept = _merge(kept, found, state)
        if not rows:
            self.after = state
            return values
        self._look_up(engine, [column for _, column in _all(kept) if column.key], state)
        # What this suite did not ask for is not of these rows: it is not kept any longer.
        self.after = replace(
            state,
            watermark=watermark,
            rows=state.rows + int(rows),
            values=now_kept,
            not_kept=frozenset(name for name, _ in _all(plan)) - now_kept.keys(),
        )
        self._verify(engine, table)
        return values

    def _known(self, plan: _NamedPlan) -> ScanState:
        """What is kept, if it is of this very suite.

        Raises:
            DoubtError: it is not.
        """
        state = self.before
        if state is None:
            raise DoubtError("nothing is kept of an earlier scan; there was none, or not all of it could be read")
        if state.where != self.where:
            raise DoubtError("what is kept is of another table")
        if state.column != self.column:
            raise DoubtError("another column orders the arrivals")
        if state.columns != self._columns:
            raise DoubtError("the table's columns changed")
        if state.watermark is None:
            raise DoubtError("the table was empty")
        if any(name not in state.values and name not in state.not_kept for name, _ in _all(plan)):
            raise DoubtError("the suite changed")
        if any(name in state.values and not self._may_keep(column) for name, column in _all(plan)):
            raise DoubtError("what is kept may not be kept any more")
        return state

    def _may_keep(self, column: Column) -> bool:
        """Whether a column's value may be kept: it is of this table, and tells nothing of a column that is hidden."""
        if "table" in column.rows.domain:  # this table's watermark says nothing of the rows of another
            return False
        return bool(column.key) or is_count(column.sql) or not self.pii & named_in(column.sql)

    def _look_up(self, engine: WarehouseExecutionEngine, keys: Sequence[Column], state: ScanState) -> None:
        """Ask for the new keys among the old ones, which costs less than to count them all.

        Raises:
            DoubtError: one is there.
        """
        earlier = sa.or_(self._arrival.is_(None), self._arrival <= state.watermark)
        for column in keys:
            since = column.rows.since(self._arrival, state.watermark).source(engine)
            new = sa.select(*column.key).select_from(since).where(whole(column.key))
            key = column.key[0] if len(column.key) == 1 else sa.tuple_(*column.key)
            again = column.rows.where("with the key of a new one", sa.and_(earlier, key.in_(new)))
            found = select(engine, {_BOOK: [Column(ALL_ROWS, again)]})
            if found.errors:
                raise DoubtError("the new keys could not be looked up among the earlier ones")
            if found.values[_BOOK] != [0]:
                raise DoubtError("a new row has the key of an earlier one")

    @property
    def _latest(self) -> sa.ColumnElement[Any]:
        return sa.func.max(self._arrival)


_BOOK = MetricConfigurationID("sluice.arrivals", (), ())
"""What is asked for the books, beside what the suite asks."""


def _book_first(engine: WarehouseExecutionEngine, book: Sequence[Column], plan: Plan, table: Rows) -> Outcome:
    """Read the whole table before any part of it: what arrives in between is then later than the watermark."""
    whole_table = {key: columns for key, columns in plan.items() if columns[0].rows.key == table.key}
    first = select(engine, {_BOOK: book, **whole_table})
    rest = select(engine, {key: columns for key, columns in plan.items() if key not in whole_table})
    return Outcome({**first.values, **rest.values}, {**first.errors, **rest.errors})


def _merge(kept: _NamedPlan, new: Selected, state: ScanState) -> tuple[Selected, dict[str, Kept]]:
    values: Selected = {}
    by_name: dict[str, Kept] = {}
    for identifier, columns in kept.items():
        for (name, column), fresh in zip(columns, new[identifier], strict=True):
            by_name[name] = _merged(column, state.values[name], fresh)
        values[identifier] = [by_name[name] for name, _ in columns]
    return values, by_name


def _merged(column: Column, old: Kept, fresh: Any) -> Kept:
    rule = merge_rule(column.sql)
    if rule is None:  # the surplus of rows over keys
        if old or fresh:
            raise DoubtError("a key occurs more than once")
        return 0
    if not can_be_kept(fresh):
        raise DoubtError("a value is no finite number or time")
    try:
        return merged(rule, old, fresh)
    except NotMergeableError:
        raise DoubtError("a value cannot be added to what is kept") from None


def _all(plan: _NamedPlan) -> Iterator[_Named]:
    return (each for columns in plan.values() for each in columns)


def _columns(plan: _NamedPlan) -> Plan:
    return {identifier: [each.column for each in columns] for identifier, columns in plan.items()}


def _fingerprint(column: Column, engine: WarehouseExecutionEngine) -> str:
    return fingerprint(column.sql, column.rows.key, engine.engine.dialect)
