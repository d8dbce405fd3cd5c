"""Validate a suite: its expectations name their metrics, one scan reads them, the expectations judge."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from great_expectations.core import ExpectationValidationResult
from great_expectations.expectations.expectation import Expectation
from great_expectations.expectations.expectation_configuration import parse_result_format
from great_expectations.validator.exception_info import ExceptionInfo
from great_expectations.validator.metric_configuration import MetricConfiguration, MetricConfigurationID

from gx.scan.arrivals import Arrivals
from gx.scan.asking import ask
from gx.scan.batch import TableBatch
from gx.scan.failing_rows import FailingRows
from gx.scan.quarantine import Quarantine
from gx.scan.reading import Reading
from gx.scan.scan import Scan

# What a result may hold although it is to say nothing but whether the expectation was met.
_INDEX_QUERY = ("unexpected_index_query", "unexpected_index_column_names")


@dataclass(frozen=True)
class _Asked:
    """An expectation, the metrics it waits for by the names it has for them, and what its result is to hold.

    Attributes:
        counted: the one of them that counts rows which fail it, if one does.
    """

    expectation: Expectation
    metrics: Mapping[str, MetricConfigurationID]
    counted: MetricConfiguration | None
    result_format: Any


def validate(
    batch: TableBatch,
    expectations: Sequence[Expectation],
    result_format: Mapping[str, Any],
    arrivals: Arrivals | None = None,
    quarantine: Quarantine | None = None,
) -> list[ExpectationValidationResult]:
    """Judge the expectations by what the table holds; the results are in their order, and what GX would give.

    An expectation that cannot be judged has a result with the exception, and takes no other's with it.
    Where an expectation's meta says what of its failing rows may be shown (:class:`gx.shown.Shown`), and it does not
    hold, its result has the statement that finds them, and the samples and keys that may be shown.

    Args:
        batch: the table.
        expectations: complete with their facts.
        result_format: GX's, as a mapping.
        arrivals: lets only the new rows be read, where they are enough.
        quarantine: where the keys of failing rows go; what it excuses no longer blocks, as the results' metas say.

    Raises:
        WarehouseExhaustedError: the warehouse did not answer; then nothing of this table is known.
    """
    reading = Reading(batch, {"result_format": parse_result_format(dict(result_format))})
    scan = Scan(reading, arrivals)
    asked = [_ask(scan, expectation) for expectation in expectations]
    scan.run()
    results = [item if isinstance(item, ExpectationValidationResult) else _judge(reading, item) for item in asked]
    find = FailingRows(reading)
    for item, result in zip(asked, results, strict=True):
        if isinstance(item, _Asked):
            find.add_to(result, item.counted)
    if quarantine is not None:
        both = zip(asked, results, strict=True)
        quarantine.keep(reading, [(result, item.counted) for item, result in both if isinstance(item, _Asked)])
    return results


def _ask(scan: Scan, expectation: Expectation) -> _Asked | ExpectationValidationResult:
    expectation = expectation.copy(update={"batch_id": scan.reading.batch.id})
    try:
        asked = ask(expectation, scan.reading.engine, scan.reading.runtime_configuration)
        metrics = {name: scan.want(metric) for name, metric in asked.metrics.items()}
    except Exception as error:  # noqa: BLE001 - GX raises many kinds; each is this expectation's
        return _raised(expectation, error)
    counted = asked.metrics.get(f"{getattr(expectation, 'map_metric', None)}.unexpected_count")
    return _Asked(expectation, metrics, counted, asked.result_format)


def _judge(reading: Reading, asked: _Asked) -> ExpectationValidationResult:
    try:
        metrics = {name: reading.value(identifier) for name, identifier in asked.metrics.items()}
        judged = asked.expectation._validate(metrics, {"result_format": asked.result_format}, reading.engine)
        result = asked.expectation._build_evr(raw_response=judged)
    except Exception as error:  # noqa: BLE001 - GX raises many kinds; each is this expectation's
        return _raised(asked.expectation, error)
    if asked.result_format.get("result_format") == "BOOLEAN_ONLY":
        kept = _INDEX_QUERY if asked.result_format.get("return_unexpected_index_query") else ()
        result.result = {name: result.result[name] for name in kept if name in result.result}
    return result


def _raised(expectation: Expectation, error: Exception) -> ExpectationValidationResult:
    return ExpectationValidationResult(
        success=False,
        exception_info=ExceptionInfo(exception_traceback="", exception_message=str(error)),
        expectation_config=expectation.configuration,
    )
