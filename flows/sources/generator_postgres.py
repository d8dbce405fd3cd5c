"""PetForce's own database: users, events, sessions and page views, any slice of them on its own.

Every column is a pure function of the row's number and the seed, so that rows are made in chunks of bounded
size and a page view agrees with its session without either being held.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pyarrow as pa
import pyarrow.compute

from flows.sources.generator_columns import FIRST_NAMES, LAST_NAMES, Ints, below, choose, constant, seconds
from flows.sources.raw_tables import EVENTS, PAGE_VIEWS, SESSIONS, USERS

ROWS_AT_SCALE_1 = {"users": 2_300, "events": 11_500, "sessions": 6_900, "page_views": 23_000}

_USERS_FROM = int(np.datetime64("2022-01-01T00:00:00", "s").astype(np.int64))
_ACTIVE_FROM = int(np.datetime64("2025-07-01T00:00:00", "s").astype(np.int64))
_ACTIVE_TO = int(np.datetime64("2025-10-01T00:00:00", "s").astype(np.int64))
_CHUNK = 500_000
_COUNTRIES = ("US", "US", "US", "US", "CA", "GB", "DE", "FR", "AU", "NL")
_EVENT_TYPES = [
    "login",
    "login",
    "login",
    "pet_viewed",
    "pet_viewed",
    "pet_added",
    "appointment_booked",
    "reminder_set",
    "subscription_started",
    "logout",
]
_DEVICES = ("mobile", "mobile", "mobile", "desktop", "desktop", "tablet")
_BROWSERS = ("Chrome", "Chrome", "Chrome", "Safari", "Safari", "Firefox", "Edge")
_PATHS = (
    "/",
    "/",
    "/dashboard",
    "/dashboard",
    "/pets",
    "/pets/new",
    "/appointments",
    "/reminders",
    "/pricing",
    "/account",
)


def row_count(table: str, scale: int) -> int:
    """How many rows the table has at that scale."""
    return ROWS_AT_SCALE_1[table] * scale


def chunks(table: str, seed: int, scale: int) -> Iterator[pa.Table]:
    """The table's rows by ascending key, in chunks of bounded size."""
    make = {"users": _users, "events": _events, "sessions": _sessions, "page_views": _page_views}[table]
    total = row_count(table, scale)
    for start in range(1, total + 1, _CHUNK):
        yield make(np.arange(start, min(start + _CHUNK, total + 1), dtype=np.int64), seed, scale)


def _users(ids: Ints, seed: int, scale: int) -> pa.Table:
    del scale
    count = len(ids)
    first = choose(FIRST_NAMES, below(len(FIRST_NAMES), ids, seed, 1))
    last = choose(LAST_NAMES, below(len(LAST_NAMES), ids, seed, 2))
    created = _USERS_FROM + below(_ACTIVE_FROM - _USERS_FROM, ids, seed, 3)
    # Two in three changed nothing since they signed up.
    changed = below(3, ids, seed, 4) == 0
    updated = np.where(changed, _ACTIVE_FROM + below(_ACTIVE_TO - _ACTIVE_FROM, ids, seed, 5), created)
    local = pa.compute.binary_join_element_wise(
        pa.compute.utf8_lower(first), pa.compute.utf8_lower(last), pa.array(ids).cast(pa.string()), "."
    )
    return pa.table(
        {
            "user_id": ids,
            "email": pa.compute.binary_join_element_wise(local, constant("example.org", count), "@"),
            "name": pa.compute.binary_join_element_wise(first, last, " "),
            "country": choose(_COUNTRIES, below(len(_COUNTRIES), ids, seed, 6)),
            "created_at": seconds(created),
            "updated_at": seconds(updated),
        },
        schema=USERS.source_schema,
    )


def _events(ids: Ints, seed: int, scale: int) -> pa.Table:
    return pa.table(
        {
            "event_id": ids,
            "user_id": 1 + below(row_count("users", scale), ids, seed, 10),
            "event_type": choose(_EVENT_TYPES, below(len(_EVENT_TYPES), ids, seed, 11)),
            "occurred_at": seconds(_ACTIVE_FROM + below(_ACTIVE_TO - _ACTIVE_FROM, ids, seed, 12)),
        },
        schema=EVENTS.source_schema,
    )


def _session_user(ids: Ints, seed: int, scale: int) -> Ints:
    return 1 + below(row_count("users", scale), ids, seed, 20)


def _session_start(ids: Ints, seed: int) -> Ints:
    # The last hour is left free: a session lasts at most so long.
    return _ACTIVE_FROM + below(_ACTIVE_TO - _ACTIVE_FROM - 3_600, ids, seed, 21)


def _session_seconds(ids: Ints, seed: int) -> Ints:
    return 30 + below(3_540, ids, seed, 22)


def _sessions(ids: Ints, seed: int, scale: int) -> pa.Table:
    start = _session_start(ids, seed)
    return pa.table(
        {
            "session_id": ids,
            "user_id": _session_user(ids, seed, scale),
            "session_start": seconds(start),
            "session_end": seconds(start + _session_seconds(ids, seed)),
            "device_type": choose(_DEVICES, below(len(_DEVICES), ids, seed, 23)),
            "browser": choose(_BROWSERS, below(len(_BROWSERS), ids, seed, 24)),
        },
        schema=SESSIONS.source_schema,
    )


def _page_views(ids: Ints, seed: int, scale: int) -> pa.Table:
    session = 1 + below(row_count("sessions", scale), ids, seed, 30)
    into = below(1_000_000, ids, seed, 31) * _session_seconds(session, seed) // 1_000_000
    return pa.table(
        {
            "page_view_id": ids,
            "session_id": session,
            "user_id": _session_user(session, seed, scale),
            "path": choose(_PATHS, below(len(_PATHS), ids, seed, 32)),
            "viewed_at": seconds(_session_start(session, seed) + into),
        },
        schema=PAGE_VIEWS.source_schema,
    )
