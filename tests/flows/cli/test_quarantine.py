"""A person sees what is quarantined wherever the verdict is shown, and no value but the keys leaves the warehouse."""

from __future__ import annotations

from tests.flows.cli.foreign import ForeignProject

NEGATIVE = "expect_column_values_to_be_between: {column: amount, min_value: 0}"
NOTE = "1 row of shop.orders is quarantined (20.0 %, 25 % allowed) and left out of the next load"


def test_what_is_left_out_is_said_at_the_gate_in_json_and_in_data_docs(project: ForeignProject) -> None:
    more = "keys: [id, currency]\npii: [email]\nquarantine: {max_percent: 25, leave_out: true}\n"
    project.suite(NEGATIVE, more=more)
    checked = project.check("--ingest", "ingest-1", "--json")
    assert (checked.code, checked.document["verdict"]) == (0, "warned")
    assert checked.document["reasons"][0] == NOTE
    gate = project.gate()
    assert (gate.code, f"mycheck warned: {NOTE}" in gate.out) == (0, True)
    docs = project.state / "data_docs"
    assert NOTE in (docs / "index.html").read_text(encoding="utf-8")
    pages = [page.read_text(encoding="utf-8") for page in docs.rglob("validations/**/*.html")]
    assert pages
    assert not any("blocks the load" in page for page in pages)
