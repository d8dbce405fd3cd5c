from __future__ import annotations

from typing import Any

import great_expectations.expectations as gxe
import pytest
from great_expectations.expectations.registry import list_registered_expectation_implementations
from great_expectations.render import LegacyRendererType, RenderedStringTemplateContent
from great_expectations.render.renderer.renderer import renderer
from great_expectations.render.renderer_configuration import RendererValueType

from gx.docs.sentences import sentence
from tests.gx.docs.project import expectation


class ExpectDocsTemplateOfItsOwn(gxe.ExpectTableRowCountToEqual):
    """Says what it wants the way GX documents it today."""

    @classmethod
    def _prescriptive_template(cls, renderer_configuration: Any) -> Any:
        renderer_configuration.template_str = "Row count must be <strong>exactly</strong> $value, a < b."
        renderer_configuration.add_param(name="value", param_type=RendererValueType.NUMBER)
        return renderer_configuration


class ExpectDocsRendererOfItsOwn(gxe.UnexpectedRowsExpectation):
    """Says what it wants the older way."""

    @classmethod
    def _prescriptive_template(cls, renderer_configuration: Any) -> Any:
        renderer_configuration.template_str = "$expectation_type(**$kwargs)"
        return renderer_configuration

    @classmethod
    @renderer(renderer_type=LegacyRendererType.PRESCRIPTIVE)
    def _prescriptive_renderer(  # type: ignore[override]
        cls, configuration: Any = None, result: Any = None, runtime_configuration: Any = None
    ) -> Any:
        template = {"template": "Revenue must match $source.", "params": {"source": "Stripe"}}
        return [RenderedStringTemplateContent(string_template=template)]


class ExpectDocsRendererThatRaises(gxe.ExpectTableRowCountToEqual):
    """Cannot say what it wants."""

    @classmethod
    def _prescriptive_template(cls, renderer_configuration: Any) -> Any:
        raise RuntimeError("no template")

    @classmethod
    @renderer(renderer_type=LegacyRendererType.PRESCRIPTIVE)
    def _prescriptive_renderer(
        cls, configuration: Any = None, result: Any = None, runtime_configuration: Any = None
    ) -> Any:
        raise RuntimeError("no renderer")


@pytest.mark.parametrize(
    ("kind", "kwargs", "said"),
    [
        ("expect_column_values_to_be_unique", {"column": "charge_id"}, "charge_id: values must be unique."),
        (
            "expect_column_values_to_be_in_set",
            {"column": "currency", "value_set": ["usd", "eur"], "mostly": 0.99},
            "currency: values must belong to this set: usd, eur, at least 99\N{NO-BREAK SPACE}% of the time.",
        ),
        (
            "expect_column_max_to_be_between",
            {"column": "amount", "max_value": 100000.0},
            "amount: maximum value must be less than or equal to 100000.",
        ),
        ("expect_table_row_count_to_equal", {"value": 1423}, "Must have exactly 1423 rows."),
        (
            "expect_compound_columns_to_be_unique",
            {"column_list": ["user_id", "session_date"]},
            "Values for given compound columns must be unique together: user_id, session_date",
        ),
        ("expect_docs_template_of_its_own", {"value": 5}, "Row count must be exactly 5, a < b."),
        ("expect_docs_renderer_of_its_own", {"unexpected_rows_query": "x"}, "Revenue must match Stripe."),
        ("expect_docs_renderer_that_raises", {"value": 5}, "Docs renderer that raises (value: 5)"),
        ("expect_column_something_unheard_of", {"column": "a", "x": 1}, "a: something unheard of (x: 1)"),
    ],
)
def test_an_expectation_is_a_sentence(kind: str, kwargs: dict[str, Any], said: str) -> None:
    assert sentence(expectation(kind, **kwargs)) == said


@pytest.mark.parametrize("kind", sorted(list_registered_expectation_implementations()))
def test_every_expectation_of_gx_says_something_even_without_its_kwargs(kind: str) -> None:
    said = sentence(expectation(kind, column="charge_id"))
    assert said
    assert "$" not in said
    assert "Rendering failed" not in said


def test_a_value_keeps_what_looks_like_markup_or_a_placeholder() -> None:
    said = sentence(expectation("expect_column_values_to_be_in_set", column="<b>$x</b>", value_set=["<i>", "$column"]))
    assert said == "<b>$x</b>: values must belong to this set: <i>, $column."
