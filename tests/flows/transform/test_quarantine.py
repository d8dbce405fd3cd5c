"""Rows that a checkpoint quarantined are left out of the load of their ingest, and only of that."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Iterator
from typing import Any

import jinja2
import pytest
from sqlalchemy import create_engine
from sqlalchemy.engine import URL
from sqlalchemy.pool import NullPool

from flows.dbt import PROJECT_DIR, DbtFailed
from gx.warehouse.quarantine import quarantine_name
from tests.flows.transform.conftest import FIRST_SYNCS, Warehouse

CHARGES = "select charge_id from staging.stg_stripe_charges order by charge_id"
ALL = [("ch_august",), ("ch_last_second",), ("ch_resent",), ("ch_tie",), (None,), (None,)]


class Quarantined:
    """A warehouse whose quarantine a test fills by hand."""

    def __init__(self, warehouse: Warehouse) -> None:
        self.warehouse = warehouse

    def change(self, *statements: str) -> None:
        engine = create_engine(self.warehouse.url, poolclass=NullPool)
        with engine.begin() as connection:
            for statement in statements:
                connection.exec_driver_sql(statement)
        engine.dispose()

    def keep(
        self,
        *keys: str,
        ingest_id: str = "ingest-1",
        left_out: bool = True,
        last: bool = True,
        table: str = "raw_stripe__charges",
    ) -> None:
        name = f"data_quality.quarantine_{table}"
        self.change(
            "create schema if not exists data_quality",
            f"create table if not exists {name} (id varchar, ingest_id varchar, left_out boolean,"
            " of_last_check boolean)",
            *(f"insert into {name} values ('{key}', '{ingest_id}', {left_out}, {last})" for key in keys),
        )

    def charges(self, **options: Any) -> list[tuple[Any, ...]]:
        self.warehouse.load("staging", **options)
        return sorted(self.warehouse.rows(CHARGES), key=lambda row: (row[0] is None, row))


@pytest.fixture(scope="module", params=["duckdb", pytest.param("postgres", marks=pytest.mark.postgres)])
def filled(request: pytest.FixtureRequest, new_duckdb: Callable[[], Warehouse]) -> Quarantined:
    warehouse = new_duckdb()
    if request.param == "postgres":
        url: URL = request.getfixturevalue("postgres_url")
        admin = create_engine(url, isolation_level="AUTOCOMMIT", poolclass=NullPool)
        with admin.connect() as connection:
            connection.exec_driver_sql("CREATE DATABASE quarantined")
        warehouse = Warehouse(url.set(database="quarantined"), warehouse.state)
    warehouse.land(FIRST_SYNCS)
    return Quarantined(warehouse)


@pytest.fixture
def quarantined(filled: Quarantined) -> Iterator[Quarantined]:
    yield filled
    filled.change("drop schema if exists data_quality cascade")


def test_without_a_quarantine_all_rows_are_loaded(quarantined: Quarantined) -> None:
    assert quarantined.charges(ingest_id="ingest-1") == ALL
    compiled = next((quarantined.warehouse.state / "dbt").rglob("compiled/**/stg_stripe_charges.sql"))
    assert "left_out" not in compiled.read_text(encoding="utf-8")


def test_quarantined_rows_are_left_out_of_the_load_of_their_ingest(quarantined: Quarantined) -> None:
    quarantined.keep("ch_resent", "ch_resent")
    quarantined.keep("ch_tie", last=False)
    quarantined.keep("ch_august", ingest_id="ingest-0")
    quarantined.keep("ch_last_second", left_out=False)
    assert quarantined.charges(ingest_id="ingest-1") == [ALL[0], ALL[1], *ALL[4:]]
    assert quarantined.charges(ingest_id="it's 2") == ALL


def test_dbt_started_by_hand_leaves_out_what_the_last_check_did(quarantined: Quarantined) -> None:
    quarantined.keep("ch_tie")
    quarantined.keep("ch_resent", last=False)
    assert quarantined.charges() == [*ALL[:3], *ALL[4:]]


def test_a_model_that_would_read_rows_to_be_left_out_is_refused(quarantined: Quarantined) -> None:
    quarantined.keep("c1", table="raw_stripe__customers")
    with pytest.raises(DbtFailed, match=r"stg_stripe_customers reads .* read it as without_quarantined"):
        quarantined.charges(ingest_id="ingest-1")
    assert quarantined.charges(ingest_id="ingest-2") == ALL


def test_so_is_a_model_that_reads_another_layer(quarantined: Quarantined) -> None:
    quarantined.charges(ingest_id="ingest-1")
    quarantined.keep("ch_tie", table="staging__stg_stripe_charges")
    with pytest.raises(DbtFailed, match=r"fct_revenue reads .*stg_stripe_charges"):
        quarantined.warehouse.load("marts", ingest_id="ingest-1")


def test_another_ingest_needs_no_new_parse(quarantined: Quarantined) -> None:
    def parsed() -> dict[str, float]:
        kind = "duckdb" if quarantined.warehouse.url.get_backend_name() == "duckdb" else "postgres"
        manifest = quarantined.warehouse.state / "dbt" / kind / "manifest.json"
        nodes = json.loads(manifest.read_text(encoding="utf-8"))["nodes"]
        return {name: node["created_at"] for name, node in nodes.items()}

    quarantined.charges(ingest_id="ingest-1")
    before = parsed()
    quarantined.keep("ch_tie", ingest_id="ingest-2")
    assert ("ch_tie",) not in quarantined.charges(ingest_id="ingest-2")
    assert parsed() == before


PLACES = [
    ["raw_stripe", "charges"],
    ["raw", "stripe_charges"],
    ["raw_stripe__a", "b"],
    ["raw_stripe", "a__b"],
    ["other", "raw_stripe", "charges"],
    ["Odd. Schema", 'Größe & "x"'],
    ["raw", "x" * 60],
    ["raw", "_x"],
    ["raw", "X"],
    ["raw", "x\n"],
]


@pytest.mark.parametrize("exact", [True, False])
def test_dbt_and_the_checkpoint_call_a_quarantine_the_same(exact: bool) -> None:
    source = (PROJECT_DIR / "macros" / "quarantine.sql").read_text(encoding="utf-8")
    modules = type("Modules", (), {"re": re})
    environment = jinja2.Environment(extensions=["jinja2.ext.do"])
    context = {"modules": modules, "local_md5": lambda text: hashlib.md5(text.encode()).hexdigest()}
    macro: Any = environment.from_string(source, globals=context).module
    names = [quarantine_name(place if exact else [part.lower() for part in place]) for place in PLACES]
    assert [macro.quarantine_name(place, exact).strip() for place in PLACES] == names
    assert len(set(names)) == len(PLACES)
    assert all(len(name) <= 63 and re.fullmatch("[a-z0-9_]+", name) for name in names)
    assert names[0] == "quarantine_raw_stripe__charges"
