from __future__ import annotations

from typing import Any

import pytest
from great_expectations.expectations.expectation_configuration import ExpectationConfiguration

from gx.shown import META, Shown
from tests.gx.docs.project import DocsProject, expectation, result
from tests.gx.docs.reading import read


def test_a_result_says_what_when_and_how_it_came_out(project: DocsProject) -> None:
    key = project.store_run(
        "staging.stg_stripe_charges",
        [
            result(expectation(column="charge_id"), element_count=2846, unexpected_count=0, missing_count=0),
            result(
                expectation(column="charge_id", notes="Fivetran re-sends rows."),
                success=False,
                element_count=2900,
                missing_count=54,
                unexpected_count=1423,
                unexpected_percent=50.0,
            ),
        ],
        checkpoint="staging",
        ingest_id="ingest-7",
        run_name="nightly",
    )
    text = read(project.result_page(key)).text
    assert "staging.stg_stripe_charges" in text
    assert "1 of 2 expectations did not hold" in text
    assert "1,423 of 2,846 values unexpected (50 %)" in text
    assert "Fivetran re-sends rows." in text
    for fact in ("2025-09-01 06:00 UTC", "Checkpoint staging", "Ingest ingest-7", "Run nightly"):
        assert fact in text


def test_what_is_worst_comes_first(project: DocsProject) -> None:
    key = project.store_run(
        "s.t",
        [
            result(expectation(column="passing", index=0)),
            result(expectation(column="warning", severity="warning", index=1), success=False),
            result(expectation(column="failing", index=2), success=False),
            result(expectation(column="info", severity="info", index=3), success=False),
            result(expectation(column="erroring", severity="info", index=4), error="no such column"),
        ],
    )
    text = read(project.result_page(key)).text
    found = [text.index(f"{column}: values") for column in ("erroring", "failing", "warning", "info", "passing")]
    assert found == sorted(found)


@pytest.mark.parametrize(
    ("config", "details", "verdict"),
    [
        (expectation(severity="critical"), {"success": False}, "Failed"),
        (expectation(severity="warning"), {"success": False}, "Warned"),
        (expectation(severity="warning", blocking=True), {"success": False}, "Failed"),
        (expectation(severity="critical", blocking=False), {"success": False}, "Warned"),
        (expectation(severity="info"), {"error": "no such table"}, "Errored"),
        (expectation(), {}, "Passed"),
    ],
)
def test_blocking_and_not_severity_makes_a_failure(
    project: DocsProject, config: object, details: dict[str, object], verdict: str
) -> None:
    key = project.store_run("s.t", [result(config, **details)])  # type: ignore[arg-type]
    assert read(project.result_page(key)).text.strip().startswith(f"{verdict}: s.t")


def test_the_verdict_of_the_checkpoint_is_told_apart_from_the_tables(project: DocsProject) -> None:
    key = project.store_run("s.t", [result()], checkpoint="staging", verdict="failed")
    text = read(project.result_page(key)).text
    assert text.strip().startswith("Passed: s.t")
    assert "Checkpoint staging, failed as a whole" in text


def test_a_result_without_any_outcome_is_no_pass(project: DocsProject) -> None:
    text = read(project.result_page(project.store_run("s.t", []))).text
    assert text.strip().startswith("Errored")
    assert "nothing was checked" in text


def test_the_sentence_of_a_custom_expectation_is_shown_instead_of_its_value(project: DocsProject) -> None:
    said = "$847,342 in fct_revenue, $412,184 at Stripe: 105.6 % apart, 1 % allowed"
    key = project.store_run("s.t", [result(success=False, observed_value=1.056, details={"sentence": said})])
    text = read(project.result_page(key)).text
    assert said in text
    assert "1.056" not in text


