"""How gates and checkpoints stand now. The site does not work it out from runs: whoever decides tells it, each time."""

from __future__ import annotations

from typing import Annotated, TypeAlias

from pydantic import AwareDatetime, BaseModel, BeforeValidator, ConfigDict

from gx.docs.pages import Severity, Verdict
from gx.docs.text import clean

Told: TypeAlias = Annotated[str, BeforeValidator(lambda text: clean(str(text), 500))]
"""Somebody's words, without what no page can hold."""


class GateNow(BaseModel):
    """The gate of one load, over all that decides it."""

    model_config = ConfigDict(frozen=True)

    load: Told
    open: bool
    overridden: bool = False
    """Whether it is a person's word that opens it."""
    since: AwareDatetime
    until: AwareDatetime | None = None
    """When it closes by itself: the first of its decisions expires, or the override that holds it open."""
    why: tuple[Told, ...]
    more: bool = False
    """Whether there are reasons that ``why`` leaves out."""


class CheckpointNow(BaseModel):
    """The latest run of a checkpoint that has a verdict."""

    model_config = ConfigDict(frozen=True)

    name: Told
    verdict: Verdict
    time: AwareDatetime


class AlertNow(BaseModel):
    """A problem that goes on, and that somebody was, or is to be, told of."""

    model_config = ConfigDict(frozen=True)

    title: Told
    severity: Severity
    table: Told = ""
    since: AwareDatetime
    runs: int = 1
    """How many runs in a row found it."""
    states: tuple[Told, ...] = ()
    """Who looks into it, until when it is silent, that it comes and goes."""


class UndeliveredNow(BaseModel):
    """A message that did not reach its channel, and will not by itself."""

    model_config = ConfigDict(frozen=True)

    channel: Told
    headline: Told
    since: AwareDatetime
    why: Told = ""


class WaitingNow(BaseModel):
    """A message that has not reached its channel for so long that people should know."""

    model_config = ConfigDict(frozen=True)

    channel: Told
    headline: Told
    since: AwareDatetime
    next_try: AwareDatetime | None = None
    """None where it is due, and waits for somebody who sends."""
    why: Told = ""


class Standing(BaseModel):
    """All gates and checkpoints of a project at one moment, and what is wrong."""

    model_config = ConfigDict(frozen=True)

    as_of: AwareDatetime
    gates: tuple[GateNow, ...] = ()
    checkpoints: tuple[CheckpointNow, ...] = ()
    alerts: tuple[AlertNow, ...] = ()
    """The worst first; not all of them where there are very many."""
    more_alerts: int = 0
    """How many ``alerts`` leaves out."""
    undelivered: tuple[UndeliveredNow, ...] = ()
    waiting: tuple[WaitingNow, ...] = ()
    """The oldest first; of what waits for the same channel about the same problem only the first."""

    def after(self, before: Standing | None) -> Standing:
        """This one, in which a gate that has not changed is as it is since it was seen so first."""
        known = {gate.load: gate for gate in before.gates} if before else {}
        gates = (
            gate.model_copy(update={"since": min(gate.since, known[gate.load].since)})
            if gate.load in known and known[gate.load].open is gate.open
            else gate
            for gate in self.gates
        )
        return self.model_copy(update={"gates": tuple(gates)})
