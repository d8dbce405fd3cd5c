"""The ingest that Fivetran does: trigger its syncs, wait for them, count in the warehouse what they
brought.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime

from flows.sources.errors import IngestError
from flows.sources.fivetran_api import Connection, FivetranApi, utc
from flows.sources.ingest import Clock, IngestedTable, IngestResult, Progress, silent

CountSynced = Callable[[str, datetime], int]
"""How many rows of `schema.table` have a `_fivetran_synced` at that time or later (UTC without a zone)."""

_POLL_SECONDS = 10.0
_TIMEOUT_SECONDS = 6 * 3600.0


class FivetranIngest:
    """Syncs some Fivetran connections, side by side, and reports what arrived."""

    def __init__(
        self,
        api: FivetranApi,
        connections: Sequence[str],
        *,
        tables: Sequence[str],
        count_synced: CountSynced,
        clock: Clock,
        timeout_seconds: float = _TIMEOUT_SECONDS,
        poll_seconds: float = _POLL_SECONDS,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        """Make an ingest.

        Args:
            api: the account's API.
            connections: ids of the connections to sync.
            tables: `schema.table` of what they land; Fivetran's API does not tell rows, the warehouse does.
            count_synced: counts in the warehouse.
            clock: the time now. Rows are counted from the moment before the first sync is triggered, so this
                clock and Fivetran's should agree.
            timeout_seconds: how long all syncs together may take.
            poll_seconds: how long to wait between two looks at a connection.
            sleep: waits so many seconds.
        """
        if not connections:
            raise IngestError(
                "no Fivetran connection is named; set SLUICE_FIVETRAN_CONNECTIONS to their ids",
                source="fivetran",
                transient=False,
            )
        self._api = api
        self._connections = tuple(connections)
        self._tables = tuple(tables)
        self._count_synced = count_synced
        self._clock = clock
        self._timeout_seconds = timeout_seconds
        self._poll_seconds = poll_seconds
        self._sleep = sleep

    def run(self, ingest_id: str, progress: Progress = silent) -> IngestResult:
        """Sync all connections and wait for them.

        Raises:
            IngestError: a sync failed (with Fivetran's reason), is paused or broken (terminal), or did not
            end in
                time (transient: it goes on at Fivetran, a later run may find it done).
        """
        started_at = self._clock()
        before = {name: self._api.connection(name) for name in self._connections}
        for connection in before.values():
            _check_usable(connection)
        for name in self._connections:
            self._api.sync(name)
            progress(f"Fivetran {name}: sync triggered")
        self._wait(before, progress)
        tables = tuple(IngestedTable(table, self._count_synced(table, started_at)) for table in self._tables)
        return IngestResult(ingest_id, "fivetran", started_at, self._clock(), tables)

    def _wait(self, before: Mapping[str, Connection], progress: Progress) -> None:
        deadline = time.monotonic() + self._timeout_seconds
        waiting = dict(before)
        said: dict[str, str] = {}
        while True:
            for name, earlier in list(waiting.items()):
                now = self._api.connection(name)
                if _has_ended(earlier, now):
                    progress(f"Fivetran {name}: synced")
                    del waiting[name]
                elif said.get(name) != now.status.sync_state:
                    said[name] = now.status.sync_state
                    progress(f"Fivetran {name}: {now.status.sync_state}")
            if not waiting:
                return
            if time.monotonic() + self._poll_seconds > deadline:
                states = ", ".join(f"{name} ({said.get(name, 'unknown')})" for name in sorted(waiting))
                raise IngestError(
                    f"Fivetran did not end the sync of {states} within {self._timeout_seconds:g} s; it goes on there",
                    source="fivetran",
                    transient=True,
                )
            self._sleep(self._poll_seconds)


def _check_usable(connection: Connection) -> None:
    if connection.paused or connection.status.sync_state == "paused":
        raise IngestError(
            f"Fivetran connection {connection.id} is paused: enable it at Fivetran",
            source="fivetran",
            transient=False,
        )
    if connection.status.setup_state in ("broken", "incomplete"):
        raise IngestError(
            f"Fivetran connection {connection.id} is {connection.status.setup_state}: {connection.reasons()}",
            source="fivetran",
            transient=False,
        )


def _has_ended(before: Connection, now: Connection) -> bool:
    """Whether a sync ended well since: both times are of the *last* such event, so a new one shows.

    Raises:
        IngestError: it ended badly.
    """
    failed_at = utc(now.failed_at)
    succeeded_at = utc(now.succeeded_at)
    if failed_at is not None and failed_at != utc(before.failed_at):
        # Fivetran retries a failure by itself and says so; a person is needed when it lists a task.
        raise IngestError(
            f"Fivetran's sync of connection {now.id} failed at {failed_at} UTC: {now.reasons()}",
            source="fivetran",
            transient=not now.status.tasks and now.status.setup_state != "broken",
        )
    _check_usable(now)
    return succeeded_at is not None and succeeded_at != utc(before.succeeded_at)
