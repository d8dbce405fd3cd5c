"""Names of problems: the same over all runs, whatever the figures, and never of two different ones."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from pathlib import Path

from expectations.suite import SuiteSpec

WAREHOUSE = "cause:warehouse"
LEDGER = "cause:ledger"
_CONFIGURATION = "cause:configuration:"
_CHECKPOINT = "checkpoint:"


def expectation_keys(suite: SuiteSpec) -> tuple[str, ...]:
    """The key of each expectation, in the suite's order; moved to another place it keeps its key.

    Two with the same arguments are told apart by their order.
    """
    seen: Counter[str] = Counter()
    keys = []
    for spec in suite.expectations:
        arguments = json.dumps([suite.name, spec.type, dict(spec.kwargs)], sort_keys=True, default=str)
        key = f"{_short(suite.name, 90)}/{_short(spec.type, 70)}/{_digest(arguments)}"
        seen[key] += 1
        keys.append(key if seen[key] == 1 else f"{key}~{seen[key]}")
    return tuple(keys)


def table_key(suite: str, fault: str) -> str:
    """Of something that is wrong with a whole table: ``unread``, ``empty``."""
    return f"{_short(suite, 90)}/table/{fault}"


def run_key(checkpoint: str) -> str:
    """Of a checkpoint's run that did not come to its end."""
    return f"{_CHECKPOINT}{checkpoint}/run"


def configuration_key(file: Path | None, project: Path) -> str:
    """Of a file that is wrong, which may keep many checkpoints from running."""
    if file is None:
        return f"{_CONFIGURATION}settings"
    place = file.relative_to(project) if file.is_relative_to(project) else Path(file.name)
    return f"{_CONFIGURATION}{_short(place.as_posix(), 150)}"


def is_configuration(key: str) -> bool:
    """Whether it is of a file that is wrong."""
    return key.startswith(_CONFIGURATION)


def is_run(key: str) -> bool:
    """Whether it is of a checkpoint's run."""
    return key.startswith(_CHECKPOINT)


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode(errors="surrogatepass")).hexdigest()[:16]


def _short(name: str, longest: int) -> str:
    return name if len(name) <= longest else f"{name[: longest - 17]}~{_digest(name)}"
