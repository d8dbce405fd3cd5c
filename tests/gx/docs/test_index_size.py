from __future__ import annotations

import gzip
import random
from datetime import timedelta

from gx.docs.history import Keep, TableRuns
from gx.docs.overview import overview
from gx.docs.pages import Severity, Verdict
from gx.docs.records import RECENT_RUNS, Freshness, Problem, RunRecord
from gx.docs.roll_up import RollUp
from gx.docs.view import PageView
from tests.gx.docs.project import FIRST_RUN
from tests.gx.docs.reading import read


def test_fifty_tables_and_a_year_of_runs_stay_small() -> None:
    records = [_year_of(number) for number in range(50)]
    roll_up = RollUp.empty().with_tables(TableRuns.of(None, runs, Keep()) for runs in records)
    html = PageView("index.html").render(overview(roll_up, site="Data Docs"))
    assert len(read(html).links) >= 2 * len(records) + RECENT_RUNS
    assert len(gzip.compress(html.encode())) < 60 * 1024


def _year_of(number: int) -> list[RunRecord]:
    chance = random.Random(number)
    table = f"staging.stg_table_number_{number}"
    problem = Problem(
        verdict=Verdict.FAILED,
        severity=Severity.CRITICAL,
        sentence=f"column_{number}: values must be unique.",
        observed=f"{chance.randrange(10_000):,} of 100,000 values unexpected",
    )
    runs = []
    for day in range(365):
        time = FIRST_RUN + timedelta(days=day, minutes=number)
        failed = int(chance.random() < 0.1 or (day == 364 and number % 3 == 0))
        name = f"{time:%Y%m%dT%H%M%S}-{chance.randrange(16**8):08x}"
        runs.append(
            RunRecord(
                path=f"validations/staging/stg_table_number_{number}/{name}/{time:%Y%m%dT%H%M%S}.000000Z/warehouse.html",
                time=time,
                verdict=Verdict.FAILED if failed else Verdict.PASSED,
                failed=failed,
                total=20,
                rows=chance.randrange(90_000, 110_000),
                suite=table,
                suite_path=f"expectations/staging/stg_table_number_{number}.html",
                table=table,
                table_path=f"tables/{table}.html",
                checkpoint="staging",
                run_name=name,
                ingest_id=name,
                failed_by_severity={Severity.CRITICAL: 1} if failed else {},
                errors=0,
                problems=(problem, problem, problem) if failed else (),
                layer="staging",
                freshness=Freshness(newest=time - timedelta(minutes=chance.randrange(300)), error_hours=6),
            )
        )
    return runs
