"""Ask whether a load may run, from whatever runs Python: Airflow, Dagster, a script.

The answer is that of ``sluice gate check``, which asks here too. Imports neither Prefect nor Great Expectations::

    from checkpoints.asking import require_gate

    require_gate("marts", project="shop", ingest_id="orders-2025-10-01", wait_seconds=600)
"""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from checkpoints.gate import Gate, GateClosedError, closed
from checkpoints.layers import project_checkpoints
from checkpoints.ledger import Ledger, LedgerError
from checkpoints.spec import gates_of
from expectations.documents import suggest
from gx.errors import ConfigError
from gx.settings import Settings, load_settings

_POLL_SECONDS = 1.0


def gate(
    load: str, *, project: Path | str | None = None, ingest_id: str | None = None, wait_seconds: float = 0
) -> Gate:
    """The state of a load's gate. A ledger that cannot be read is a closed gate.

    Args:
        load: the load.
        project: the project's directory; without it ``SLUICE_PROJECT``, without that the reference project.
        ingest_id: the ingest to be loaded; None means the one that began last.
        wait_seconds: how long to wait while only a verdict is missing; a gate that a verdict closed is told at once.

    Raises:
        ConfigError: no checkpoint gates this load, or the project or its settings are wrong.
    """
    return ask(load_settings(Path(project) if project else None), load, ingest_id, wait_seconds=wait_seconds)


def require_gate(
    load: str, *, project: Path | str | None = None, ingest_id: str | None = None, wait_seconds: float = 0
) -> Gate:
    """The gate, if it is open; arguments as of :func:`gate`.

    Raises:
        GateClosedError: it is not, or was not in time.
        ConfigError: no checkpoint gates this load, or the project or its settings are wrong.
    """
    found = gate(load, project=project, ingest_id=ingest_id, wait_seconds=wait_seconds)
    if not found.is_open:
        raise GateClosedError(found)
    return found


def ask(
    settings: Settings,
    load: str,
    ingest_id: str | None = None,
    *,
    wait_seconds: float = 0,
    on_wait: Callable[[Gate], None] = lambda _: None,
) -> Gate:
    """The same for settings that are read already.

    Args:
        settings: of the project.
        load: the load.
        ingest_id: as of :func:`gate`.
        wait_seconds: as of :func:`gate`.
        on_wait: told the closed gate once, before the wait begins.

    Raises:
        ConfigError: no checkpoint gates this load, or a setting is wrong.
    """
    if ingest_id is not None and not ingest_id.strip():
        raise ConfigError("the ingest's name is empty; leave it out to ask about the one that began last")
    required = checkpoints_of(settings, load)
    if not wait_seconds >= 0:  # nor is it no number
        raise ConfigError(f"the seconds to wait are {wait_seconds}; they can be 0 or more")
    deadline = time.monotonic() + wait_seconds
    ledger = Ledger(settings.ledger(), gate_valid_hours=settings.gate_valid_hours)
    try:
        found = _ask(ledger, load, required, ingest_id)
        if not found.is_open and not found.settled and wait_seconds > 0:
            on_wait(found)
        while not found.is_open and not found.settled and (left := deadline - time.monotonic()) > 0:
            time.sleep(min(_POLL_SECONDS, left))
            found = _ask(ledger, load, required, ingest_id)
        return found
    finally:
        ledger.close()


def ask_all(settings: Settings, ingest_id: str | None = None) -> list[Gate]:
    """Every gate of a project, upstream loads first.

    Raises:
        ConfigError: a checkpoint or a setting is wrong.
    """
    ledger = Ledger(settings.ledger(), gate_valid_hours=settings.gate_valid_hours)
    try:
        gates = gates_of(project_checkpoints(settings))
        return [_ask(ledger, load, required, ingest_id) for load, required in gates.items()]
    finally:
        ledger.close()


def checkpoints_of(settings: Settings, load: str) -> tuple[str, ...]:
    """The checkpoints that a load waits for.

    Raises:
        ConfigError: there is none, or a checkpoint is wrong.
    """
    loads = gates_of(project_checkpoints(settings))
    if load not in loads:
        known = ", ".join(sorted(loads)) or "none"
        raise ConfigError(f"no checkpoint gates a load {load!r}{suggest(load, loads)}; the gated loads are: {known}")
    return loads[load]


def _ask(ledger: Ledger, load: str, required: tuple[str, ...], ingest_id: str | None) -> Gate:
    try:
        return ledger.gate(load, required, ingest_id=ingest_id, now=datetime.now(UTC))
    except LedgerError as error:
        return closed(load, ingest_id, str(error))
