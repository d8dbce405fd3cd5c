"""Values of the data and passwords are in nothing that sluice prints or keeps.

Every value of the table below holds a marker; every kind of expectation fails or errs on it, and then every file
that was written and everything that was printed is searched for the marker.
"""

from __future__ import annotations

import base64
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.flows.cli.foreign import Answer, ForeignProject, make

MARKER = "mark9f3"
PEOPLE = f"""
create schema hr;
create table hr.people
    (id integer, email varchar, name varchar, document varchar, pattern varchar, score double, seen_at timestamp);
insert into hr.people values
    (1, 'jane{MARKER}@example.com', 'o''{MARKER}', '{{"k": ["{MARKER}"]}}', '({MARKER}', 5.0, '2025-09-01'),
    (1, 'joe{MARKER}@example.com', 'a\n{MARKER}', '[{MARKER}', 'x{MARKER}', 'NaN', '2025-09-02'),
    (3, null, 'say "{MARKER}"', '{MARKER}', '{MARKER}', -7.5, '2025-09-03');
"""
# Views that fail while they are read, each with the database's own way to quote the value.
CASTS = (
    *("email::integer", "name::integer", "name::timestamp", "email::date", "email::uuid", "document::json"),
    *("name::double", "email::decimal(9, 2)", "email::time", "name::boolean", "document::integer[]"),
    *("email::interval", "name::blob", "email::enum('a', 'b')", "strptime(name, '%Y')", "error(email)"),
    *("regexp_matches('a', pattern)", "json_extract(document, '$.k')", "name::bit", "email::hugeint"),
)
PARTITION = "partition_object: {values: [x], weights: [1]}"
EXPECTATIONS = (
    "expect_column_values_to_be_unique: {column: id}",
    "expect_column_values_to_not_be_null: {column: email}",
    "expect_column_values_to_be_null: {column: email}",
    "expect_column_values_to_be_in_set: {column: email, value_set: [a]}",
    "expect_column_distinct_values_to_be_in_set: {column: email, value_set: [a]}",
    "expect_column_distinct_values_to_equal_set: {column: name, value_set: [a]}",
    "expect_column_distinct_values_to_contain_set: {column: name, value_set: [a]}",
    "expect_column_most_common_value_to_be_in_set: {column: email, value_set: [a]}",
    "expect_column_max_to_be_between: {column: email, max_value: 5}",
    "expect_column_min_to_be_between: {column: name, min_value: 5}",
    "expect_column_mean_to_be_between: {column: email, max_value: 5}",
    "expect_column_mean_to_be_between: {column: score, max_value: 5}",
    "expect_column_sum_to_be_between: {column: score, max_value: 5}",
    "expect_column_stdev_to_be_between: {column: score, max_value: 5}",
    "expect_column_median_to_be_between: {column: name, max_value: 5}",
    (
        "expect_column_quantile_values_to_be_between: {column: email, "
        "quantile_ranges: {quantiles: [0.5], value_ranges: [[5, 6]]}}"
    ),
    "expect_column_values_to_match_regex: {column: email, regex: '^zz'}",
    "expect_column_values_to_match_regex: {column: email, regex: '['}",
    "expect_column_values_to_match_like_pattern: {column: email, like_pattern: 'zz%'}",
    "expect_column_values_to_be_between: {column: email, max_value: 5}",
    "expect_column_value_lengths_to_equal: {column: email, value: 2}",
    "expect_column_pair_values_to_be_equal: {column_A: email, column_B: name}",
    "expect_column_pair_values_a_to_be_greater_than_b: {column_A: email, column_B: name}",
    "expect_column_pair_values_to_be_in_set: {column_A: email, column_B: name, value_pairs_set: [[a, b]]}",
    "expect_compound_columns_to_be_unique: {column_list: [id, score]}",
    "expect_multicolumn_sum_to_equal: {column_list: [id, score], sum_total: 5}",
    "expect_select_column_values_to_be_unique_within_record: {column_list: [document, pattern]}",
    f"expect_column_kl_divergence_to_be_less_than: {{column: email, threshold: 0.1, {PARTITION}}}",
    "expect_column_value_z_scores_to_be_less_than: {column: score, threshold: 1, double_sided: true}",
    "expect_column_values_to_be_of_type: {column: email, type_: INTEGER}",
    "expect_column_unique_value_count_to_be_between: {column: email, max_value: 1}",
    "expect_column_values_to_be_json_parseable: {column: document}",
    "expect_table_columns_to_match_set: {column_set: [a]}",
    "expect_table_to_be_fresh: {column: email, max_age_hours: 1}",
    "expect_table_to_be_fresh: {column: seen_at, max_age_hours: 1}",
    "expect_column_values_to_exist_in_table: {column: email, parent_table: hr.people, parent_column: name}",
    "expect_column_values_to_exist_in_table: {column: id, parent_table: hr.bad0, parent_column: x}",
    (
        "expect_column_sum_to_reconcile_with_source: "
        "{column: score, source: warehouse, source_table: hr.bad1, source_column: x}"
    ),
    "unexpected_rows_expectation: {unexpected_rows_query: 'select * from {batch} where id > 0'}",
    "unexpected_rows_expectation: {unexpected_rows_query: 'select email::integer from {batch}'}",
    (
        "expect_query_results_to_match_comparison: {base_query: 'select email from hr.people', "
        "comparison_data_source_name: duckdb, comparison_query: 'select name from hr.people'}"
    ),
)


