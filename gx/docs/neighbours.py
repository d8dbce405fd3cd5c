"""The links between a table's runs. They change when the next run comes, and are put into the page that there is."""

from __future__ import annotations

import re

from gx.docs.history import Neighbours
from gx.docs.paths import link
from gx.docs.view import PageView

# Written by the template alone: in a value of the data the < is escaped.
_PLACE = re.compile(rb'<span class="runs">.*?</span>', re.DOTALL)
_VIEW = PageView("neighbours.html")


def with_neighbours(html: bytes, path: str, neighbours: Neighbours) -> bytes:
    """The run's page with links to the runs before and after it, instead of those that it had.

    A page without a place for them (``<span class="runs"></span>``) stays as it is.
    """
    links = _VIEW.render(
        None,
        previous=link(path, neighbours.previous) if neighbours.previous else "",
        next=link(path, neighbours.next) if neighbours.next else "",
    )
    return _PLACE.sub(lambda _: b'<span class="runs">' + links.encode() + b"</span>", html, count=1)
