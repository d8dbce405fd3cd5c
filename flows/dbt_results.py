"""What dbt recorded of a run, read from its ``run_results.json``."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ValidationError


@dataclass(frozen=True)
class DbtModelRun:
    """What became of one model; ``rows`` where the warehouse tells them (DuckDB does not)."""

    name: str
    status: str
    seconds: float
    rows: int | None
    message: str


class _ResultMetadata(BaseModel):
    invocation_id: str


class _Result(BaseModel):
    unique_id: str
    status: str
    execution_time: float
    message: str | None = None
    adapter_response: dict[str, Any] = {}


class _RunResults(BaseModel):
    """The part of dbt's run_results.json (schema v6) that is used."""

    metadata: _ResultMetadata
    results: list[_Result]


def recorded_models(results_file: Path, invocation_id: str | None) -> tuple[DbtModelRun, ...]:
    """What dbt recorded of this very invocation; nothing when it got nowhere."""
    try:
        found = _RunResults.model_validate_json(results_file.read_bytes())
    except (OSError, ValidationError):
        return ()
    # None when dbt's masking of a password like "info" made its log unreadable; the file is new all the same.
    if invocation_id not in (None, found.metadata.invocation_id):
        return ()
    return tuple(
        DbtModelRun(
            name=result.unique_id.rpartition(".")[2],
            status=result.status,
            seconds=result.execution_time,
            rows=_rows(result.adapter_response.get("rows_affected")),
            message=result.message or "",
        )
        for result in found.results
        if result.unique_id.startswith("model.")  # and not a hook
    )


def _rows(affected: object) -> int | None:
    return affected if isinstance(affected, int) and affected >= 0 else None
