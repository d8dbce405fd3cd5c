"""The gate, whatever happens in whatever order, beside a model of it that fits on a page.

The model is the design document: a gate is open for the last ingest only, if each of its checkpoints has decided so,
last and not too long ago, or a person has, and no run is under way.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from sqlalchemy.engine import make_url

from checkpoints.gate import PENDING
from checkpoints.ledger import Ledger
from checkpoints.override import new_override
from checkpoints.result import Verdict
from tests.checkpoints.runs import NOON, record, run_of

HOUR = timedelta(hours=1)
SKEW = timedelta(minutes=5)
VALID = 6 * HOUR
GATES = {"a": ("marts",), "b": ("marts", "dashboards")}
REQUIRED = {"marts": ("a", "b"), "dashboards": ("b",)}
CHECKPOINTS = st.sampled_from(sorted(GATES))
LOADS = st.sampled_from(sorted(REQUIRED))
ASKED_AT = (-6, -5, 359, 360)
"""Minutes from now at which the gates are asked besides: whoever asks may have another clock, or come late."""
MINUTES = st.sampled_from([0, 1, 5, 6, 180, 359, 360, 600])


@dataclass(frozen=True)
class Decided:
    """The last word of a checkpoint for a load."""

    verdict: str
    opens: bool
    at: datetime


@dataclass(frozen=True)
class Running:
    """A run that has not ended; `waits` are the loads for which nothing has happened since it began."""

    run_id: str
    checkpoint: str
    ingest_id: str
    waits: frozenset[str]


@dataclass
class Word:
    """A person's."""

    load: str
    ingest_id: str | None
    made: datetime
    until: datetime
    revoked: bool = False


@dataclass
class Model:
    ingests: list[str] = field(default_factory=list)
    decided: dict[tuple[str, str, str], Decided] = field(default_factory=dict)
    words: list[Word] = field(default_factory=list)

    def is_open(self, load: str, ingest_id: str, now: datetime) -> bool:
        if not self.ingests or ingest_id != self.ingests[-1]:
            return False
        last = [self.decided.get((load, ingest_id, name)) for name in REQUIRED[load]]
        if any(each and each.verdict == PENDING for each in last):
            return False
        overridden = any(
            word.load == load and word.ingest_id in (None, ingest_id) and not word.revoked
            and word.made - SKEW <= now < word.until
            for word in self.words
        )  # fmt: skip
        return overridden or all(each and each.opens and each.at - SKEW <= now < each.at + VALID for each in last)


