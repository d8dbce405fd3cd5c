"""One look at dbt's runs without anybody asking: bring them on record, judge them, tell what could not be read."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING

from checkpoints.alerts.problem import Problem, ProblemKind
from checkpoints.data_quality import DataQuality
from checkpoints.data_quality.dbt_runs import Prices
from checkpoints.ledger import Ledger
from checkpoints.ledger.turns import OtherRunError
from expectations.suite import Severity
from flows.clock import utc_now
from flows.dbt_runs.judging import MODELS, why_unjudged
from flows.dbt_runs.loading import Loaded, has_sources, load_runs, sources_of
from flows.ingest_ids import ingest_to_check
from flows.monitor.found import WATCH_MODELS
from flows.monitor.told import tell_findings, tell_run
from flows.recording import SteppedAsideError, recorded
from flows.turn import StillBusyError
from flows.workspace import Workspace, open_workspace
from gx.errors import ConfigError, SluiceError
from gx.settings import Settings

if TYPE_CHECKING:
    from checkpoints.result import CheckpointRun

_DAYS = timedelta(days=7)
_WAIT_SECONDS = 120.0
"""For a run that is at work; another look comes before this one would be missed."""
_LONGEST_UNSEEN = timedelta(hours=3)
"""Looks give way to runs at work; after so long without one, that nothing was checked is told."""
_PREFIX = "dbt-runs/"


@dataclass(frozen=True)
class Watched:
    """What one look came to.

    Attributes:
        loaded: what came of each source.
        run: the checkpoint's.
        unchecked: why it was not run; None when it was.
    """

    loaded: tuple[Loaded, ...] = ()
    run: CheckpointRun | None = None
    unchecked: str | None = None

    @property
    def problems(self) -> tuple[str, ...]:
        """What could not be read."""
        return tuple(problem for each in self.loaded for problem in each.problems)

    @property
    def notes(self) -> tuple[str, ...]:
        """What is not known of what was read."""
        return tuple(note for each in self.loaded for note in each.notes)

    @property
    def lines(self) -> tuple[str, ...]:
        """All of it but the problems, for people."""
        loaded = (str(each) for each in self.loaded)
        checked = f"{MODELS}: {self.run.verdict}" if self.run else f"{MODELS} was not checked: {self.unchecked}"
        return (*loaded, checked, *(f"    - {reason}" for reason in (self.run.reasons() if self.run else ())))


def watch_once(
    settings: Settings,
    *,
    run_id: str | None = None,
    prefect_url: str | None = None,
    progress: Callable[[str], None] = lambda _: None,
) -> Watched:
    """Look once; on record like any other run.

    Args:
        settings: of the project.
        run_id: of the flow run, if it is one.
        prefect_url: its page.
        progress: told what is being done.

    Raises:
        SluiceError: nothing could be checked; an alert has been raised.
    """
    settings = settings.model_copy(update={"wait_seconds": min(settings.wait_seconds, _WAIT_SECONDS)})
    ended = partial(tell_run, settings)
    what = "the watch on dbt's models"
    try:
        with recorded(settings, WATCH_MODELS, what, run_id=run_id, prefect_url=prefect_url, ended=ended):
            return _look(settings, what, prefect_url, progress)
    except SteppedAsideError as error:
        return Watched(unchecked=str(error))


def _look(settings: Settings, what: str, prefect_url: str | None, progress: Callable[[str], None]) -> Watched:
    try:
        with open_workspace(settings, what=what, progress=progress) as workspace:
            workspace.prefect_url = prefect_url
            if not has_sources(settings) and workspace.ledger.latest_ingest() is None:
                return Watched(unchecked="nothing was ingested yet, and no source of dbt runs is set")
            loaded = _load(workspace)
            unchecked = why_unjudged(workspace)
            return Watched(loaded, None if unchecked else _judge(workspace), unchecked)
    except SluiceError as error:
        if error.told or not _gives_way(settings, error):
            raise
        raise SteppedAsideError(str(error)) from None


def _load(workspace: Workspace) -> tuple[Loaded, ...]:
    """Bring the sources' runs on record, and tell of those that cannot be read."""
    settings, kept = workspace.settings, workspace.data_quality
    if not isinstance(kept, DataQuality):
        return ()
    loaded: tuple[Loaded, ...] = ()
    if has_sources(settings):
        now = utc_now()
        try:
            prices = Prices.parse(settings.model_prices, settings.model_clusters)
            with ExitStack() as opened:
                sources = sources_of(settings, workspace.warehouse, opened, progress=workspace.progress)
                loaded = load_runs(sources, kept, prices, since=now - _DAYS, now=now)
        except ConfigError as error:
            loaded = (Loaded("the settings of dbt's runs", 0, 0, 0, (str(error),)),)
    _tell(workspace, loaded)
    return loaded


def _judge(workspace: Workspace) -> CheckpointRun:
    # No load waits for it, so it has no reason to begin an ingest, which would close every gate.
    ledger = workspace.ledger
    return workspace.check(MODELS, ingest_to_check(ledger, MODELS, ledger.latest_ingest(), workspace.begin_ingest))


def _tell(workspace: Workspace, loaded: Sequence[Loaded]) -> None:
    """An alert for each source that cannot be read, until it can, or is a source no more."""
    found = {problem.key: problem for each in loaded if (problem := _unread(each))}
    problems, who = tuple(found.values()), workspace.alerting
    if unsent := tell_findings(problems, lambda key: key.startswith(_PREFIX), workspace.ledger, who, WATCH_MODELS):
        workspace.progress(f"alerts: {unsent}")


def _unread(loaded: Loaded) -> Problem | None:
    if not loaded.problems:
        return None
    return Problem(
        key=f"{_PREFIX}{loaded.source}"[:200], kind=ProblemKind.WATCH, severity=Severity.WARNING,
        title=f"not all could be read from {loaded.source}", expected="what dbt's runs took is on record",
        observed="; ".join(loaded.problems), run_id="; ".join(loaded.problems)[:200],
        next_step="Correct it, then run `sluice models watch`; what was not read is not taken for fine.",
    )  # fmt: skip


def _gives_way(settings: Settings, error: SluiceError) -> bool:
    """Whether somebody else is just at work, and a look has succeeded not long ago."""
    shared_file = settings.warehouse().get_backend_name() == "duckdb" and error.transient
    if not (shared_file or isinstance(error, StillBusyError | OtherRunError)):
        return False
    with closing(Ledger(settings.ledger(), gate_valid_hours=settings.gate_valid_hours)) as ledger:
        last = {name: ended for name, _, ended in ledger.latest_verdicts()}.get(MODELS)
    return last is None or datetime.now(UTC) - last.replace(tzinfo=UTC) < _LONGEST_UNSEEN
