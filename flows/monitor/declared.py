"""What a project's files say of what is expected: calendars, freshness, SLAs, schedules. Each is read by itself."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property

from checkpoints.alerts.routing_file import known_owners
from checkpoints.calendars import Calendar
from checkpoints.calendars_file import load_calendars
from checkpoints.expected_runs import load_schedules
from checkpoints.freshness import FreshnessSpec, load_freshness
from checkpoints.layers import project_checkpoints
from checkpoints.ledger.schedules import Schedule
from checkpoints.sla import SlaSpec, load_slas
from checkpoints.spec import CALENDARS_FILE, FRESHNESS_FILE, SCHEDULES_FILE, SLAS_FILE, CheckpointSpec
from expectations.loader import load_suites
from flows.monitor.found import recorded_flows
from gx.docs.text import counted
from gx.errors import ConfigError
from gx.settings import Settings

CHECKPOINTS = "checkpoints"
"""Stands for all files of checkpoints, which are read together."""


@dataclass(frozen=True)
class FileRead:
    """What came of reading one file, or all those of checkpoints.

    Attributes:
        name: of the file, or what stands for the checkpoints.
        said: what it holds; None when it could not be read.
        error: what is wrong with it.
        elsewhere: the error of another file, without which this one cannot be read.
    """

    name: str
    said: str | None = None
    error: ConfigError | None = None
    elsewhere: ConfigError | None = None


class Declared:
    """The files, each read when it is asked for, and once.

    Every property raises ConfigError: the file, or one that it refers to, is wrong; with its line.
    """

    def __init__(self, settings: Settings, now: datetime) -> None:
        """Nothing is read yet.

        Args:
            settings: of the project.
            now: the time, with its zone.
        """
        self._settings = settings
        self._directory = settings.checkpoints_dir
        self._now = now

    @cached_property
    def checkpoints(self) -> dict[str, CheckpointSpec]:
        """The project's checkpoints."""
        return project_checkpoints(self._settings)

    @cached_property
    def calendars(self) -> Mapping[str, Calendar]:
        """Which time counts."""
        return load_calendars(self._directory, self._now)

    @cached_property
    def limits(self) -> tuple[FreshnessSpec, ...]:
        """How old tables may be."""
        return load_freshness(self._directory, self.calendars, self._owners)

    @cached_property
    def promises(self) -> tuple[SlaSpec, ...]:
        """By when all is done."""
        flows, tables = recorded_flows(self.checkpoints), self._checked_tables()
        return load_slas(self._directory, self.calendars, flows, tables, self._owners)

    @cached_property
    def schedules(self) -> tuple[Schedule, ...]:
        """When runs are expected that something else than ``sluice serve`` starts."""
        return load_schedules(self._directory, recorded_flows(self.checkpoints), self._now)

    def read(self) -> tuple[FileRead, ...]:
        """Read the checkpoints, and each file that is there; whatever is wrong with one, the others are read too."""
        files: dict[str, Callable[[], str]] = {
            CHECKPOINTS: lambda: _how_many(len(self.checkpoints), "checkpoint"),
            CALENDARS_FILE: lambda: _how_many(len(self.calendars) - 1, "calendar"),  # without the one always there
            FRESHNESS_FILE: lambda: _how_many(len(self.limits), "limit"),
            SLAS_FILE: lambda: _how_many(len(self.promises), "SLA"),
            SCHEDULES_FILE: lambda: _how_many(len(self.schedules), "schedule"),
        }
        there = {CHECKPOINTS, *(name for name in files if (self._directory / name).exists())}
        return tuple(_read(name, load) for name, load in files.items() if name in there)

    @cached_property
    def _owners(self) -> tuple[str, ...] | None:
        return known_owners(self._directory)

    def _checked_tables(self) -> frozenset[str] | None:
        """The tables that a checkpoint checks; None where that cannot be told, of which its own run tells."""
        try:
            suites = load_suites(self._settings.suites_dir)
            return frozenset(str(suite.table) for spec in self.checkpoints.values() for suite in spec.choose(suites))
        except ConfigError:
            return None


def _read(name: str, load: Callable[[], str]) -> FileRead:
    try:
        return FileRead(name, load())
    except ConfigError as error:
        own = name == CHECKPOINTS or (error.file is not None and error.file.name == name)
        return FileRead(name, error=error) if own else FileRead(name, elsewhere=error)


def _how_many(number: int, what: str) -> str:
    return f"{counted(number, what)} can be read"
