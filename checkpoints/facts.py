"""What a table's page says of a run and GX does not know: owner, rows, duration, freshness, gate decisions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from great_expectations.core import ExpectationSuiteValidationResult
from great_expectations.expectations.expectation_configuration import ExpectationConfiguration

from checkpoints.gate import Decision, GateDecision
from checkpoints.override import Override
from checkpoints.result import CheckpointRun
from checkpoints.validation import ValidatedTable
from gx.docs.pages import Verdict
from gx.docs.records import Freshness, GateMark, OverrideMark, RunFacts
from gx.shown import Shown, own_meta

_FRESH = "expect_table_to_be_fresh"


def run_facts(
    suite_meta: Mapping[str, Any],
    description: str,
    validated: ValidatedTable | None,
    run: CheckpointRun,
    decisions: Sequence[GateDecision],
    overrides: Sequence[Override] = (),
) -> RunFacts:
    """What the run says of one table.

    Args:
        suite_meta: what the suite keeps under `META`: table, layer, owner.
        description: the suite's.
        validated: GX's result, or why there is none; None when the table was not asked about.
        run: the whole run.
        decisions: what it decided for each of its gates.
        overrides: those that hold a gate open for this ingest.
    """
    table = str(suite_meta.get("table", ""))
    return RunFacts(
        table=table,
        layer=str(suite_meta.get("layer", "")),
        owner=str(suite_meta.get("owner", "")),
        description=description,
        checkpoint=run.checkpoint,
        verdict=Verdict(run.verdict),
        run_id=run.run_id,
        ingest_id=run.ingest_id,
        rows=dict(run.row_counts).get(table),
        seconds=validated.seconds if validated else None,
        statements=validated.statements if validated else 0,
        freshness=freshness(validated.result) if validated and validated.result else None,
        gates=tuple(_mark(decision) for decision in decisions),
        overrides=tuple(_override(override) for override in overrides),
        softer=run.softer,
    )


def freshness(result: ExpectationSuiteValidationResult) -> Freshness | None:
    """How old the table's data may be and when its newest row arrived; None where no expectation says so.

    Of several, the tightest that blocks is the limit, and the tightest that does not is the warning before it.
    """
    newest: datetime | None = None
    hours: dict[bool, list[float]] = {True: [], False: []}
    for item in result.results:
        config = item.expectation_config
        seen = (item.result or {}).get("observed_value")
        if config is None or config.type != _FRESH or not isinstance(seen, str):
            continue
        if (Shown.of(config.meta) or Shown()).pii:
            continue  # the time itself is a value that may appear nowhere
        newest = _utc(datetime.fromisoformat(seen))
        hours[_blocks(config)].append(float(config.kwargs["max_age_hours"]))
    if newest is None:
        return None
    error = min(hours[True] or hours[False])
    warn = min((each for each in hours[False] if each < error), default=None)
    return Freshness(newest=newest, warn_hours=warn, error_hours=error)


def _blocks(configuration: ExpectationConfiguration) -> bool:
    return bool(own_meta(configuration.meta).get("blocking", True))


def _mark(decision: GateDecision) -> GateMark:
    return GateMark(
        load=decision.load,
        checkpoint=decision.checkpoint,
        open=decision.decision is Decision.OPEN,
        reasons=decision.reasons,
        decided_at=_utc(decision.decided_at),
        valid_until=_utc(decision.valid_until),
    )


def _override(override: Override) -> OverrideMark:
    return OverrideMark(
        load=override.load,
        by=override.by,
        reason=override.reason,
        made_at=_utc(override.made_at),
        until=_utc(override.until),
    )


def _utc(moment: datetime) -> datetime:
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
