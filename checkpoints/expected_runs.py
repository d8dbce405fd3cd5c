"""Read ``checkpoints/_schedules.yml``: when runs are expected that something other than ``sluice serve`` starts."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from datetime import datetime
from pathlib import Path

from checkpoints.ledger.schedules import Schedule
from checkpoints.spec import SCHEDULES_FILE
from expectations.documents import Node, check_keys, known_as, read_document, suggest
from gx.errors import ConfigError

OWN = "own/"
"""Before the names of flows that are the user's own, which ``sluice record`` puts on record."""

_KEYS = ("cron", "time_zone")
_OWN_NAME = re.compile(rf"{OWN}[A-Za-z0-9][A-Za-z0-9_.-]{{0,99}}")


def load_schedules(checkpoints_dir: Path, flows: Iterable[str], now: datetime) -> tuple[Schedule, ...]:
    """What the project declares; nothing where there is no such file.

    Args:
        checkpoints_dir: where the file may be.
        flows: the names that runs are recorded under, such as ``check/raw``.
        now: from then on runs are missed, unless the ledger knows the schedule already.

    Raises:
        ConfigError: the file is wrong; with its line.
    """
    file = checkpoints_dir / SCHEDULES_FILE
    if not file.exists():
        return ()
    known = tuple(flows)
    return tuple(
        _schedule(flow, entry, known, now)
        for flow, entry in read_document(file).mapping("the schedules of expected runs").items()
    )


def is_own(flow: str) -> bool:
    """Whether a name is one that a flow of the user's own can have."""
    return _OWN_NAME.fullmatch(flow) is not None


def flow_of(node: Node, name: str, flows: Collection[str]) -> str:
    """The flow that a file names, as its runs are recorded.

    Args:
        node: where it is named.
        name: in whatever case.
        flows: the names that runs are recorded under.

    Raises:
        ConfigError: no run is recorded under that name.
    """
    meant = name if is_own(name) else known_as(name, flows)
    if meant is None:
        raise node.fail(
            f"no run is recorded as {name!r}{suggest(name, flows)}; there are: {', '.join(flows)}, and {OWN}NAME for "
            "what `sluice record NAME` runs"
        )
    return meant


def _schedule(name: str, entry: Node, known: tuple[str, ...], now: datetime) -> Schedule:
    flow = flow_of(entry, name, known)
    fields = entry.mapping(f"the schedule of {flow}")
    check_keys(fields, _KEYS, f"the schedule of {flow}")
    for key in _KEYS:
        if key not in fields:
            raise entry.fail(f"the schedule of {flow} needs `{key}:`, such as {_EXAMPLES[key]}")
    cron, zone = (fields[key].text(f"`{key}`") for key in _KEYS)
    try:
        return Schedule.of(flow, cron, zone, now)
    except ConfigError as error:
        raise entry.fail(str(error)) from None


_EXAMPLES = {"cron": '"0 2 * * *"', "time_zone": "Europe/Berlin, or UTC"}
