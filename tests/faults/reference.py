"""`kill -9` of the real ``sluice run``: the reference warehouse, dbt, Prefect and the embedded sources."""

from __future__ import annotations

import random
import sqlite3
import time
from contextlib import closing, suppress
from dataclasses import dataclass
from pathlib import Path

from checkpoints.layers import LOADS
from tests.faults.shop import SCHEMAS
from tests.journeys.command import Sluice
from tests.journeys.tables import TRUE_FIGURES, Tables

SAID = ("starting Prefect", "raw: ", "staging: ", "staging: published", "marts: published")
READERS = tuple(schema for load in LOADS for schema in SCHEMAS[load])


@dataclass(frozen=True)
class RealRuns:
    """How often the run was killed, and how often the next one ended well."""

    killed: int
    recovered: int


def kill_real_runs(state: Path, times: int, seed: int) -> RealRuns:
    """Kill it some seconds after it said something; readers see the old version or the new one of each layer, whole."""
    sluice, moments = Sluice(state), random.Random(seed)
    first = sluice.run("run", "--json")
    assert first.code == 0, first.err
    killed = 0
    for number in range(times):
        run = sluice.start("run", "--json")
        run.wait_for(SAID[number % len(SAID)])
        time.sleep(moments.uniform(0, 4))
        with suppress(AssertionError):
            run.kill()
        killed += run.end().code == -9
        _look(sluice)
        again = sluice.run("run", "--json")
        assert again.code == 0, again.err
        _look(sluice)
    return RealRuns(killed, times)


def _look(sluice: Sluice) -> None:
    tables = Tables.of_file(sluice.warehouse)
    assert tables.figures() == TRUE_FIGURES
    with closing(sqlite3.connect(sluice.state / "ledger.sqlite")) as ledger:
        for load in LOADS:
            (ingest,) = {tables.value(f"select ingest_id from {schema}.sluice_build") for schema in SCHEMAS[load]}
            query = (
                "select count(*) from checkpoint_runs r where checkpoint = ? and ingest_id = ? and verdict = 'passed'"
                " and (select count(*) from expectation_results e where e.run_id = r.run_id and success)"
                " = (select max(n) from (select count(*) as n from expectation_results e join checkpoint_runs o"
                " on o.run_id = e.run_id where o.checkpoint = r.checkpoint group by o.run_id))"
            )
            ((passed,),) = ledger.execute(query, (load, ingest)).fetchall()
            assert passed, f"readers see {load} of {ingest} without a complete passing verdict"
