"""When a run will be done, from how long the earlier ones took. Nothing here reads a clock or the ledger."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from statistics import median
from zoneinfo import ZoneInfo

LEAST_RUNS = 5
"""With fewer completed runs nothing is predicted."""
LOOKED_BACK = 30
"""How many of the latest completed runs count."""
_TO_SIGMA = 1.4826
"""The standard deviation of a normal distribution is so many times its median absolute deviation."""
_SIGMAS = 2
"""How far over the median a run may be before something is wrong. On 1,000 generated nights (tests/checkpoints/sla) two
find 51 of 52 late ones with 10 false warnings; three leave 3 false ones, and find 31.
"""


@dataclass(frozen=True)
class Prediction:
    """When it will be done.

    Attributes:
        finish: as likely earlier as later, in UTC.
        latest: as late as it takes unless something is wrong: two robust standard deviations over the median.
        usual: the median of the runs it was judged by.
        runs: how many these were.
        running: whether a run goes on; if not, one is assumed to begin when it is due, at the soonest now.
        unheard_of: whether the run takes longer than any of them.
        due: when the one that is assumed begins by its schedule; None: as if it began now.
    """

    finish: datetime
    latest: datetime
    usual: timedelta
    runs: int
    running: bool
    unheard_of: bool = False
    due: datetime | None = None

    def said(self, zone: ZoneInfo) -> str:
        """The prediction in plain words, with the history that it was judged by."""
        at = f"{self.finish.astimezone(zone):%H:%M}"
        by = f"its {self.runs} latest runs took {_minutes(self.usual)} in the median"
        if self.unheard_of:
            return f"It has been running longer than any before, and will finish at about {at} or later; {by}."
        if not self.running:
            if self.due is None:
                return f"No run goes on; one that began now would finish at about {at}; {by}."
            due = f"{self.due.astimezone(zone):%H:%M}"
            return f"No run goes on; the one that is due at {due} will finish at about {at}; {by}."
        return f"It will finish at about {at}, by {self.latest.astimezone(zone):%H:%M} at the latest; {by}."


def predict(
    durations: Sequence[timedelta], began: datetime | None, due: datetime | None, now: datetime
) -> Prediction | None:
    """When it will be done; None with too little history to tell.

    A run that goes on is compared with those earlier ones that took at least as long as it has taken already; within
    two robust standard deviations of the median only with those that did, too. One that takes longer than that and
    than any before is expected to take as long again: of a thing of which no more is known than how old it is, that is
    the median of what is left (Gott, "Implications of the Copernican principle", Nature 363, 1993).

    Args:
        durations: of completed runs, the latest first.
        began: when the run began that goes on; None if none does.
        due: when a run is expected to begin, if that is known.
        now: the time.
    """
    taken = sorted(durations[:LOOKED_BACK])
    if len(taken) < LEAST_RUNS:
        return None
    usual = _median(taken)
    spread = _median([abs(each - usual) for each in taken])
    upper = usual + _SIGMAS * _TO_SIGMA * spread
    if began is None:
        due = due if due is not None and due >= now else None
        begins = due or now
        return Prediction(begins + usual, begins + upper, usual, len(taken), running=False, due=due)
    so_far = now - began
    expected, unheard_of = _expected(taken, so_far, usual, upper)
    finish = began + expected
    return Prediction(finish, max(finish, began + upper), usual, len(taken), running=True, unheard_of=unheard_of)


def _expected(
    taken: Sequence[timedelta], so_far: timedelta, usual: timedelta, upper: timedelta
) -> tuple[timedelta, bool]:
    """How long a run will take in all that has taken so much already, and whether none ever took so long."""
    longer = [each for each in taken if each >= so_far]
    ordinary = [each for each in longer if each <= upper]
    if so_far <= usual:
        return usual, False
    if so_far <= upper:  # nothing is wrong yet: what went wrong in other nights is no measure
        return (_median(ordinary) if ordinary else upper), not longer
    return (_median(longer) if longer else 2 * so_far), not longer


def _median(durations: Sequence[timedelta]) -> timedelta:
    return timedelta(seconds=median(each.total_seconds() for each in durations))


def _minutes(duration: timedelta) -> str:
    minutes = duration / timedelta(minutes=1)
    return f"{minutes:.0f} minutes" if minutes >= 10 else f"{minutes:.1f} minutes"
