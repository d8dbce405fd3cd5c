"""What dbt's runs took, in each warehouse: written once, held against each model's own history, and found when slow."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.engine import URL

from checkpoints.data_quality import DataQualityError
from checkpoints.data_quality.dbt_runs import ERROR, SUCCESS, MeasuredRun, ModelRun, Prices, status_of
from checkpoints.data_quality.performance import Written, known_runs, models_now, record_runs, write_runs
from checkpoints.result import CheckpointRun, Verdict
from checkpoints.runner import CheckpointRunner
from checkpoints.spec import load_checkpoints
from expectations.suite import Severity
from gx.context import open_context
from gx.settings import REFERENCE_PROJECT
from tests.warehouses.data_quality import SCHEMA, Copied
from tests.warehouses.sites import Site

MODEL = "model.shop.fct_user_activity"
NOW = datetime(2025, 10, 15, 6, tzinfo=UTC)
FIRST_NIGHT = datetime(2025, 10, 1, 2)  # noqa: DTZ001 - as the tables have it
WITHIN = "expect_model_time_to_be_within_history"


@pytest.fixture
def copied(site: Site, tmp_path: Path) -> Iterator[Copied]:
    site.execute(f"DROP SCHEMA IF EXISTS {SCHEMA} CASCADE")
    made = Copied(site.open(), tmp_path, URL.create("sqlite", database=str(tmp_path / "ledger.sqlite")))
    yield made
    made.close()


def night(number: int, *models: ModelRun, **more: Any) -> MeasuredRun:
    """The run of one night; its models end when it does."""
    at = FIRST_NIGHT + timedelta(days=number)
    built = tuple(replace(model, finished_at=at) for model in models)
    run = MeasuredRun(f"run-{number:03}", "dbt", "nightly", "run", status_of(built), at, at, built)
    return replace(run, **more)


def took(seconds: float | None, unique_id: str = MODEL, **more: Any) -> ModelRun:
    return replace(ModelRun(unique_id, SUCCESS, seconds, FIRST_NIGHT), **more)


def nights(*seconds: float) -> list[MeasuredRun]:
    return [night(number, took(each)) for number, each in enumerate(seconds)]


def write(copied: Copied, runs: Sequence[MeasuredRun], prices: Prices | None = None, now: datetime = NOW) -> Written:
    return write_runs(copied.copy, runs, prices or Prices(), now)


def check(copied: Copied) -> CheckpointRun:
    """The project's own checkpoint, on what is in the warehouse now."""
    suites = REFERENCE_PROJECT / "expectations" / "suites"
    checkpoints = load_checkpoints(REFERENCE_PROJECT / "checkpoints")
    runner = CheckpointRunner(
        suites_dir=suites,
        open_context=lambda: open_context(copied.directory, copied.directory / "state"),
        warehouse=copied.warehouse,
        ledger=copied.ledger,
        sources={},
        checkpoints={"models": checkpoints["models"]},
        clock=lambda: NOW,
    )
    copied.begin_ingest("ingest-1")
    return runner.run(checkpoints["models"], "ingest-1")


def failed(run: CheckpointRun) -> dict[str, str | None]:
    return {
        f"{each.expectation} {each.column or ''}".strip(): each.sentence for each in run.outcomes if not each.success
    }


def test_a_run_is_written_with_the_documents_columns(copied: Copied) -> None:
    write(copied, [night(0, took(28_800, rows=7, bytes_processed=2**40, warehouse_size="Large"))], Prices(clusters=4))
    names = ("run_id", "model_name", "status", "execution_time_seconds", "rows_affected", "bytes_processed")
    assert copied.rows("dbt_model_performance", *names) == [
        ("run-000", "fct_user_activity", "success", 28_800, 7, 2**40)
    ]
    more = ("warehouse_size", "execution_time_minutes", "performance_status", "estimated_cost_dollars", "measured_at")
    # 8 hours on 4 warehouses at $12: the document's $384.
    assert copied.rows("dbt_model_performance", *more) == [("Large", 480, "SLOW", 384, NOW.replace(tzinfo=None))]


