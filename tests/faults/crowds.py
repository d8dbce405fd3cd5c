"""Several at once: duplicate events, ingests that meet, 20 who ask, 20 who check; and a clock that steps back."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from itertools import cycle
from multiprocessing.connection import Connection as Pipe
from multiprocessing.synchronize import Event

import sqlalchemy as sa

from checkpoints.asking import ask
from tests.faults.job import Job, steps_of
from tests.faults.judge import judge_layer, see
from tests.faults.kills import Case
from tests.faults.shop import CHECKPOINTS, GATE, MODELS, SOUND, Shop
from tests.faults.victim import Victim, run, running
from tests.fork_server import processes

MANY = 20


def event(case: Case, load: str, ingest_id: str, **settings: object) -> Job:
    """The run that the event of an open gate starts; here the load does not ask first, and has to find out itself."""
    return Job(case.shop, ingest_id, only=steps_of((load,))[1:], **settings)  # type: ignore[arg-type]


def duplicate_events(case: Case, times: int = 1) -> None:
    """The event of one gate comes twice at once, a third time later, for an older ingest, and one of two is killed."""
    for _ in range(times):
        older, first = case.job(), case.job()
        assert run(older).how == run(first).how == "well"
        again = event(case, "marts", first.ingest_id)
        with running(again) as one, running(again) as other:
            assert one.end().how == other.end().how == "well"
        case.happened("event twice at once")
        assert run(again).how == "well"
        case.happened("event once more, later")
        assert run(event(case, "marts", older.ingest_id)).how == "closed"
        case.happened("event for an older ingest")
        with running(replace(again, pausing=True)) as one, running(again) as other:
            one.go_to("publish marts")
            one.kill()
            assert other.end().how == "well"
        case.happened("event twice, one killed")
        for flaw in CHECKPOINTS:
            bad = case.job(flaw=flaw)
            assert run(bad).how == "closed"
            case.insist(bad.ingest_id)
            case.happened("events for bad data")
        case.recover()


def ingests_at_once(case: Case, times: int, seed: int) -> None:
    """Two runs start at nearly the same time, one of them often with bad data; they take turns."""
    moments = random.Random(seed)
    for _ in range(times):
        jobs = [case.job(flaw=moments.choice([SOUND, *CHECKPOINTS])) for _ in range(2)]
        with running(jobs[0]) as one:
            time.sleep(moments.uniform(0, 0.5))
            with running(jobs[1]) as other:
                ended = [one.end(), other.end()]
        assert [each.how for each in ended] == ["well" if job.flaw == SOUND else "closed" for job in jobs], ended
        case.happened("two ingests at once")
        case.recover()


def ingest_amid_a_run_elsewhere(case: Case) -> None:
    """A machine is landing bad rows, table by table, when another begins a run: its verdict must not be for those."""
    shops = [replace(case.shop, state_name=f"machine-{each}") for each in "ab"]
    landing = replace(case.job(flaw="raw", pausing=True), shop=shops[0])
    meeting = replace(case.job(pausing=True), shop=shops[1])
    with running(landing) as one, running(meeting) as other:
        one.go_to("between two tables")
        while other.says_something(2) and other.hear() and other.place != "gate staging":
            other.let_go()
        assert one.end().how == "closed"
        assert other.end().how == "well"
    case.happened("an ingest lands amid another machine's run")
    case.recover()


def ingests_of_two_machines(case: Case, times: int, seed: int) -> None:
    """The same by two machines, which share the warehouse and a ledger on a server, and no directory."""
    moments = random.Random(seed)
    for number in range(times):
        shops = [replace(case.shop, state_name=f"machine-{number}-{each}") for each in "ab"]
        jobs = [replace(case.job(flaw=moments.choice([SOUND, *CHECKPOINTS])), shop=shop) for shop in shops]
        with running(jobs[0]) as one:
            time.sleep(moments.uniform(0, 0.5))
            with running(jobs[1]) as other:
                if moments.random() < 1 / 3:
                    time.sleep(moments.uniform(0, 1))
                    one.kill()
                ended = [one.end(), other.end()]
        assert all(each.how in ("well", "closed", "died") for each in ended), ended
        case.happened("two ingests at once, of two machines")
        case.recover()


PLACES = ("ingest", "check raw", "gate staging", "check staging", "publish staging")


def clock_steps_back(case: Case, hours: tuple[float, ...] = (-1, -30, 48), places: tuple[str, ...] = PLACES) -> None:
    """A run whose clock is wrong from some step on, then one whose clock is right again; on a project of its own."""
    case.judge.clocks_agree = False  # times mean nothing then, and the judge goes by everything else
    for ahead in hours:
        for place in places:
            with running(case.job(pausing=True)) as victim:
                victim.go_to(place)
                ended = victim.end(f"clock {ahead}")
            assert ended.how in ("well", "closed"), ended
            case.happened("clock stepping back" if ahead < 0 else "clock stepping forward")
            case.recover()
            bad = case.job(flaw="staging", pausing=True)
            with running(bad) as victim:
                victim.go_to(place)
                assert victim.end(f"clock {ahead}").how == "closed"
            case.happened("clock stepping back" if ahead < 0 else "clock stepping forward")
            case.recover()


@dataclass
class Answers:
    """What those who asked were told.

    Attributes:
        asked: how often.
        opened: when each gate was said to be open, and for which ingest, as (load, ingest, when the answer was there).
    """

    asked: int = 0
    opened: list[tuple[str, str, datetime]] = field(default_factory=list)


@contextmanager
def asking(shop: Shop, many: int = MANY) -> Iterator[Answers]:
    """So many processes that ask for every gate, again and again, until the end of the block."""
    context = processes()
    end, answers = context.Event(), Answers()
    children = []
    for _ in range(many):
        pipe, other = context.Pipe()
        child = context.Process(target=_ask, args=(shop, end, other))
        child.start()
        other.close()
        children.append((child, pipe))
    for _, pipe in children:
        assert pipe.recv() == "ready"
    yield answers
    end.set()
    for child, pipe in children:
        found: Answers = pipe.recv()
        answers.asked += found.asked
        answers.opened += found.opened
        child.join(60)
        assert child.exitcode == 0


def _ask(shop: Shop, end: Event, pipe: Pipe) -> None:
    settings, answers = shop.settings(), Answers()
    pipe.send("ready")
    for load in cycle(MODELS):
        gate = ask(settings, load)
        answers.asked += 1
        if gate.is_open:
            answers.opened.append((load, str(gate.ingest_id), datetime.now(UTC).replace(tzinfo=None)))
        if end.wait(0.3):
            break
    pipe.send(answers)


def twenty_ask(case: Case, kills: int = 2) -> Answers:
    """20 processes ask for gates while runs pass, fail and are killed; each "open" has a complete passing verdict."""
    with asking(case.shop) as answers:
        case.recover()
        for flaw in ("raw", "staging"):
            assert run(case.job(flaw=flaw)).how == "closed"
        for place in steps_of()[2 : 2 + kills]:
            with running(case.job(pausing=True)) as victim:
                victim.go_to(place)
                victim.kill()
        case.recover()
    verdicts = case.judge.verdicts()
    assert answers.opened
    for load, ingest, when in answers.opened:
        assert verdicts.passed(GATE[load], ingest, ended_by=when), f"{load} was said to be open for {ingest} at {when}"
    case.happened("20 processes ask for gates at once")
    return answers


def twenty_check(case: Case, many: int = MANY) -> None:
    """20 processes run one checkpoint at once: they take turns, and every run is recorded whole."""
    job = case.job()
    assert run(job).how == "well"
    before = case.judge.verdicts().of("raw", job.ingest_id)
    again = replace(job, only=("check raw",))
    victims = [Victim(again) for _ in range(many)]
    assert [victim.end().how for victim in victims] == ["well"] * many
    assert case.judge.verdicts().of("raw", job.ingest_id) == before + ["passed"] * many
    case.happened("20 processes check at once")
    case.recover()


@dataclass
class Reading:
    """What a reader saw, who did not stop reading."""

    looks: int = 0
    ingests: set[str] = field(default_factory=set)
    wrong: list[str] = field(default_factory=list)


@contextmanager
def reading(case: Case) -> Iterator[Reading]:
    """Read every layer again and again, as somebody with a dashboard does (PostgreSQL only: DuckDB has one writer)."""
    found, stop = Reading(), threading.Event()
    engine = sa.create_engine(case.shop.settings().warehouse())

    def read() -> None:
        with engine.connect() as connection:
            while not stop.is_set():
                for load in MODELS:
                    try:
                        seen = see(connection, load)
                        judge_layer(load, seen)
                        found.ingests |= seen.ingests
                    except (sa.exc.SQLAlchemyError, AssertionError) as error:
                        found.wrong.append(str(error).splitlines()[0])
                    connection.rollback()
                    found.looks += 1
                time.sleep(0.002)

    reader = threading.Thread(target=read)
    reader.start()
    try:
        yield found
    finally:
        stop.set()
        reader.join()
        engine.dispose()
    assert found.wrong == []