class GateMachine(RuleBasedStateMachine):
    @initialize()
    def start(self) -> None:
        self.ledger = Ledger(make_url("sqlite://"), gate_valid_hours=VALID / HOUR)
        self.model = Model()
        self.now = NOON
        self.running: list[Running] = []
        self.again: list[str] = []
        self.number = 0

    def teardown(self) -> None:
        self.ledger.close()

    # -- time

    @rule(minutes=MINUTES)
    def time_passes(self, minutes: int) -> None:
        self.now += timedelta(minutes=minutes)

    @rule(minutes=MINUTES)
    def the_clock_steps_back(self, minutes: int) -> None:
        self.now -= timedelta(minutes=minutes)

    # -- what is brought

    @rule()
    def an_ingest_begins(self) -> None:
        self.number += 1
        self.again.append(f"ingest-{self.number}")
        self._begin_ingest(self.again[-1])

    @precondition(lambda self: self.again)
    @rule(data=st.data())
    def an_ingest_begins_again(self, data: st.DataObject) -> None:
        self._begin_ingest(data.draw(st.sampled_from(self.again)))

    def _begin_ingest(self, ingest_id: str) -> None:
        self.ledger.begin_ingest(ingest_id, "test", self.now)
        self.model.ingests.append(ingest_id)
        for load, about, checkpoint in list(self.model.decided):
            if about == ingest_id:
                self._decide(load, about, checkpoint, Decided(PENDING, False, self.now))

    # -- what is checked

    @precondition(lambda self: self.again)
    @rule(checkpoint=CHECKPOINTS, data=st.data())
    def a_run_begins(self, checkpoint: str, data: st.DataObject) -> None:
        ingest_id = data.draw(st.sampled_from(self.again[-2:]))
        self.number += 1
        run = Running(f"run-{self.number}", checkpoint, ingest_id, frozenset(GATES[checkpoint]))
        self.ledger.begin_run(run.run_id, checkpoint, ingest_id, GATES[checkpoint], self.now)
        for load in GATES[checkpoint]:
            self._decide(load, ingest_id, checkpoint, Decided(PENDING, False, self.now))
        self.running.append(run)

    @precondition(lambda self: self.running)
    @rule(verdict=st.sampled_from(Verdict), softer=st.booleans(), data=st.data())
    def a_run_ends(self, verdict: Verdict, softer: bool, data: st.DataObject) -> None:
        run = data.draw(st.sampled_from(self.running))
        self.running.remove(run)
        ended = run_of(
            verdict, run_id=run.run_id, checkpoint=run.checkpoint, ingest_id=run.ingest_id, at=self.now,
            rows={"orders": 1},
        )  # fmt: skip
        self.ledger.finish_run(replace(ended, softer=softer), GATES[run.checkpoint])
        opens = softer or verdict in ("passed", "warned")
        for load in run.waits:
            self._decide(load, run.ingest_id, run.checkpoint, Decided(verdict.value, opens, self.now))

    @precondition(lambda self: self.again)
    @rule(load=LOADS)
    def all_checkpoints_of_a_load_pass(self, load: str) -> None:
        for checkpoint in REQUIRED[load]:
            self.number += 1
            ended = run_of(
                Verdict.PASSED, run_id=f"run-{self.number}", checkpoint=checkpoint, ingest_id=self.again[-1],
                at=self.now,
            )  # fmt: skip
            record(self.ledger, ended, *GATES[checkpoint])
            for each in GATES[checkpoint]:
                self._decide(each, self.again[-1], checkpoint, Decided("passed", True, self.now))

    @precondition(lambda self: self.running)
    @rule(data=st.data())
    def a_run_dies(self, data: st.DataObject) -> None:
        self.running.remove(data.draw(st.sampled_from(self.running)))

    @precondition(lambda self: self.again)
    @rule(checkpoint=CHECKPOINTS, verdict=st.sampled_from([PENDING, "errored"]))
    def a_load_begins_or_a_check_cannot(self, checkpoint: str, verdict: str) -> None:
        ingest_id = self.again[-1]
        self.ledger.close_gates(checkpoint, ingest_id, GATES[checkpoint], "so", self.now, verdict)
        for load in GATES[checkpoint]:
            self._decide(load, ingest_id, checkpoint, Decided(verdict, False, self.now))

    def _decide(self, load: str, ingest_id: str, checkpoint: str, word: Decided) -> None:
        self.model.decided[load, ingest_id, checkpoint] = word
        about = (checkpoint, ingest_id)
        self.running = [
            replace(run, waits=run.waits - {load}) if (run.checkpoint, run.ingest_id) == about else run
            for run in self.running
        ]

    # -- what people say

    @rule(load=LOADS, every=st.booleans(), minutes=st.integers(1, 2_000))
    def somebody_overrides(self, load: str, every: bool, minutes: int) -> None:
        ingest_id = None if every or not self.model.ingests else self.model.ingests[-1]
        until = f"{minutes}m"
        self.ledger.override(new_override(load, ingest_id, reason="so", by="Ada", until=until, now=self.now))
        for word in self.model.words:
            word.revoked |= (word.load, word.ingest_id) == (load, ingest_id)  # the last word counts
        self.model.words.append(Word(load, ingest_id, self.now, self.now + timedelta(minutes=minutes)))

    @rule(load=LOADS)
    def somebody_revokes(self, load: str) -> None:
        live = [word for word in self.model.words if word.load == load and not word.revoked and word.until > self.now]
        assert self.ledger.revoke(load, "Bob", self.now) == len(live)
        for word in live:
            word.revoked = True

    @rule(hours=st.integers(1, 100))
    def somebody_prunes(self, hours: int) -> None:
        self.ledger.prune(timedelta(hours=hours), self.now)
        # Of an earlier ingest nothing need be known any more: neither its decisions nor its runs.
        last = self.model.ingests[-1:]
        self.again = [name for name in self.again if name in last]
        self.running = [run for run in self.running if run.ingest_id in last]
        self.model.words = [word for word in self.model.words if word.until >= self.now - timedelta(hours=hours)]

    # -- what must hold

    @invariant()
    def the_gates_are_as_the_model_says(self) -> None:
        if not hasattr(self, "ledger"):
            return
        for load, required in REQUIRED.items():
            for ingest_id in {*self.model.ingests[-3:], None}:
                about = ingest_id or (self.model.ingests[-1] if self.model.ingests else "")
                for now in (self.now, *(self.now + timedelta(minutes=each) for each in ASKED_AT if ingest_id is None)):
                    gate = self.ledger.gate(load, required, ingest_id=ingest_id, now=now)
                    assert gate.is_open is self.model.is_open(load, about, now), gate
                    assert gate.reasons
                    assert not (gate.is_open and gate.settled)


def test_the_model_itself_can_be_open() -> None:
    """A model that is always closed would agree with a gate that never opens."""
    decided = {("dashboards", "i", "b"): Decided("passed", True, NOON)}
    assert Model(["i"], decided).is_open("dashboards", "i", NOON)
    assert not Model(["i", "j"], decided).is_open("dashboards", "i", NOON)


TestGate = GateMachine.TestCase
TestGate.settings = settings(max_examples=80, stateful_step_count=25, deadline=None)
