"""A site to look at: the reference warehouse's suites, six weeks of daily runs, the incident's sync at the end.

What came of each expectation is made up; the suites, the stores and the publishing are the real ones.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from great_expectations.core import ExpectationValidationResult
from great_expectations.data_context.types.resource_identifiers import ValidationResultIdentifier
from great_expectations.expectations.expectation_configuration import ExpectationConfiguration

from expectations.build import build_expectations, to_gx_suite
from expectations.loader import load_suites
from expectations.suite import SuiteSpec
from gx.docs.pages import Verdict
from gx.docs.records import Freshness, GateMark, RunFacts
from gx.docs.standing import CheckpointNow, GateNow, Standing
from gx.shown import META, Shown
from tests.gx.docs.project import FIRST_RUN, DocsProject, result

SUITES = Path(__file__).parents[3] / "expectations" / "suites"
DAYS = 42
CHARGES = "staging.stg_stripe_charges"
NOW = FIRST_RUN + timedelta(days=DAYS - 1, hours=2, minutes=27)
"""When the site is looked at."""
_TABLES = {
    "raw_stripe.charges": 2_900,
    "raw_stripe.customers": 1_210,
    "raw_postgres.users": 5_400,
    CHARGES: 1_380,
    "staging.stg_stripe_customers": 1_190,
    "staging.stg_users": 5_380,
    "marts.dim_customers": 1_190,
    "marts.fct_mrr": 420,
    "marts.fct_revenue": 1_380,
    "marts.fct_user_activity": 88_000,
}
_GATES = {"raw": "staging", "staging": "marts", "marts": "dashboards"}
_RECONCILED = (
    ("staging.stg_stripe_charges", "$847,342"),
    ("charges at Stripe", "$412,184"),
    ("Difference", "$435,158 (105.6 % apart)"),
    ("Allowed", "1 %"),
)
_REASONS = (
    f"{CHARGES}.charge_id: expect_column_values_to_be_unique, 2,846 of 3,908 unexpected",
    "$847,342 in staging.stg_stripe_charges, $412,184 at Stripe: 105.6 % apart, 1 % allowed.",
)


@dataclass(frozen=True)
class _Day:
    number: int
    rows: int
    incident: bool
    random: random.Random

    @property
    def time(self) -> datetime:
        return FIRST_RUN + timedelta(days=self.number)


def publish(project: DocsProject, days: int = DAYS) -> ValidationResultIdentifier:
    """Publish the whole history; returns the run that failed in the end."""
    suites = [suite for suite in load_suites(SUITES) if suite.name in _TABLES]
    failed = None
    for suite in suites:
        project.context.suites.add(to_gx_suite(suite, build_expectations(suite)))
    for number in range(DAYS - days, DAYS):
        keys = [_run(project, suite, number) for suite in suites]
        project.publish(*keys, standing=_standing(number))
        failed = next(key for suite, key in zip(suites, keys, strict=True) if suite.name == CHARGES)
    assert failed is not None
    return failed


def _run(project: DocsProject, suite: SuiteSpec, number: int) -> ValidationResultIdentifier:
    chance = random.Random(f"{suite.name} {number}")
    rows = int(_TABLES[suite.name] * (1 + number / 100) * chance.uniform(0.99, 1.01))
    incident = number == DAYS - 1 and suite.name == CHARGES
    day = _Day(number, rows * 2 if incident else rows, incident, chance)
    gx_suite = to_gx_suite(suite, build_expectations(suite))
    outcomes = [_outcome(suite, item.configuration, day) for item in gx_suite.expectations]
    return project.store_run(
        suite.name,
        outcomes,
        day=number,
        run_name=f"stripe-{day.time:%Y%m%d}",
        batch="warehouse-table",
        **_facts(suite, day).model_dump(mode="json", exclude_defaults=True),
    )


def _closes(number: int, layer: str) -> bool:
    return number == DAYS - 1 and layer == "staging"


def _standing(number: int) -> Standing:
    """As the ledger would tell it: behind a closed gate nothing is checked for the new ingest."""
    now = FIRST_RUN + timedelta(days=number, minutes=2)
    gates, checkpoints = [], []
    for layer, load in _GATES.items():
        closed = _closes(number, layer)
        gates.append(
            GateNow(
                load=load,
                open=not closed,
                since=now,
                until=None if closed else now + timedelta(hours=24),
                why=tuple(f"{layer} failed: {reason}" for reason in _REASONS) if closed else (f"{layer} passed",),
            )
        )
        checkpoints.append(CheckpointNow(name=layer, verdict=Verdict.FAILED if closed else Verdict.PASSED, time=now))
    return Standing(as_of=now, gates=tuple(gates), checkpoints=tuple(checkpoints))


def _facts(suite: SuiteSpec, day: _Day) -> RunFacts:
    closes = _closes(day.number, suite.layer)
    decided = day.time + timedelta(minutes=2)
    loads = [_GATES[suite.layer]] if suite.layer in _GATES else []
    late = suite.name == "marts.fct_user_activity" and day.number > DAYS - 4
    verdict = Verdict.FAILED if closes else Verdict.PASSED
    return RunFacts(
        table=str(suite.table),
        layer=suite.layer,
        owner=suite.owner or "",
        description=suite.description or "",
        checkpoint=suite.layer,
        verdict=verdict,
        run_id=f"{suite.layer}-{day.time:%Y%m%dT%H%M%S}",
        ingest_id=f"stripe-{day.time:%Y%m%d}",
        rows=day.rows,
        seconds=day.rows / 40_000 + day.random.uniform(0.3, 0.5),
        statements=1,
        freshness=Freshness(newest=_newest(day, late), warn_hours=3, error_hours=6),
        gates=tuple(
            GateMark(
                load=load,
                checkpoint=suite.layer,
                open=not closes,
                reasons=_REASONS if closes else (),
                decided_at=decided,
                valid_until=decided + timedelta(hours=24),
            )
            for load in loads
        ),
    )


def _newest(day: _Day, late: bool) -> datetime:
    return day.time - timedelta(minutes=day.random.randrange(200, 300) if late else day.random.randrange(8, 70))


def _outcome(suite: SuiteSpec, config: ExpectationConfiguration, day: _Day) -> ExpectationValidationResult:
    details: dict[str, Any] = {"success": True}
    if "column_values" in config.type:
        details |= {"element_count": day.rows, "unexpected_count": 0, "missing_count": 0, "unexpected_percent": 0.0}
    elif "row_count" in config.type:
        details["observed_value"] = day.rows
    for found in _failures(suite, config, day):
        details |= found
    return result(config, **details)


def _failures(suite: SuiteSpec, config: ExpectationConfiguration, day: _Day) -> Iterator[Mapping[str, Any]]:
    column = config.kwargs.get("column")
    if suite.name == "marts.fct_user_activity" and config.type == "expect_table_to_be_fresh" and day.number > DAYS - 4:
        stale = config.kwargs["max_age_hours"] <= 3
        yield {"success": not stale, "details": {"sentence": "The newest updated_at is 4 h 10 min old, 3 h allowed."}}
    if suite.name == "raw_stripe.customers" and day.number == DAYS - 17 and config.type.endswith("not_be_null"):
        yield {"success": False, "unexpected_count": 4, "unexpected_percent": 100 * 4 / day.rows}
    if not day.incident:
        return
    if config.type == "expect_column_values_to_be_unique":
        config.meta[META] |= Shown(samples=True, keys=("charge_id", "_fivetran_synced")).to_meta()
        yield {"success": False, "unexpected_count": 2_846, "unexpected_percent": 100 * 2_846 / day.rows}
        yield {
            "partial_unexpected_index_list": [
                {"charge_id": f"ch_3S{number:06d}", "_fivetran_synced": f"2025-10-12T0{hour}:14:09"}
                for number in (104_417, 104_418, 104_422)
                for hour in (2, 3)
            ],
            "unexpected_index_query": (
                "SELECT charge_id, _fivetran_synced\nFROM staging.stg_stripe_charges\nWHERE charge_id IN (\n"
                "  SELECT charge_id FROM staging.stg_stripe_charges\n  GROUP BY charge_id HAVING count(*) > 1)"
            ),
        }
    elif config.type == "expect_column_sum_to_reconcile_with_source":
        figures = [list(figure) for figure in _RECONCILED]
        said = "$847,342 in staging.stg_stripe_charges, $412,184 at Stripe: 105.6 % apart, 1 % allowed."
        yield {"success": False, "observed_value": 847_342.0, "details": {"sentence": said, "figures": figures}}
    elif config.type == "expect_table_row_count_change_to_be_within":
        said = f"{day.rows:,} rows, {day.rows // 2:,} in the run before: 100.0 % change, 50 % allowed."
        yield {"success": False, "details": {"sentence": said}}
    elif column == "amount_dollars" and "max_value" in config.kwargs:
        yield {"success": False, "unexpected_count": 3, "unexpected_percent": 100 * 3 / day.rows}
