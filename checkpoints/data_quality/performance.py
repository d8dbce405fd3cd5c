"""Write what dbt runs took into the warehouse, and read how each model stands against its own history."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from checkpoints.data_quality.copy import DataQuality
from checkpoints.data_quality.dbt_runs import UNREADABLE, MeasuredRun, ModelRun, Prices
from checkpoints.data_quality.no_copy import NoDataQuality
from checkpoints.data_quality.rows import Row
from checkpoints.data_quality.tables import DataQualityTables
from gx.errors import SluiceError

_ROWS_AT_ONCE = 500
_RUNS_AT_ONCE = 100
_WRITTEN = "measured_at"
"""When a row was written; the only column that says nothing of the run."""
Key = tuple[str, str]
"""What names a row: its run and, of a model's, the model."""


@dataclass(frozen=True)
class Written:
    """What writing runs changed: how many were not there before, and how many rows of models are new or other."""

    new_runs: int
    models: int


def write_runs(data_quality: DataQuality, runs: Sequence[MeasuredRun], prices: Prices, now: datetime) -> Written:
    """Write runs and their models. What is there already, and the same, is left as it is.

    Args:
        data_quality: of the project.
        runs: each at most once.
        prices: for the estimate of what a model cost.
        now: in UTC; the rows' ``measured_at``.

    Raises:
        SluiceError: the warehouse cannot be written; nothing of it stays.
    """
    at = now.astimezone(UTC).replace(tzinfo=None)
    new, changed = 0, 0
    for first in range(0, len(runs), _RUNS_AT_ONCE):
        some = runs[first : first + _RUNS_AT_ONCE]

        def work(connection: Connection, tables: DataQualityTables, some: Sequence[MeasuredRun] = some) -> None:
            nonlocal new, changed
            ids = [run.run_id for run in some]
            models = {
                (run.run_id, model.unique_id): _model_row(run, model, prices, at)
                for run in some
                for model in run.models
            }
            whole = {(run.run_id, ""): _run_row(run, at) for run in some}
            changed += _replace(connection, tables.dbt_model_performance, ids, models)[1]
            new += _replace(connection, tables.dbt_runs, ids, whole)[0]

        data_quality.write(work)
    return Written(new, changed)


def known_runs(data_quality: DataQuality, source: str) -> frozenset[str]:
    """The ids of the runs of a kind of source that are in the warehouse, without those that could not be read.

    Raises:
        SluiceError: the warehouse cannot be read.
    """
    found: set[str] = set()

    def work(connection: Connection, tables: DataQualityTables) -> None:
        runs = tables.dbt_runs.c
        found.update(
            connection.execute(sa.select(runs.run_id).where(runs.source == source, runs.status != UNREADABLE)).scalars()
        )

    data_quality.write(work)
    return frozenset(found)


@dataclass(frozen=True)
class ModelNow:
    """A model's newest run, and the median of the earlier runs that are like it; None before there is one."""

    name: str
    source: str
    run_id: str
    status: str
    seconds: float | None
    performance: str
    dollars: float | None
    finished_at: datetime
    median_seconds: float | None
    earlier_runs: int

    @property
    def times_median(self) -> float | None:
        """How many times its median the newest run took."""
        if self.seconds is None or not self.median_seconds:
            return None
        return self.seconds / self.median_seconds


def models_now(data_quality: DataQuality) -> tuple[ModelNow, ...]:
    """The newest run of each model, the slowest first, those without a time before all.

    Raises:
        SluiceError: the warehouse cannot be read.
    """
    names = {
        "model_name": "name", "source": "source", "run_id": "run_id", "status": "status",
        "execution_time_seconds": "seconds", "performance_status": "performance",
        "estimated_cost_dollars": "dollars", "finished_at": "finished_at", "median_seconds": "median_seconds",
        "earlier_runs": "earlier_runs",
    }  # fmt: skip
    found: list[ModelNow] = []

    def work(connection: Connection, tables: DataQualityTables) -> None:
        view = sa.table("dbt_model_latest", *(sa.column(name) for name in names), schema=tables.schema)
        rows = connection.execute(sa.select(view)).all()
        found.extend(ModelNow(**dict(zip(names.values(), row, strict=True))) for row in rows)

    data_quality.write(work)
    return tuple(sorted(found, key=lambda model: (model.seconds is not None, -(model.seconds or 0), model.name)))


