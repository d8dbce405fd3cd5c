"""Gates that cannot be what was meant, and checks that were not whole: an error or a closed gate, never an open one."""

from __future__ import annotations

from tests.flows.cli.foreign import ForeignProject

HOLDS = "expect_column_values_to_not_be_null: {column: id}"
FAILS = "expect_column_values_to_be_unique: {column: id}"


def open_gate(project: ForeignProject) -> None:
    project.suite(HOLDS)
    assert project.check("--ingest", "ingest-1").code == 0
    assert project.gate().code == 0


def test_a_checkpoint_that_gates_a_load_nobody_declared_is_an_error_and_opens_nothing(project: ForeignProject) -> None:
    open_gate(project)
    project.checkpoint("loads: [mart]\n", name="_loads")
    for answer in (project.gate(), project.check(), project.sluice("gate", "status")):
        assert answer.code == 2
        assert "nobody declared the load 'marts'" in answer.err
    assert project.gate("--json").document["decision"] == "closed"


def test_loads_that_wait_for_each_other_are_an_error_and_open_nothing(project: ForeignProject) -> None:
    open_gate(project)
    project.checkpoint('suites: ["*"]\ngates: [mycheck]\n', name="marts")
    for answer in (project.gate(), project.check(), project.sluice("gate", "status")):
        assert answer.code == 2
        assert "marts -> mycheck -> marts wait for each other" in answer.err


def test_of_two_checkpoints_that_disagree_the_closed_one_wins_in_any_order(project: ForeignProject) -> None:
    project.suite(HOLDS)
    project.suite("expect_column_values_to_be_unique: {column: customer_id}", table="shop.customers", file="c.yml")
    project.suite(FAILS, file="bad.yml", more="name: bad\n")
    project.checkpoint("suites: [shop.customers]\ngates: [marts]\n", name="good")
    project.checkpoint("suites: [bad]\ngates: [marts]\n", name="bad")
    (project.root / "checkpoints" / "mycheck.yml").unlink()
    for order in (("good", "bad"), ("bad", "good")):
        codes = {name: project.sluice("check", name, "--ingest", f"ingest-{order[0]}").code for name in order}
        assert codes == {"good": 0, "bad": 1}
        gate = project.gate()
        assert (gate.code, "bad failed:" in gate.out, "good" in gate.out) == (1, True, False)


def test_a_table_that_is_missing_closes_the_gate_although_all_others_hold(project: ForeignProject) -> None:
    open_gate(project)
    project.suite(HOLDS, table="shop.absent")
    assert project.check("--ingest", "ingest-2").code == 3
    assert project.gate().code == 1


def test_a_suite_that_a_checkpoint_names_and_that_is_gone_closes_the_gate(project: ForeignProject) -> None:
    open_gate(project)
    project.checkpoint("suites: [shop.orders, shop.customers]\ngates: [marts]\n")
    assert project.check("--ingest", "ingest-1").code == 2
    assert project.gate().code == 1


def test_a_checkpoint_without_any_expectation_closes_the_gate(project: ForeignProject) -> None:
    open_gate(project)
    project.suite(HOLDS).write_text("table: shop.orders\nexpectations: []\n", encoding="utf-8")
    assert project.check("--ingest", "ingest-1").code == 2
    assert project.gate().code == 1
