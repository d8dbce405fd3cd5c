"""Read ``checkpoints/_freshness.yml``: how old the tables of each source may be."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from checkpoints.alerts.routing_file import owner_of
from checkpoints.calendars import ALWAYS, Calendar
from checkpoints.calendars_file import calendar_of
from checkpoints.spec import FRESHNESS_FILE
from expectations.documents import Node, check_keys, read_document
from gx.warehouse.table import TableName

_LIMITS = ("column", "metadata", "warn", "error", "calendar", "owner")
_DURATION = re.compile(r"([0-9]+(?:\.[0-9]+)?)\s*(m|h|d)")
_UNITS = {"m": timedelta(minutes=1), "h": timedelta(hours=1), "d": timedelta(days=1)}
_LONGEST = timedelta(days=366)


@dataclass(frozen=True)
class FreshnessSpec:
    """How old one table may be.

    Attributes:
        table: as it is written.
        source: the group that it is in.
        column: when rows were loaded; None to ask the warehouse when the table changed last.
        warn: from this age on there is a warning; None for no warning.
        error: from this age on the table is stale.
        calendar: which time counts.
        owner: who is told, as the alert routing knows them.
    """

    table: TableName
    source: str
    column: str | None
    warn: timedelta | None
    error: timedelta
    calendar: Calendar = ALWAYS
    owner: str | None = None


def load_freshness(
    checkpoints_dir: Path, calendars: Mapping[str, Calendar], owners: Collection[str] | None = None
) -> tuple[FreshnessSpec, ...]:
    """What the project declares, in its order; nothing where there is no such file.

    Args:
        checkpoints_dir: where the file may be.
        calendars: of the project, by name.
        owners: the names that `owner` may have; None where any will do.

    Raises:
        ConfigError: the file is wrong; with its line.
    """
    file = checkpoints_dir / FRESHNESS_FILE
    if not file.exists():
        return ()
    specs: dict[str, FreshnessSpec] = {}
    for source, node in read_document(file).mapping("the sources").items():
        what = f"the source {source}"
        common = node.mapping(what)
        check_keys(common, (*_LIMITS, "tables"), what)
        if "tables" not in common:
            raise node.fail(f"{what} needs `tables:`, a mapping of table names to limits of their own, or to nothing")
        for table, entry in common.pop("tables").mapping(f"the tables of {source}").items():
            own = {} if entry.value is None else entry.mapping(table)
            check_keys(own, _LIMITS, table)
            # Databases fold the case of names: written in another, it is the same table.
            if (same := specs.get(table.casefold())) is not None:
                earlier = "" if str(same.table) == table else f", there as {same.table}"
                raise entry.fail(f"{table} is here twice, in {same.source} and in {source}{earlier}; keep one")
            specs[table.casefold()] = _spec(table, source, entry, _with_defaults(common, own), calendars, owners)
    return tuple(specs.values())


def _with_defaults(common: Mapping[str, Node], own: Mapping[str, Node]) -> dict[str, Node]:
    """A table's own settings before those of its source; how to measure is one setting with two spellings."""
    ways = {"column", "metadata"}
    kept = {key: node for key, node in common.items() if not (key in ways and ways & own.keys())}
    return {**kept, **own}


def _spec(
    table: str,
    source: str,
    entry: Node,
    fields: Mapping[str, Node],
    calendars: Mapping[str, Calendar],
    owners: Collection[str] | None,
) -> FreshnessSpec:
    try:
        name = TableName.parse(table)
    except ValueError as error:
        raise entry.fail(str(error)) from None
    if "error" not in fields:
        raise entry.fail(f"{table} needs `error:`, the age from which on it is stale, such as 12h")
    error_after = _duration(fields["error"], "`error`")
    warn_after = _duration(fields["warn"], "`warn`") if "warn" in fields else None
    if warn_after is not None and warn_after >= error_after:
        raise fields["warn"].fail(
            f"{table}: `warn` is {fields['warn'].value} and `error` {fields['error'].value}; `warn` must come first"
        )
    return FreshnessSpec(
        name,
        source,
        _column(table, entry, fields),
        warn_after,
        error_after,
        calendar_of(fields["calendar"], calendars) if "calendar" in fields else ALWAYS,
        owner_of(fields["owner"], owners) if "owner" in fields else None,
    )


def _column(table: str, entry: Node, fields: Mapping[str, Node]) -> str | None:
    column, metadata = fields.get("column"), fields.get("metadata")
    if metadata is not None and metadata.value not in (True, False):
        raise metadata.fail(f"`metadata` must be true or false; found {metadata.value!r}")
    by_metadata = metadata is not None and metadata.value
    if (column is not None) == by_metadata:
        raise entry.fail(
            f"{table} needs either `column:`, which holds when a row was loaded, or `metadata: true`, which asks the "
            "warehouse when the table changed"
        )
    return column.text("`column`") if column is not None else None


def _duration(node: Node, what: str) -> timedelta:
    found = _DURATION.fullmatch(node.value.strip()) if isinstance(node.value, str) else None
    if found is None:
        raise node.fail(f"{what} is {node.value!r}, which is no age; expected minutes, hours or days: 180m, 6h, 2d")
    duration = float(found[1]) * _UNITS[found[2]]
    if not timedelta(0) < duration <= _LONGEST:
        raise node.fail(f"{what} is {node.value}; it must be more than nothing and at most {_LONGEST.days}d")
    return duration
