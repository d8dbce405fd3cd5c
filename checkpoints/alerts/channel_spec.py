"""A channel as people write it in ``_alerts.yml``; what its options mean depends on its type."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from expectations.documents import Node
from gx.errors import ConfigError


class ChannelType(StrEnum):
    """What a channel is."""

    SLACK_WEBHOOK = "slack_webhook"
    SLACK = "slack"
    PAGERDUTY = "pagerduty"
    EMAIL = "email"
    WEBHOOK = "webhook"
    FILE = "file"


@dataclass(frozen=True)
class ChannelSpec:
    """One channel, not yet opened.

    Attributes:
        name: as routes and ``notify:`` call it.
        type: what it is.
        options: all but the type, each with its place. A secret is never here: only the name of its variable.
        at: where the channel stands; None for one that is there without a file, because its secret is set.
    """

    name: str
    type: ChannelType
    options: Mapping[str, Node] = field(default_factory=dict)
    at: Node | None = None

    @property
    def file(self) -> Path | None:
        """The file it stands in."""
        return self.at.file if self.at else None

    @property
    def line(self) -> int | None:
        """Its line there."""
        return self.at.line if self.at else None

    def fail(self, message: str) -> ConfigError:
        """An error that names this channel and its place."""
        return ConfigError(f"the channel {self.name}: {message}", file=self.file, line=self.line)
