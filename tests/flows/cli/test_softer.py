"""What only reports: a softer checkpoint, and a suite that observes; marked wherever it is shown."""

from __future__ import annotations

import duckdb
import pytest

from tests.flows.cli.foreign import ForeignProject

FAILS = "expect_column_values_to_be_unique: {column: id}"
RAISES = "expect_column_values_to_be_unique: {column: absent}"
SOFTER = "softer: reports only"


def soften(project: ForeignProject) -> None:
    project.checkpoint('suites: ["*"]\ngates: [marts]\nmode: softer\n')


def docs(project: ForeignProject) -> str:
    return (project.state / "data_docs" / "index.html").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("expectation", "verdict", "found"),
    [(FAILS, "failed", "shop.orders.id"), (RAISES, "errored", "shop.orders.absent")],
)
def test_a_softer_checkpoint_opens_its_gate_whatever_the_verdict_and_says_so(
    project: ForeignProject, expectation: str, verdict: str, found: str
) -> None:
    project.suite(expectation)
    soften(project)
    checked = project.check()
    assert checked.code == 0
    assert f"checkpoint mycheck: {verdict}" in checked.out
    assert f"    - {SOFTER}" in checked.out
    gate = project.gate()
    assert gate.code == 0
    assert f"mycheck {verdict}: {SOFTER}\n" in gate.out
    assert f"mycheck {verdict}: {found}" in gate.out
    assert f"mycheck {verdict}: {SOFTER}" in docs(project)
    with duckdb.connect(str(project.database)) as connection:
        told = connection.execute("select is_open, reasons from data_quality.gate_open").fetchall()
    assert told == [(True, f"mycheck {verdict}: {SOFTER}")]
    pages = [file.read_text(encoding="utf-8") for file in (project.state / "data_docs" / "validations").rglob("*.html")]
    assert pages
    assert not any("blocks the load" in page for page in pages)
    document = project.check("--json").document
    assert (document["mode"], document["verdict"], document["reasons"][0]) == ("softer", verdict, SOFTER)
    assert document["gates"] == {"marts": "open"}


def test_a_softer_checkpoint_that_passes_is_still_marked(project: ForeignProject) -> None:
    project.suite("expect_column_values_to_not_be_null: {column: id}")
    soften(project)
    project.check()
    assert project.gate().out.split(None, 3)[-1] == f"mycheck passed: {SOFTER}\n"


def test_a_softer_checkpoint_opens_nothing_for_another_checkpoint_that_fails(project: ForeignProject) -> None:
    project.suite(FAILS)
    soften(project)
    project.checkpoint('suites: ["*"]\ngates: [marts]\n', name="strict")
    project.check("--ingest", "ingest-1")
    assert project.sluice("check", "strict", "--ingest", "ingest-1").code == 1
    gate = project.gate()
    assert (gate.code, SOFTER in gate.out) == (1, False)


def test_a_softer_checkpoint_opens_nothing_before_it_was_run(project: ForeignProject) -> None:
    project.suite(FAILS)
    soften(project)
    assert project.gate().code == 1


def test_a_suite_observes_in_its_first_runs_and_blocks_from_then_on(project: ForeignProject) -> None:
    project.suite(FAILS, more="observing: 2\n")
    for number in (1, 2):
        checked = project.check("--ingest", f"ingest-{number}")
        note = f"observing: what fails in shop.orders does not block yet (run {number} of 2)"
        assert checked.code == 0
        assert "checkpoint mycheck: warned" in checked.out
        assert f"    - {note}" in checked.out
        gate = project.gate()
        assert (gate.code, f"mycheck warned: {note}" in gate.out) == (0, True)
        assert note in docs(project)
    checked = project.check("--ingest", "ingest-3")
    assert (checked.code, "observing" in checked.out) == (1, False)
    assert project.gate().code == 1


def test_a_suite_that_observes_blocks_all_the_same_where_it_could_not_check(project: ForeignProject) -> None:
    project.suite(RAISES, more="observing: 2\n")
    assert project.check().code == 3
    assert project.gate().code == 1


def test_a_suite_that_observes_spares_no_other(project: ForeignProject) -> None:
    project.suite(FAILS, more="observing: 2\n")
    project.suite("expect_column_values_to_be_in_set: {column: customer_id, value_set: [1]}", table="shop.customers")
    checked = project.check()
    assert (checked.code, "checkpoint mycheck: failed" in checked.out) == (1, True)


def test_an_empty_table_of_a_suite_that_observes_blocks(project: ForeignProject) -> None:
    project.suite(FAILS, table="shop.nothing", more="observing: 2\n")
    assert project.check().code == 1
