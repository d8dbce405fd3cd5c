"""dbt started by anyone, in a project that copied the macro: it builds behind open gates, and nothing otherwise."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.engine import URL

from checkpoints.result import Verdict
from flows.dbt import PROJECT_DIR, DbtFailed, DbtSetup, run_dbt
from gx.warehouse.duckdb import DuckDBWarehouse
from gx.warehouse.opening import open_warehouse
from tests.flows.transform import dbt_command
from tests.flows.transform.conftest import FIRST_SYNCS, Warehouse
from tests.flows.transform.dbt_command import DbtEnded
from tests.warehouses.data_quality import Copied

MACRO = PROJECT_DIR / "macros" / "require_open_gates.sql"
PROJECT = """
name: shop
version: "1.0.0"
profile: shop
on-run-start: ["{{ sluice_require_open_gates() }}"]
flags: {send_anonymous_usage_stats: false}
vars: {sluice_loads: [staging, marts]}
"""
MODELS = {"one": "tags=['staging', 'nightly']", "two": "tags=['marts']", "free": "tags=['nightly']"}


@dataclass(frozen=True)
class Shop:
    """Somebody's dbt project of three models, and the warehouse that it builds in."""

    root: Path
    copied: Copied

    def dbt(self, *arguments: str, command: str = "run", **variables: Any) -> DbtEnded:
        self.copied.warehouse.release()
        given = ["--vars", json.dumps(variables)] if variables else []
        return dbt_command.run(self.root, os.environ, command, *arguments, *given)

    def built(self) -> set[str]:
        with self.copied.warehouse.connect() as connection:
            query = sa.text("SELECT table_name FROM information_schema.tables WHERE table_schema = 'shop_models'")
            return set(connection.execute(query).scalars())

    def open_marts(self) -> None:
        self.copied.begin_ingest("ingest-1")
        self.copied.check("staging", "ingest-1")

    def sql(self, *statements: str) -> None:
        with self.copied.warehouse.connect() as connection:
            for statement in statements:
                connection.exec_driver_sql(statement)


def profile(url: URL) -> dict[str, Any]:
    if url.get_backend_name() == "duckdb":
        return {"type": "duckdb", "path": url.database, "schema": "shop_models"}
    return {
        "type": "postgres", "host": url.query["host"], "user": url.username, "password": url.password or "",
        "port": 5432, "dbname": url.database, "schema": "shop_models",
    }  # fmt: skip


def write(root: Path, output: dict[str, Any]) -> None:
    (root / "models").mkdir(parents=True, exist_ok=True)
    (root / "macros").mkdir(exist_ok=True)
    (root / "macros" / "copied.sql").write_text(MACRO.read_text(encoding="utf-8"), encoding="utf-8")
    (root / "dbt_project.yml").write_text(PROJECT, encoding="utf-8")
    profiles = {"shop": {"target": "it", "outputs": {"it": {**output, "threads": 1}}}}
    (root / "profiles.yml").write_text(json.dumps(profiles), encoding="utf-8")
    for name, config in MODELS.items():
        model = f"{{{{ config(materialized='table', {config}) }}}} select 1 as id"
        (root / "models" / f"{name}.sql").write_text(model, encoding="utf-8")


@pytest.fixture(scope="module", params=["duckdb", pytest.param("postgresql", marks=pytest.mark.postgres)])
def project(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, URL]:
    root = tmp_path_factory.mktemp("shop")
    url = URL.create("duckdb", database=str(root / "shop.duckdb"))
    if request.param == "postgresql":
        url = request.getfixturevalue("postgres_url")
    write(root, profile(url))
    return root, url


@pytest.fixture
def shop(project: tuple[Path, URL], tmp_path: Path) -> Iterator[Shop]:
    root, url = project
    warehouse = open_warehouse(url, wait_seconds=20)
    if isinstance(warehouse, DuckDBWarehouse):
        warehouse.create()
    made = Shop(root, Copied(warehouse, tmp_path, URL.create("sqlite", database=str(tmp_path / "ledger.sqlite"))))
    made.sql("DROP SCHEMA IF EXISTS data_quality CASCADE", "DROP SCHEMA IF EXISTS shop_models CASCADE")
    yield made
    made.copied.close()


def refused(done: DbtEnded, *why: str) -> bool:
    said = " ".join(done.stdout.split())
    assert done.returncode != 0, done.stdout
    assert all(text in said for text in (*why, "Nothing was built")), done.stdout
    return True


def test_a_warehouse_in_which_no_gates_are_kept_is_closed(shop: Shop) -> None:
    assert refused(shop.dbt(), "all gates are closed", "no view data_quality.gate_open")
    assert shop.built() == set()


