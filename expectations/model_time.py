"""How long a dbt model took against its own history: caught long before any absolute limit."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

import sqlalchemy as sa
from great_expectations.compatibility import pydantic
from great_expectations.execution_engine import SqlAlchemyExecutionEngine
from great_expectations.expectations.expectation import ColumnMapExpectation
from great_expectations.expectations.metrics.map_metric_provider import (
    ColumnMapMetricProvider,
    column_condition_partial,
)
from great_expectations.validator.metric_configuration import MetricConfiguration
from great_expectations.validator.validator import ValidationDependencies

from expectations.sentences import RuleSentence

SECONDS, MEDIAN, RUNS, MODEL = "execution_time_seconds", "median_seconds", "earlier_runs", "model_name"
"""Columns of the table at hand, which has one row for each model: its newest run, and what the earlier ones took."""

_METRIC = "column_values.model_time_within_history"
_TOLD = 5


class ModelTimeWithinHistory(ColumnMapMetricProvider):
    """The map metric: few earlier runs, a short time, or one within so many times the median of the earlier runs."""

    condition_metric_name = _METRIC
    condition_value_keys = ("max_ratio", "min_runs", "min_seconds")

    @column_condition_partial(engine=SqlAlchemyExecutionEngine)
    def _sqlalchemy(
        cls, column: Any, max_ratio: float = 3.0, min_runs: int = 5, min_seconds: float = 60.0, **kwargs: Any
    ) -> Any:
        del kwargs
        median: sa.ColumnClause[Any] = sa.column(MEDIAN)
        runs: sa.ColumnClause[Any] = sa.column(RUNS)
        return sa.or_(runs < min_runs, column <= min_seconds, column <= median * max_ratio)


class ExpectModelTimeToBeWithinHistory(RuleSentence, ColumnMapExpectation):
    """Expect no model's newest run to take more than so many times the median of its own earlier runs.

    For ``data_quality.dbt_model_latest``, where the tested run is never among the earlier ones, only successful runs
    count, and full refreshes are compared with full refreshes. Silent about a model with fewer than ``min_runs``
    earlier runs, and about runs of at most ``min_seconds``, whose times are mostly noise. The requirements
    document's model went from 4 minutes to 8 hours, 125 times its time, before anybody looked.
    """

    column: str = SECONDS
    max_ratio: float = pydantic.Field(3.0, gt=1)
    min_runs: int = pydantic.Field(5, ge=1)
    min_seconds: float = pydantic.Field(60.0, ge=0)

    map_metric = _METRIC
    success_keys: ClassVar[tuple[str, ...]] = ("mostly", "max_ratio", "min_runs", "min_seconds")
    args_keys: ClassVar[tuple[str, ...]] = ("column", "max_ratio", "min_runs", "min_seconds")

    def get_validation_dependencies(
        self, execution_engine: Any = None, runtime_configuration: dict[str, Any] | None = None, **kwargs: Any
    ) -> ValidationDependencies:
        """What GX asks for, and the rows that fail: read only when some do, to tell of each what it took."""
        needed = super().get_validation_dependencies(execution_engine, runtime_configuration, **kwargs)
        counted = needed.metric_configurations[f"{_METRIC}.unexpected_count"]
        rows = MetricConfiguration(
            f"{_METRIC}.unexpected_rows",
            dict(counted.metric_domain_kwargs),
            {
                **counted.metric_value_kwargs,
                "result_format": {"result_format": "SUMMARY", "partial_unexpected_count": 20},
            },
        )
        needed.set_metric_configuration(rows.metric_name, rows)
        return needed

    @classmethod
    def rule(cls, kwargs: Mapping[str, Any]) -> str:
        ratio, runs, least = (kwargs.get(name, cls.__fields__[name].default) for name in cls.args_keys[1:])
        return (
            f"No model may take more than {ratio:g} times the median of its own earlier runs "
            f"(from {runs} runs on, and only above {least:g} s)."
        )

    def _validate(
        self, metrics: dict[str, Any], runtime_configuration: Any = None, execution_engine: Any = None
    ) -> dict[str, Any]:
        found: dict[str, Any] = super()._validate(metrics, runtime_configuration, execution_engine)
        rows = [_named(row) for row in metrics.get(f"{_METRIC}.unexpected_rows") or ()]
        unexpected = int(metrics.get(f"{_METRIC}.unexpected_count") or 0)
        sentence = told(rows, unexpected) if unexpected else f"No model took over {self.max_ratio:g} times its median."
        found["result"] = {**(found.get("result") or {}), "details": {"sentence": sentence}}
        return found


def told(rows: Sequence[Mapping[str, Any]], unexpected: int) -> str:
    """A sentence about the models that took too long, the worst first.

    Args:
        rows: of those models, by column.
        unexpected: how many there are; some may not be among the rows.
    """
    worst = sorted(rows, key=lambda row: float(row[SECONDS]) / (float(row[MEDIAN]) or 1e-9), reverse=True)
    sentences = [
        f"{row[MODEL]} took {_seconds(float(row[SECONDS]))}, {_times(float(row[SECONDS]), float(row[MEDIAN]))} "
        f"its median of {_seconds(float(row[MEDIAN]))} over {int(row[RUNS])} runs"
        for row in worst[:_TOLD]
    ]
    if unexpected > len(sentences):
        sentences.append(f"and {unexpected - len(sentences)} more")
    return "; ".join(sentences) + "."


def _named(row: Mapping[str, Any]) -> dict[str, Any]:
    return {str(name).casefold(): value for name, value in row.items()}


def _seconds(value: float) -> str:
    return f"{value:,.0f} s" if value >= 10 else f"{value:,.2g} s"


def _times(value: float, median: float) -> str:
    if median <= 0:
        return "infinitely many times"
    ratio = value / median
    return f"{ratio:,.0f} times" if ratio >= 10 else f"{ratio:,.1f} times"
