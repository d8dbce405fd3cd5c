"""Where the flow run that is going on can be looked at."""

from __future__ import annotations

from prefect.runtime import flow_run


def page_of_this_run() -> str | None:
    """The run's page; None where Prefect's server has no pages, or there is no run."""
    url = flow_run.ui_url
    # Without a page's address to begin with, Prefect makes one that begins with "None".
    return url if isinstance(url, str) and url.startswith("http") else None
