"""sluice's own dbt runs, really run: on record when they end, well or badly, and no record can stop one."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import pytest
from pydantic import SecretStr

from checkpoints.data_quality import DataQuality, NoDataQuality
from checkpoints.ledger import Ledger
from flows.dbt import DbtFailed
from flows.dbt_runs.own import OwnRuns
from gx.settings import Settings
from gx.warehouse.base import Warehouse as OpenWarehouse
from gx.warehouse.opening import open_warehouse
from tests.flows.transform.conftest import FIRST_SYNCS, Warehouse
from tests.warehouses.data_quality import now


@dataclass
class Project:
    """The reference, on a small raw layer of its own."""

    settings: Settings
    warehouse: OpenWarehouse
    data_quality: NoDataQuality
    reported: list[str]

    def runs(self, **more: Any) -> OwnRuns:
        settings = self.settings.model_copy(update=more)
        return OwnRuns(settings, self.data_quality, self.warehouse, self.reported.append)

    def ask(self, query: str) -> list[tuple[Any, ...]]:
        with duckdb.connect(str(self.settings.warehouse().database)) as connection:
            return connection.execute(query).fetchall()


@pytest.fixture(scope="module")
def landed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("own")
    settings = Settings(state=directory, warehouse_url=SecretStr(f"duckdb:///{directory / 'w.duckdb'}"))
    Warehouse(settings.warehouse(), directory).land(FIRST_SYNCS)
    return directory


@pytest.fixture
def project(landed: Path) -> Iterator[Project]:
    settings = Settings(state=landed, warehouse_url=SecretStr(f"duckdb:///{landed / 'w.duckdb'}"))
    warehouse = open_warehouse(settings.warehouse(), wait_seconds=10)
    ledger = Ledger(settings.ledger(), gate_valid_hours=24)
    copy = DataQuality("data_quality", warehouse, ledger, {}, landed / "none", now)
    yield Project(settings, warehouse, copy, [])
    warehouse.release()
    ledger.close()


LAST_RUN = "select job, command, status, models from data_quality.dbt_runs order by finished_at desc limit 1"


def test_a_load_is_on_record_with_each_of_its_models(project: Project) -> None:
    run = project.runs().run("staging", (), asking=False)
    assert project.reported == []
    assert project.ask(LAST_RUN) == [("staging", "run", "success", 8)]
    recorded = "select model_name, execution_time_seconds from data_quality.dbt_model_performance"
    assert dict(project.ask(recorded)) == pytest.approx({model.name: model.seconds for model in run.models})


def test_a_load_that_fails_is_on_record_and_fails_all_the_same(project: Project) -> None:
    with pytest.raises(DbtFailed, match="executive_summary"):
        project.runs().run("dashboards", (), asking=False)
    assert project.ask(LAST_RUN) == [("dashboards", "run", "error", 1)]
    status = "select status, performance_status from data_quality.dbt_model_performance where model_name = "
    assert project.ask(status + "'executive_summary'") == [("error", "OK")]


def test_a_load_that_was_stopped_before_it_built_anything_is_on_record(project: Project) -> None:
    with pytest.raises(DbtFailed, match="stopped after 1"):
        project.runs(load_timeout_seconds=1).run("staging", (), asking=False)
    assert project.ask(LAST_RUN) == [("staging", "run", "error", 0)]


def test_a_record_that_cannot_be_written_is_reported_and_stops_no_load(project: Project) -> None:
    with duckdb.connect(str(project.settings.warehouse().database)) as connection:
        connection.execute("drop table data_quality.dbt_runs")
        connection.execute("create view data_quality.dbt_runs as select 1 as one")
    run = project.runs().run("staging", (), asking=False)
    assert {model.status for model in run.models} == {"success"}
    (told,) = project.reported
    assert told.startswith("what dbt's run took is not on record: the schema data_quality of the warehouse duckdb://")


def test_without_a_copy_in_the_warehouse_nothing_is_written(project: Project) -> None:
    project.data_quality = NoDataQuality()
    assert project.runs(model_prices="dear").run("staging", ()).models
    assert project.reported == []
