"""Snowflake's record of the statements that dbt sent: ``ACCOUNT_USAGE.QUERY_HISTORY``, up to 45 minutes behind.

dbt ends each statement with a comment in JSON that names the model. The run is named there only where a project's
query comment has ``invocation_id``; otherwise a session stands for it, in which dbt runs one model after the other.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence, Set
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import SQLAlchemyError

from checkpoints.data_quality.dbt_runs import ERROR, SUCCESS, MeasuredRun, ModelRun, status_of
from flows.dbt_runs.artifacts import utc
from flows.dbt_runs.source import Found, RunSourceError
from gx.warehouse.base import Warehouse

KIND = "query_history"
VIEW = ("snowflake.account_usage", "query_history")
_COLUMNS = (
    *("query_text", "query_type", "session_id", "warehouse_size", "execution_status", "end_time"),
    *("total_elapsed_time", "bytes_scanned", "rows_produced", "rows_inserted", "rows_updated", "rows_deleted"),
)
_CHANGING = ("INSERT", "MERGE", "DELETE", "UPDATE")
_BUILDING = ("CREATE_TABLE_AS_SELECT", "CREATE_VIEW", *_CHANGING)
_COMMENT = re.compile(r"/\*\s*(\{.*?\})\s*\*/", re.DOTALL)


class QueryHistory:
    """dbt's runs as Snowflake saw them, with what each model read, and on what size of warehouse."""

    kind = KIND

    def __init__(self, warehouse: Warehouse) -> None:
        """Nothing is asked yet."""
        self._warehouse = warehouse

    def describe(self) -> str:
        return f"{'.'.join(VIEW).upper()} of {self._warehouse.describe()}"

    def read(self, since: datetime, known: Set[str]) -> Found:
        """The models built since then. A run may not be whole yet, so known ones are read again.

        Raises:
            RunSourceError: the warehouse is none of Snowflake's, or the view may not be read.
        """
        del known
        if self._warehouse.dialect_name != "snowflake":
            raise RunSourceError(
                f"{self._warehouse.describe()} has no query history; SLUICE_DBT_QUERY_HISTORY is for Snowflake"
            )
        history = sa.table(VIEW[1], *(sa.column(name) for name in (*_COLUMNS, "start_time")), schema=VIEW[0])
        statements = (
            sa.select(*(history.c[name] for name in _COLUMNS))
            .where(
                history.c.start_time >= since,
                history.c.end_time.is_not(None),
                history.c.query_type.in_(_BUILDING),
                history.c.query_text.like('%"app": "dbt"%'),
            )
            .order_by(history.c.end_time)
        )
        try:
            with self._warehouse.connect() as connection:
                rows = connection.execute(statements).mappings().all()
        except SQLAlchemyError as error:
            raise RunSourceError(
                f"{self.describe()} cannot be read: {self._warehouse.reason(error)}. If the role lacks the right: "
                "GRANT IMPORTED PRIVILEGES ON DATABASE SNOWFLAKE TO ROLE <the role in SLUICE_WAREHOUSE_URL>",
                transient=self._warehouse.is_transient(error),
            ) from None
        return Found(_runs(rows))


def _runs(rows: Sequence[Any]) -> tuple[MeasuredRun, ...]:
    by_run: dict[str, dict[str, list[Any]]] = {}
    jobs: dict[str, str] = {}
    for row in rows:
        comment = dbt_comment(row["query_text"] or "")
        node = str(comment.get("node_id", ""))
        if not node.startswith("model."):
            continue
        run_id = str(comment.get("invocation_id") or f"session-{row['session_id']}")
        jobs[run_id] = f"dbt {comment.get('profile_name', '')} {comment.get('target_name', '')}".strip()
        by_run.setdefault(run_id, {}).setdefault(node, []).append(row)
    runs: list[MeasuredRun] = []
    for run_id, nodes in by_run.items():
        models = tuple(_model(node, statements) for node, statements in nodes.items())
        runs.append(
            MeasuredRun(
                run_id=run_id,
                source=KIND,
                job=jobs[run_id],
                command=None,
                status=status_of(models),
                started_at=None,
                finished_at=max(model.finished_at for model in models),
                models=models,
            )
        )
    return tuple(runs)


def dbt_comment(query: str) -> dict[str, Any]:
    """What dbt says of itself in a statement's last comment; nothing when it is not dbt's."""
    for text in reversed(_COMMENT.findall(query)):
        try:
            comment = json.loads(text)
        except ValueError:
            continue
        if isinstance(comment, dict) and comment.get("app") == "dbt":
            return comment
    return {}


def _model(node: str, statements: Sequence[Any]) -> ModelRun:
    """One model of all its statements: an incremental one has a temporary table made, and merged."""
    built = all(str(row["execution_status"]).upper() == "SUCCESS" for row in statements)
    changing = [row for row in statements if row["query_type"] in _CHANGING]
    return ModelRun(
        unique_id=node,
        status=SUCCESS if built else ERROR,
        seconds=sum(float(row["total_elapsed_time"] or 0) for row in statements) / 1000,
        finished_at=max(utc(row["end_time"]) for row in statements),
        rows=_affected(changing) if changing else _total(statements, "rows_produced"),
        bytes_processed=_total(statements, "bytes_scanned"),
        warehouse_size=next((row["warehouse_size"] for row in reversed(statements) if row["warehouse_size"]), None),
        # Without a changing statement the model was built whole: a table always is, an incremental one when refreshed.
        full_refresh=not changing,
    )


def _affected(statements: Sequence[Any]) -> int | None:
    found = [_total(statements, name) for name in ("rows_inserted", "rows_updated", "rows_deleted")]
    return None if all(count is None for count in found) else sum(count or 0 for count in found)


def _total(statements: Sequence[Any], column: str) -> int | None:
    counts = [int(row[column]) for row in statements if row[column] is not None]
    return sum(counts) if counts else None
