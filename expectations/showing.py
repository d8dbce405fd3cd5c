"""What each expectation of a suite may show of the data."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from expectations.suite import SuiteSpec
from gx.shown import Shown, columns_of, spelled

_CONDITION = "row_condition"
_QUERY = "_query"


def shown_by(suite: SuiteSpec, kwargs: Mapping[str, Any], facts: Iterable[str]) -> Shown:
    """What an expectation with these arguments may show.

    Samples, where the suite allows them for every column that it is about. It counts as being about personal data
    also where its condition names such a column, or where it is a query of the suite's own, which may read any.

    Args:
        suite: names the columns.
        kwargs: the expectation's arguments.
        facts: those of its arguments that are looked up at each run.
    """
    about = columns_of(kwargs)
    # The source may be this very table; and a column of that name elsewhere is likely to be as personal.
    source = {spelled(str(kwargs["source_column"]))} if kwargs.get("source_column") else set()
    pii = {spelled(name) for name in suite.pii}
    condition = spelled(str(kwargs.get(_CONDITION) or ""))
    queries = any(name.endswith(_QUERY) for name in kwargs)
    return Shown(
        samples=bool(about) and about <= {spelled(name) for name in suite.samples},
        keys=suite.keys,
        pii=bool((about | source) & pii) or bool(pii and queries) or any(_names_it(condition, name) for name in pii),
        facts=tuple(facts),
        terse=bool(pii),
    )


def _names_it(condition: str, column: str) -> bool:
    return re.search(rf"(?<!\w){re.escape(column)}(?!\w)", condition) is not None
