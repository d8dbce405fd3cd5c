from __future__ import annotations

from tests.gx.docs.project import DocsProject, expectation, result
from tests.gx.docs.reading import read


def _page(project: DocsProject, name: str) -> str:
    project.publish(project.store_run(name, [result()]))
    return read(project.page("expectations/" + name.replace(".", "/") + ".html")).text


def test_a_suite_says_what_must_be_true_and_who_owns_it(project: DocsProject) -> None:
    project.store_suite(
        "staging.stg_stripe_charges",
        [
            expectation(column="currency", severity="warning", index=1, notes="New currencies appear."),
            expectation(column="charge_id", index=0, description="One row per charge."),
            expectation("expect_table_row_count_to_be_between", implicit=True, min_value=0),
        ],
        meta={"sluice": {"owner": "data-engineering", "description": "One row per succeeded charge."}},
        notes="Deduplicated by _fivetran_synced.",
    )
    text = _page(project, "staging.stg_stripe_charges")
    for said in (
        "2 expectations",
        "Owner data-engineering",
        "One row per succeeded charge.",
        "Deduplicated by _fivetran_synced.",
        "New currencies appear.",
        "One row per charge.",
        "critical blocks the load",
    ):
        assert said in text
    assert text.index("charge_id: values must be unique.") < text.index("currency: values must be unique.")
    assert "rows" not in text.replace("rows appear", "")


def test_without_a_description_the_notes_of_the_suite_are_one(project: DocsProject) -> None:
    project.store_suite("s.t", [expectation()], notes="One row per succeeded charge.")
    assert _page(project, "s.t").count("One row per succeeded charge.") == 1


def test_owner_and_description_may_lie_at_the_top_of_meta(project: DocsProject) -> None:
    project.store_suite("s.t", [expectation()], meta={"owner": "finance", "description": "All of it."})
    assert "Owner finance" in _page(project, "s.t")


def test_an_expectation_this_process_does_not_know_is_shown_by_name(project: DocsProject) -> None:
    unknown = expectation("expect_column_total_to_reconcile", column="amount", source="stripe")
    project.store_suite("s.t", [expectation(column="a")])
    stored = project.state / "gx/expectations/s/t.json"
    stored.write_text(stored.read_text().replace('"expect_column_values_to_be_unique"', f'"{unknown.type}"'))
    assert "a: total to reconcile" in _page(project, "s.t")


def test_an_empty_suite_says_so(project: DocsProject) -> None:
    project.store_suite("s.t", [])
    assert "this suite has no expectations" in _page(project, "s.t")