@pytest.mark.parametrize(
    ("details", "shown"),
    [
        ({"observed_value": 1423}, "Observed 1,423"),
        ({"observed_value": 0.0}, "Observed 0"),
        ({"observed_value": "2025-09-30"}, "Observed 2025-09-30"),
        ({"observed_value": ["ann@example.com", "bob@example.com"]}, "Observed 2 values (not shown)"),
        ({"observed_value": "2 values (***)"}, "Observed 2 values (not shown)"),
        ({"observed_value": "ann@example.com"}, "Observed not shown"),
        ({"observed_value": True}, "Observed true"),
        ({"unexpected_count": 2}, "2 values unexpected"),
    ],
)
def test_observations_read_well(project: DocsProject, details: dict[str, Any], shown: str) -> None:
    key = project.store_run("s.t", [result(success=False, **details)])
    assert shown in read(project.result_page(key)).text


def test_failing_values_are_counted_and_never_shown(project: DocsProject) -> None:
    leak = "ann@example.com"
    key = project.store_run(
        "s.t",
        [
            result(
                success=False,
                element_count=10,
                unexpected_count=3,
                observed_value=[leak],
                partial_unexpected_list=[leak],
                unexpected_list=[leak],
                partial_unexpected_counts=[{"value": leak, "count": 3}],
                partial_unexpected_index_list=[{"email": leak}],
                unexpected_index_query=f"SELECT '{leak}'",
                details={"unexpected_rows": [{"email": leak}], "value_counts": [{"value": leak}]},
            )
        ],
    )
    project.publish(key)
    written = [path.read_text() for path in project.site.rglob("*") if path.is_file()]
    assert len(written) >= 4
    assert not [text for text in written if leak in text]


def test_an_error_shows_its_message_without_traceback_statement_or_password(project: DocsProject) -> None:
    error = (
        '(UndefinedColumn) column "nope" does not exist at postgresql://me:hunter2@db/x\n'
        "[SQL: SELECT nope FROM t WHERE email = %(e)s]\n[parameters: {'e': 'ann@example.com'}]"
    )
    page = read(project.result_page(project.store_run("s.t", [result(error=error)]))).text
    assert 'column "nope" does not exist' in page
    assert "1 of 1 expectation could not be checked" in page
    for hidden in ("Traceback", "secret.py", "SELECT", "ann@example.com", "hunter2"):
        assert hidden not in page


def test_an_implicit_expectation_shows_only_when_it_raised(project: DocsProject) -> None:
    implicit = expectation("expect_table_row_count_to_be_between", implicit=True, min_value=0)
    quiet = project.store_run("s.quiet", [result(), result(implicit)])
    loud = project.store_run("s.loud", [result(), result(implicit, error="table is missing")], day=1)
    project.publish(quiet, loud)
    pages = {path: read(html).text for path, html in project.pages().items() if path.startswith("validations")}
    (first,) = (text for path, text in pages.items() if "quiet" in path)
    (second,) = (text for path, text in pages.items() if "loud" in path)
    assert "rows" not in first
    assert "1 expectation checked" in first
    assert "table is missing" in second


def test_what_never_reached_gx_is_an_error_of_its_table(project: DocsProject) -> None:
    unchecked = [
        {
            "type": "expect_column_sum_to_be_between",
            "kwargs": {"column": "amount", "min_value": 1},
            "severity": "warning",
            "error": "there is no source 'stripe'",
        }
    ]
    page = read(project.result_page(project.store_run("s.t", [result()], unchecked=unchecked))).text
    assert page.strip().startswith("Errored: s.t")
    assert "amount: sum must be greater than or equal to 1." in page
    assert "there is no source 'stripe'" in page
    assert "1 of 2 expectations could not be checked" in page


def test_a_table_that_is_missing_altogether_is_an_error(project: DocsProject) -> None:
    key = project.store_run("s.t", [], unchecked=[{"error": "the table s.t does not exist"}])
    page = read(project.result_page(key)).text
    assert page.strip().startswith("Errored: s.t")
    assert "Table to be checked" in page
    assert "the table s.t does not exist" in page


