"""Bring what the sources tell of dbt's runs into the warehouse: each source for itself, none in another's way."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from checkpoints.data_quality import DataQuality
from checkpoints.data_quality.dbt_runs import Prices
from checkpoints.data_quality.performance import known_runs, write_runs
from flows.dbt_runs.cloud import DbtCloud
from flows.dbt_runs.cloud_api import DbtCloudApi
from flows.dbt_runs.folder import ArtifactsFolder
from flows.dbt_runs.query_history import QueryHistory
from flows.dbt_runs.source import RunSource, RunSourceError
from gx.errors import ConfigError
from gx.settings import Settings
from gx.warehouse.base import Warehouse

CLOCKS_DIFFER = timedelta(minutes=5)


@dataclass(frozen=True)
class Loaded:
    """What came of one source.

    Attributes:
        source: for people.
        runs: how many it told of.
        new_runs: how many of them were not in the warehouse.
        models: how many models of them were written.
        problems: what could not be read, and was not taken for fine.
        notes: what is not known of what was read.
    """

    source: str
    runs: int
    new_runs: int
    models: int
    problems: tuple[str, ...]
    notes: tuple[str, ...] = ()

    def __str__(self) -> str:
        return f"{self.source}: {self.new_runs} of {self.runs} runs are new, {self.models} models written"


def load_runs(
    sources: Iterable[RunSource], data_quality: DataQuality, prices: Prices, *, since: datetime, now: datetime
) -> tuple[Loaded, ...]:
    """Load every source; one that cannot be read takes no other with it.

    Args:
        sources: what to read.
        data_quality: where to write.
        prices: for what models cost.
        since: in UTC; runs that ended before are left.
        now: in UTC.

    Raises:
        SluiceError: the warehouse cannot be written.
    """
    loaded: list[Loaded] = []
    for source in sources:
        known = known_runs(data_quality, source.kind)
        try:
            found = source.read(since.astimezone(UTC).replace(tzinfo=None), known)
        except RunSourceError as error:
            loaded.append(Loaded(source.describe(), 0, 0, 0, (str(error),)))
            continue
        latest = now.astimezone(UTC).replace(tzinfo=None) + CLOCKS_DIFFER
        runs = [run for run in found.runs if run.finished_at <= latest]
        # It would be the newest run for ever, and hide those that come.
        ahead = tuple(
            f"{source.describe()}: run {run.run_id} ended at {run.finished_at} UTC, which is in the future; left out"
            for run in found.runs
            if run.finished_at > latest
        )
        written = write_runs(data_quality, runs, prices, now)
        problems, what = (*found.problems, *ahead), source.describe()
        loaded.append(Loaded(what, len(runs), written.new_runs, written.models, problems, found.notes))
    return tuple(loaded)


def has_sources(settings: Settings) -> bool:
    """Whether a project's settings name a source of dbt runs, completely or not."""
    return bool(settings.dbt_artifacts.strip() or settings.dbt_cloud_token is not None or settings.dbt_query_history)


def sources_of(
    settings: Settings,
    warehouse: Warehouse,
    kept: ExitStack,
    *,
    artifacts: tuple[Path, ...] = (),
    progress: Callable[[str], None] = lambda _: None,
) -> tuple[RunSource, ...]:
    """The sources that a project's settings name, or the folders that are given instead.

    Args:
        settings: of the project.
        warehouse: the project's.
        kept: closes what has to be closed.
        artifacts: folders to read and nothing else.
        progress: told of each source.

    Raises:
        ConfigError: no source is named, or one of them incompletely.
    """
    folders = artifacts or tuple(Path(part.strip()) for part in settings.dbt_artifacts.split(",") if part.strip())
    sources: list[RunSource] = [ArtifactsFolder(settings.project / folder.expanduser()) for folder in folders]
    if not artifacts and settings.dbt_cloud_token is not None:
        if not settings.dbt_cloud_account_id.isdigit():
            raise ConfigError("SLUICE_DBT_CLOUD_TOKEN needs SLUICE_DBT_CLOUD_ACCOUNT_ID, the account's number")
        api = DbtCloudApi(settings.dbt_cloud_token, settings.dbt_cloud_account_id, api_base=settings.dbt_cloud_url)
        kept.callback(api.close)
        jobs = [job.strip() for job in settings.dbt_cloud_job_ids.split(",") if job.strip()]
        sources.append(DbtCloud(api, jobs))
    if not artifacts and settings.dbt_query_history:
        sources.append(QueryHistory(warehouse))
    if not sources:
        raise ConfigError(
            "no source of dbt runs is set: give --artifacts DIR, or set SLUICE_DBT_ARTIFACTS (folders with "
            "run_results.json), SLUICE_DBT_CLOUD_TOKEN, or SLUICE_DBT_QUERY_HISTORY=true on Snowflake. The main job's "
            "own dbt runs are on record by themselves"
        )
    for source in sources:
        progress(f"reading {source.describe()}")
    return tuple(sources)
