"""The runs of dbt Cloud's jobs, with the models that each step of a run built."""

from __future__ import annotations

from collections.abc import Sequence, Set
from datetime import datetime

from checkpoints.data_quality.dbt_runs import ERROR, SUCCESS, UNREADABLE, MeasuredRun
from flows.dbt_runs.artifacts import MANIFEST, RUN_RESULTS, Artifact, NothingBuilt, read_artifacts, utc
from flows.dbt_runs.cloud_api import SUCCEEDED, CloudRun, DbtCloudApi
from flows.dbt_runs.source import Found, RunSourceError
from gx.errors import ConfigError

KIND = "dbt_cloud"


class DbtCloud:
    """Runs of some jobs of one account.

    A run of a job is on record as a whole (``dbt-cloud-<id>``), with dbt Cloud's word on how it ended, and each
    step that built models beside it, by dbt's invocation id.
    """

    kind = KIND

    def __init__(self, api: DbtCloudApi, job_ids: Sequence[str]) -> None:
        """Nothing is asked yet.

        Raises:
            ConfigError: no job is named, or one by something else than its number.
        """
        if not job_ids or not all(job.isdigit() for job in job_ids):
            raise ConfigError("SLUICE_DBT_CLOUD_JOB_IDS must name dbt Cloud's jobs by their numbers, comma-separated")
        self._api = api
        self._jobs = tuple(job_ids)

    def describe(self) -> str:
        return f"dbt Cloud at {self._api.api_base}, jobs {', '.join(self._jobs)}"

    def read(self, since: datetime, known: Set[str]) -> Found:
        """The runs that ended since then, but for those that are known. One job's trouble leaves the others be.

        Raises:
            RunSourceError: no job could be read.
        """
        runs: list[MeasuredRun] = []
        problems: list[str] = []
        notes: list[str] = []
        failed: list[RunSourceError] = []
        for job in self._jobs:
            try:
                for run in self._ended(job, since):
                    if whole_id(run) not in known:
                        found = self._run(run, job)
                        runs.extend(found.runs)
                        problems.extend(found.problems)
                        notes.extend(found.notes)
            except RunSourceError as error:
                failed.append(error)
                problems.append(str(error))
        if len(failed) == len(self._jobs):
            raise failed[0]
        return Found(tuple(runs), tuple(problems), tuple(notes))

    def _ended(self, job: str, since: datetime) -> list[CloudRun]:
        """A job's runs that ended since; they come newest first, by when they were made."""
        found: list[CloudRun] = []
        for run in self._api.runs(job):
            if run.has_ended and run.finished_at is not None and utc(run.finished_at) >= since:
                found.append(run)
            elif run.created_at is not None and utc(run.created_at) < since and run.has_ended:
                break
        return found[::-1]

    def _run(self, run: CloudRun, job: str) -> Found:
        name = f"job {job}"
        built: list[MeasuredRun] = []
        problems: list[str] = []
        notes: list[str] = []
        for step in self._api.steps(run.id):
            where = f"dbt Cloud run {run.id}, step {step.index}"
            results = self._api.artifact(run.id, step.index, RUN_RESULTS)
            if results is None:
                continue  # cloning the repository, dbt deps, a step that was not reached
            manifest = self._api.artifact(run.id, step.index, MANIFEST)
            try:
                measured, unread, unknown = read_artifacts(
                    Artifact(f"{where}: {RUN_RESULTS}", results),
                    Artifact(f"{where}: {MANIFEST}", manifest),
                    source=KIND,
                    job=name,
                )
            except NothingBuilt:
                continue
            except RunSourceError as error:
                problems.append(str(error))
                continue
            built.append(measured)
            problems.extend(unread)
            notes.extend(unknown)
        return Found((*built, _whole(run, name, unreadable=bool(problems))), tuple(problems), tuple(notes))


def whole_id(run: CloudRun) -> str:
    """The id under which a run of dbt Cloud is on record as a whole."""
    return f"dbt-cloud-{run.id}"


def _whole(run: CloudRun, job: str, *, unreadable: bool) -> MeasuredRun:
    assert run.finished_at is not None  # noqa: S101 - only runs that ended come here
    status = SUCCESS if run.status == SUCCEEDED else ERROR
    return MeasuredRun(
        run_id=whole_id(run),
        source=KIND,
        job=job,
        command=None,
        status=UNREADABLE if unreadable and status == SUCCESS else status,
        started_at=utc(run.started_at) if run.started_at else None,
        finished_at=utc(run.finished_at),
        problem="an artifact could not be read" if unreadable else None,
    )
