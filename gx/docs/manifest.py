"""The site's memory: a small JSON object for each table, one for the index, and what is being published now.

Nothing is locked and nothing is listed to publish. Whoever changes an object reads it, writes the pages that show the
new state, and then swaps the object, which succeeds for one of those that read the same version. The others do it all
again from what that one wrote, so the pages of the last swap are those that stay.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator
from typing import TypeVar

from pydantic import ValidationError

from gx.docs.errors import SiteBusyError
from gx.docs.history import TableRuns
from gx.docs.objects import Objects
from gx.docs.paths import ROLL_UP, TABLES
from gx.docs.records import Revised
from gx.docs.roll_up import RollUp

_LOG = logging.getLogger(__name__)
_ATTEMPTS = 100

State = TypeVar("State", bound=Revised)


class Manifest:
    """The manifest of one site."""

    def __init__(self, objects: Objects, *, longest_pause: float = 0.5) -> None:
        """``longest_pause``: seconds to wait, at most, before an object is changed again that others changed."""
        self.objects = objects
        self._longest_pause = longest_pause

    def change(
        self, path: str, kind: type[State], change: Callable[[State | None], State], show: Callable[[State], None]
    ) -> State:
        """Change one object and the pages that show it.

        Args:
            path: the object.
            kind: what it holds.
            change: makes the new state of the old, which is None when there is none or it cannot be read.
            show: writes the pages. Like ``change`` it may be called again, with a newer state.

        Raises:
            SiteBusyError: others kept changing it.
        """
        for attempt in range(_ATTEMPTS):
            stored = self.objects.read(path)
            known = self._parsed(path, kind, stored.data) if stored else None
            state = change(known)
            # A store knows versions by their content: without a number of its own, a change that changes nothing would
            # pass unseen, and so would the pages that its publisher wrote over another's.
            state = state.model_copy(update={"revision": known.revision + 1 if known else 1})
            show(state)
            if self.objects.swap(path, state.model_dump_json().encode(), stored.version if stored else None):
                return state
            time.sleep(min(0.005 * attempt, self._longest_pause))
        raise SiteBusyError(
            f"other publishers changed {path} in {self.objects.location} {_ATTEMPTS} times in a row; "
            "what was checked is stored: run `sluice docs reconcile` when they are done"
        )

    def roll_up(self) -> RollUp:
        """What the index shows; made anew from the tables when it is missing, unreadable or of an older version."""
        stored = self.objects.read(ROLL_UP)
        state = self._parsed(ROLL_UP, RollUp, stored.data) if stored else None
        return state or self.made_anew()

    def made_anew(self) -> RollUp:
        """The roll-up as the tables' histories give it; how the gates stand is not known."""
        roll_up = RollUp.empty()
        for runs in self.tables():  # one after the other: the runs of all of them need not be in memory at once
            roll_up = roll_up.with_tables([runs])
        return roll_up

    def tables(self) -> Iterator[TableRuns]:
        """The history of every table that can be read."""
        for path in self.objects.list(TABLES):
            stored = self.objects.read(path)
            state = self._parsed(path, TableRuns, stored.data) if stored else None
            if state is not None:
                yield state

    def _parsed(self, path: str, kind: type[State], data: bytes) -> State | None:
        try:
            return kind.model_validate_json(data)
        except ValidationError as error:
            first = error.errors(include_input=False, include_url=False)[0]["msg"]
            _LOG.warning("%s in %s cannot be read (%s) and is made anew", path, self.objects.location, first)
            return None
