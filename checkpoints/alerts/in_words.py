"""What an expectation demands and what was found instead, in words that may be told."""

from __future__ import annotations

from great_expectations.expectations.expectation_configuration import ExpectationConfiguration

from checkpoints.result import ExpectationOutcome
from expectations.showing import shown_by
from expectations.suite import ExpectationSpec, SuiteSpec
from gx.docs.sentences import sentence

LONGEST_TITLE = 200
LONGEST = 500
_ROWS_OF_A_QUERY = "unexpected_rows_expectation"


def expected_of(suite: SuiteSpec, spec: ExpectationSpec) -> str:
    """The rule in plain words. What a suite compares a column of personal data with may itself be such data."""
    if shown_by(suite, spec.kwargs, ()).pii:
        if spec.type == _ROWS_OF_A_QUERY:
            return "a query of the suite finds no rows"
        words = spec.type.removeprefix("expect_").removeprefix("column_").replace("_", " ")
        return f"{spec.column}: {words}" if spec.column else words
    return sentence(ExpectationConfiguration(type=spec.type, kwargs=dict(spec.kwargs)))


def observed_of(outcome: ExpectationOutcome) -> str:
    """What was seen, from what the ledger holds of it: counts, and words that are free of values."""
    if outcome.success is None:
        return f"could not be checked: {outcome.error}"
    if outcome.sentence:
        return outcome.sentence
    if outcome.expectation == _ROWS_OF_A_QUERY and isinstance(outcome.observed_value, int):
        return f"it finds {outcome.observed_value:,} {'row' if outcome.observed_value == 1 else 'rows'}"
    if outcome.unexpected_count is not None:
        if not outcome.element_count:
            return f"{outcome.unexpected_count:,} unexpected"
        percent = outcome.unexpected_count * 100 / outcome.element_count
        share = f"{percent:.2g}" if 0 < percent < 1 else f"{percent:.0f}"
        return f"{outcome.unexpected_count:,} of {outcome.element_count:,} unexpected ({share} %)"
    return f"observed {outcome.observed_value}"
