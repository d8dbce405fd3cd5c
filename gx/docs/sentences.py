"""What an expectation demands, as one sentence: GX's own renderers speak, their markup is left out."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from functools import lru_cache
from string import Template
from typing import Any

from great_expectations.expectations.expectation_configuration import ExpectationConfiguration
from great_expectations.expectations.registry import get_renderer_impl
from great_expectations.render import AtomicPrescriptiveRendererType, LegacyRendererType

from gx.docs.text import clean, number

_NOT_RENDERED = "$expectation_type(**$kwargs)"
"""The template GX falls back to for an expectation that brings no sentence of its own."""
_MARKUP = re.compile(r"</?(?:b|br|code|div|em|i|li|p|pre|span|strong|u|ul)\b[^<>]*>", re.IGNORECASE)
_ADJACENT_VALUES = re.compile(r"(\$\w+_\d+) (?=\$\w+_\d+)")
_SPACES = re.compile(r"\s+")
_SPACE_BEFORE_POINT = re.compile(r"\s+([,.;:](?:\s|$))")
_LONGEST_VALUE = 200
_COLUMN = "\ue000column\ue000"
"""Stands in for the column's name."""
_NOT_RENDERED_KWARGS = {"batch_id", "result_format", "catch_exceptions"}


def sentence(configuration: ExpectationConfiguration) -> str:
    """What must be true, such as ``charge_id: values must be unique.``

    Asks the expectation's atomic renderer (``_prescriptive_template``), then its ``@renderer`` of the older
    kind. If neither says anything, or either raises, the expectation's name and kwargs stand in: a page never
    fails for want of a sentence.
    """
    kwargs = {name: value for name, value in configuration.kwargs.items() if name not in _NOT_RENDERED_KWARGS}
    return _sentence(configuration.type, json.dumps(kwargs, sort_keys=True, default=str))


@lru_cache(maxsize=4_096)
def _sentence(kind: str, kwargs: str) -> str:
    # Each sentence is needed on two pages.
    arguments = json.loads(kwargs)
    column = arguments.get("column")
    subject = column if isinstance(column, str) else None
    if subject is not None:
        arguments["column"] = _COLUMN
    rendered = _rendered(kind, json.dumps(arguments, sort_keys=True))
    if rendered is None:
        return _from_name(ExpectationConfiguration(type=kind, kwargs=json.loads(kwargs)), subject)
    template, params = rendered
    if subject is not None:
        template, params = template.replace(_COLUMN, subject), {name: _named(params[name], subject) for name in params}
    return _fill(template, params, subject)


@lru_cache(maxsize=4_096)
def _rendered(kind: str, kwargs: str) -> tuple[str, Mapping[str, Any]] | None:
    """What GX makes of these arguments, with a stand-in for the column.

    GX builds several pydantic classes for it, some 3 ms; and a suite says the same of many columns.
    """
    # Without its description: GX would show that in place of the sentence, the pages show both.
    configuration = ExpectationConfiguration(type=kind, kwargs=json.loads(kwargs))
    return _atomic(configuration) or _legacy(configuration)


def _named(value: Any, column: str) -> Any:
    return value.replace(_COLUMN, column) if isinstance(value, str) else value


def _atomic(configuration: ExpectationConfiguration) -> tuple[str, Mapping[str, Any]] | None:
    try:
        renderer = get_renderer_impl(configuration.type, AtomicPrescriptiveRendererType.SUMMARY)
        if renderer is None:
            return None
        content: Any = renderer.renderer(configuration=configuration)
        value = (content[0] if isinstance(content, list) else content).value
        value = value if value.template else value.header.value
        params = {name: param.get("value") for name, param in (value.params or {}).items()}
    except Exception:  # noqa: BLE001 - a renderer is anyone's code; the page goes on without it
        return None
    return _usable(value.template, params)


def _legacy(configuration: ExpectationConfiguration) -> tuple[str, Mapping[str, Any]] | None:
    try:
        renderer = get_renderer_impl(configuration.type, LegacyRendererType.PRESCRIPTIVE)
        if renderer is None:
            return None
        content: Any = renderer.renderer(configuration=configuration)
        found = (content[0] if isinstance(content, list) else content).string_template
        return _usable(found.get("template"), found.get("params") or {})
    except Exception:  # noqa: BLE001 - as above
        return None


def _usable(template: object, params: Mapping[str, Any]) -> tuple[str, Mapping[str, Any]] | None:
    if not isinstance(template, str) or not template.strip() or template == _NOT_RENDERED:
        return None
    return template, params


def _fill(template: str, params: Mapping[str, Any], column: str | None) -> str:
    """Put the values in. Markup is taken from the template alone: a value keeps every character it has."""
    text = _SPACES.sub(" ", _MARKUP.sub(" ", template)).strip()
    text = _ADJACENT_VALUES.sub(r"\1, ", text)
    text = _SPACE_BEFORE_POINT.sub(r"\1", text)
    text = text.replace("$mostly_pct %", "$mostly_pct\N{NO-BREAK SPACE}%")
    shown = {name: _value(value) for name, value in params.items()}
    if "formatted_json" in shown:  # the one value that GX itself wraps in markup
        shown["formatted_json"] = shown["formatted_json"].removeprefix("<pre>").removesuffix("</pre>")
    for name in Template(text).get_identifiers():
        shown.setdefault(name, name.replace("_", " "))
    if column is None:
        return clean(Template(text).safe_substitute(shown))
    body = text.removeprefix("$column ").strip()
    if "$column" in body or (body == text and column in Template(text).safe_substitute(shown)):
        return clean(Template(text).safe_substitute(shown))
    if body == text:
        body = body[:1].lower() + body[1:]
    return clean(f"{column}: {Template(body).safe_substitute(shown)}")


def _from_name(configuration: ExpectationConfiguration, column: str | None) -> str:
    name = configuration.type.removeprefix("expect_")
    words = (name.removeprefix("column_") if column else name).replace("_", " ")
    kwargs = ", ".join(
        f"{key}: {_value(value)}"
        for key, value in configuration.kwargs.items()
        if value is not None and not (column and key == "column")
    )
    text = f"{words} ({kwargs})" if kwargs else words
    return clean(f"{column}: {text}" if column else text[:1].upper() + text[1:])


def _value(value: object) -> str:
    if isinstance(value, float):
        return number(value).replace(",", "")
    if isinstance(value, (list, tuple)):
        return clean(", ".join(_value(item) for item in value), _LONGEST_VALUE)
    return clean(value, _LONGEST_VALUE)
