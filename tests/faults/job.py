"""The main job's steps, in the order of `flows.pipeline`, in a process that tells where it is and can be stopped."""

from __future__ import annotations

import ctypes
import os
import struct
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta, tzinfo
from multiprocessing.connection import Connection as Pipe
from pathlib import Path
from typing import cast

import sqlalchemy as sa

import checkpoints.ledger.connection
import checkpoints.runner
import flows.dbt_runs.own
import flows.workspace
import gx.context
from checkpoints.gate import GateClosedError
from checkpoints.layers import LOADS, publish_gate
from checkpoints.result import CheckpointFailedError
from flows.sources.wiring import SourceWiring
from flows.workspace import Workspace, open_workspace
from gx.errors import SluiceError
from tests.faults.shop import SOUND, Shop, ShopSources, build

__all__ = ["gx"]  # imported so that it is there before the first fork


@dataclass(frozen=True)
class Job:
    """What one process is to do.

    Attributes:
        ingest_id: of the run, or of the event.
        flaw: the checkpoint that ought to find something wrong with what is ingested.
        only: the names of the steps to do; None for all.
        pausing: whether to wait at each step for leave to go on.
        at_commits: whether to say, and wait, before each commit too, the ledger's and the warehouse's.
        busy_seconds: how long to wait for a ledger that somebody has locked.
        bound_by_modes: whether a read-only file is read-only for root too.
    """

    shop: Shop
    ingest_id: str
    flaw: str = SOUND
    only: tuple[str, ...] | None = None
    pausing: bool = False
    at_commits: bool = False
    busy_seconds: float | None = None
    bound_by_modes: bool = False


@dataclass(frozen=True)
class Ended:
    """How a job ended: `well`, `closed` (by a gate), `failed` (an error of ours) or `bug`; and the error's words."""

    how: str
    told: str = ""


def steps_of(loads: tuple[str, ...] = LOADS) -> tuple[str, ...]:
    """The names of the steps: of a whole run, or of the run that an event starts."""
    first = ("preflight", "ingest", "check raw") if loads == LOADS else ()
    return (*first, *(f"{step} {load}" for load in loads for step in ("gate", "load", "check", "publish")))


INSISTING = tuple(f"insist {load}" for load in LOADS)
"""The steps of somebody who asks no gate."""


def do(step: str, workspace: Workspace, ingest_id: str) -> None:
    """One step, as the flow has it."""
    what, _, name = step.partition(" ")
    match what:
        case "preflight":
            workspace.preflight()
        case "ingest":
            workspace.ingest(ingest_id)
        case "gate":
            workspace.require_open(name, ingest_id)
        case "load":
            workspace.load(name, ingest_id)
        case "check":
            run = workspace.check(name, ingest_id, built=name in workspace.audited)
            if name == LOADS[-1] and not run.opens:
                raise CheckpointFailedError(run)
        case "publish":
            if workspace.gate(publish_gate(name), ingest_id).is_open:
                workspace.publish(name, ingest_id)
        case "insist":
            _insist(name, workspace, ingest_id)
        case _:
            raise ValueError(step)


def _insist(load: str, workspace: Workspace, ingest_id: str) -> None:
    """Load and publish without asking, as one would whose events come late or twice; what is refused is refused."""
    for insist in (workspace.publish, workspace.load, workspace.publish):
        with suppress(SluiceError):
            insist(load, ingest_id)


@contextmanager
def opened(
    job: Job, between: Callable[[], None] = lambda: None, progress: Callable[[str], None] = lambda _: None
) -> Iterator[Workspace]:
    """The workspace, with stand-ins for the sources and for dbt."""
    flows.dbt_runs.own.__dict__["run_dbt"] = build
    with open_workspace(job.shop.settings(), what=f"the run of {job.ingest_id}", progress=progress) as workspace:
        sources = ShopSources(workspace.warehouse, job.flaw, between)
        yield replace(workspace, sources=cast(SourceWiring, sources))


def work(job: Job, pipe: Pipe) -> None:
    """The other process: do the steps; `pipe` hears of each before it begins, and of the end."""
    _quiet(job.shop.directory / "job.log")
    if job.bound_by_modes:
        _give_up_privileges()
    if job.busy_seconds is not None:
        checkpoints.ledger.connection._BUSY_SECONDS = job.busy_seconds  # type: ignore[assignment]

    one_at_a_time = threading.Lock()  # the preflight commits in several threads

    def here(place: str) -> None:
        with one_at_a_time:
            pipe.send(place)
            if job.pausing and (told := str(pipe.recv())).startswith("clock"):
                set_clock(timedelta(hours=float(told.split()[1])))

    if job.at_commits:
        sa.event.listen(sa.Engine, "commit", lambda _: here("commit"))
    try:
        with opened(job, lambda: here("between two tables")) as workspace:
            for step in job.only or steps_of():
                here(step)
                do(step, workspace, job.ingest_id)
        pipe.send(Ended("well"))
    except (GateClosedError, CheckpointFailedError) as error:
        pipe.send(Ended("closed", str(error)))
    except SluiceError as error:
        pipe.send(Ended("failed", str(error)))
    except BaseException as error:
        pipe.send(Ended("bug", repr(error)))
        raise


def set_clock(ahead: timedelta) -> None:
    """From now on this process's clock differs by so much from everybody else's."""

    class Differing(datetime):
        @classmethod
        def now(cls, tz: tzinfo | None = None) -> datetime:  # type: ignore[override]
            return datetime.now(tz) + ahead

    for module in (flows.workspace, checkpoints.runner):
        module.datetime = Differing  # type: ignore[attr-defined]


def _give_up_privileges() -> None:
    """Root writes whatever a file's mode says; without its capabilities (capset(2), version 3) it does not."""
    header, none = struct.pack("Ii", 0x20080522, 0), bytes(24)
    if ctypes.CDLL(None, use_errno=True).capset(header, none) != 0:
        raise OSError(ctypes.get_errno(), "capset")


def _quiet(log: Path) -> None:
    file = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o666)
    os.dup2(file, sys.stderr.fileno())
    os.dup2(file, sys.stdout.fileno())
    os.close(file)
