"""What a check puts on the pages of Data Docs, from the suite's file to the reader."""

from __future__ import annotations

from pathlib import Path

from tests.flows.cli.foreign import ForeignProject
from tests.gx.docs.reading import read

SUITE = (
    "expect_column_values_to_be_unique: {column: id}",
    "expect_column_values_to_not_be_null: {column: email, mostly: 0.5}\n    severity: warning",
    "expect_table_to_be_fresh: {column: ordered_at, max_age_hours: 3}\n    severity: warning",
    "expect_table_to_be_fresh: {column: ordered_at, max_age_hours: 6}",
)
MORE = "owner: finance\ndescription: One row per order.\n"


def _checked(project: ForeignProject, *expectations: str, more: str = MORE) -> Path:
    project.suite(*expectations, file="shop/orders.yml", more=more)
    project.check()
    return project.state / "data_docs"


def _text(page: Path) -> str:
    return read(page.read_text(encoding="utf-8")).text


def test_the_front_page_tells_the_gate_rows_and_freshness(project: ForeignProject) -> None:
    text = _text(_checked(project, *SUITE) / "index.html")
    assert "Not all right: 1 of 1 table failing, 1 gate closed" in text
    assert "Closed marts since" in text
    assert "mycheck failed: shop.orders.id: expect_column_values_to_be_unique, 2 of 5 unexpected" in text
    assert "shop.orders shop" in text  # its layer
    assert "Stale Last updated 2025-09-05 10:00 UTC" in text


def test_a_run_tells_its_duration_statements_and_decision(project: ForeignProject) -> None:
    site = _checked(project, *SUITE)
    (run,) = (site / "validations").rglob("*.html")
    text = _text(run)
    for said in ("Closed gate of marts", "Owner finance", "Layer shop", "Rows 5", " s, ", "statement"):
        assert said in text


def test_a_table_tells_its_suite_owner_and_history(project: ForeignProject) -> None:
    _checked(project, *SUITE)
    text = _text(_checked(project, *SUITE) / "tables/shop.orders.html")
    for said in ("Owner finance", "One row per order.", "id: values must be unique.", "2 runs kept"):
        assert said in text
    assert "3 of 4 5 2 40 %" in text  # failing, rows, rows with a key that repeats, the worst share of nulls


def test_a_reconciliation_shows_both_sides(project: ForeignProject, tmp_path: Path) -> None:
    other = ForeignProject(tmp_path / "erp", project.monkeypatch)
    other.root.mkdir()
    other.sql("create table bills as select 3000 as cents")
    project.set("SOURCE_ERP_URL", f"duckdb:///{other.database}")
    site = _checked(
        project,
        "expect_column_sum_to_reconcile_with_source: {column: amount, source: erp, source_table: main.bills, "
        "source_column: cents, source_factor: 0.01, tolerance_percent: 1, unit: usd}",
    )
    (run,) = (site / "validations").rglob("*.html")
    said = "shop.orders $67.25 main.bills at erp $30 Difference $37.25 (124.2 % apart) Allowed 1 %"
    assert f"Compared {said}" in _text(run)


def test_failing_values_show_where_the_suite_allows_it_and_nowhere_else(project: ForeignProject) -> None:
    wrong = "expect_column_values_to_be_in_set: {column: email, value_set: [a@example.com]}"
    site = _checked(project, wrong)
    assert not [path for path in site.rglob("*.html") if "b@example.com" in path.read_text()]
    (run,) = (site / "validations").rglob("*.html")
    assert "Values are not shown; the suite may allow them." in _text(run)
    _checked(project, wrong, more="samples: [email]\nkeys: [id]\n")
    texts = [_text(path) for path in (site / "validations").rglob("*.html")]
    (shown,) = [text for text in texts if "b@example.com" in text]
    assert "Some of the rows id email 2 b@example.com" in shown
    assert "Reproduce SELECT" in shown
