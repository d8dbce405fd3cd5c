"""The errors of sluice. Each says what was expected, what was found, where, and what to do next."""

from __future__ import annotations

from pathlib import Path


class SluiceError(Exception):
    """Base of every error that sluice raises on purpose. Its text is safe to show: never a secret."""

    transient: bool = False
    """Whether trying again later may help (a lock, a connection); every retry asks this and nothing else."""
    told: bool = False
    """Whether an alert has been raised for it already."""


class ConfigError(SluiceError):
    """A setting, a suite or a checkpoint is wrong; nothing was run.

    Attributes:
        file: the file at fault, when there is one.
        line: its 1-based line, when known.
    """

    def __init__(self, message: str, *, file: Path | None = None, line: int | None = None) -> None:
        self.file = file
        self.line = line
        self.problem = message
        place = f"{file}:{line}: " if file and line else f"{file}: " if file else ""
        super().__init__(f"{place}{message}")


class WarehouseError(SluiceError):
    """The warehouse could not be used (unreachable, refused, no permission)."""

    def __init__(self, message: str, *, transient: bool = False) -> None:
        self.transient = transient
        super().__init__(message)


class WarehouseExhaustedError(WarehouseError):
    """The warehouse did not answer a statement: a lost connection, a time-out, no memory left."""
