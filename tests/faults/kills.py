"""`kill -9` of the run at every step, before every commit and at random moments; after each the next run recovers."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from itertools import count

import sqlalchemy as sa

from tests.faults.job import INSISTING, Job, steps_of
from tests.faults.judge import Judge
from tests.faults.shop import CHECKPOINTS, SOUND, Shop, change
from tests.faults.victim import Victim, run, running, seconds_of

STEPS = steps_of()


@dataclass
class Case:
    """One project that faults happen to.

    Attributes:
        faults: how often each kind of fault happened.
        recoveries: how many runs ended well after a fault, with nothing done between.
    """

    shop: Shop
    judge: Judge
    faults: dict[str, int] = field(default_factory=dict)
    recoveries: int = 0
    _numbers: Iterator[int] = field(default_factory=count)

    @classmethod
    def of(cls, shop: Shop) -> Case:
        return cls(shop, Judge(shop))

    def job(self, **settings: object) -> Job:
        """A run of a new ingest."""
        return Job(self.shop, f"ingest-{next(self._numbers):05}", **settings)  # type: ignore[arg-type]

    def happened(self, fault: str, victim: Victim | None = None) -> None:
        """Count a fault, and look at what it left; what the victim had done by then has to be there."""
        self.faults[fault] = self.faults.get(fault, 0) + 1
        _when_free(self.judge.look)
        if victim is not None:
            done = tuple(place for place in victim.places if place in STEPS)[:-1]
            self.judge.has(done, victim.job.ingest_id)

    def insist(self, ingest_id: str) -> None:
        """Late events of this ingest come; they load and publish what has its verdict, and nothing else."""
        assert run(Job(self.shop, ingest_id, only=INSISTING)).how == "well"
        self.judge.look()

    def recover(self) -> None:
        """The next run ends well by itself, and readers see its ingest."""
        job = self.job()
        with running(job) as next_run:
            ended = next_run.end()
        assert ended.how == "well", ended
        self.judge.look()
        assert self.judge.is_done(job.ingest_id)
        self.recoveries += 1


def kill_at_steps(case: Case, steps: tuple[str, ...] = STEPS) -> None:
    """One kill before each of the steps."""
    for step in steps:
        with running(case.job(pausing=True)) as victim:
            victim.go_to(step)
            victim.kill()
            assert victim.was_killed
        case.happened("kill -9 before a step", victim)
        case.recover()


def kill_at_commits(case: Case, first: int = 1, every: int = 1, flaw: str = SOUND) -> None:
    """One kill before each commit of ledger and warehouse that a run makes, or before every so manieth."""
    for number in count(first, every):
        with running(case.job(pausing=True, at_commits=True, flaw=flaw)) as victim:
            commits = 0
            more = victim.hear()
            while more and (commits := commits + (victim.place == "commit")) < number:
                more = victim.go()
            if not more:
                return
            victim.kill()
            assert victim.was_killed
        case.happened("kill -9 before a commit", victim)
        case.insist(victim.job.ingest_id)
        case.recover()


def kill_a_second_check(case: Case, first: int = 1, every: int = 1) -> None:
    """What was checked changes for the worse, and the run that would find out is killed, before each of its commits."""
    for commits in count(first, every):
        job = case.job()
        assert run(job).how == "well"
        change(case.shop.settings().warehouse(), "UPDATE raw_shop.orders SET flaw = 'raw' WHERE id = 1")
        with running(replace(job, only=("check raw",), pausing=True, at_commits=True)) as victim:
            more = victim.hear()
            while more and victim.places.count("commit") <= commits:
                more = victim.go()
            if not more:
                return
            victim.kill()
        if len(case.judge.verdicts().of("raw", job.ingest_id)) == 2:  # it had begun; until then nobody could know
            case.happened("kill -9 of a second check")
            case.insist(job.ingest_id)
        case.recover()


def kill_when_a_verdict_is_written(case: Case, back_to: int = 16) -> None:
    """One kill before each of the last commits of a checkpoint, and of what follows until the next step."""
    for back in range(back_to):
        with running(case.job(pausing=True, at_commits=True)) as victim:
            victim.go_to("gate staging")
        before = victim.places.count("commit") - back
        with running(case.job(pausing=True, at_commits=True)) as victim:
            victim.hear()
            while victim.places.count("commit") < before:
                assert victim.go()
            victim.kill()
        case.happened("kill -9 while a verdict is written", victim)
        case.insist(victim.job.ingest_id)
    case.recover()


def kill_at_random(case: Case, times: int, seed: int) -> None:
    """Kills somewhere in a run; every third run has bad data, and some recoveries are killed too."""
    moments = random.Random(seed)
    takes = seconds_of(case.job())
    killed = 0
    while killed < times:
        flaw = moments.choice(CHECKPOINTS) if moments.random() < 1 / 3 else SOUND
        with running(case.job(flaw=flaw)) as victim:
            victim.hear()
            time.sleep(moments.uniform(0, takes))
            victim.kill()
            if not victim.was_killed:
                continue
        killed += 1
        case.happened("kill -9 at a random moment", victim)
        if moments.random() < 2 / 3 or killed == times:
            case.recover()


def _when_free(look: Callable[[], None], seconds: float = 20) -> None:
    """PostgreSQL may still be undoing what the dead process had begun, and hold its tables meanwhile."""
    deadline = time.monotonic() + seconds
    while True:
        try:
            return look()
        except sa.exc.OperationalError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.1)
