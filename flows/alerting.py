"""Alerting as a project's settings and files have it."""

from __future__ import annotations

import os
from contextlib import suppress

from checkpoints.alerts.alerting import Alerting, Sender
from checkpoints.alerts.routing import Routing
from gx.docs.address import site_address
from gx.errors import ConfigError
from gx.settings import Settings


def project_name(settings: Settings) -> str:
    """The project's name, as people are told it."""
    return "reference" if settings.is_reference else settings.project.name


def alerting_of(settings: Settings, routing: Routing, sender: Sender, prefect_url: str | None = None) -> Alerting:
    """What runs of this project need to raise alerts.

    Args:
        settings: of the project.
        routing: who is told.
        sender: sends.
        prefect_url: the page of the flow run, if it is one.
    """
    docs = None
    with suppress(ConfigError):  # the run itself tells what is wrong with it
        site = site_address(settings.project, settings.state_dir, os.environ)
        directory = site.directory.as_uri() if site.directory else None
        docs = site.url.rpartition("/")[0] if site.url else directory
    return Alerting(
        routing=routing,
        project=project_name(settings),
        directory=settings.project,
        docs=docs,
        prefect_url=prefect_url,
        seconds=settings.alert_seconds,
        sender=sender,
    )