def test_one_closed_gate_stops_the_whole_run_and_is_named(shop: Shop) -> None:
    shop.open_marts()
    done = shop.dbt()
    assert refused(done, "the gate of staging is closed: the checkpoint raw has not been run for ingest ingest-1")
    assert "the gate of marts" not in done.stdout
    assert shop.built() == set()


def test_open_gates_let_it_build(shop: Shop) -> None:
    shop.open_marts()
    shop.copied.check("raw", "ingest-1")
    done = shop.dbt()
    assert done.returncode == 0, done.stdout
    assert "behind no gate of sluice: free" in done.stdout
    assert shop.built() == {"one", "two", "free"}


def test_only_the_gates_of_what_is_selected_count(shop: Shop) -> None:
    shop.open_marts()
    assert shop.dbt("--select", "two").returncode == 0
    assert shop.built() == {"two"}
    assert shop.dbt("--select", "free").returncode == 0
    assert refused(shop.dbt("--select", "one", command="build"), "the gate of staging is closed")


@pytest.mark.parametrize(
    ("spoil", "why"),
    [
        (
            "UPDATE data_quality.gate_status SET valid_until = TIMESTAMP '2020-01-01 00:00:00'",
            "the decision has expired",
        ),
        ("DELETE FROM data_quality.gate_status", "nobody has decided about it"),
        ("UPDATE data_quality.gate_status SET valid_until = NULL", "the decision has expired"),
        ("INSERT INTO data_quality.gate_status (load, decision, reasons) VALUES ('marts', 'closed', 'twice')", "twice"),
        ("DROP TABLE data_quality.gate_status CASCADE", ""),
    ],
)
def test_what_no_longer_says_open_is_closed(shop: Shop, spoil: str, why: str) -> None:
    shop.open_marts()
    shop.sql(spoil)
    done = shop.dbt("--select", "two")
    assert done.returncode != 0
    assert why in " ".join(done.stdout.split())
    assert shop.built() == set()


def test_the_load_can_be_named_where_tags_do_not_tell(shop: Shop) -> None:
    shop.open_marts()
    assert shop.dbt("--select", "free", sluice_load="marts").returncode == 0
    assert refused(shop.dbt("--select", "free", sluice_load=["marts", "staging"]), "the gate of staging is closed")


def test_a_project_that_does_not_say_which_loads_there_are_builds_nothing(shop: Shop) -> None:
    shop.open_marts()
    file = shop.root / "dbt_project.yml"
    try:
        file.write_text(PROJECT.replace("vars: {sluice_loads: [staging, marts]}", ""), encoding="utf-8")
        assert refused(shop.dbt("--select", "two"), "does not know which loads there are")
    finally:
        file.write_text(PROJECT, encoding="utf-8")
    assert shop.built() == set()


def test_what_builds_nothing_may_go_on(shop: Shop) -> None:
    assert shop.dbt(command="compile").returncode == 0


@pytest.mark.postgres
def test_who_may_not_look_finds_it_closed(postgres_url: URL, tmp_path: Path) -> None:
    copied = Copied(
        open_warehouse(postgres_url, wait_seconds=20), tmp_path, URL.create("sqlite", database=str(tmp_path / "l"))
    )
    shop = Shop(tmp_path / "shop", copied)
    shop.sql("DROP SCHEMA IF EXISTS data_quality CASCADE", "DROP SCHEMA IF EXISTS shop_models CASCADE")
    shop.sql("CREATE ROLE analyst LOGIN", "GRANT CREATE ON DATABASE postgres TO analyst")
    shop.open_marts()
    write(shop.root, profile(postgres_url.set(username="analyst")))
    for granted in ((), ("GRANT USAGE ON SCHEMA data_quality TO analyst",)):
        shop.sql(*granted)
        done = shop.dbt("--select", "two")
        assert done.returncode != 0, done.stdout
        assert "closed" in done.stdout or "permission denied" in done.stdout
    shop.sql("GRANT SELECT ON data_quality.gate_open TO analyst")
    assert shop.dbt("--select", "two").returncode == 0
    copied.close()


def test_the_reference_project_asks_too(tmp_path: Path) -> None:
    warehouse = Warehouse(URL.create("duckdb", database=str(tmp_path / "warehouse.duckdb")), tmp_path / "state")
    warehouse.land(FIRST_SYNCS)
    setup = DbtSetup(warehouse.url, warehouse.state, os.environ, asking="data_quality")
    with pytest.raises(DbtFailed, match="all gates are closed") as caught:
        run_dbt("staging", setup)
    assert caught.value.models == ()
    ledger = URL.create("sqlite", database=str(tmp_path / "ledger.sqlite"))
    copied = Copied(open_warehouse(warehouse.url, wait_seconds=5), tmp_path, ledger)
    copied.begin_ingest("ingest-1")
    copied.check("raw", "ingest-1", Verdict.PASSED)
    copied.close()
    assert {model.status for model in run_dbt("staging", setup).models} == {"success"}
