"""Run the main job's flow from the command line and tell how it ended."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from checkpoints.ledger import Ledger
from flows.cli.exit_codes import ExitCode
from flows.cli.options import exit_code
from flows.scenario import Scenario
from gx.errors import SluiceError
from gx.settings import Settings


@dataclass(frozen=True)
class JobResult:
    """How a main job ended.

    Attributes:
        ledger: of the project, open, to ask what happened.
        problem: why it did not get to its end.
    """

    ingest_id: str
    ledger: Ledger
    code: ExitCode
    problem: str | None


def run_main_job(settings: Settings, scenario: Scenario, progress: Callable[[str], None]) -> JobResult:
    """Run the flow in this process; inside ``prefect_ready``.

    Raises:
        ConfigError: nothing could be run.
    """
    progress("starting Prefect and Great Expectations")
    # Not before prefect_ready has set what Prefect reads at import.
    from flows.ingest_ids import new_ingest_id
    from flows.pipeline import LocalRun, main_job, run_locally

    ingest_id = new_ingest_id()
    ledger = Ledger(settings.ledger(), gate_valid_hours=settings.gate_valid_hours)
    problem: SluiceError | None = None
    with run_locally(LocalRun(settings, progress)):
        try:
            main_job(str(settings.project), ingest_id, scenario)
        except SluiceError as error:
            problem = error
    if problem is None:
        return JobResult(ingest_id, ledger, ExitCode.OK, None)
    return JobResult(ingest_id, ledger, exit_code(problem), str(problem))
