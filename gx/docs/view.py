"""From pages to HTML: the ``view`` classes of the site. Escaping happens here, once, for everything."""

from __future__ import annotations

import base64
import hashlib
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from gx.docs.text import counted

_TEMPLATES = Path(__file__).parent / "templates"


class PageView:
    """Renders one template with autoescape on; the style sheet is part of every page, nothing is fetched."""

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


def content_security_policy() -> str:
    """What every page says in its head, to be sent as a header as well: nothing but the page's own style."""
    return str(_environment().globals["policy"])


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(_TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        auto_reload=False,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    style = (_TEMPLATES / "style.css").read_text(encoding="utf-8").strip()
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    environment.globals["style"] = Markup(style)  # noqa: S704 - our own file, no data in it
    environment.globals["policy"] = (
        f"default-src 'none'; style-src 'sha256-{digest}'; img-src data:; base-uri 'none'; form-action 'none'"
    )
    environment.filters["counted"] = counted
    environment.filters["time"] = _minute
    environment.filters["iso"] = datetime.isoformat
    return environment


def _minute(time: datetime) -> str:
    return f"{time:%Y-%m-%d %H:%M} UTC"
