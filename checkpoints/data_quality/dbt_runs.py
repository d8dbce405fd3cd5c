"""What is known of a dbt run: which models it built, how long each took, and what that cost."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from gx.errors import ConfigError

OK, WARNING, SLOW, UNKNOWN = "OK", "WARNING", "SLOW", "UNKNOWN"
WARNING_SECONDS = 300.0
"""A model that takes longer is WARNING; the requirements document's threshold."""
SLOW_SECONDS = 600.0
"""A model that takes longer is SLOW; likewise."""
DOLLARS_AN_HOUR = 12.0
"""What an hour of one warehouse costs in the requirements document."""

_SIZE = re.compile(r"[A-Za-z0-9][A-Za-z0-9 -]*")

SUCCESS, ERROR, EMPTY, UNREADABLE = "success", "error", "empty", "unreadable"
"""How a run ended: all its models were built; one was not; it built none; nobody could read what it built."""


@dataclass(frozen=True)
class ModelRun:
    """One model in one run. Times are UTC without a zone.

    Attributes:
        unique_id: dbt's, such as ``model.shop.fct_orders``.
        status: dbt's own: ``success``, ``error``, ``skipped``, ...
        seconds: how long it took; None where its source told nothing usable.
        rows: rows affected, where the source tells them; likewise ``bytes_processed`` and ``warehouse_size``.
        full_refresh: whether an incremental model was built from scratch because somebody asked for it.
    """

    unique_id: str
    status: str
    seconds: float | None
    finished_at: datetime
    rows: int | None = None
    bytes_processed: int | None = None
    warehouse_size: str | None = None
    full_refresh: bool = False

    @property
    def name(self) -> str:
        """The model's name, without its project; with its version, if it has one."""
        return self.unique_id.split(".", 2)[-1]

    @property
    def performance(self) -> str:
        """OK, WARNING or SLOW by the requirements document's thresholds; UNKNOWN without a time."""
        if self.seconds is None:
            return UNKNOWN
        return SLOW if self.seconds > SLOW_SECONDS else WARNING if self.seconds > WARNING_SECONDS else OK


@dataclass(frozen=True)
class MeasuredRun:
    """One run of dbt. Times are UTC without a zone.

    Attributes:
        run_id: no other run has it: dbt's invocation id, or one made of what the source calls the run.
        source: which kind of source told of it; runs are compared with runs of the same kind.
        job: what is run again and again: a load, a dbt Cloud job.
        command: dbt's, such as ``run`` or ``build``; None where the source does not tell.
        status: ``success``, ``error``, ``empty`` or ``unreadable``.
        problem: what could not be read of it, safe to show.
    """

    run_id: str
    source: str
    job: str
    command: str | None
    status: str
    started_at: datetime | None
    finished_at: datetime
    models: tuple[ModelRun, ...] = ()
    problem: str | None = None


def status_of(models: tuple[ModelRun, ...]) -> str:
    """How a run ended, by its models."""
    if not models:
        return EMPTY
    return SUCCESS if all(model.status == SUCCESS for model in models) else ERROR


@dataclass(frozen=True)
class Prices:
    """What an hour of a warehouse costs, in dollars.

    Attributes:
        default: for a size that is not named, or not known.
        by_size: for the others, by their names without case and hyphens.
        clusters: how many clusters a run keeps busy; the document's ran on four.
    """

    default: float = DOLLARS_AN_HOUR
    by_size: Mapping[str, float] = field(default_factory=dict)
    clusters: int = 1

    @classmethod
    def parse(cls, text: str, clusters: int = 1) -> Prices:
        """Prices as ``SLUICE_MODEL_PRICES`` has them: ``12``, or ``12, X-Small=3, Large=24``.

        Raises:
            ConfigError: it is not of that form, or a price is no number of dollars.
        """
        default, by_size = DOLLARS_AN_HOUR, {}
        for part in filter(None, (part.strip() for part in text.split(","))):
            size, named, price = part.rpartition("=")
            try:
                dollars = float(price)
            except ValueError:
                dollars = math.nan
            if not (math.isfinite(dollars) and dollars >= 0) or (named and not _SIZE.fullmatch(size.strip())):
                raise ConfigError(
                    f"SLUICE_MODEL_PRICES holds {part!r}; it can hold dollars an hour, and such by a warehouse's "
                    "size: 12, X-Small=3, Large=24"
                )
            if named:
                by_size[_spelled(size)] = dollars
            else:
                default = dollars
        return cls(default, by_size, clusters)

    def dollars(self, model: ModelRun) -> float | None:
        """The document's estimate: hours times the price of the warehouse's size, for each cluster."""
        if model.seconds is None:
            return None
        price = self.by_size.get(_spelled(model.warehouse_size or ""), self.default)
        return model.seconds / 3600 * price * self.clusters


def _spelled(size: str) -> str:
    return size.strip().casefold().replace("-", "").replace(" ", "")
