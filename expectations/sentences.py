"""How the project's own expectations speak: one sentence for the rule, one for what was seen."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from great_expectations.render import LegacyRendererType, RenderedStringTemplateContent
from great_expectations.render.renderer.renderer import renderer
from great_expectations.render.renderer_configuration import RendererConfiguration, RendererValueType


class RuleSentence:
    """Gives an expectation both of GX's prescriptive renderers from one sentence."""

    @classmethod
    def rule(cls, kwargs: Mapping[str, Any]) -> str:
        """What must be true, as a sentence for people, from the expectation's arguments."""
        raise NotImplementedError

    @classmethod
    def _prescriptive_template(cls, renderer_configuration: RendererConfiguration[Any]) -> RendererConfiguration[Any]:
        # The sentence goes in as a parameter: in the template itself a dollar sign would start a placeholder.
        sentence = cls.rule(renderer_configuration.kwargs)
        if renderer_configuration.kwargs.get("row_condition"):
            sentence = sentence[:1].lower() + sentence[1:]  # GX puts "If ..., then" before it
        renderer_configuration.kwargs["sentence"] = sentence
        renderer_configuration.add_param(name="sentence", param_type=RendererValueType.STRING)
        renderer_configuration.template_str = "$sentence"
        return renderer_configuration

    @classmethod
    @renderer(renderer_type=LegacyRendererType.PRESCRIPTIVE)
    def _prescriptive_renderer(
        cls, configuration: Any = None, result: Any = None, runtime_configuration: Any = None
    ) -> list[RenderedStringTemplateContent]:
        del runtime_configuration
        configuration = configuration or result.expectation_config
        template = {"template": "$sentence", "params": {"sentence": cls.rule(configuration.kwargs)}}
        return [RenderedStringTemplateContent(content_block_type="string_template", string_template=template)]


def outcome(success: bool, observed: Any, sentence: str, figures: Sequence[tuple[str, str]] = ()) -> dict[str, Any]:
    """What ``_validate`` returns: the verdict, the observed value, a sentence about it, and what it compares.

    ``figures`` are counts and sums with what they are, such as ``("charges at Stripe", "$412,184")``.
    """
    details: dict[str, Any] = {"sentence": sentence}
    if figures:
        details["figures"] = [list(figure) for figure in figures]
    return {"success": success, "result": {"observed_value": observed, "details": details}}


def amount(value: float, unit: str | None = None) -> str:
    """A number as people write it: ``1,423``, with the unit ``usd`` ``$412,184``; cents only when there are any."""
    size = abs(value)
    text = f"{size:,.0f}" if float(size).is_integer() else f"{size:,.2f}"
    sign = "-" if value < 0 else ""
    return f"{sign}${text}" if unit == "usd" else f"{sign}{text} {unit}" if unit else f"{sign}{text}"
