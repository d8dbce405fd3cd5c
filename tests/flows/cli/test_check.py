"""``sluice check`` and ``sluice gate`` on a team's own project."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.flows.cli.foreign import ForeignProject

UNIQUE_ID = "expect_column_values_to_be_unique: {column: id}"
NO_AMOUNT_MISSING = "expect_column_values_to_not_be_null: {column: amount}"
HOLDS = "expect_column_values_to_not_be_null: {column: id}"
WARNS = "expect_column_values_to_not_be_null: {column: email}\n    severity: warning\n    notes: Guests have none."


def test_a_checkpoint_that_holds_opens_its_gate(project: ForeignProject) -> None:
    project.suite(HOLDS)
    before = project.gate()
    assert (before.code, "nothing has been ingested or checked yet" in before.out) == (1, True)
    answer = project.check()
    assert answer.code == 0
    assert answer.out.splitlines()[0] == "checkpoint mycheck: passed, 1 of 1 expectations hold"
    assert "gate marts        open" in answer.out
    assert f"Data Docs: file://{project.state / 'data_docs' / 'index.html'}" in answer.out
    after = project.gate()
    assert (after.code, after.out) == (0, "gate marts        open    mycheck passed\n")


def test_failures_that_do_not_block_warn_and_open(project: ForeignProject) -> None:
    project.suite(HOLDS, WARNS)
    answer = project.check()
    assert answer.code == 0
    assert answer.out.splitlines()[:2] == [
        "checkpoint mycheck: warned, 1 of 2 expectations hold",
        "    - shop.orders.email: expect_column_values_to_not_be_null, 2 of 5 unexpected",
    ]
    assert project.gate().out == "gate marts        open    mycheck warned\n"


def test_a_blocking_failure_closes_the_gate_and_says_why(project: ForeignProject) -> None:
    project.suite(UNIQUE_ID, WARNS, HOLDS)
    answer = project.check()
    assert answer.code == 1
    assert answer.out.splitlines()[:3] == [
        "checkpoint mycheck: failed, 1 of 3 expectations hold",
        "    - shop.orders.id: expect_column_values_to_be_unique, 2 of 5 unexpected",
        "    - shop.orders.email: expect_column_values_to_not_be_null, 2 of 5 unexpected",
    ]
    gate = project.gate()
    assert gate.code == 1
    assert "mycheck failed: shop.orders.id: expect_column_values_to_be_unique, 2 of 5 unexpected" in gate.out
    assert "email" not in gate.out  # what only warns is no reason for a closed gate


def test_json_holds_every_result_with_every_field(project: ForeignProject) -> None:
    project.suite(
        UNIQUE_ID, WARNS, HOLDS,
        "expect_column_mean_to_be_between: {column: amount, min_value: 0}\n    severity: info",
        "expect_column_values_to_not_be_null: {column: nope}\n    severity: info",
        "expect_table_row_count_to_equal: {value: 5}",
    )  # fmt: skip
    answer = project.check("--json")
    assert answer.code == 3
    document = answer.document
    assert document["verdict"] == "errored"
    assert document["gates"] == {"marts": "closed"}
    assert document["row_counts"] == {"shop.orders": 5}
    assert Path(document["data_docs"]).is_file()
    wanted = ("suite", "table", "expectation", "column", "severity", "success", "observed_value", "element_count",
              "unexpected_count", "error")  # fmt: skip
    rows = [tuple(result[name] for name in wanted) for result in document["results"]]
    orders = ("shop.orders", "shop.orders")
    not_null = "expect_column_values_to_not_be_null"
    assert rows == [
        (*orders, "expect_column_values_to_be_unique", "id", "critical", False, None, 5, 2, None),
        (*orders, not_null, "email", "warning", False, None, 5, 2, None),
        (*orders, not_null, "id", "critical", True, None, 5, 0, None),
        (*orders, "expect_column_mean_to_be_between", "amount", "info", True, 16.8125, None, None, None),
        (*orders, not_null, "nope", "info", False, None, None, None,
         'Error: The column "nope" in BatchData does not exist.'),
        (*orders, "expect_table_row_count_to_equal", None, "critical", True, 5, None, None, None),
    ]  # fmt: skip


def test_the_gates_in_json_tell_decision_reasons_and_validity(project: ForeignProject) -> None:
    project.suite(UNIQUE_ID)
    project.checkpoint('suites: ["*"]\ngates: [reports]\n', name="other")
    project.check()
    document = project.gate("--json").document
    assert (document["load"], document["decision"]) == ("marts", "closed")
    (decision,) = document["checkpoints"]
    assert (decision["checkpoint"], decision["verdict"], decision["decision"]) == ("mycheck", "failed", "closed")
    assert decision["decided_at"].endswith("Z")
    assert decision["valid_until"] > decision["decided_at"]
    status = project.sluice("gate", "status", "--json")
    assert status.code == 1
    assert [(gate["load"], gate["decision"]) for gate in status.document] == [
        ("marts", "closed"),
        ("reports", "closed"),
    ]
    text = project.sluice("gate", "status").out
    assert "gate marts        closed  mycheck failed" in text
    assert "gate reports      closed  the checkpoint other has not been run" in text


def test_a_missing_table_is_errored_and_the_others_are_still_checked(project: ForeignProject) -> None:
    project.suite(HOLDS)
    project.suite(HOLDS, UNIQUE_ID, table="shop.gone")
    answer = project.check("--json")
    assert answer.code == 3
    assert answer.document["verdict"] == "errored"
    errors = {(result["table"], result["error"]) for result in answer.document["results"]}
    assert errors == {("shop.orders", None), ("shop.gone", "the table shop.gone does not exist, or may not be read")}
    assert len(answer.document["results"]) == 3
    assert project.gate().code == 1


def test_an_empty_table_fails_unless_its_suite_allows_it(project: ForeignProject) -> None:
    project.suite(HOLDS, UNIQUE_ID, table="shop.nothing")
    answer = project.check()
    assert answer.code == 1
    assert "the table shop.nothing is empty (set `allow_empty: true`" in answer.out
    assert project.gate().code == 1
    project.suite(HOLDS, UNIQUE_ID, table="shop.nothing", more="allow_empty: true\n")
    assert project.check().code == 0


def test_a_second_ingest_closes_the_gate_until_it_is_checked(project: ForeignProject) -> None:
    project.suite(HOLDS)
    assert project.check("--ingest", "monday").code == 0
    assert project.gate().code == 0
    project.sql("update shop.orders set id = null")
    assert project.check("--ingest", "tuesday").code == 1
    assert project.gate().code == 1  # not the answer for monday
    monday = project.gate("--ingest", "monday")
    assert (monday.code, "the ingest tuesday began after monday" in monday.out) == (1, True)
    wednesday = project.gate("--ingest", "wednesday")
    assert (wednesday.code, "has not been run for ingest wednesday" in wednesday.out) == (1, True)


@pytest.mark.parametrize("name", ["", " ", "a\nb", "x" * 201])
def test_an_ingest_that_has_no_usable_name_is_a_usage_error(project: ForeignProject, name: str) -> None:
    project.suite(HOLDS)
    for command in (project.check, project.gate):
        answer = command("--ingest", name)
        assert answer.code == 2
        assert "an ingest's name is 1 to 200 printable characters" in answer.err


@pytest.mark.parametrize(
    "name", ["../../up", "/etc/x", "scheduled__2025-09-01T00:00:00+00:00", "ü 😀", "x" * 200, "con:*?"]
)
def test_any_other_name_of_an_ingest_is_checked_published_and_stays_in_the_state_directory(
    project: ForeignProject, name: str
) -> None:
    project.suite(HOLDS)
    outside = {path for path in project.root.parent.rglob("*") if project.state not in path.parents}
    answer = project.check("--ingest", name, "--json")
    assert answer.code == 0
    assert answer.document["data_docs_problem"] is None
    assert project.gate("--ingest", name).code == 0
    after = {path for path in project.root.parent.rglob("*") if project.state not in path.parents}
    assert {path for path in after - outside if path != project.state} == set()


def test_row_counts_are_compared_with_the_last_run_that_was_accepted(project: ForeignProject) -> None:
    """A check of a bad ingest that is run again compares with the good one, not with itself."""
    project.suite("expect_table_row_count_change_to_be_within: {max_percent: 50}")
    assert project.check("--ingest", "monday").code == 0
    project.sql("delete from shop.orders where id > 1")
    for _ in range(3):
        answer = project.check("--ingest", "tuesday")
        assert answer.code == 1
        assert "1 rows, 5 in the run before: 80.0 % change, 50 % allowed." in answer.out
    assert project.gate().code == 1


def test_a_reconciliation_with_another_database_is_told_in_a_sentence(project: ForeignProject, tmp_path: Path) -> None:
    project.suite(
        "expect_column_sum_to_reconcile_with_source: {column: amount, source: erp, source_table: main.bills, "
        "source_column: cents, source_factor: 0.01, tolerance_percent: 1, unit: usd}",
        "expect_table_row_count_to_reconcile_with_source: {source: nobody, source_table: x}",
    )
    other = ForeignProject(tmp_path / "erp", project.monkeypatch)
    other.root.mkdir()
    other.sql("create table bills as select 3000 as cents")
    project.set("SOURCE_ERP_URL", f"duckdb:///{other.database}")
    answer = project.check()
    assert answer.code == 3
    assert "$67.25 in shop.orders, $30 at erp: 124.2 % apart, 1 % allowed." in answer.out
    assert "nobody; there are: erp, warehouse" in answer.out


def test_suites_are_listed_with_layer_owner_and_number(project: ForeignProject) -> None:
    project.suite(HOLDS, UNIQUE_ID, file="staging/orders.yml", more="owner: team\n")
    project.suite(HOLDS, table="shop.customers")
    answer = project.sluice("suites", "list")
    assert answer.out.splitlines() == [
        "shop.customers     1 expectations  ", "shop.orders        2 expectations  team", "3 expectations in 2 suites",
    ]  # fmt: skip
    listed = project.sluice("suites", "list", "--json").document
    assert [(suite["suite"], suite["layer"], suite["owner"], suite["expectations"]) for suite in listed] == [
        ("shop.customers", "", None, 1), ("shop.orders", "staging", "team", 2),
    ]  # fmt: skip


def test_the_project_can_be_given_by_the_environment(project: ForeignProject) -> None:
    project.suite(HOLDS)
    project.set("PROJECT", str(project.root))
    assert project.sluice("check", "mycheck", project=False).code == 0
    assert project.sluice("gate", "check", "marts", project=False).code == 0


def test_what_sluice_keeps_is_where_it_was_told(project: ForeignProject, tmp_path: Path) -> None:
    project.suite(HOLDS)
    project.set("STATE", str(tmp_path / "elsewhere"))
    assert project.check().code == 0
    assert (tmp_path / "elsewhere" / "ledger.sqlite").is_file()
    assert not project.state.exists()


def test_nothing_is_written_when_only_asked(project: ForeignProject) -> None:
    project.suite(HOLDS)
    project.gate()
    project.sluice("gate", "status")
    project.sluice("suites", "list")
    assert not project.state.exists()
