"""The copy of gates and results in the warehouse, as the commands keep it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import duckdb
import pytest

from tests.flows.cli.foreign import ForeignProject

FAILS = "expect_column_values_to_be_unique: {column: id}"
HOLDS = "expect_column_values_to_not_be_null: {column: id}"
OVERRIDE = ("gate", "override", "marts", "--reason", "finance agreed", "--by", "Ada", "--until", "4h")
REVOKE = ("gate", "revoke", "marts", "--by", "Bob")


def ask(project: ForeignProject, query: str) -> list[tuple[Any, ...]]:
    with duckdb.connect(str(project.database)) as connection:
        return connection.execute(query).fetchall()


def is_open(project: ForeignProject) -> bool:
    ((found,),) = ask(project, "select is_open from data_quality.gate_open where load = 'marts'")
    return bool(found)


def tables(project: ForeignProject) -> int:
    return len(ask(project, "select 1 from information_schema.tables where table_schema = 'data_quality'"))


@pytest.fixture
def failed(project: ForeignProject) -> ForeignProject:
    project.suite(FAILS)
    assert project.check("--ingest", "ingest-1").code == 1
    return project


def away(project: ForeignProject) -> Path:
    """The warehouse's file, moved to where the project does not look."""
    return project.database.rename(project.database.with_suffix(".away"))


def test_a_check_opens_and_closes_the_gate_in_the_warehouse(project: ForeignProject) -> None:
    project.suite(HOLDS)
    answer = project.check("--json")
    assert answer.document["data_quality_problem"] is None
    assert is_open(project)
    assert ask(project, "select table_name, total_rows, null_rows, status from data_quality.data_quality_metrics") == [
        ("shop.orders", 5, 0, "PASS")
    ]
    project.suite(FAILS)
    assert project.check().code == 1
    assert not is_open(project)


def test_an_override_and_its_revocation_reach_the_warehouse(failed: ForeignProject) -> None:
    assert not is_open(failed)
    assert failed.sluice(*OVERRIDE).code == 0
    assert is_open(failed)
    assert failed.sluice(*REVOKE).code == 0
    assert not is_open(failed)


def test_an_override_that_the_warehouse_does_not_hear_of_counts_and_says_so(failed: ForeignProject) -> None:
    file = away(failed)
    answer = failed.sluice(*OVERRIDE)
    assert (answer.code, "sluice ledger publish" in answer.err) == (0, True)
    file.rename(failed.database)
    assert not is_open(failed)
    assert failed.sluice("ledger", "publish").code == 0
    assert is_open(failed)


def test_a_revocation_that_the_warehouse_does_not_hear_of_is_an_error_though_the_ledger_is_closed(
    failed: ForeignProject,
) -> None:
    failed.sluice(*OVERRIDE)
    file = away(failed)
    answer = failed.sluice(*REVOKE)
    assert answer.code == 3
    assert "is revoked in the ledger, BUT THE WAREHOUSE WAS NOT TOLD" in answer.err
    assert failed.gate().code == 1
    file.rename(failed.database)
    assert failed.sluice("ledger", "publish").code == 0
    assert not is_open(failed)


def test_what_the_warehouse_lost_is_published_anew(project: ForeignProject) -> None:
    project.suite(HOLDS)
    project.check("--ingest", "ingest-1")
    project.check("--ingest", "ingest-2")
    project.sql("drop schema data_quality cascade")
    document = project.sluice("ledger", "publish", "--json").document
    assert (document["schema"], len(document["runs"])) == ("data_quality", 2)
    assert is_open(project)
    assert "0 runs that were missing" in project.sluice("ledger", "publish").out


def test_without_a_schema_nothing_is_written(project: ForeignProject) -> None:
    project.set("DATA_QUALITY_SCHEMA", "none")
    project.suite(HOLDS)
    assert project.check().code == 0
    assert tables(project) == 0
    answer = project.sluice("ledger", "publish")
    assert (answer.code, "keeps no copy" in answer.err) == (2, True)
    project.set("DATA_QUALITY_SCHEMA", "Data Quality")
    assert "SLUICE_DATA_QUALITY_SCHEMA" in project.check().err


def test_a_check_whose_gates_the_warehouse_could_not_close_is_errored(project: ForeignProject) -> None:
    project.suite(HOLDS)
    project.check("--ingest", "ingest-1")
    project.sql("drop view data_quality.gate_open; drop table data_quality.gate_status")
    project.sql("create view data_quality.gate_status as select 'marts' as load")  # nothing that can be written
    answer = project.check("--ingest", "ingest-1", "--json")
    assert answer.code == 3
    assert "SLUICE_DATA_QUALITY_SCHEMA=none" in answer.document["error"]
    assert project.gate().code == 1


def test_a_check_that_cannot_begin_closes_the_gate_in_the_warehouse_too(project: ForeignProject) -> None:
    project.suite(HOLDS)
    project.check("--ingest", "ingest-1")
    project.set("SOURCE_SHOP_URL", "no url at all")
    assert project.check("--ingest", "ingest-1").code == 2
    assert project.gate().code == 1
    assert not is_open(project)
