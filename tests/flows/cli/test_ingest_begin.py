"""``sluice ingest begin``: no gate stays open over rows that a team's own loader brings."""

from __future__ import annotations

import duckdb
import pytest

from checkpoints.asking import gate
from checkpoints.ingesting import begin_ingest
from gx.errors import ConfigError
from tests.flows.cli.foreign import ForeignProject

HOLDS = "expect_column_values_to_not_be_null: {column: id}"
TOLD = "select load, is_open, ingest_id, reasons from data_quality.gate_open"


@pytest.fixture
def opened(project: ForeignProject) -> ForeignProject:
    """A project whose gate of the marts is open for ingest-1."""
    project.suite(HOLDS)
    assert project.check("--ingest", "ingest-1").code == 0
    assert project.gate("--ingest", "ingest-1").code == 0
    return project


def told(project: ForeignProject) -> list[tuple[object, ...]]:
    with duckdb.connect(str(project.database)) as connection:
        return connection.execute(TOLD).fetchall()


def test_an_ingest_that_begins_closes_the_gate_that_the_one_before_had_opened(opened: ForeignProject) -> None:
    begun = opened.sluice("ingest", "begin", "ingest-2")
    assert (begun.code, begun.out) == (0, "ingest-2\n")
    earlier = opened.gate("--ingest", "ingest-1")
    assert earlier.code == 1
    assert "the ingest ingest-2 began after ingest-1" in earlier.out
    for answer in (opened.gate(), opened.gate("--ingest", "ingest-2")):
        assert (answer.code, "has not been run for ingest ingest-2" in answer.out) == (1, True)
    reason = "the ingest ingest-2 has begun, and was not checked yet"
    assert told(opened) == [("marts", False, "ingest-2", reason)]
    assert opened.check("--ingest", "ingest-2").code == 0
    assert opened.gate("--ingest", "ingest-2").code == 0
    assert opened.gate("--ingest", "ingest-1").code == 1


def test_a_check_of_the_ingest_before_opens_nothing_once_another_has_begun(opened: ForeignProject) -> None:
    assert opened.sluice("ingest", "begin", "ingest-2").code == 0
    assert opened.check("--ingest", "ingest-1").code == 0
    assert opened.gate("--ingest", "ingest-1").code == opened.gate().code == 1


def test_a_name_used_twice_does_not_ride_on_what_was_decided_the_first_time(opened: ForeignProject) -> None:
    assert opened.sluice("ingest", "begin", "ingest-1").code == 0
    answer = opened.gate("--ingest", "ingest-1")
    assert (answer.code, "the ingest began again" in answer.out) == (1, True)


def test_without_a_name_it_makes_one_that_checks_go_on_with(opened: ForeignProject) -> None:
    name = opened.sluice("ingest", "begin").out.strip()
    assert name.startswith("ingest-2")
    assert opened.check("--json").document["ingest_id"] == name
    assert opened.gate("--ingest", name).code == 0
    document = opened.sluice("ingest", "begin", "--json").document
    assert (document["closed"], document["ingest_id"] == name) == (["marts"], False)


def test_a_warehouse_that_cannot_be_told_is_an_error_and_the_ledger_is_closed(opened: ForeignProject) -> None:
    opened.database.rename(opened.database.with_suffix(".away"))
    answer = opened.sluice("ingest", "begin", "ingest-2")
    assert (answer.code, answer.out) == (3, "")
    assert "the ledger's gates are closed, BUT THE WAREHOUSE WAS NOT TOLD" in answer.err
    assert opened.gate("--ingest", "ingest-1").code == 1


def test_the_first_ingest_may_begin_before_there_is_a_warehouse(project: ForeignProject) -> None:
    project.database.unlink()
    assert project.sluice("ingest", "begin", "ingest-1").code == 0
    assert project.gate("--ingest", "ingest-1").code == 1
    assert project.sluice("ingest", "begin", "ingest-2").code == 3


@pytest.mark.parametrize("name", ["", "  ", "a\nb", "x" * 201])
def test_a_name_that_is_none_begins_nothing(opened: ForeignProject, name: str) -> None:
    assert opened.sluice("ingest", "begin", name).code == 2
    with pytest.raises(ConfigError, match="1 to 200 printable characters"):
        begin_ingest(name, project=opened.root)
    assert opened.gate("--ingest", "ingest-1").code == 0


def test_the_python_function_closes_the_gate_likewise(opened: ForeignProject) -> None:
    begin_ingest("ingest-2", project=opened.root)
    assert not gate("marts", project=opened.root, ingest_id="ingest-1").is_open
    assert told(opened)[0][1:3] == (False, "ingest-2")