def test_a_run_that_is_loaded_twice_changes_nothing(copied: Copied) -> None:
    runs = [*nights(240, 0.1 + 0.2), night(2, took(5), took(7, "model.shop.other", status=ERROR))]
    assert write(copied, runs) == Written(3, 4)
    before = [copied.rows(table, order="run_id") for table in ("dbt_model_performance", "dbt_runs")]
    assert write(copied, runs, now=NOW + timedelta(days=1)) == Written(0, 0)
    assert [copied.rows(table, order="run_id") for table in ("dbt_model_performance", "dbt_runs")] == before


def test_a_run_that_was_not_whole_is_completed(copied: Copied) -> None:
    write(copied, [night(0, took(100))])
    assert write(copied, [night(0, took(130), took(7, "model.shop.other"))]) == Written(0, 2)
    names = ("model_name", "execution_time_seconds")
    assert copied.rows("dbt_model_performance", *names) == [("fct_user_activity", 130), ("other", 7)]


def test_runs_that_could_not_be_read_are_not_known(copied: Copied) -> None:
    write(copied, [night(0, took(1)), night(1, status="unreadable"), night(2, took(1), source="dbt_cloud")])
    assert known_runs(copied.copy, "dbt") == {"run-000"}


def test_the_newest_run_is_held_against_the_median_of_the_runs_before_it(copied: Copied) -> None:
    write(copied, nights(240, 100, 300, 1000, 200, 30_095))
    (model,) = models_now(copied.copy)
    assert (model.seconds, model.median_seconds, model.earlier_runs) == (30_095, 240, 5)


def test_a_failed_run_and_a_full_refresh_are_no_measure_for_an_incremental_run(copied: Copied) -> None:
    runs = [
        *nights(240, 240),
        night(2, took(9_000, full_refresh=True)),
        night(3, took(1, status=ERROR)),
        night(4, took(None)),
        night(5, took(250)),
    ]
    write(copied, runs)
    (model,) = models_now(copied.copy)
    assert (model.seconds, model.median_seconds, model.earlier_runs) == (250, 240, 2)
    write(copied, [night(6, took(8_000, full_refresh=True))])
    (model,) = models_now(copied.copy)
    assert (model.seconds, model.median_seconds, model.earlier_runs) == (8_000, 9_000, 1)


def test_a_median_is_of_the_latest_30_runs_of_the_same_kind_of_source(copied: Copied) -> None:
    write(copied, [*nights(*[1000.0] * 40, *[10.0] * 30, 20), night(71, took(7), source="query_history")])
    (slowest, other) = models_now(copied.copy)
    assert (slowest.median_seconds, slowest.earlier_runs) == (10, 30)
    assert (other.median_seconds, other.earlier_runs) == (None, 0)


def test_a_model_that_is_gone_for_a_week_is_shown_no_longer(copied: Copied) -> None:
    write(copied, [night(0, took(1, "model.shop.gone"), took(1)), night(7, took(2)), night(8, took(3))])
    assert [model.name for model in models_now(copied.copy)] == ["fct_user_activity"]


def test_the_documents_model_fails_its_checkpoint_in_one_sentence(copied: Copied) -> None:
    write(copied, nights(*[240] * 14, 30_095))
    run = check(copied)
    assert run.verdict is Verdict.FAILED
    assert failed(run)[WITHIN] == ("fct_user_activity took 30,095 s, 125 times its median of 240 s over 14 runs.")
    # SLOW is the absolute limit, and is over the warning's too.
    assert [each.severity for each in run.outcomes if not each.success].count(Severity.WARNING) == 1


def test_a_model_that_goes_from_4_minutes_to_15_is_found_long_before_the_eight_hours(copied: Copied) -> None:
    write(copied, [*nights(*[240] * 14), night(14, took(599))])
    assert set(failed(check(copied))) == {"expect_column_values_to_not_be_in_set performance_status"}  # the warning
    write(copied, [night(14, took(900))])
    assert failed(check(copied))[WITHIN] == (
        "fct_user_activity took 900 s, 3.8 times its median of 240 s over 14 runs."
    )


def test_the_ratio_counts_from_five_runs_and_two_seconds_on_and_the_limit_itself_holds(copied: Copied) -> None:
    histories: dict[str, list[float]] = {
        "at_the_limit": [10, 10, 10, 10, 10, 30],
        "beyond": [10, 10, 10, 10, 10, 30.1],
        "too_few": [10, 10, 10, 10, 300],
        "noise": [0.1, 0.1, 0.1, 0.1, 0.1, 2],
        "from_nothing": [0, 0, 0, 0, 0, 2.1],
        "faster": [10, 10, 10, 10, 10, 3],
    }
    runs = [
        night(
            15 - age, *(took(each[-age], f"model.shop.{name}") for name, each in histories.items() if len(each) >= age)
        )
        for age in range(6, 0, -1)
    ]
    write(copied, runs)
    assert failed(check(copied)) == {
        WITHIN: "from_nothing took 2.1 s, infinitely many times its median of 0 s over 5 runs; "
        "beyond took 30 s, 3.0 times its median of 10 s over 5 runs."
    }