def any_run(data_quality: DataQuality) -> bool:
    """Whether any dbt run is on record.

    Raises:
        SluiceError: the warehouse cannot be read.
    """
    found: list[object] = []

    def work(connection: Connection, tables: DataQualityTables) -> None:
        found.extend(connection.execute(sa.select(tables.dbt_runs.c.run_id).limit(1)).scalars())

    data_quality.write(work)
    return bool(found)


def record_runs(
    data_quality: NoDataQuality,
    read: Callable[[], Iterable[MeasuredRun]],
    prices: Callable[[], Prices],
    now: Callable[[], datetime],
) -> str | None:
    """Read runs and write them, as monitoring that can stop nobody: why that was impossible, if it was.

    Args:
        data_quality: of the project; without a copy in the warehouse nothing is done.
        read: finds the runs.
        prices: the project's.
        now: the time.
    """
    if not isinstance(data_quality, DataQuality):
        return None
    try:
        write_runs(data_quality, tuple(read()), prices(), now())
    except SluiceError as error:
        return f"what dbt's run took is not on record: {error}"
    except Exception as error:  # noqa: BLE001 - a bug in monitoring is no reason to stop a load
        return f"what dbt's run took is not on record: {type(error).__name__} in sluice itself"
    return None


def _replace(
    connection: Connection, table: sa.Table, run_ids: Sequence[str], wanted: Mapping[Key, Row]
) -> tuple[int, int]:
    """Write the rows that are not there, or are other; how many were not there, and how many were written."""
    there: dict[Key, Mapping[str, Any]] = {}
    for row in connection.execute(sa.select(table).where(table.c.run_id.in_(run_ids))).mappings():
        there[row["run_id"], row.get("unique_id", "")] = dict(row)
    rows = {key: row for key, row in wanted.items() if key not in there or not _same(row, there[key])}
    for run_id, unique_id in rows.keys() & there.keys():
        same = [table.c.run_id == run_id, *([table.c.unique_id == unique_id] if unique_id else [])]
        connection.execute(table.delete().where(*same))
    values = list(rows.values())
    for first in range(0, len(values), _ROWS_AT_ONCE):
        connection.execute(table.insert().values(values[first : first + _ROWS_AT_ONCE]))
    return len(wanted.keys() - there.keys()), len(rows)


def _same(row: Row, there: Mapping[str, Any]) -> bool:
    return all(
        math.isclose(value, there[name], rel_tol=1e-9) if isinstance(value, float) and there[name] is not None
        else value == there[name]
        for name, value in row.items()
        if name != _WRITTEN
    )  # fmt: skip


def _model_row(run: MeasuredRun, model: ModelRun, prices: Prices, at: datetime) -> Row:
    return {
        "run_id": run.run_id, "model_name": model.name, "status": model.status,
        "execution_time_seconds": model.seconds, "rows_affected": model.rows,
        "bytes_processed": model.bytes_processed, "warehouse_size": model.warehouse_size,
        "execution_time_minutes": None if model.seconds is None else model.seconds / 60,
        "performance_status": model.performance, "estimated_cost_dollars": prices.dollars(model),
        _WRITTEN: at, "unique_id": model.unique_id, "source": run.source, "full_refresh": model.full_refresh,
        "finished_at": model.finished_at,
    }  # fmt: skip


def _run_row(run: MeasuredRun, at: datetime) -> Row:
    return {
        "run_id": run.run_id, "source": run.source, "job": run.job, "command": run.command, "status": run.status,
        "problem": run.problem, "models": len(run.models), "started_at": run.started_at,
        "finished_at": run.finished_at, _WRITTEN: at,
    }  # fmt: skip
