"""What is to be written, in parts that fit into memory and into processes."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence

from great_expectations.data_context.types.resource_identifiers import (
    ExpectationSuiteIdentifier,
    ValidationResultIdentifier,
)

PART = 200
"""Runs in a part."""
Identifier = ExpectationSuiteIdentifier | ValidationResultIdentifier
Part = Sequence[Identifier]


def parts(identifiers: Iterable[Identifier]) -> Iterator[Part]:
    """All suites first: a result's page links to its suite's page if there is one. Then the results, each once.

    Runs of one suite stay together and in order, so that few pages are written again for a neighbour's sake; those of
    as many suites as fit share a part.
    """
    by_suite: dict[str, list[ValidationResultIdentifier]] = defaultdict(list)
    suites = []
    for key in dict.fromkeys(identifiers):
        if isinstance(key, ValidationResultIdentifier):
            by_suite[key.expectation_suite_identifier.name].append(key)
        else:
            suites.append(key)
    if suites:
        yield suites
    results = [key for runs in by_suite.values() for key in sorted(runs, key=lambda key: key.run_id.run_time)]
    yield from (results[start : start + PART] for start in range(0, len(results), PART))
