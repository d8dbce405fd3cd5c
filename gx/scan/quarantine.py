"""Keep the keys of the rows that fail a suite, after the verdicts; what that excuses no longer blocks."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from great_expectations.core import ExpectationValidationResult
from great_expectations.validator.metric_configuration import MetricConfiguration
from sqlalchemy.engine import Connection

from gx.scan.choose import choose
from gx.scan.reading import Reading
from gx.shown import META, columns_of, own_meta
from gx.warehouse.quarantine import Check, Failures, Kept, QuarantineTable

Judged = tuple[ExpectationValidationResult, MetricConfiguration | None]
"""A result, and the metric that counted the rows which fail it, if one did."""


@dataclass
class Quarantine:
    """Where the failing rows of one table go, and afterwards what became of them.

    Attributes:
        name: of the table that holds their keys.
        keys: the columns that name a row, as the suite spells them.
        before: what was kept earlier than this is let go.
        exists: whether there is such a table already.
        excuses: whether, for what is kept, the expectations that these rows fail need not block.
        kept: what is kept of this run; None while no row is.
        left_out: whether the next load leaves these rows out, and their expectations do not block.
        error: why nothing could be kept, and so nothing is excused.
    """

    name: str
    keys: tuple[str, ...]
    check: Check
    before: datetime
    exists: bool
    excuses: Callable[[Kept], bool]
    kept: Kept | None = field(default=None, init=False)
    left_out: bool = field(default=False, init=False)
    error: Exception | None = field(default=None, init=False)

    def keep(self, reading: Reading, judged: Iterable[Judged]) -> None:
        """Keep the keys of the rows that fail expectations which block; does not raise.

        Only where all of them are kept in one transaction, and it excuses them, do their results no longer block.
        """
        blocking = [(result, counted) for result, counted in judged if counted is not None and _blocks(result)]
        try:
            found = [(result, _failures(reading, result, counted)) for result, counted in blocking]
            named = [(result, failures) for result, failures in found if failures is not None]
            if not named and not self.exists:
                return
            with reading.engine.warehouse.writing:
                kept, left_out = self._write(reading, [failures for _, failures in named])
        except Exception as error:  # noqa: BLE001 - drivers and GX raise many kinds; each means that nothing is kept
            self.error = error
            return
        self.kept, self.left_out = kept, left_out
        for result, _ in named if left_out else ():
            _let_pass(result)

    def _write(self, reading: Reading, failures: list[Failures]) -> tuple[Kept | None, bool]:
        warehouse = reading.engine.warehouse
        table = QuarantineTable(self.name, reading.batch.table, self.keys)
        if not self.exists:
            table.make(warehouse)
            reading.engine.statements += 2
        kept, left_out = None, False
        with warehouse.connect() as connection:

            def ask(statement: Any) -> Any:
                reading.engine.statements += 1
                with warehouse.statements.watched(_driver(connection)):
                    return connection.execute(statement)

            table.clear(ask, self.check, self.before)
            if failures:
                kept = table.fill(ask, self.check, failures)
                left_out = self.excuses(kept)
            if left_out:
                table.leave_out(ask, self.check)
        return kept, left_out


def _blocks(result: ExpectationValidationResult) -> bool:
    config = result.expectation_config
    counted = (result.result or {}).get("unexpected_count")
    return not result.success and bool(counted) and bool(own_meta(config.meta if config else None).get("blocking"))


def _failures(reading: Reading, result: ExpectationValidationResult, counted: Any) -> Failures | None:
    """The rows that fail an expectation; None if it names none."""
    failing = choose(counted, reading.engine).failing(reading)
    if failing is None or result.expectation_config is None:
        return None
    about = ", ".join(sorted(columns_of(result.expectation_config.kwargs)))
    return Failures(
        f"{result.expectation_config.type}: {about}",
        failing.condition,
        failing.rows.source(reading.engine),
        int(result.result["unexpected_count"]),
    )


def _let_pass(result: ExpectationValidationResult) -> None:
    config = result.expectation_config
    if config is not None:
        config.meta = {**(config.meta or {}), META: {**own_meta(config.meta), "blocking": False}}


def _driver(connection: Connection) -> Any:
    return connection.connection.dbapi_connection
