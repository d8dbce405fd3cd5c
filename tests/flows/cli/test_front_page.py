"""The front page says what the ledger says: whatever went wrong, it does not look all right."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.flows.cli.foreign import ForeignProject
from tests.gx.docs.reading import read

HOLDS = "expect_column_values_to_not_be_null: {column: id}"
FAILS = "expect_column_values_to_be_unique: {column: id}"


def _front(project: ForeignProject) -> str:
    return read((project.state / "data_docs" / "index.html").read_text(encoding="utf-8")).text


@pytest.fixture
def passed(project: ForeignProject) -> ForeignProject:
    project.suite(HOLDS)
    project.check("--ingest", "ingest-1")
    assert "All right: 1 table checked, none failing" in _front(project)
    assert "Open marts" in _front(project)
    return project


def test_a_new_ingest_closes_the_gates_of_checkpoints_that_have_not_seen_it(passed: ForeignProject) -> None:
    passed.checkpoint('suites: ["*"]\ngates: [reports]\n', name="other")
    passed.sluice("check", "other", "--ingest", "ingest-2")
    assert "Closed marts" in _front(passed)
    assert "the checkpoint mycheck has not been run for ingest ingest-2" in _front(passed)
    assert "Open reports" in _front(passed)
    assert "Not all right" in _front(passed)


def test_a_suite_that_cannot_be_read_is_told(passed: ForeignProject) -> None:
    (passed.root / "expectations/suites/shop.orders.yml").write_text("table: [", encoding="utf-8")
    assert passed.check("--ingest", "ingest-1").code == 2
    assert "Not all right" in _front(passed)
    assert "checkpoint mycheck errored, 1 gate closed" in _front(passed)


def test_a_warehouse_that_is_away_is_told(passed: ForeignProject) -> None:
    passed.set("WAREHOUSE_URL", f"duckdb:///{passed.root}/none.duckdb")
    assert passed.check("--ingest", "ingest-1").code == 3
    assert "Not all right" in _front(passed)
    assert "Closed marts" in _front(passed)


def test_a_checkpoint_that_is_gone_is_not_told(passed: ForeignProject) -> None:
    passed.suite(FAILS)
    passed.check("--ingest", "ingest-1")
    assert "Closed marts" in _front(passed)
    (passed.root / "checkpoints/mycheck.yml").unlink()
    passed.checkpoint('suites: ["*"]\ngates: [reports]\n', name="other")
    assert passed.sluice("docs", "reconcile").code == 0
    assert "marts" not in _front(passed)


def test_a_table_that_is_gone_is_forgotten_when_asked_to(passed: ForeignProject) -> None:
    passed.suite(FAILS, table="shop.customers", file="more.yml")
    passed.check("--ingest", "ingest-1")
    (passed.root / "expectations/suites/more.yml").unlink()
    assert passed.sluice("docs", "forget", "shop.nobody").err.count("it knows: shop.customers, shop.orders") == 1
    assert passed.sluice("docs", "forget", "shop.customers").code == 0
    assert "tables/shop.customers.html" not in read((passed.state / "data_docs/index.html").read_text()).links
    kept = [path for path in passed.state.rglob("*") if "customers" in path.name and "expectations" not in path.parts]
    assert [path for path in kept if path.is_file()] == []
    passed.check("--ingest", "ingest-1")
    assert "All right: 1 table checked" in _front(passed)


def _spoil_site(project: ForeignProject) -> Path:
    (project.root / "gx").mkdir()
    config = project.root / "gx" / "great_expectations.yml"
    shipped = Path(__file__).parents[3] / "gx" / "great_expectations.yml"
    text = shipped.read_text(encoding="utf-8")
    config.write_text(text.replace("    class_name: DataDocsSite\n", "    class_name: DataDocsSite\n    keep: 5\n"))
    assert "keep: 5" in config.read_text()
    return config


def test_a_result_is_kept_though_the_site_cannot_be_used_and_shown_once_it_can(passed: ForeignProject) -> None:
    config = _spoil_site(passed)
    passed.suite(FAILS)
    answer = passed.check("--ingest", "ingest-2")
    assert (answer.code, "could not be published" in answer.err) == (1, True)
    config.unlink()
    assert passed.sluice("docs", "reconcile").code == 0
    assert "Not all right: 1 of 1 table failing, 1 gate closed" in _front(passed)


@pytest.mark.parametrize("setting", ["kept: {runs: 5}", "keep: {runs: true}"])
def test_a_setting_that_is_none_is_refused(passed: ForeignProject, setting: str) -> None:
    config = _spoil_site(passed)
    config.write_text(config.read_text().replace("keep: 5", setting))
    answer = passed.check("--ingest", "ingest-2")
    assert "data_docs_sites: kee" in answer.err or "data_docs_sites: kept" in answer.err


def test_a_number_in_an_error_of_a_table_with_personal_data_is_nowhere(project: ForeignProject) -> None:
    project.sql("create view shop.calls as select id, (id * 15550190000)::bigint::int as code from shop.orders")
    project.suite(
        "expect_table_row_count_to_equal: {value: 4}",
        "expect_column_values_to_be_between: {column: code, min_value: 1}",
        table="shop.calls",
        more="pii: [code]\n",
    )
    answer = project.check("--json")
    said = answer.out + answer.err
    assert answer.code == 3
    assert "15550190000" not in said
    files = [path for path in project.state.rglob("*") if path.is_file()]
    assert [path for path in files if b"15550190000" in path.read_bytes()] == []
    assert "a value could not be converted to another type" in said


def test_a_person_s_word_is_on_the_front_page_at_once_and_so_is_its_end(passed: ForeignProject) -> None:
    passed.suite(FAILS)
    passed.check("--ingest", "ingest-2")
    passed.sluice("gate", "override", "marts", "--reason", "agreed", "--by", "Ada", "--until", "2h")
    assert "1 gate overridden" in _front(passed)
    assert "Open marts" in _front(passed)
    passed.sluice("gate", "revoke", "marts", "--by", "Bob")
    assert "1 gate closed" in _front(passed)
    assert "Closed marts" in _front(passed)


def test_with_a_gate_open_by_a_person_s_word_alone_it_is_not_simply_all_right(passed: ForeignProject) -> None:
    passed.checkpoint('suites: ["*"]\ngates: [reports]\n', name="other")
    passed.sluice("check", "other", "--ingest", "ingest-2")
    passed.sluice("gate", "override", "marts", "--reason", "agreed", "--by", "Ada", "--until", "2h")
    assert "All right, with warnings: 1 table checked, none failing, 1 gate overridden" in _front(passed)


def test_a_table_that_is_still_checked_is_not_forgotten(passed: ForeignProject) -> None:
    answer = passed.sluice("docs", "forget", "shop.orders")
    assert (answer.code, "is still checked, by shop.orders.yml" in answer.err) == (2, True)


def test_a_sum_of_a_personal_column_is_not_told_either_when_it_is_the_source_s(project: ForeignProject) -> None:
    project.suite(
        "expect_column_sum_to_reconcile_with_source: {column: id, source: warehouse, source_table: shop.orders, "
        "source_column: amount, tolerance_percent: 1}",
        more="pii: [amount]\n",
    )
    answer = project.check("--json")
    assert answer.code == 1
    assert "67.25" not in answer.out + answer.err
    assert [path for path in project.state.rglob("*") if path.is_file() and b"67.25" in path.read_bytes()] == []
