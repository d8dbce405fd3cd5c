"""``sluice run``: what a newcomer types, and what is there afterwards."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from checkpoints.ledger import Ledger
from checkpoints.result import Verdict
from checkpoints.spec import load_checkpoints
from expectations.loader import load_suites
from gx.settings import REFERENCE_PROJECT, Settings
from tests.journeys.conftest import GoodRun
from tests.journeys.tables import TRUE_FIGURES, Tables, duckdb_url

pytestmark = [pytest.mark.journey, pytest.mark.timeout(900)]

CHECKPOINTS = ["raw", "staging", "marts", "dashboards", "models"]
LOADS = ["staging", "marts", "dashboards"]
MINIMUM_OF_EXPECTATIONS = 127  # the requirements document's count


@pytest.fixture(scope="module")
def document(good_run: GoodRun) -> Mapping[str, Any]:
    found: Mapping[str, Any] = good_run.ended.document
    return found


@pytest.fixture(scope="module")
def ledger_rows(good_run: GoodRun) -> Tables:
    return Tables(duckdb_url(good_run.sluice.state / "ledger.sqlite").set(drivername="sqlite"))


def suite_tables(checkpoint: str) -> list[str]:
    settings = Settings(project=REFERENCE_PROJECT)
    chosen = load_checkpoints(settings.checkpoints_dir)[checkpoint].choose(load_suites(settings.suites_dir))
    return [str(suite.table) for suite in chosen]


def test_every_checkpoint_passes_and_every_gate_opens(document: Mapping[str, Any]) -> None:
    assert [item["checkpoint"] for item in document["checkpoints"]] == CHECKPOINTS
    for item in document["checkpoints"]:
        assert (item["verdict"], item["reasons"], item["held"]) == ("passed", [], item["expectations"])
    assert sum(item["expectations"] for item in document["checkpoints"]) >= MINIMUM_OF_EXPECTATIONS
    assert [(gate["load"], gate["decision"], gate["reasons"]) for gate in document["gates"]] == [
        ("staging", "open", ["raw passed"]),
        ("marts", "open", ["staging passed"]),
        ("dashboards", "open", ["marts passed"]),
    ]
    assert document["error"] is None


def test_the_dashboard_shows_the_figures_of_the_requirements_document(good_run: GoodRun) -> None:
    assert good_run.tables.figures() == TRUE_FIGURES


def test_every_layer_holds_what_the_source_had(good_run: GoodRun) -> None:
    counts = {
        name: good_run.tables.value(f"select count(*) from {name}")
        for name in ("raw_stripe.charges", "staging.stg_stripe_charges", "marts.fct_revenue", "raw_postgres.page_views")
    }
    cents = good_run.tables.value("select sum(amount) from raw_stripe.charges")

    assert counts == {
        "raw_stripe.charges": 1423,
        "staging.stg_stripe_charges": 1423,
        "marts.fct_revenue": 1423,
        "raw_postgres.page_views": 23_000,
    }
    assert cents == 41_218_400
    assert good_run.tables.value("select sum(amount_dollars) from marts.fct_revenue") == 412_184


def test_the_data_docs_name_every_table_of_every_checkpoint(document: Mapping[str, Any]) -> None:
    index = Path(document["data_docs"])
    text = _text(index)

    for checkpoint in CHECKPOINTS:
        assert f"Passed {checkpoint}" in text, f"{checkpoint} is not shown as passed"
        missing = [table for table in suite_tables(checkpoint) if table not in text]
        assert missing == []


def test_every_page_that_the_index_links_to_is_there(document: Mapping[str, Any]) -> None:
    index = Path(document["data_docs"])
    links = {link for link in re.findall(r'href="([^"#]+)"', index.read_text(encoding="utf-8")) if "://" not in link}

    assert len(links) >= 2 * sum(len(suite_tables(checkpoint)) for checkpoint in CHECKPOINTS)
    assert [link for link in links if not link.startswith("data:") and not (index.parent / link).is_file()] == []


def test_the_ledger_remembers_what_arrived(good_run: GoodRun) -> None:
    ledger = Ledger(Settings(state=good_run.sluice.state).ledger(), gate_valid_hours=24)
    ingest = ledger.ingest(good_run.ingest_id)
    ledger.close()

    assert ingest is not None
    assert ingest.finished_at is not None
    assert ingest.started_at < ingest.finished_at
    assert dict(ingest.tables) == {
        "raw_stripe.charges": 1423,
        "raw_stripe.customers": 1423,
        "raw_stripe.subscriptions": 1454,
        "raw_stripe.plans": 8,
        "raw_postgres.users": 2300,
        "raw_postgres.events": 11_500,
        "raw_postgres.sessions": 6_900,
        "raw_postgres.page_views": 23_000,
    }


def test_the_ledger_remembers_every_run_and_every_expectation(ledger_rows: Tables, document: Mapping[str, Any]) -> None:
    runs = ledger_rows.rows("select run_id, checkpoint, verdict from checkpoint_runs order by started_at")
    results = ledger_rows.rows("select run_id, suite, success, error from expectation_results")
    expected = {suite.name: len(suite.expectations) for suite in load_suites(Settings().suites_dir)}

    assert runs == [(item["run_id"], item["checkpoint"], Verdict.PASSED.value) for item in document["checkpoints"]]
    assert Counter(suite for _, suite, _, _ in results) == expected
    assert {(success, error) for _, _, success, error in results} == {(1, None)}


def test_the_ledger_remembers_the_rows_of_every_table(ledger_rows: Tables, good_run: GoodRun) -> None:
    recorded = dict(ledger_rows.rows("select table_name, row_count from row_counts"))

    assert set(recorded) == {table for checkpoint in CHECKPOINTS for table in suite_tables(checkpoint)}
    assert recorded == {name: good_run.tables.value(f"select count(*) from {name}") for name in recorded}


def test_each_gate_was_closed_until_its_checkpoint_had_a_verdict(ledger_rows: Tables, good_run: GoodRun) -> None:
    decisions = ledger_rows.rows("select load, ingest_id, verdict, decision from gate_decisions order by id")

    # The load before it closes a gate, the beginning of its checkpoint does too; before `staging` there is no load.
    closed, opened = ("pending", "closed"), ("passed", "open")
    after = {"staging": ("marts", "publish-staging"), "marts": ("dashboards", "publish-marts")}
    assert decisions == [
        *(("staging", good_run.ingest_id, *decided) for decided in (closed, opened)),
        *(
            (gate, good_run.ingest_id, *decided)
            for load in LOADS
            for decided in (closed, closed, opened)
            for gate in after.get(load, ("publish-dashboards",))
        ),
    ]


def test_progress_goes_to_standard_error_while_it_works(good_run: GoodRun) -> None:
    lines = good_run.ended.err.splitlines()
    seconds = [float(match[1]) for line in lines if (match := re.match(r"^ *(\d+\.\d) s  ", line))]

    assert len(seconds) == len(lines), good_run.ended.err
    assert len(seconds) > 20
    assert seconds == sorted(seconds)


@pytest.mark.parametrize("load", LOADS)
def test_the_gate_command_lets_each_load_run(good_run: GoodRun, load: str) -> None:
    ended = good_run.sluice.run("gate", "check", load)

    assert (ended.code, ended.err) == (0, "")
    assert re.fullmatch(rf"gate {load} +open +\w+ passed\n", ended.out)


class _Text(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.parts: list[str] = []

    def handle_data(self, data: str) -> None:
        self.parts.append(data)


def _text(page: Path) -> str:
    """What a browser shows of a page, roughly."""
    reader = _Text()
    reader.feed(page.read_text(encoding="utf-8"))
    return re.sub(r"\s+", " ", "".join(reader.parts))