def test_the_worst_come_first_and_what_is_left_is_counted(copied: Copied) -> None:
    models = [f"model.shop.m{number}" for number in range(8)]
    runs = [night(number, *(took(10, name) for name in models)) for number in range(6)]
    write(copied, [*runs, night(6, *(took(40 + 10 * number, name) for number, name in enumerate(models)))])
    sentence = failed(check(copied))[WITHIN]
    assert sentence is not None
    assert sentence.startswith("m7 took 110 s, 11 times its median of 10 s over 6 runs; m6 took 100 s, 10 times")
    assert sentence.endswith("; and 3 more.")


def test_all_that_the_suite_asks_of_the_models_is_one_select(copied: Copied) -> None:
    write(copied, nights(1, 1))
    scans = {scan.table: scan.statements for scan in check(copied).scans}
    assert scans == {f"{SCHEMA}.dbt_model_latest": 1, f"{SCHEMA}.dbt_run_latest": 1}


def test_a_time_that_nobody_could_read_is_not_taken_for_a_short_one(copied: Copied) -> None:
    write(copied, [*nights(1, 1), night(2, took(None))])
    assert "expect_column_values_to_not_be_null execution_time_seconds" in failed(check(copied))


@pytest.mark.parametrize("status", ["error", "skipped"])
def test_a_model_that_was_not_built_is_found(copied: Copied, status: str) -> None:
    write(copied, [*nights(1, 1), night(14, took(0.5), took(0, "model.shop.other", status=status))])
    assert set(failed(check(copied))) == {"expect_column_values_to_be_in_set status"}
    assert check(copied).verdict is Verdict.FAILED


@pytest.mark.parametrize("status", ["error", "empty", "unreadable"])
def test_a_run_that_failed_before_any_model_is_found(copied: Copied, status: str) -> None:
    write(copied, [*nights(1), night(14, took(1)), night(14, status=status, run_id="run-zzz")])
    assert set(failed(check(copied))) == {"expect_column_values_to_be_in_set status"}


def test_a_run_that_never_came_is_found(copied: Copied) -> None:
    write(copied, nights(*[1.0] * 14))  # the last is of the 14th, 2:00; now is the 15th, 6:00
    assert failed(check(copied)) == {
        "expect_table_to_be_fresh finished_at": "The newest finished_at is 28 h old, 26 h allowed."
    }


def test_nothing_on_record_is_not_fine(copied: Copied) -> None:
    write(copied, [])
    assert not check(copied).opens
    write(copied, [night(14)])
    assert not check(copied).opens


def test_old_runs_are_let_go(copied: Copied) -> None:
    write(copied, [night(0, took(1), finished_at=FIRST_NIGHT - timedelta(days=900)), night(1, took(2))])
    copied.copy.prune(timedelta(days=800))
    assert copied.rows("dbt_runs", "run_id") == [("run-001",)]
    assert len(copied.rows("dbt_model_performance", "run_id")) == 2  # its model ended later
    copied.copy.prune(timedelta(days=1))
    assert copied.rows("dbt_model_performance", "run_id") == []


def test_what_cannot_be_written_is_told_and_stops_nobody(copied: Copied) -> None:
    copied.begin_ingest("ingest-1")
    with copied.warehouse.connect() as connection:
        connection.execute(sa.text(f"DROP TABLE {SCHEMA}.dbt_runs CASCADE"))
    with pytest.raises(DataQualityError):
        write(copied, nights(1))
    told = record_runs(copied.copy, lambda: nights(1), Prices, lambda: NOW)
    assert told is None or told.startswith("what dbt's run took is not on record: ")

    def broken() -> list[MeasuredRun]:
        raise ZeroDivisionError("secret")

    told = record_runs(copied.copy, broken, Prices, lambda: NOW)
    assert told == "what dbt's run took is not on record: ZeroDivisionError in sluice itself"
