"""Which reference data a run works on."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Scenario:
    """What the embedded sources hold, and how the reference is built.

    Attributes:
        seed: of the generated data.
        scale: how many times the data of scale 1.
        faulty: whether the ingest meets the document's network timeout and re-sends rows.
        deduplicate: False builds the staging models of before the incident.
    """

    seed: int = 0
    scale: int = 1
    faulty: bool = False
    deduplicate: bool = True
