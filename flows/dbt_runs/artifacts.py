"""dbt's own record of a run: ``run_results.json``, and ``manifest.json`` for what the models are.

Only the few fields that are needed are read, and only of schema versions that are known to have them: what dbt may
mean by them in a later one is not guessed.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from checkpoints.data_quality.dbt_runs import SUCCESS, UNREADABLE, MeasuredRun, ModelRun, status_of
from flows.dbt_runs.source import RunSourceError

RUN_RESULTS, MANIFEST = "run_results.json", "manifest.json"
_RESULTS_VERSIONS = range(4, 7)  # dbt 1.0 to 1.11
_MANIFEST_VERSIONS = range(4, 13)
_BUILDING = ("run", "build", "retry")
_WITHOUT_MANIFEST = (
    "the times are read. Which models are incremental is not known without it: in a run with --full-refresh each model "
    "counts as refreshed, and a model's own `full_refresh` setting is not seen"
)
_VERSION = re.compile(r"/(?P<kind>[a-z-]+)/v(?P<number>\d+)\.json$")


class _Part(BaseModel):
    model_config = ConfigDict(extra="ignore")


class _Metadata(_Part):
    dbt_schema_version: str
    generated_at: datetime | None = None
    invocation_id: str | None = None


class _Versioned(_Part):
    metadata: _Metadata


class _Timing(_Part):
    name: str = ""
    completed_at: datetime | None = None


class _Result(_Part):
    unique_id: str
    status: str
    execution_time: float
    timing: list[_Timing] = Field(default_factory=list)
    adapter_response: dict[str, Any] | None = None


class _RunResults(_Versioned):
    results: list[_Result]
    elapsed_time: float | None = None
    args: dict[str, Any] = Field(default_factory=dict)


class _Config(_Part):
    materialized: str | None = None
    full_refresh: bool | None = None


class _Node(_Part):
    config: _Config = Field(default_factory=_Config)


class _Manifest(_Versioned):
    nodes: dict[str, _Node]


_Read = TypeVar("_Read", bound=_Versioned)


@dataclass(frozen=True)
class Artifact:
    """One file of dbt's, as it was read; ``content`` is None where there is none."""

    where: str
    content: bytes | None


class NothingBuilt(RunSourceError):
    """The artifacts are in order, and of a command that builds no models."""


def read_artifacts(
    results: Artifact, manifest: Artifact, *, source: str, job: str
) -> tuple[MeasuredRun, tuple[str, ...], tuple[str, ...]]:
    """The run that dbt recorded, what of it could not be read, and what is not known for want of a file.

    Without a usable manifest the times are read all the same; whether a model is incremental is then not known, so
    a full refresh counts as one for every model. One that is not there at all is no fault: not everybody keeps it.

    Args:
        results: ``run_results.json``.
        manifest: ``manifest.json`` beside it.
        source: the kind of source.
        job: what is run again and again.

    Raises:
        NothingBuilt: it is a record of another command, such as ``dbt test``.
        RunSourceError: the results cannot be read: missing, half-written, or of another schema version.
    """
    found = _parse(results, _RunResults, "run-results", _RESULTS_VERSIONS)
    command = found.args.get("which")
    if command not in _BUILDING:
        told = (
            f"results of `dbt {command}`" if isinstance(command, str) else "results of a command that it does not name"
        )
        raise NothingBuilt(
            f"{results.where}: {told}, which builds no models; point at those of {_either(_BUILDING)}, and give other "
            "commands a --target-path of their own"
        )
    written = found.metadata.generated_at
    if written is None or not found.metadata.invocation_id:
        raise RunSourceError(
            f"{results.where}: its metadata lacks generated_at or invocation_id, so no run can be told"
        )
    problems: list[str] = []
    notes: list[str] = []
    nodes: Mapping[str, _Node] | None = None
    try:
        nodes = _parse(manifest, _Manifest, "manifest", _MANIFEST_VERSIONS).nodes
    except RunSourceError as error:
        (notes if manifest.content is None else problems).append(f"{error}; {_WITHOUT_MANIFEST}")
    models: list[ModelRun] = []
    for result in found.results:
        if not result.unique_id.startswith("model."):
            continue  # tests and seeds of a `dbt build`, and hooks
        if not (math.isfinite(result.execution_time) and result.execution_time >= 0):
            problems.append(
                f"{results.where}: the execution_time of {result.unique_id} is {result.execution_time:g}, no time"
            )
        models.append(_model(result, nodes, found.args.get("full_refresh") is True, utc(written)))
    elapsed = found.elapsed_time if found.elapsed_time is not None and math.isfinite(found.elapsed_time) else None
    run = MeasuredRun(
        run_id=found.metadata.invocation_id,
        source=source,
        job=job,
        command=command,
        status=status_of(tuple(models)),
        started_at=utc(written) - timedelta(seconds=elapsed) if elapsed is not None and 0 <= elapsed < 1e8 else None,
        finished_at=utc(written),
        models=tuple(models),
    )
    if run.status == SUCCESS and any(model.seconds is None for model in models):
        run = replace(run, status=UNREADABLE, problem="a model's time could not be read")
    return run, tuple(problems), tuple(notes)


