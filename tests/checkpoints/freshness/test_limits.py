"""Limits as people write them, and those of the reference held against its suites."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from checkpoints.alerts.routing_file import known_owners
from checkpoints.calendars_file import load_calendars
from checkpoints.data_quality.rows import freshness_limits
from checkpoints.freshness import FreshnessSpec, Measured, State, judge, load_freshness
from checkpoints.sla import load_slas
from expectations.loader import load_suites
from flows.monitor.found import recorded_flows
from gx.docs.ages import age
from gx.docs.records import Freshness
from gx.errors import ConfigError
from gx.settings import REFERENCE_PROJECT

NOW = datetime(2026, 3, 4, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
STRIPE = """
stripe:
  column: loaded_at
  warn: 6h
  error: 12h
  tables:
    raw.charges:
    raw.plans: {metadata: true, warn: 180m, error: 2d, owner: finance}
"""


def limits(tmp_path: Path, text: str) -> tuple[FreshnessSpec, ...]:
    (tmp_path / "_freshness.yml").write_text(text)
    return load_freshness(tmp_path, load_calendars(tmp_path, NOW))


def reference() -> dict[str, FreshnessSpec]:
    directory = REFERENCE_PROJECT / "checkpoints"
    return {str(spec.table): spec for spec in load_freshness(directory, load_calendars(directory, NOW))}


def test_tables_have_the_limits_of_their_source_but_for_their_own(tmp_path: Path) -> None:
    charges, plans = limits(tmp_path, STRIPE)
    assert (charges.source, charges.column, charges.warn, charges.error) == ("stripe", "loaded_at", 6 * HOUR, 12 * HOUR)
    assert (plans.column, plans.warn, plans.error, plans.owner) == (None, 3 * HOUR, 48 * HOUR, "finance")


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (("warn: 6h", "warn: 6"), ":4: `warn` is 6, which is no age; expected minutes, hours or days: 180m, 6h, 2d"),
        (("warn: 6h", "warn: 12h"), "`warn` must come first"),
        (("  error: 12h\n", ""), "raw.charges needs `error:`"),
        (("  column: loaded_at\n", ""), "raw.charges needs either `column:`"),
        (("metadata: true", "metadata: perhaps"), "`metadata` must be true or false; found 'perhaps'"),
        (("owner: finance", "ownr: finance"), ":8: raw.plans has no setting 'ownr' (did you mean 'owner'?)"),
        (("owner: finance", "calendar: office"), ":8: there is no calendar 'office'; _calendars.yml has always"),
        (("raw.plans", "a.b.c.d"), "'a.b.c.d' is not a table name"),
        (("  tables:\n    raw.charges:\n", "  table:\n    raw.charges:\n"), "has no setting 'table'"),
        (("raw.plans", "RAW.Charges"), ":8: RAW.Charges is here twice, in stripe and in stripe, there as raw.charges"),
    ],
)
def test_wrong_limits_are_refused_with_their_line(tmp_path: Path, change: tuple[str, str], said: str) -> None:
    with pytest.raises(ConfigError) as caught:
        limits(tmp_path, STRIPE.replace(*change))
    assert said in str(caught.value)
    assert caught.value.line is not None


def test_an_owner_whom_nobody_declared_is_refused(tmp_path: Path) -> None:
    assert limits(tmp_path, STRIPE)[1].owner == "finance"  # where no owners are declared, a name is for people
    (tmp_path / "_alerts.yml").write_text("channels:\n  people: {type: file, path: told}\nowners: {finanze: people}\n")

    with pytest.raises(ConfigError, match=r"_freshness.yml:8: `owner` is 'finance' \(did you mean 'finanze'\?\)"):
        load_freshness(tmp_path, load_calendars(tmp_path, NOW), known_owners(tmp_path))


def test_the_reference_has_the_limits_of_the_requirements() -> None:
    specs = reference()
    assert [specs["raw_stripe.charges"].warn, specs["raw_stripe.charges"].error] == [6 * HOUR, 12 * HOUR]
    assert [specs["raw_postgres.users"].warn, specs["raw_postgres.users"].error] == [2 * HOUR, 6 * HOUR]
    summary = specs["dashboards.executive_summary"]
    assert [summary.warn, summary.error] == [timedelta(minutes=180), timedelta(minutes=360)]


def test_the_monitor_and_the_suites_of_the_reference_agree() -> None:
    suites = freshness_limits(load_suites(REFERENCE_PROJECT / "expectations" / "suites"))
    specs = reference()
    both = [table for table in specs if table in suites]
    assert "dashboards.executive_summary" in both
    for table in both:
        warn = specs[table].warn
        assert specs[table].error / timedelta(minutes=1) == suites[table].stale, table
        assert (warn / timedelta(minutes=1) if warn else None) == suites[table].warning, table


def test_the_promises_of_the_reference_can_be_read() -> None:
    directory = REFERENCE_PROJECT / "checkpoints"
    names = [spec.name for spec in load_slas(directory, load_calendars(directory, NOW), recorded_flows(()))]
    assert names == ["dbt_daily_run", "revenue_for_the_office"]


@pytest.mark.parametrize("minutes", [0, 359, 360, 361, 719, 720, 721, 5_000])
def test_data_docs_say_the_same_of_the_same_age(tmp_path: Path, minutes: int) -> None:
    (charges, _) = limits(tmp_path, STRIPE)
    newest = NOW - timedelta(minutes=minutes)
    shown = age(Freshness(newest=newest, warn_hours=6, error_hours=12), NOW)
    assert shown is not None
    assert shown.state.value == judge(Measured(charges, newest), NOW).state.value


def test_a_newest_row_that_lies_ahead_is_stale_beyond_what_clocks_differ(tmp_path: Path) -> None:
    (charges, _) = limits(tmp_path, STRIPE)
    assert judge(Measured(charges, NOW + 0.9 * HOUR), NOW).state is State.FRESH
    assert judge(Measured(charges, NOW + 1.1 * HOUR), NOW).state is State.STALE
    assert judge(Measured(charges, None), NOW).state is State.STALE
    assert judge(Measured(charges, None, "it is not there"), NOW).state is State.UNKNOWN