def test_a_result_links_to_its_suite_its_table_and_the_index(project: DocsProject) -> None:
    project.store_suite("staging.stg_users", [expectation()])
    key = project.store_run("staging.stg_users", [result()])
    assert read(project.result_page(key)).links == [
        "../../../../../index.html",
        "../../../../../tables/staging.stg_users.html",
        "../../../../../expectations/staging/stg_users.html",
        "../../../../../expectations/staging/stg_users.html",
    ]


def test_without_a_stored_suite_nothing_links_to_one(project: DocsProject) -> None:
    key = project.store_run("staging.stg_users", [result()])
    assert not [link for link in read(project.result_page(key)).links if "expectations" in link]


def _shown(**shown: Any) -> ExpectationConfiguration:
    config = expectation(column="email")
    config.meta[META] |= Shown(**shown).to_meta()
    return config


_FOUND: dict[str, Any] = {
    "element_count": 10,
    "unexpected_count": 3,
    "partial_unexpected_list": ["ann@example.com", None],
    "partial_unexpected_index_list": [{"id": 1234567, "email": "ann@example.com"}],
    "unexpected_index_query": "SELECT id FROM users WHERE email IN ('x')",
}


def test_samples_keys_and_the_statement_show_where_the_suite_allows_them(project: DocsProject) -> None:
    key = project.store_run("s.t", [result(_shown(samples=True, keys=("id",)), success=False, **_FOUND)])
    text = read(project.result_page(key)).text
    assert "Some of the rows id email 1234567 ann@example.com" in text
    assert "Reproduce SELECT id FROM users WHERE email IN ('x')" in text


def test_keys_may_show_without_the_values(project: DocsProject) -> None:
    text = read(project.result_page(project.store_run("s.t", [result(_shown(keys=("id",)), success=False, **_FOUND)])))
    assert "Some of the rows id 1234567" in text.text
    assert "ann@example.com" not in text.text


def test_samples_alone_are_a_list_of_values(project: DocsProject) -> None:
    found = {**_FOUND, "partial_unexpected_index_list": None}
    key = project.store_run("s.t", [result(_shown(samples=True), success=False, **found)])
    assert "Some of the rows email ann@example.com NULL" in read(project.result_page(key)).text


@pytest.mark.parametrize("config", [expectation(column="email"), _shown(samples=True, pii=True)])
def test_without_leave_the_page_says_that_values_are_not_shown(
    project: DocsProject, config: ExpectationConfiguration
) -> None:
    text = read(project.result_page(project.store_run("s.t", [result(config, success=False, **_FOUND)]))).text
    assert "Values are not shown; the suite may allow them." in text
    assert "ann@example.com" not in text


def test_a_reconciliation_shows_what_it_compares(project: DocsProject) -> None:
    config = expectation("expect_column_sum_to_reconcile_with_source", column="amount", source="stripe")
    figures = [["marts.fct_revenue", "$847,342"], ["charges at Stripe", "$412,184"]]
    key = project.store_run("s.t", [result(config, success=False, details={"sentence": "Apart.", "figures": figures})])
    text = read(project.result_page(key)).text
    assert "Compared marts.fct_revenue $847,342 charges at Stripe $412,184" in text


def test_a_run_tells_the_decision_it_led_to(project: DocsProject) -> None:
    mark = {"load": "marts", "checkpoint": "staging", "open": False, "decided_at": "2025-09-01T06:02:00Z"}
    gates = [{**mark, "reasons": ["charge_id is not unique"]}, {**mark, "load": "reports", "open": True}]
    key = project.store_run("s.t", [result(success=False)], gates=gates, seconds=1.25, statements=1, rows=2846)
    text = read(project.result_page(key)).text
    assert "Closed gate of marts charge_id is not unique" in text
    assert "Open gate of reports" in text
    assert "Rows 2,846" in text
    assert "Took 1.25 s, 1 statement" in text


def test_facts_that_are_not_as_they_should_be_cost_no_more_than_themselves(project: DocsProject) -> None:
    key = project.store_run("s.t", [result()], rows="many", gates="open", owner="finance", layer=None)
    assert "Owner finance" in read(project.result_page(key)).text
