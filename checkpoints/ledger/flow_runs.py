"""The runs of flows: when each began, that it lives, and how it ended. One that stopped without an end was killed."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Any

import sqlalchemy as sa

from checkpoints.ledger.connection import Database
from checkpoints.ledger.moments import aware, naive
from checkpoints.ledger.schema import flow_runs

_LONGEST_TEXT = 2_000


class RunState(StrEnum):
    """How a run ended."""

    COMPLETED = "completed"
    FAILED = "failed"
    CLOSED = "closed"
    """At a gate that is closed, or with a checkpoint that did not pass: the flow did what it is for."""
    STOPPED = "stopped"
    """By a person who stood by."""
    KILLED = "killed"
    """It stopped without saying anything, as far as the monitor can tell."""


@dataclass(frozen=True)
class FlowRun:
    """One run of a flow or of a command. Times are in UTC.

    Attributes:
        id: of this run and no other.
        flow: what runs, with what tells it from others of its kind: ``load-and-gate/marts``, ``check/raw``.
        what: this run in a few words.
        prefect_url: its page in Prefect, where there is one.
        alive_at: when it was last known to live.
        state: None while it goes on.
        problem: why it failed; no secret, and no value of the data.
    """

    id: str
    flow: str
    what: str
    started_at: datetime
    alive_at: datetime
    ingest_id: str | None = None
    prefect_url: str | None = None
    finished_at: datetime | None = None
    state: RunState | None = None
    problem: str | None = None


class FlowRuns:
    """The ledger's record of flow runs. Every method raises LedgerError when the database cannot be used."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def begin(self, run: FlowRun) -> None:
        """Record that a run began; one that is started again by its id begins anew."""
        with self._database.transaction() as connection:
            connection.execute(flow_runs.delete().where(flow_runs.c.id == run.id))
            connection.execute(
                flow_runs.insert().values(
                    id=run.id, flow=run.flow, what=run.what[:_LONGEST_TEXT], ingest_id=run.ingest_id,
                    prefect_url=run.prefect_url, started_at=naive(run.started_at), alive_at=naive(run.alive_at),
                )
            )  # fmt: skip

    def alive(self, run_id: str, now: datetime) -> None:
        """Record that a run lives; also one that was taken for dead, on a machine that slept."""
        of = flow_runs.c
        unended = sa.or_(of.state.is_(None), of.state == RunState.KILLED.value)
        living = flow_runs.update().where(of.id == run_id, unended)
        with self._database.transaction() as connection:
            connection.execute(living.values(alive_at=naive(now), state=None, finished_at=None))

    def finish(self, run_id: str, state: RunState, now: datetime, problem: str | None = None) -> None:
        """Record a run's end."""
        ended: dict[str, Any] = {"state": state.value, "problem": problem[:_LONGEST_TEXT] if problem else None}
        with self._database.transaction() as connection:
            connection.execute(
                flow_runs.update()
                .where(flow_runs.c.id == run_id)
                .values(alive_at=naive(now), finished_at=naive(now), **ended)
            )

    def bury(self, silent_since: datetime) -> tuple[FlowRun, ...]:
        """Take the runs for killed that have not ended and gave no sign of life since then; returns them."""
        return self._bury(sa.and_(flow_runs.c.state.is_(None), flow_runs.c.alive_at < naive(silent_since)))

    def bury_one(self, run_id: str) -> FlowRun | None:
        """Take a run for killed, if it has not ended; returns it as it is now."""
        found = self._bury(sa.and_(flow_runs.c.state.is_(None), flow_runs.c.id == run_id))
        return replace(found[0], state=RunState.KILLED, finished_at=found[0].alive_at) if found else None

    def _bury(self, which: sa.ColumnElement[bool]) -> tuple[FlowRun, ...]:
        of = flow_runs.c
        with self._database.transaction() as connection:
            found = _runs(connection, sa.select(flow_runs).where(which).order_by(of.started_at))
            for run in found:
                # It ended when it was last seen; asked again, for it may have stirred meanwhile.
                dead = flow_runs.update().where(of.id == run.id, which)
                connection.execute(dead.values(state=RunState.KILLED.value, finished_at=naive(run.alive_at)))
        return found

    def latest_ends(self) -> tuple[FlowRun, ...]:
        """Of each flow the run that ended last."""
        of = flow_runs.c
        last = (
            sa.select(of.flow, sa.func.max(of.finished_at).label("at"))
            .where(of.state.is_not(None))
            .group_by(of.flow)
            .subquery()
        )
        query = sa.select(flow_runs).join(last, sa.and_(of.flow == last.c.flow, of.finished_at == last.c.at))
        with self._database.transaction() as connection:
            return tuple({run.flow: run for run in _runs(connection, query.order_by(of.started_at))}.values())

    def latest_starts(self) -> dict[str, FlowRun]:
        """Of each flow the run that began last."""
        of = flow_runs.c
        last = sa.select(of.flow, sa.func.max(of.started_at).label("at")).group_by(of.flow).subquery()
        query = sa.select(flow_runs).join(last, sa.and_(of.flow == last.c.flow, of.started_at == last.c.at))
        with self._database.transaction() as connection:
            return {run.flow: run for run in _runs(connection, query)}

    def ended_since(self, since: datetime) -> tuple[FlowRun, ...]:
        """The runs that ended since then, in the order they did."""
        of = flow_runs.c
        query = sa.select(flow_runs).where(of.finished_at >= naive(since)).order_by(of.finished_at, of.id)
        with self._database.transaction() as connection:
            return _runs(connection, query)


def _runs(connection: sa.Connection, query: sa.Select[Any]) -> tuple[FlowRun, ...]:
    return tuple(
        FlowRun(
            id=row["id"],
            flow=row["flow"],
            what=row["what"],
            started_at=aware(row["started_at"]),
            alive_at=aware(row["alive_at"]),
            ingest_id=row["ingest_id"],
            prefect_url=row["prefect_url"],
            finished_at=aware(row["finished_at"]) if row["finished_at"] else None,
            state=RunState(row["state"]) if row["state"] else None,
            problem=row["problem"],
        )
        for row in connection.execute(query).mappings()
    )
