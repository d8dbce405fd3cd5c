"""Prefect's server is away, or goes away in the middle of a flow; and the flow itself is killed."""

from __future__ import annotations

import os
import signal

from tests.faults.kills import Case
from tests.faults.prefect_job import Flow
from tests.journeys.test_one_at_a_time import children_of, program

SAYS = ("raw: 6 expectations", "staging: 6 expectations", "staging: published", "marts: published")
"""What the flow says on its way, in this order."""


def api_down_at_start(case: Case) -> None:
    """There is an address, and nobody answers: nothing is brought or loaded, and the run ends with an error."""
    before = case.judge.recorded()
    flow = Flow(case.shop, case.job().ingest_id, PREFECT_API_URL="http://127.0.0.1:9/api")
    assert flow.end() not in (0, None), flow.lines
    assert case.judge.recorded() == before
    case.happened("Prefect API down at start")
    case.recover()


def api_dies(case: Case, when: str = SAYS[1]) -> int:
    """The server is killed in the middle of a flow; returns the flow's exit code."""
    job = case.job()
    flow = Flow(case.shop, job.ingest_id)
    flow.wait_for(when)
    (server,) = (pid for pid in children_of(flow.pid) if "flows.prefect_server" in program(pid))
    os.kill(server, signal.SIGKILL)
    code = flow.end()
    case.happened("Prefect API dying mid-flow")
    assert code != 0 or case.judge.is_done(job.ingest_id)
    case.recover()
    return code


def flow_killed(case: Case, when: str) -> None:
    """The flow's process is killed just after it said something."""
    flow = Flow(case.shop, case.job().ingest_id)
    flow.wait_for(when)
    flow.kill()
    case.happened("kill -9 of the Prefect flow")
    case.recover()
