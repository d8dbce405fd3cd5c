"""Turn a suite's YAML into GX expectations, refusing what GX would accept silently or reject obscurely."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from copy import copy
from dataclasses import dataclass

import great_expectations.expectations as core
from great_expectations import ExpectationSuite
from great_expectations.compatibility.pydantic import ValidationError
from great_expectations.exceptions import ExpectationNotFoundError
from great_expectations.expectations.expectation import Expectation
from great_expectations.expectations.metadata_types import FailureSeverity
from great_expectations.expectations.registry import get_expectation_impl, list_registered_expectation_implementations

from expectations import as_usual, foreign_key, freshness, model_time, reconciliation, row_count_change, schema_drift
from expectations.arguments import unfaithful, worthless
from expectations.documents import suggest
from expectations.facts import Facts, NeedsFacts, UnknownFactError
from expectations.showing import shown_by
from expectations.suite import ExpectationSpec, SuiteSpec
from gx.errors import ConfigError, SluiceError
from gx.masking import error_kind
from gx.shown import META, Shown

# Importing these registers the project's own expectations with GX.
OWN_EXPECTATIONS = (as_usual, foreign_key, freshness, model_time, reconciliation, row_count_change, schema_drift)
_FACTS = frozenset(
    {"source_value", "table_label", "previous_row_count", "now", "parent_read", "usual", "changes", "columns_known"}
)
_SET_BY_SLUICE = _FACTS | {
    *("id", "meta", "notes", "severity", "result_format", "catch_exceptions", "rendered_content", "windows"),
    "batch_id",
}


@dataclass(frozen=True)
class Unbuilt:
    """An expectation that could not be completed with its facts; it counts as errored.

    Attributes:
        index: its place in the suite.
        expectation: as GX knows it, without the facts.
        problem: what went wrong, safe to show.
    """

    index: int
    expectation: Expectation
    problem: str


def build_expectations(suite: SuiteSpec) -> list[Expectation]:
    """The suite's expectations as GX objects, in order.

    Raises:
        ConfigError: an expectation or an argument is unknown, missing or of the wrong type; with file and line.
    """
    return [_build(spec, suite, index) for index, spec in enumerate(suite.expectations)]


def complete(expectations: Sequence[Expectation], facts: Facts) -> tuple[list[Expectation], list[Unbuilt]]:
    """Give the facts to the expectations that need some; those whose facts cannot be had come back apart."""
    ready: list[Expectation] = []
    unbuilt: list[Unbuilt] = []
    for index, expectation in enumerate(expectations):
        try:
            ready.append(expectation.with_facts(facts) if isinstance(expectation, NeedsFacts) else expectation)
        except SluiceError as error:
            unbuilt.append(Unbuilt(index, expectation, _problem(error, expectation)))
    return ready, unbuilt


def to_gx_suite(suite: SuiteSpec, expectations: Sequence[Expectation]) -> ExpectationSuite:
    """A GX suite that holds the expectations, and the suite's owner and description for Data Docs."""
    meta = {META: {"table": str(suite.table), "layer": suite.layer, "tags": list(suite.tags)}}
    if suite.owner:
        meta[META]["owner"] = suite.owner
    owned = [copy(expectation) for expectation in expectations]  # GX lets each belong to one suite only
    return ExpectationSuite(name=suite.name, expectations=owned, meta=meta, notes=suite.description)


def row_count_probe(suite: SuiteSpec) -> Expectation:
    """Reads the row count, which sluice needs of every table: for the history, and to notice an empty table."""
    shown = shown_by(suite, {}, ()).to_meta()
    return core.ExpectTableRowCountToBeBetween(min_value=0, meta={META: {"implicit": True, "index": -1, **shown}})


def _build(spec: ExpectationSpec, suite: SuiteSpec, index: int) -> Expectation:
    def refuse(message: str) -> ConfigError:
        return ConfigError(message, file=suite.file, line=spec.line)

    try:
        kind: type[Expectation] = get_expectation_impl(spec.type)
    except ExpectationNotFoundError:
        known = list_registered_expectation_implementations()
        raise refuse(
            f"there is no expectation {spec.type!r}{suggest(spec.type, known)}; "
            "any of Great Expectations' core expectations can be used, and sluice's own (see the README)"
        ) from None
    allowed = sorted(set(kind.__fields__) - _SET_BY_SLUICE)
    for name in spec.kwargs:
        if name not in allowed:
            raise refuse(
                f"{spec.type} takes no argument {name!r}{suggest(name, allowed)}; it can have {', '.join(allowed)}"
            )
    if problem := worthless(spec.kwargs, allowed):
        raise refuse(f"{spec.type} {problem}")
    shown = shown_by(suite, spec.kwargs, sorted(_FACTS & set(kind.__fields__)))
    meta = {META: {"index": index, "blocking": spec.blocking, "implicit": False, **shown.to_meta()}}
    try:
        with warnings.catch_warnings():
            # GX deprecates text in row_condition, the only form YAML can hold.
            warnings.simplefilter("ignore", DeprecationWarning)
            built = kind(**spec.kwargs, severity=FailureSeverity(spec.severity), notes=spec.notes, meta=meta)
    except ValidationError as error:
        raise refuse(f"{spec.type}: {_problems(error)}") from None
    except Exception as error:  # noqa: BLE001 - GX's validators raise many kinds; each means wrong arguments
        raise refuse(
            f"{spec.type}: {str(error).strip().splitlines()[0] if str(error) else type(error).__name__}"
        ) from None
    if problem := unfaithful(spec.kwargs, dict(built)):
        raise refuse(f"{spec.type}: {problem}")
    if shown.pii and isinstance(built, as_usual.TELLS_VALUES):
        raise refuse(f"{spec.type}: {spec.column} is in `pii`, so its figures are not kept and have no history")
    return built


def _problem(error: SluiceError, expectation: Expectation) -> str:
    shown = Shown.of(expectation.meta) or Shown()
    text = str(error).splitlines()[0]
    # That there is no such source is said in words of the suite; what a source answers may quote its data.
    return error_kind(text) if shown.pii and not isinstance(error, UnknownFactError) else text


def _problems(error: ValidationError) -> str:
    # Every argument may also be a suite parameter (a dict): that alternative's complaint only confuses.
    items = [item for item in error.errors() if item["msg"] != "value is not a valid dict"] or error.errors()
    return "; ".join(
        f"{'.'.join(str(part) for part in item['loc'] if part != '__root__')}: {item['msg']}".lstrip(": ")
        for item in items
    )
