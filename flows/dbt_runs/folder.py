"""dbt Core's artifacts in a folder: its target directory, or one with a folder for each run that was kept."""

from __future__ import annotations

from collections.abc import Set
from datetime import datetime
from pathlib import Path

from checkpoints.data_quality.dbt_runs import MeasuredRun
from flows.dbt_runs.artifacts import MANIFEST, RUN_RESULTS, Artifact, read_artifacts
from flows.dbt_runs.source import Found, RunSourceError

KIND = "dbt"


class ArtifactsFolder:
    """The runs whose ``run_results.json`` lies in a folder, or in the folders in it."""

    kind = KIND

    def __init__(self, folder: Path, *, job: str | None = None) -> None:
        """Nothing is read yet.

        Args:
            folder: where dbt writes (``--target-path``), or the file itself.
            job: what is run again and again there; by default the folder's name.
        """
        self._folder = folder.parent if folder.name == RUN_RESULTS else folder
        self._job = job

    def describe(self) -> str:
        return f"dbt's artifacts in {self._folder}"

    def read(self, since: datetime, known: Set[str]) -> Found:
        """All runs there that ended since; of a file that cannot be read, why.

        Raises:
            RunSourceError: there is no such folder, or no results in it.
        """
        del known  # to know a run's id its file has to be read
        folders = [self._folder] if (self._folder / RUN_RESULTS).exists() else sorted(self._kept())
        if not folders:
            raise RunSourceError(
                f"{self._folder}: there is no {RUN_RESULTS}, nor in a folder in it; dbt writes it when a run ends, and "
                "SLUICE_DBT_ARTIFACTS or --artifacts says where"
            )
        runs: list[MeasuredRun] = []
        problems: list[str] = []
        notes: list[str] = []
        for folder in folders:
            try:
                run, unread, unknown = read_folder(folder, job=self._job or self._folder.name)
            except RunSourceError as error:
                problems.append(str(error))
                continue
            problems.extend(unread)
            if run.finished_at >= since:
                runs.append(run)
                notes.extend(unknown)
        return Found(tuple({run.run_id: run for run in runs}.values()), tuple(problems), tuple(notes))

    def _kept(self) -> list[Path]:
        return [file.parent for file in self._folder.glob(f"*/{RUN_RESULTS}")]


def read_folder(folder: Path, *, job: str) -> tuple[MeasuredRun, tuple[str, ...], tuple[str, ...]]:
    """The one run whose artifacts lie in a folder, what of them could not be read, and what is not known without one.

    Raises:
        RunSourceError: the results cannot be read, or are of a command that builds no models.
    """
    return read_artifacts(_artifact(folder / RUN_RESULTS), _artifact(folder / MANIFEST), source=KIND, job=job)


def _artifact(file: Path) -> Artifact:
    try:
        return Artifact(str(file), file.read_bytes())
    except FileNotFoundError:
        return Artifact(str(file), None)
    except OSError as error:
        raise RunSourceError(f"{file}: it cannot be read: {error.strerror or type(error).__name__}") from None