def _model(result: _Result, nodes: Mapping[str, _Node] | None, full_refresh: bool, written: datetime) -> ModelRun:
    seconds = result.execution_time
    ended = [timing.completed_at for timing in result.timing if timing.name == "execute" and timing.completed_at]
    answer = result.adapter_response or {}
    node = nodes.get(result.unique_id) if nodes is not None else None
    if node is not None:
        # A model's own setting goes before the command's flag; only an incremental one has anything to refresh.
        own = node.config.full_refresh
        full_refresh = node.config.materialized == "incremental" and (full_refresh if own is None else own)
    return ModelRun(
        unique_id=result.unique_id,
        status=result.status,
        seconds=seconds if math.isfinite(seconds) and seconds >= 0 else None,
        finished_at=utc(ended[-1]) if ended else written,
        rows=_count(answer.get("rows_affected")),
        bytes_processed=_count(answer.get("bytes_processed")),
        full_refresh=full_refresh,
    )


def _parse(artifact: Artifact, kind: type[_Read], name: str, versions: range) -> _Read:
    if artifact.content is None:
        raise RunSourceError(f"{artifact.where}: there is no such file; dbt writes it when a run ends")
    try:
        version = _VERSION.search(_Versioned.model_validate_json(artifact.content).metadata.dbt_schema_version)
        if version is None or version["kind"] != name:
            raise RunSourceError(f"{artifact.where}: its dbt_schema_version is not one of dbt's {name}")
        if int(version["number"]) not in versions:
            raise RunSourceError(
                f"{artifact.where}: it is of dbt's {name} schema v{version['number']}; "
                f"v{versions[0]} to v{versions[-1]} can be read. Nothing of it was taken over"
            )
        return kind.model_validate_json(artifact.content)
    except ValidationError as error:
        problem = error.errors(include_input=False, include_url=False)[0]
        if problem["type"] == "json_invalid":
            what = "it is not whole JSON; dbt may still be writing it, or was killed"
        else:
            what = f"{'.'.join(str(part) for part in problem['loc']) or 'it'}: {problem['msg']}"
        raise RunSourceError(f"{artifact.where}: {what}", transient=problem["type"] == "json_invalid") from None


def _count(value: object) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else None


def _either(names: tuple[str, ...]) -> str:
    return f"{', '.join(names[:-1])} or {names[-1]}"


def utc(moment: datetime) -> datetime:
    """The moment in UTC without a zone; one without a zone is UTC."""
    return moment if moment.tzinfo is None else moment.astimezone(UTC).replace(tzinfo=None)
