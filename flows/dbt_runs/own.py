"""sluice's own dbt runs: on record when they end, well or badly. Nothing here can make a load fail."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime

from checkpoints.data_quality import NoDataQuality
from checkpoints.data_quality.dbt_runs import ERROR, MeasuredRun, Prices
from checkpoints.data_quality.performance import record_runs
from flows.dbt import DbtFailed, DbtProgress, DbtRun, DbtSetup, run_dbt, target_dir
from flows.dbt_runs.folder import KIND, read_folder
from flows.dbt_runs.source import RunSourceError
from gx.settings import Settings
from gx.warehouse.base import Warehouse


def run_on_record(
    load: str,
    setup: DbtSetup,
    settings: Settings,
    data_quality: NoDataQuality,
    warehouse: Warehouse,
    *,
    deduplicate: bool = True,
    ingest_id: str | None = None,
    on_progress: Callable[[DbtProgress], None] | None = None,
    report: Callable[[str], None] = lambda _: None,
) -> DbtRun:
    """Build one load's tables with dbt, and bring what that took into the warehouse.

    Args:
        load: one of the loads.
        setup: where and how long dbt may work.
        settings: of the project; the prices are among them.
        data_quality: where it is written.
        warehouse: of ``data_quality``; released afterwards.
        deduplicate: as for :func:`flows.dbt.run_dbt`, and so are the others.
        ingest_id: of what is loaded.
        on_progress: called as each model starts and ends.
        report: told when nothing could be written.

    Raises:
        ConfigError: as :func:`flows.dbt.run_dbt`.
        DbtFailed: likewise; it is on record too.
    """
    failed: DbtFailed | None = None

    def read() -> Iterator[MeasuredRun]:
        try:
            run, problems = read_folder(target_dir(setup, deduplicate=deduplicate), job=load)
        except RunSourceError:
            if failed is None:
                raise
            now = datetime.now(UTC).replace(tzinfo=None)
            # dbt died, or was stopped, before it wrote any.
            yield MeasuredRun(f"{load}-{now:%Y%m%dT%H%M%S%f}", KIND, load, "run", ERROR, None, now)
            return
        for problem in problems:
            report(problem)
        yield run

    def prices() -> Prices:
        return Prices.parse(settings.model_prices, settings.model_clusters)

    try:
        return run_dbt(load, setup, deduplicate=deduplicate, ingest_id=ingest_id, on_progress=on_progress)
    except DbtFailed as error:
        failed = error
        raise
    finally:
        if problem := record_runs(data_quality, read, prices, lambda: datetime.now(UTC)):
            report(problem)
        warehouse.release()
