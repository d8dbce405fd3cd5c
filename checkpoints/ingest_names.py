"""What an ingest may be called; wherever somebody names one the same rule holds."""

from __future__ import annotations

_LONGEST = 200  # characters: the ledger's column holds no more


def wrong_name(ingest_id: str) -> str | None:
    """What is wrong with an ingest's name; None where nothing is."""
    if ingest_id.strip() and ingest_id.isprintable() and len(ingest_id) <= _LONGEST:
        return None
    return f"an ingest's name is 1 to {_LONGEST} printable characters"
