"""The project's own expectations in GX's renderers: the rule as one sentence, whichever renderer is asked."""

from __future__ import annotations

from typing import Any

import pytest
from great_expectations.core import ExpectationValidationResult
from great_expectations.expectations.expectation import Expectation
from great_expectations.expectations.registry import get_renderer_impl
from great_expectations.render import AtomicPrescriptiveRendererType, LegacyRendererType, RenderedAtomicContent
from great_expectations.render.renderer.inline_renderer import InlineRenderer

from expectations.foreign_key import ExpectColumnValuesToExistInTable
from expectations.freshness import ExpectTableToBeFresh
from expectations.reconciliation import ExpectColumnSumToReconcileWithSource, ExpectTableRowCountToReconcileWithSource
from expectations.row_count_change import ExpectTableRowCountChangeToBeWithin

RULES = {
    "The number of rows must not change by more than 50 % between runs.": ExpectTableRowCountChangeToBeWithin(
        max_percent=50
    ),
    "The newest synced_at must be at most 1 h 30 min old.": ExpectTableToBeFresh(column="synced_at", max_age_hours=1.5),
    "customer_id: every value must exist in staging.customers.id.": ExpectColumnValuesToExistInTable(
        column="customer_id", parent_table="staging.customers", parent_column="id"
    ),
    "customer_id: at least 99.5 % of values must exist in customers.id.": ExpectColumnValuesToExistInTable(
        column="customer_id", parent_table="customers", parent_column="id", mostly=0.995
    ),
    "As many rows as there are rows of charges at Stripe exactly.": ExpectTableRowCountToReconcileWithSource(
        source="stripe", source_table="charges", tolerance_percent=0
    ),
    "As many rows as there are distinct id of raw.charges, within 2 %.": (
        ExpectTableRowCountToReconcileWithSource(
            source="warehouse", source_table="raw.charges", source_distinct="id", tolerance_percent=2
        )
    ),
    "The sum of revenue must match amount of charges at Stripe, within 1 %.": ExpectColumnSumToReconcileWithSource(
        column="revenue", source="stripe", source_table="charges", source_column="amount", tolerance_percent=1
    ),
    "The sum of $x must match $y of t at erp, within 0.5 %.": ExpectColumnSumToReconcileWithSource(
        column="$x", source="erp", source_table="t", source_column="$y", tolerance_percent=0.5
    ),
}


def legacy(expectation: Expectation) -> dict[str, Any]:
    implementation = get_renderer_impl(expectation.configuration.type, LegacyRendererType.PRESCRIPTIVE)
    assert implementation is not None
    rendered: Any = implementation[1](configuration=expectation.configuration)
    (content,) = rendered
    return dict(content.string_template)


@pytest.mark.parametrize("sentence", RULES)
def test_data_docs_show_the_rule_as_one_sentence(sentence: str) -> None:
    template = legacy(RULES[sentence])
    assert template == {"template": "$sentence", "params": {"sentence": sentence}}


def params_of(content: RenderedAtomicContent) -> dict[str, Any]:
    assert content.value.params is not None
    return content.value.params


@pytest.mark.parametrize("sentence", RULES)
def test_the_atomic_renderer_shows_the_same_sentence(sentence: str) -> None:
    rendered = InlineRenderer(render_object=RULES[sentence].configuration).get_rendered_content()
    (rule,) = [item for item in rendered if item.name == AtomicPrescriptiveRendererType.SUMMARY]
    assert rule.value.template == "$sentence"
    assert params_of(rule)["sentence"]["value"] == sentence


def test_what_was_observed_renders_beside_the_rule() -> None:
    expectation = RULES["The sum of revenue must match amount of charges at Stripe, within 1 %."]
    seen = "$847,342 in fct_revenue, $412,184 at Stripe: 105.6 % apart, 1 % allowed."
    result = ExpectationValidationResult(
        success=False,
        expectation_config=expectation.configuration,
        result={"observed_value": 847342.0, "details": {"sentence": seen}},
        exception_info={"raised_exception": False, "exception_message": None, "exception_traceback": None},
    )
    names = {item.name: item for item in InlineRenderer(render_object=result).get_rendered_content()}
    assert params_of(names["atomic.diagnostic.observed_value"])["observed_value"]["value"] == 847342.0
