"""What of the data a result may show; whoever builds an expectation says so in its ``meta``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

META = "sluice"
"""The key under which the rooms keep their own facts in the ``meta`` of GX's objects."""
MOST_ROWS = 20
"""How many failing rows one expectation shows at most."""
_SHOWN = "shown"


@dataclass(frozen=True)
class Shown:
    """What one expectation's result may show of the data; by default counts, sums and times, and no failing row.

    Attributes:
        samples: whether it may show failing values of the columns that it is about.
        keys: columns whose values may name a failing row.
        pii: whether it is about a column whose values may appear nowhere, not even summed up.
        facts: arguments that are not of the suite but were looked up; not shown where ``pii``.
    """

    samples: bool = False
    keys: tuple[str, ...] = ()
    pii: bool = False
    facts: tuple[str, ...] = ()

    @classmethod
    def of(cls, meta: object) -> Shown | None:
        """What an expectation's ``meta`` says; None if it says nothing. What cannot be read hides all."""
        ours = meta.get(META) if isinstance(meta, Mapping) else None
        said = ours.get(_SHOWN) if isinstance(ours, Mapping) else None
        if said is None:
            return None
        try:
            samples, pii = said["samples"] is True, said["pii"] is not False
            keys, facts = (tuple(str(name) for name in said[names]) for names in ("keys", "facts"))
        except (KeyError, TypeError):
            return cls(pii=True)
        return cls(samples and not pii, keys, pii, facts)

    def to_meta(self) -> dict[str, Any]:
        """For the entry of ``meta`` that :data:`META` names."""
        return {_SHOWN: {**asdict(self), "keys": list(self.keys), "facts": list(self.facts)}}


def spelled(column: str) -> str:
    """A column's name for comparing: whatever its case, with or without quotes."""
    return column.strip().strip('"').replace('""', '"').casefold()
