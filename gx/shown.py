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
        terse: whether errors are told by their kind alone: the table has personal data, which an error may quote.
    """

    samples: bool = False
    keys: tuple[str, ...] = ()
    pii: bool = False
    facts: tuple[str, ...] = ()
    terse: bool = False

    @classmethod
    def of(cls, meta: object) -> Shown | None:
        """What an expectation's ``meta`` says; None if it says nothing. What cannot be read hides all."""
        said = own_meta(meta).get(_SHOWN)
        if said is None:
            return None
        try:
            samples, pii = said["samples"] is True, said["pii"] is not False
            keys, facts = (tuple(str(name) for name in said[names]) for names in ("keys", "facts"))
            terse = said.get("terse", False) is not False
        except (AttributeError, KeyError, TypeError):
            return cls(pii=True, terse=True)
        return cls(samples and not pii, keys, pii, facts, terse or pii)

    def to_meta(self) -> dict[str, Any]:
        """For the entry of ``meta`` that :data:`META` names."""
        return {_SHOWN: {**asdict(self), "keys": list(self.keys), "facts": list(self.facts)}}


def own_meta(meta: object) -> Mapping[str, Any]:
    """What the rooms wrote into ``meta``; empty when they wrote nothing."""
    found = meta.get(META) if isinstance(meta, Mapping) else None
    return found if isinstance(found, Mapping) else {}


def columns_of(arguments: Mapping[str, Any]) -> set[str]:
    """The columns that an expectation with these arguments is about, spelled for comparing."""
    named = [arguments.get(name) for name in ("column", "column_A", "column_B")]
    return {spelled(name) for name in (*named, *(arguments.get("column_list") or ())) if isinstance(name, str)}


def spelled(column: str) -> str:
    """A column's name for comparing: whatever its case, with or without quotes."""
    return column.strip().strip('"').replace('""', '"').casefold()
