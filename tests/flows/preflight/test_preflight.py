"""The whole preflight on a project: everything wrong at once, and what a run does about it."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy.engine import URL

from flows.preflight.lines import Status
from flows.preflight.preflight import PreflightError
from gx.errors import ConfigError, SluiceError, WarehouseError
from tests.warehouses.roles import Project, line, red


@pytest.fixture
def project(tmp_path: Path) -> Project:
    found = Project(tmp_path, URL.create("duckdb", database=str(tmp_path / "shop.duckdb")))
    found.write("accounts: []\n")
    return found


def test_a_wrong_registry_is_told_with_its_line_and_the_rest_is_looked_at(project: Project) -> None:
    project.write("accounts:\n  - {name: x}\n")

    found = project.look(run=True)

    (only,) = red(found)
    assert "service_accounts.yml:2" in only.detail
    assert line(found, "connection", "warehouse").status is Status.FINE
    with pytest.raises(ConfigError, match=r"service_accounts\.yml:2"):
        found.require()


def test_an_account_that_is_not_in_the_registry_is_refused_with_those_that_are(project: Project) -> None:
    project.write("accounts:\n  - {name: dbt, owner: a, purpose: b, role: c, grants: [], last_verified: 2026-01-01}\n")

    with pytest.raises(ConfigError, match=r"no account 'dbtt' \(did you mean 'dbt'\?\); there are: dbt"):
        project.look(account="dbtt")


def test_a_suite_a_source_and_a_warehouse_that_are_all_wrong_are_told_together(project: Project) -> None:
    (project.directory / "expectations" / "suites" / "orders.yml").write_text("table: main.orders\nexpectation: []\n")
    broken = Project(project.directory, URL.create("duckdb", database=str(project.directory)))
    environment = {"SLUICE_SOURCE_SHOP_URL": "postgresql://me:s3cret-pw@127.0.0.1:9/shop"}

    found = broken.look(environment=environment, run=True)

    assert {one.check for one in red(found)} == {"configuration", "warehouse", "source shop"}
    with pytest.raises(PreflightError, match="2 problems") as stopped:  # a source of figures alone stops nothing
        found.require()
    assert "orders.yml:2" in str(stopped.value)
    assert "s3cret-pw" not in str(stopped.value) + "".join(map(str, found.lines))


def test_one_problem_is_raised_as_what_it_is(project: Project) -> None:
    broken = Project(project.directory, URL.create("duckdb", database=str(project.directory)))

    with pytest.raises(WarehouseError):
        broken.look(run=True).require()


def test_a_preflight_that_nobody_loads_after_makes_no_warehouse(project: Project) -> None:
    found = project.look()

    assert line(found, "connection", "warehouse").status is Status.FAILED
    assert not (project.directory / "shop.duckdb").exists()
    assert not (project.directory / "state").exists()


@pytest.mark.parametrize("run", [True, False])
def test_a_second_warehouse_that_has_no_effect_is_a_warning(project: Project, run: bool) -> None:
    found = line(project.look(run=run, failover_warehouse="DBT_BACKUP"), "failover")

    assert (found.status, found.stops) == (Status.WARNING, False)
    assert "only Snowflake" in found.detail


def test_stores_that_cannot_be_written_are_told_and_stop_no_load(project: Project) -> None:
    state = project.directory / "state"
    state.mkdir()
    (state / "gx").write_text("a file where a folder should be")
    (state / "data_docs").write_text("likewise")

    found = project.look(run=True)

    assert [(one.check, one.what, one.stops) for one in red(found)] == [
        ("stores", "validation results", False),
        ("stores", "Data Docs sluice", False),
    ]
    found.require()


def test_a_ledger_that_cannot_be_written_stops_the_run(project: Project) -> None:
    (project.directory / "state").mkdir()
    (project.directory / "state" / "ledger.sqlite").mkdir()

    with pytest.raises(SluiceError, match="the ledger"):
        project.look(run=True).require()


def test_every_file_of_the_watch_that_is_wrong_is_a_line_and_stops_no_run(project: Project) -> None:
    files = project.directory / "checkpoints"
    (files / "_freshness.yml").write_text("shop:\n  tables:\n    main.orders: {column: at, error: soon}\n")
    (files / "_slas.yml").write_text('nightly: {flow: chek/orders, by: "04:00", warn_until: "06:00", time_zone: UTC}\n')
    (files / "_schedules.yml").write_text('check/orders: {cron: "0 2 * *", time_zone: UTC}\n')

    found = project.look(run=True)

    wrong = {one.what: one for one in red(found)}
    assert {*wrong} == {"_freshness.yml", "_slas.yml", "_schedules.yml"}
    assert "_freshness.yml:3: `error` is 'soon'" in wrong["_freshness.yml"].detail
    assert "did you mean 'check/orders'" in wrong["_slas.yml"].detail
    assert {one.check for one in wrong.values()} == {"configuration"}
    found.require()  # the run itself needs none of them


def test_what_names_a_calendar_of_a_broken_file_was_not_checked(project: Project) -> None:
    files = project.directory / "checkpoints"
    (files / "_calendars.yml").write_text("office: {time_zone: Europe/Berlinn}\n")
    (files / "_freshness.yml").write_text("shop:\n  tables:\n    main.orders: {column: at, error: 6h}\n")
    (files / "_schedules.yml").write_text('check/orders: {cron: "0 2 * * *", time_zone: UTC}\n')

    found = project.look(run=True)

    assert [one.what for one in red(found)] == ["_calendars.yml"]
    assert line(found, "_freshness.yml").status is Status.NOT_CHECKED
    assert "_calendars.yml:1" in line(found, "_freshness.yml").detail
    assert line(found, "_schedules.yml").detail == "1 schedule can be read"


def test_an_accepted_schema_that_no_check_could_read_stops_a_run_before_it_begins(project: Project) -> None:
    schemas = project.directory / "expectations" / "schemas" / "duckdb"
    schemas.mkdir(parents=True)
    (schemas / "main.orders.yml").write_text("table: main.orders\ncolumns: {id: integer}\n")
    assert "1 accepted schema" in line(project.look(), "suites and checkpoints").detail
    (schemas / "main.orders.yml").write_text("garbage: [\n")

    found = project.look(run=True)

    (only,) = red(found)
    assert "main.orders.yml:" in only.detail
    assert "`sluice schema accept main.orders` writes the file anew" in only.detail
    with pytest.raises(ConfigError):
        found.require()
