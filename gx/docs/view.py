"""From pages to HTML: the ``view`` classes of the site. Escaping happens here, once, for everything."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from jinja2.environment import TemplateModule
from markupsafe import Markup

from gx.docs.ages import age
from gx.docs.text import counted, duration, minute, number, percent

_HERE = Path(__file__).parent
_STYLES = ("style.css", "uPlot-1.6.32.min.css")
_SCRIPTS = ("age.js", "filter.js", "uPlot-1.6.32.iife.min.js", "plots.js")


class PageView:
    """Renders one template with autoescape on; styles and scripts are part of the page, nothing is fetched."""

    def __init__(
        self,
        template: str,
        custom_styles_directory: str | None = None,
        custom_views_directory: str | None = None,
    ) -> None:
        self.template = template

    def render(self, page: object, *, template: str | None = None, **values: Any) -> str:
        """The HTML of one page. ``values`` are links and labels; they are escaped like everything else."""
        return _environment().get_template(template or self.template).render(page=page, **values)


def macro(template: str, name: str) -> Callable[..., Markup]:
    """A macro of a template, for a part of a page that is made by itself; it escapes what it is given."""
    found: Callable[..., Markup] = getattr(_macros(template), name)
    return found


@cache
def _macros(template: str) -> TemplateModule:
    return _environment().get_template(template).module


@cache
def content_security_policy() -> str:
    """The content security policy that every page brings, and that a web server may send for all of them."""
    styles, scripts = (" ".join(_digest(asset(name)) for name in names) for names in (_STYLES, _SCRIPTS))
    return (
        f"default-src 'none'; style-src {styles}; script-src {scripts}; img-src data:; base-uri 'none'; "
        "form-action 'none'"
    )


@cache
def asset(name: str) -> Markup:
    """A style sheet or script of the site: our own file, or a vendored one; no data is in it."""
    return Markup((_HERE / "assets" / name).read_text(encoding="utf-8").strip())  # noqa: S704 - see above


def _digest(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(_HERE / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        auto_reload=False,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals.update(asset=asset, policy=content_security_policy())
    environment.filters.update(
        age=age,
        counted=counted,
        duration=duration,
        iso=datetime.isoformat,
        number=number,
        percent=percent,
        time=minute,
    )
    return environment
