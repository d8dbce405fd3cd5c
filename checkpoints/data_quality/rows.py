"""Rows of the warehouse's tables, made of what the ledger recorded. No row holds a value of the data."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from checkpoints.data_quality.tables import FAIL, PASS, WARN
from checkpoints.gate import Gate
from checkpoints.ledger import RecordedOutcome, RecordedResults
from checkpoints.ledger.recorded import FRESH
from checkpoints.override import CLOCKS_DIFFER
from expectations.suite import SuiteSpec

Row = dict[str, Any]
_UNIQUE = re.compile(r"expect_(column_values|compound_columns)_to_be_unique")
_NOT_NULL = "expect_column_values_to_not_be_null"


@dataclass(frozen=True)
class FreshnessLimits:
    """How old a table's newest row may be, in minutes; ``warning`` is None where no expectation only warns."""

    stale: float
    warning: float | None


def freshness_limits(suites: Iterable[SuiteSpec]) -> dict[str, FreshnessLimits]:
    """The limits that suites set, by table: of several, the tightest that blocks, and the tightest that does not."""
    found: dict[str, FreshnessLimits] = {}
    for suite in suites:
        minutes: dict[bool, list[float]] = {True: [], False: []}
        for spec in suite.expectations:
            if spec.type == FRESH:
                minutes[spec.blocking].append(float(spec.kwargs["max_age_hours"]) * 60)
        if stale := min(minutes[True] or minutes[False], default=None):
            warning = min((each for each in minutes[False] if each < stale), default=None)
            found[str(suite.table)] = FreshnessLimits(stale, warning)
    return found


def run_rows(found: RecordedResults, limits: Mapping[str, FreshnessLimits]) -> dict[str, list[Row]]:
    """The rows of one run, by the name of their table."""
    tables = sorted({outcome.table for outcome in found.outcomes} | set(found.rows))
    at = found.finished_at
    return {
        "data_quality_metrics": [{**_metrics(found, table), "measured_at": at} for table in tables],
        "row_count_history": [
            {"table_name": table, "row_count": rows, "date": at, "run_id": found.run_id}
            for table, rows in sorted(found.rows.items())
        ],
        "validation_results": [_result(found.run_id, each, at) for each in found.outcomes],
        "freshness": [
            {
                "table_name": table, "last_updated": newest, "measured_at": at, "run_id": found.run_id,
                "warning_minutes": limits[table].warning, "stale_minutes": limits[table].stale,
            }
            for table, newest in sorted(found.newest.items())
            if table in limits
        ],
        "checkpoint_runs": [
            {
                "run_id": found.run_id, "checkpoint": found.checkpoint, "ingest_id": found.ingest_id,
                "verdict": found.verdict.value, "started_at": found.started_at, "finished_at": at,
            }
        ],
    }  # fmt: skip


def gate_row(gate: Gate, now: datetime) -> Row:
    """How a gate stands. Its reasons are the plain ones: who reads this schema need not be let see the data.

    Args:
        gate: as the ledger has it.
        now: in UTC without a zone.
    """
    made, until = [decision.decided_at for decision in gate.decisions], [each.valid_until for each in gate.decisions]
    if gate.override is not None:
        made, until = [gate.override.made_at], [gate.override.until]
    decided = max(made, default=now)
    row = closed_row(gate.load, gate.ingest_id, "; ".join(gate.plain), now)
    if not gate.is_open or not until:
        return {**row, "decided_at": decided}
    overridden = gate.override is not None
    times = {"decided_at": decided, "valid_from": decided - CLOCKS_DIFFER, "valid_until": min(until)}
    return {**row, "decision": gate.decision.value, **times, "overridden": overridden}


def closed_row(load: str, ingest_id: str | None, reason: str, now: datetime) -> Row:
    """A gate that is closed."""
    return {
        "load": load, "ingest_id": ingest_id, "decision": "closed", "reasons": reason, "decided_at": now,
        "valid_from": None, "valid_until": None, "overridden": False, "written_at": now,
    }  # fmt: skip


def _metrics(found: RecordedResults, table: str) -> Row:
    about = [outcome for outcome in found.outcomes if outcome.table == table]
    total = found.rows.get(table)
    statuses = [_status(each) for each in about]
    if total is None or (total == 0 and not found.verdict.opens):
        statuses.append(FAIL)  # it could not be counted, or is empty and may not be
    duplicates = _most(each.unexpected_count for each in about if _UNIQUE.fullmatch(each.expectation))
    return {
        "table_name": table,
        "total_rows": total,
        "unique_rows": None if total is None or duplicates is None else total - duplicates,
        "duplicate_rows": duplicates,
        "null_rows": _most(each.unexpected_count for each in about if each.expectation == _NOT_NULL),
        "status": _worst(statuses),
        "run_id": found.run_id,
    }


def _result(run_id: str, outcome: RecordedOutcome, at: datetime) -> Row:
    return {
        "measured_at": at, "table_name": outcome.table, "column_name": outcome.column, "suite": outcome.suite,
        "expectation": outcome.expectation, "severity": outcome.severity, "blocking": outcome.blocking,
        "success": outcome.success, "total_rows": outcome.element_count, "unexpected_rows": outcome.unexpected_count,
        "status": _status(outcome), "run_id": run_id, "position": outcome.position,
    }  # fmt: skip


def _status(outcome: RecordedOutcome) -> str:
    if outcome.success:
        return PASS
    return FAIL if outcome.success is None or outcome.blocking else WARN


def _worst(statuses: Sequence[str]) -> str:
    return next((each for each in (FAIL, WARN) if each in statuses), PASS)


def _most(counts: Iterable[int | None]) -> int | None:
    return max((count for count in counts if count is not None), default=None)