@dataclass(frozen=True)
class Searched:
    """A project after its check, and what the check said."""

    project: ForeignProject
    text: Answer
    json: Answer

    def files(self) -> list[Path]:
        return [path for path in self.project.root.rglob("*") if path.is_file() and path != self.project.database]


@pytest.fixture(scope="module")
def searched(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Searched]:
    with pytest.MonkeyPatch.context() as monkeypatch:
        project = make(tmp_path_factory.mktemp("leaks") / "team", monkeypatch)
        project.sql(PEOPLE + "".join(
            f"create view hr.bad{number} as select id, {cast} as x from hr.people;" for number, cast in enumerate(CASTS)
        ))  # fmt: skip
        project.suite(*EXPECTATIONS, table="hr.people")
        project.checkpoint("suites: [hr.people, hr.bad1, hr.bad3]\n", name="few")
        for number in range(len(CASTS)):
            project.suite(
                "expect_column_values_to_not_be_null: {column: x}",
                "expect_column_max_to_be_between: {column: x, max_value: 5}",
                table=f"hr.bad{number}",
            )
        yield Searched(project, project.sluice("check", "few"), project.check("--json"))


def holds_marker(content: bytes) -> bool:
    forms = (MARKER.encode(), MARKER.encode("utf-16-le"), base64.b64encode(MARKER.encode()).rstrip(b"="))
    return any(form in content for form in forms)


def test_the_check_saw_the_marked_values(searched: Searched) -> None:
    """Otherwise the tests below would find nothing because there is nothing to find."""
    assert holds_marker(searched.project.database.read_bytes())
    results = searched.json.document["results"]
    assert len(results) == len(EXPECTATIONS) + 2 * len(CASTS)
    kinds = {(result["table"], result["error"] is not None, result["success"]) for result in results}
    assert {("hr.people", True, False), ("hr.people", False, False)} <= kinds
    assert sum(1 for result in results if result["error"] and "***" in result["error"]) > 20
    observed = [result["observed_value"] for result in results if "***" in str(result["observed_value"])]
    assert observed


def test_no_value_is_printed(searched: Searched) -> None:
    for answer in (searched.text, searched.json):
        assert answer.code == 3
        assert not holds_marker(answer.out.encode())
        assert not holds_marker(answer.err.encode())


@pytest.mark.parametrize(
    ("pattern", "least"),
    [("ledger.sqlite*", 1), ("gx/validations/**/*.json", 20), ("data_docs/**/*.html", 40)],
)
def test_no_value_is_kept(searched: Searched, pattern: str, least: int) -> None:
    files = [path for path in searched.project.state.glob(pattern) if path.is_file()]
    assert len(files) >= least
    assert [path for path in files if holds_marker(path.read_bytes())] == []


def test_no_value_is_in_any_other_file_of_the_project(searched: Searched) -> None:
    assert [path for path in searched.files() if holds_marker(path.read_bytes())] == []


SECRET = "s3cr3t/@:m4rk"
QUOTED = "s3cr3t%2F%40%3Am4rk"


@pytest.mark.parametrize(
    "variable",
    ["WAREHOUSE_URL", "LEDGER_URL", "SOURCE_ERP_URL"],
)
@pytest.mark.parametrize("place", ["127.0.0.1:1/db", "nowhere.invalid/db", "127.0.0.1:1/db?password=s3cr3t2m4rk"])
def test_no_password_is_printed_or_kept(project: ForeignProject, variable: str, place: str) -> None:
    project.suite("expect_table_row_count_to_reconcile_with_source: {source: erp, source_table: t}")
    project.set(variable, f"postgresql://me:{QUOTED}@{place}")
    answers = [project.check(), project.check("--json"), project.gate(), project.gate("--json"),
               project.sluice("gate", "status")]  # fmt: skip
    assert all(answer.code != 0 for answer in answers)
    printed = "".join(answer.out + answer.err for answer in answers)
    kept = b"".join(path.read_bytes() for path in project.root.rglob("*") if path.is_file())
    for secret in (SECRET, QUOTED, "s3cr3t", "m4rk"):
        assert secret not in printed
        assert secret.encode() not in kept
