"""An audited layer: built beside the readers' one, from what is published, incremental models too."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.engine import URL
from sqlalchemy.pool import NullPool

from checkpoints.loads import declared_loads
from flows.dbt import DbtRun, DbtSetup, run_dbt
from gx.settings import REFERENCE_PROJECT
from gx.warehouse.opening import open_warehouse, publisher_of
from gx.warehouse.publishing import Publisher
from gx.warehouse.publishing_marks import Build
from tests.flows.transform.conftest import FIRST_SYNCS, LATER_SYNC, Warehouse

EVENTS = "select user_id, total_events from {}.fct_user_activity order by user_id"
DAYS = "select * from {}.int_user_sessions_daily order by user_id, session_date"


SCHEMAS = {name: load.schemas for name, load in (declared_loads(REFERENCE_PROJECT / "checkpoints") or {}).items()}


@dataclass
class Audited:
    """A warehouse whose layers are audited; every build is published by hand."""

    warehouse: Warehouse
    builds: int = 0

    def load(self, load: str) -> DbtRun:
        publisher = self.publisher(load)
        publisher.begin("ingest")
        publisher.warehouse.release()
        audited = tuple(schema for schemas in SCHEMAS.values() for schema in schemas)
        setup = DbtSetup(self.warehouse.url, self.warehouse.state / "audited", os.environ, audited=audited)
        return run_dbt(load, setup)

    def publisher(self, load: str) -> Publisher:
        return publisher_of(open_warehouse(self.warehouse.url, wait_seconds=5), SCHEMAS[load])

    def publish(self, load: str) -> None:
        self.builds += 1
        publisher = self.publisher(load)
        build = Build("ingest", datetime.fromisoformat(f"2026-03-01T{self.builds:02d}:00"))
        publisher.finish(build)
        publisher.publish(build)
        publisher.warehouse.release()

    def change(self, statement: str) -> None:
        engine = create_engine(self.warehouse.url, poolclass=NullPool)
        with engine.begin() as connection:
            connection.execute(text(statement))
        engine.dispose()

    def schemas(self) -> set[str]:
        found = self.warehouse.rows("select distinct table_schema from information_schema.tables")
        return {schema for (schema,) in found if schema.startswith(("staging", "intermediate", "marts", "dashboards"))}


@pytest.fixture(scope="module", params=["duckdb", pytest.param("postgres", marks=pytest.mark.postgres)])
def audited(request: pytest.FixtureRequest, new_duckdb: Callable[[], Warehouse]) -> Audited:
    warehouse = new_duckdb()
    if request.param == "postgres":
        url: URL = request.getfixturevalue("postgres_url")
        admin = create_engine(url, isolation_level="AUTOCOMMIT", poolclass=NullPool)
        with admin.connect() as connection:
            connection.execute(text("CREATE DATABASE audited"))
        warehouse = Warehouse(url.set(database="audited"), warehouse.state)
    warehouse.land(FIRST_SYNCS)
    return Audited(warehouse)


def test_a_layer_is_built_beside_its_readers_and_reads_only_what_is_published(audited: Audited) -> None:
    rows = audited.warehouse.rows
    audited.load("staging")
    assert audited.schemas() == {"staging_audit"}
    audited.publish("staging")
    audited.load("marts")
    assert audited.schemas() - {"staging_audit"} == {"staging", "intermediate_audit", "marts_audit"}
    audited.publish("marts")
    first_events, first_days = rows(EVENTS.format("marts")), rows(DAYS.format("intermediate"))
    assert first_events == [(1, 2), (2, 1), (3, 0), (4, 0), (6, 1)]

    audited.warehouse.land(LATER_SYNC)
    audited.load("staging")  # and it is not published: nothing of it may get into the marts
    audited.load("marts")

    assert rows(EVENTS.format("marts_audit")) == first_events
    assert rows(DAYS.format("intermediate_audit")) == first_days

    # A wrong row in a build that was refused; its user brings no news, so nothing would ever correct it.
    audited.change("update marts_audit.fct_user_activity set total_events = 99 where user_id = 4")
    audited.publish("staging")
    audited.load("marts")

    assert rows(EVENTS.format("marts_audit")) == [(1, 1), (2, 1), (3, 1), (4, 0), (7, 1)]
    assert rows(EVENTS.format("marts")) == first_events
    built = rows(DAYS.format("intermediate_audit"))
    audited.publish("marts")
    assert rows(EVENTS.format("marts")) == [(1, 1), (2, 1), (3, 1), (4, 0), (7, 1)]
    assert rows(DAYS.format("intermediate")) == built != first_days


def test_the_project_is_parsed_once_for_all_loads_and_runs(audited: Audited) -> None:
    def parsed() -> dict[str, float]:
        (manifest,) = (audited.warehouse.state / "audited" / "dbt").rglob(f"{kind}/manifest.json")
        nodes = json.loads(manifest.read_text(encoding="utf-8"))["nodes"]
        return {name: node["created_at"] for name, node in nodes.items()}

    kind = "duckdb" if audited.warehouse.url.get_backend_name() == "duckdb" else "postgres"
    audited.load("dashboards")
    before = parsed()
    audited.load("staging")

    assert len(before) > 15
    assert parsed() == before
