"""From GX's stored objects to pages: the ``renderer`` classes of the site's sections."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from great_expectations.core import ExpectationSuiteValidationResult
from great_expectations.data_context.types.resource_identifiers import (
    ExpectationSuiteIdentifier,
    ValidationResultIdentifier,
)
from great_expectations.expectations.expectation_configuration import ExpectationConfiguration
from great_expectations.render.renderer.renderer import Renderer
from pydantic import ValidationError

from gx.docs.limits import limits
from gx.docs.outcomes import is_implicit, outcome, position, rule, unchecked
from gx.docs.pages import Outcome, ResultPage, SuitePage, Verdict, worst
from gx.docs.records import RunFacts
from gx.docs.text import clean, prose
from gx.shown import own_meta

_NAME = 500
"""Longest name shown; a path of the site keeps a digest of the rest."""


class SuitePageRenderer(Renderer):
    """A stored suite as a `SuitePage`."""

    def __init__(self, data_context: object = None) -> None:
        super().__init__()

    def render(self, suite: Mapping[str, Any], key: ExpectationSuiteIdentifier) -> SuitePage:
        """Render a suite as the expectations store returns it; an expectation that GX no longer knows too."""
        name = suite.get("name") or key.name
        meta = {**(suite.get("meta") or {}), **own_meta(suite.get("meta"))}
        configurations = [_configuration(each) for each in suite.get("expectations") or ()]
        description, notes = prose(meta.get("description")), prose(suite.get("notes") or meta.get("notes"))
        written = sorted((config for config in configurations if not is_implicit(config)), key=position)
        return SuitePage(
            suite=clean(name, _NAME),
            table=clean(meta.get("table") or name, _NAME),
            owner=clean(meta.get("owner"), 200),
            description=description or notes,
            notes=notes if description else "",
            rules=tuple(rule(config) for config in written),
        )


class ResultPageRenderer(Renderer):
    """A stored validation result as a `ResultPage`."""

    def __init__(self, data_context: object = None) -> None:
        super().__init__()

    def render(self, result: ExpectationSuiteValidationResult, key: ValidationResultIdentifier) -> ResultPage:
        """Render a validation result.

        The verdict is this table's own, from its outcomes; the one that the rooms recorded is that of the whole
        checkpoint run, and is told apart. Implicit expectations show only when they did not hold.
        """
        meta: Mapping[str, Any] = result.meta or {}
        ours = own_meta(meta)
        batch = _mapping(meta.get("active_batch_definition"))
        suite = result.suite_name or key.expectation_suite_identifier.name
        outcomes = _outcomes(result)
        facts = _facts(ours)
        return ResultPage(
            suite=clean(suite, _NAME),
            table=clean(ours.get("table") or _table(suite, batch, _mapping(meta.get("batch_spec"))), _NAME),
            verdict=_verdict(result, outcomes),
            run_name=clean(key.run_id.run_name if key.run_id.run_name != "__none__" else "", _NAME),
            run_time=_utc(key.run_id.run_time),
            checkpoint=clean(ours.get("checkpoint"), _NAME),
            checkpoint_verdict=_recorded(ours.get("verdict")),
            ingest_id=clean(ours.get("ingest_id"), _NAME),
            datasource=clean(batch.get("datasource_name"), _NAME),
            batch=clean(key.batch_identifier, _NAME),
            outcomes=tuple(map(_reported, outcomes)) if facts.softer else outcomes,
            facts=facts,
            limits=limits(each.expectation_config for each in result.results if each.expectation_config),
        )


def _reported(of: Outcome) -> Outcome:
    """An outcome whose checkpoint blocks nothing, whatever the suite says."""
    return replace(of, rule=replace(of.rule, blocking=False))


def _facts(ours: Mapping[str, Any]) -> RunFacts:
    """What the checkpoint said of the run. A part that is not as it should be costs that part, not the page."""
    try:
        facts = RunFacts.model_validate(ours)
    except ValidationError as error:
        wrong = {each["loc"][0] for each in error.errors()}
        facts = RunFacts.model_validate({name: value for name, value in ours.items() if name not in wrong})
    gates = tuple(
        mark.model_copy(
            update={
                "load": clean(mark.load, _NAME),
                "checkpoint": clean(mark.checkpoint, _NAME),
                "reasons": tuple(clean(reason, 500) for reason in mark.reasons),
            }
        )
        for mark in facts.gates
    )
    overrides = tuple(
        mark.model_copy(
            update={"load": clean(mark.load, _NAME), "by": clean(mark.by, _NAME), "reason": clean(mark.reason, 500)}
        )
        for mark in facts.overrides
    )
    said = {name: clean(getattr(facts, name), _NAME) for name in ("layer", "owner", "run_id")}
    about = clean(facts.description, 2_000)
    return facts.model_copy(update={**said, "description": about, "gates": gates, "overrides": overrides})


def _configuration(stored: ExpectationConfiguration | Mapping[str, Any]) -> ExpectationConfiguration:
    if isinstance(stored, ExpectationConfiguration):
        return stored
    return ExpectationConfiguration(**stored)


def _outcomes(result: ExpectationSuiteValidationResult) -> tuple[Outcome, ...]:
    never_reached = own_meta(result.meta).get("unchecked")
    shown = [(0, unchecked(entry)) for entry in never_reached] if isinstance(never_reached, list) else []
    for each in result.results:
        rendered = outcome(each)
        if rendered.verdict is not Verdict.PASSED or not is_implicit(each.expectation_config):
            shown.append((position(each.expectation_config), rendered))
    shown.sort(key=lambda item: (item[1].verdict.rank, item[1].rule.severity.rank, item[0]))
    return tuple(each for _, each in shown)


def _verdict(result: ExpectationSuiteValidationResult, outcomes: tuple[Outcome, ...]) -> Verdict:
    if not result.results:
        return Verdict.ERRORED  # nothing was checked: that is no pass
    return worst([each.verdict for each in outcomes])


def _recorded(verdict: object) -> Verdict | None:
    return Verdict(verdict) if isinstance(verdict, str) and verdict in set(Verdict) else None


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _table(suite: str, batch: Mapping[str, Any], spec: Mapping[str, Any]) -> str:
    """The table's name with its schema, which the asset's name may lack; the suite's name if that is in doubt."""
    if spec.get("table_name"):
        return ".".join(str(part) for part in (spec.get("schema_name"), spec["table_name"]) if part)
    asset = batch.get("data_asset_name")
    if not isinstance(asset, str) or not asset or suite.endswith(f".{asset}"):
        return suite
    return asset


def _utc(time: datetime) -> datetime:
    return time.astimezone(UTC)
