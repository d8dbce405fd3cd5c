"""sluice's own dbt runs: on record when they end, well or badly. Nothing about the record can make a load fail."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from checkpoints.data_quality import NoDataQuality
from checkpoints.data_quality.dbt_runs import ERROR, MeasuredRun, Prices
from checkpoints.data_quality.performance import record_runs
from flows.dbt import PROJECT_DIR, DbtFailed, DbtProgress, DbtRun, DbtSetup, run_dbt, target_dir
from flows.dbt_runs.folder import KIND, read_folder
from flows.dbt_runs.source import RunSourceError
from gx.settings import Settings
from gx.warehouse.base import Warehouse


@dataclass(frozen=True)
class OwnRuns:
    """Builds loads with dbt, and brings what each run took into the warehouse.

    Attributes:
        settings: of the project; the prices are among them.
        data_quality: where it is written.
        warehouse: of ``data_quality``; released after each run.
        report: told what could not be read or written.
        project_dir: the dbt project.
        model: one model of each load, instead of all of them.
    """

    settings: Settings
    data_quality: NoDataQuality
    warehouse: Warehouse
    report: Callable[[str], None]
    project_dir: Path = PROJECT_DIR
    model: str | None = None

    def run(
        self,
        load: str,
        audited: tuple[str, ...],
        *,
        deduplicate: bool = True,
        ingest_id: str | None = None,
        on_progress: Callable[[DbtProgress], None] | None = None,
        asking: bool = True,
    ) -> DbtRun:
        """Build one load's tables.

        Args:
            load: one of the loads.
            audited: the schemas whose tables are built apart from what readers use.
            deduplicate: as for :func:`flows.dbt.run_dbt`, and so are the next two.
            ingest_id: of what is loaded.
            on_progress: called as each model starts and ends.
            asking: whether dbt itself asks for the load's gate, where gates are copied to the warehouse.

        Raises:
            ConfigError: there is no such load, or the warehouse is none that dbt can use.
            DbtFailed: dbt failed, or took too long; that is on record too.
        """
        setup = DbtSetup(
            warehouse=self.settings.warehouse(),
            state_dir=self.settings.state_dir,
            environment=os.environ,
            timeout_seconds=self.settings.load_timeout_seconds,
            lock_wait_seconds=self.settings.wait_seconds,
            audited=audited,
            project_dir=self.project_dir,
            model=self.model,
            asking=self.data_quality.schema if asking else None,
        )
        failed = False
        try:
            return run_dbt(load, setup, deduplicate=deduplicate, ingest_id=ingest_id, on_progress=on_progress)
        except DbtFailed:
            failed = True
            raise
        finally:
            folder = target_dir(setup, deduplicate=deduplicate)
            problem = record_runs(self.data_quality, lambda: self._read(load, folder, failed), self._prices, _now)
            if problem:
                self.report(problem)
            self.warehouse.release()

    def _read(self, load: str, folder: Path, failed: bool) -> Iterator[MeasuredRun]:
        try:
            run, problems, notes = read_folder(folder, job=load)
        except RunSourceError:
            if not failed:
                raise
            # dbt died, or was stopped, before it wrote anything.
            now = _now().replace(tzinfo=None)
            yield MeasuredRun(f"{load}-{now:%Y%m%dT%H%M%S%f}", KIND, load, "run", ERROR, None, now)
            return
        for problem in (*problems, *notes):
            self.report(problem)
        yield run

    def _prices(self) -> Prices:
        return Prices.parse(self.settings.model_prices, self.settings.model_clusters)


def _now() -> datetime:
    return datetime.now(UTC)
