"""How one expectation came out: verdict, what was observed, what was unexpected, what went wrong."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, TypeVar

from great_expectations.core import ExpectationValidationResult
from great_expectations.expectations.expectation_configuration import ExpectationConfiguration
from great_expectations.expectations.metadata_types import FailureSeverity

from gx.docs.failing_rows import failing_rows
from gx.docs.pages import Outcome, Rule, Severity, Verdict
from gx.docs.sentences import sentence
from gx.docs.text import clean, counted, number, percent, prose, scalar
from gx.masking import is_told
from gx.redaction import HIDDEN
from gx.results_store import error_message, mask_fields
from gx.shown import META, own_meta

_N = TypeVar("_N", int, float)
_MASKED = re.compile(r"\d+ values \(" + re.escape(HIDDEN) + r"\)")


def rule(configuration: ExpectationConfiguration) -> Rule:
    """What this expectation demands; blocking, unless it says otherwise, if it is critical."""
    severity = _severity(configuration.severity)
    blocking = own_meta(configuration.meta).get("blocking")
    return Rule(
        sentence=sentence(configuration),
        expectation=clean(configuration.type, 200),
        severity=severity,
        blocking=blocking if isinstance(blocking, bool) else severity is Severity.CRITICAL,
        description=prose(configuration.description),
        notes=prose(configuration.notes or (configuration.meta or {}).get("notes")),
        index=position(configuration),
    )


def outcome(result: ExpectationValidationResult) -> Outcome:
    """How this expectation came out: of the data only what its suite allows, and no traceback.

    Any store may have kept the result, so that what may be shown is decided here again.
    """
    configuration = result.expectation_config or ExpectationConfiguration(type="unknown_expectation", kwargs={})
    demanded = rule(configuration)
    found = result.result or {}
    masked = mask_fields(configuration, found)
    details = masked.get("details")
    error = clean(error_message(result.exception_info, configuration) or "", 2_000)
    return Outcome(
        rule=demanded,
        verdict=_verdict(bool(result.success), bool(error), demanded.blocking),
        observed=_observed(found.get("observed_value"), masked, details),
        unexpected=_unexpected(masked),
        error=error,
        figures=_figures(details),
        failing=failing_rows(configuration, masked),
        counts_rows="unexpected_count" in masked,
        unexpected_count=_number_of(int, masked.get("unexpected_count")),
        unexpected_percent=_number_of(float, masked.get("unexpected_percent")),
    )


def unchecked(entry: object) -> Outcome:
    """An expectation that never reached GX, because its facts or its table could not be had.

    Args:
        entry: one of the checkpoint's ``meta["sluice"]["unchecked"]``: ``error`` says why; ``type``, ``kwargs``,
            ``severity``, ``blocking`` and ``notes`` say which, and may be absent where it is the whole table.
    """
    known = entry if isinstance(entry, Mapping) else {"error": entry}
    kwargs = known.get("kwargs")
    demanded = rule(
        ExpectationConfiguration(
            type=str(known.get("type") or "table_to_be_checked"),
            kwargs=dict(kwargs) if isinstance(kwargs, Mapping) else {},
            severity=FailureSeverity(_severity(known.get("severity"))),
            notes=prose(known.get("notes")),
            meta={META: {"blocking": known.get("blocking", True)}},
        )
    )
    error = clean(known.get("error") or "no reason was recorded", 2_000)
    return Outcome(rule=demanded, verdict=Verdict.ERRORED, observed="", unexpected="", error=error)


def is_implicit(configuration: ExpectationConfiguration | None) -> bool:
    """Whether nobody wrote this expectation: the checkpoint added it to learn something (row counts)."""
    return configuration is not None and bool(own_meta(configuration.meta).get("implicit"))


def position(configuration: ExpectationConfiguration | None) -> int:
    """The expectation's place in its suite's file; 0 when it is not known."""
    index = own_meta(configuration.meta if configuration else None).get("index")
    return index if isinstance(index, int) else 0


def _verdict(success: bool, errored: bool, blocking: bool) -> Verdict:
    if errored:
        return Verdict.ERRORED
    if success:
        return Verdict.PASSED
    return Verdict.FAILED if blocking else Verdict.WARNED


def _severity(value: object) -> Severity:
    try:
        return Severity(str(getattr(value, "value", value)).lower())
    except ValueError:
        return Severity.CRITICAL


def _figures(details: object) -> tuple[tuple[str, str], ...]:
    figures: Any = details.get("figures") if isinstance(details, Mapping) else None
    if not is_told("figures", figures):
        return ()
    return tuple((clean(label, 200), clean(figure, 200)) for label, figure in figures)


def _number_of(kind: type[_N], value: object) -> _N | None:
    return kind(value) if isinstance(value, (int, float)) else None


def _observed(stored: object, masked: Mapping[str, Any], told: object) -> str:
    if isinstance(told, Mapping) and isinstance(told.get("sentence"), str):
        return clean(told["sentence"], 500)
    # A store that masks has done so already: what it says is no value, and is not to be masked again.
    already = isinstance(stored, str) and _MASKED.fullmatch(stored)
    value = stored if already else masked.get("observed_value")
    if isinstance(value, (list, tuple, set)):
        return clean(", ".join(str(item) for item in value), 2_000)
    return (scalar(value) or "").replace(HIDDEN, "not shown")


def _unexpected(result: Mapping[str, Any]) -> str:
    count = result.get("unexpected_count")
    if not isinstance(count, int):
        return ""
    elements = result.get("element_count")
    if not isinstance(elements, int):
        return f"{counted(count, 'value')} unexpected"
    checked = elements - int(result.get("missing_count") or 0)
    share = result.get("unexpected_percent")
    said = f" ({percent(share)})" if count and isinstance(share, (int, float)) else ""
    return f"{number(count)} of {counted(checked, 'value')} unexpected{said}"
