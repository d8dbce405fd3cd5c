"""How gates and checkpoints stand, for the front page of Data Docs: from the ledger, which decides."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime

from checkpoints.gate import Gate
from checkpoints.ledger import Ledger
from checkpoints.spec import CheckpointSpec, gates_of
from gx.docs.pages import Verdict
from gx.docs.standing import CheckpointNow, GateNow, Standing

_REASONS_SHOWN = 3


def standing(ledger: Ledger, checkpoints: Mapping[str, CheckpointSpec], now: datetime) -> Standing:
    """All of it at this moment.

    Args:
        ledger: of the project.
        checkpoints: the project's, by name.
        now: in UTC.

    Raises:
        LedgerError: it cannot be read.
    """
    latest = ledger.latest_ingest()
    asked = [
        ledger.gate(load, required, ingest_id=latest, now=now) for load, required in gates_of(dict(checkpoints)).items()
    ]
    return Standing(
        as_of=now,
        gates=tuple(_gate(gate, now) for gate in asked),
        checkpoints=tuple(
            CheckpointNow(name=name, verdict=Verdict(verdict.value), time=finished.replace(tzinfo=UTC))
            for name, verdict, finished in ledger.latest_verdicts()
            if name in checkpoints
        ),
    )


def _gate(gate: Gate, now: datetime) -> GateNow:
    moments = [decision.decided_at for decision in gate.decisions]
    until = min((decision.valid_until for decision in gate.decisions), default=None)
    if gate.override is not None:
        moments, until = [gate.override.made_at], gate.override.until
    return GateNow(
        load=gate.load,
        open=gate.is_open,
        since=min(max(moments).replace(tzinfo=UTC), now) if moments else now,
        until=until.replace(tzinfo=UTC) if until and gate.is_open else None,
        why=gate.reasons[:_REASONS_SHOWN],
        more=len(gate.reasons) > _REASONS_SHOWN,
    )
