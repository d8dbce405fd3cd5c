"""Say that an ingest begins, before its first row arrives: every gate closes, in the ledger and in the warehouse.

Without it a gate that an earlier ingest opened stays open until the next one is checked, although the tables hold
other rows by then. For a team's own loader, in Airflow, Dagster or a script; ``sluice ingest begin`` comes here too.
Imports neither Prefect nor Great Expectations::

    from checkpoints.ingesting import begin_ingest

    begin_ingest("orders-2025-10-01", project="shop")
"""

from __future__ import annotations

from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

from checkpoints.data_quality import Closed, NoDataQuality, opened_data_quality
from checkpoints.ingest_names import wrong_name
from checkpoints.layers import project_checkpoints
from checkpoints.ledger import Ledger
from gx.errors import ConfigError, SluiceError
from gx.settings import Settings, load_settings

OUTSIDE = "outside sluice"
"""The source, in the ledger, of an ingest that sluice was only told of."""


class WarehouseNotToldError(SluiceError):
    """The ledger's gates are closed; the copy in the warehouse may say that they are open."""

    def __init__(self, ingest_id: str, problem: SluiceError) -> None:
        self.transient = problem.transient
        super().__init__(
            f"the ingest {ingest_id} has begun and the ledger's gates are closed, BUT THE WAREHOUSE WAS NOT TOLD: dbt, "
            "and who asks there, may find them open. Begin it again, or run `sluice ledger publish`, before you bring "
            f"anything: {problem}"
        )


def begin_ingest(ingest_id: str, *, project: Path | str | None = None) -> None:
    """Record that an ingest begins. One that is named again begins again, and what was decided for it counts no more.

    Args:
        ingest_id: its name; checks and gates are asked about it from now on.
        project: the project's directory; without it ``SLUICE_PROJECT``, without that the reference project.

    Raises:
        ConfigError: the name, the project or its settings are wrong; nothing was recorded.
        LedgerError: the ledger cannot be written; nothing was recorded.
        WarehouseNotToldError: the ledger is closed, its copy in the warehouse perhaps not.
    """
    begin(load_settings(Path(project) if project else None), ingest_id)


def begin(settings: Settings, ingest_id: str) -> tuple[str, ...]:
    """The same for settings that are read already; returns the loads whose gates are closed.

    Raises:
        SluiceError: as :func:`begin_ingest`.
    """
    if wrong := wrong_name(ingest_id):
        raise ConfigError(wrong)
    gated = {load for spec in project_checkpoints(settings).values() for load in spec.gates}
    with (
        closing(Ledger(settings.ledger(), gate_valid_hours=settings.gate_valid_hours)) as ledger,
        opened_data_quality(settings, ledger, wait_seconds=settings.wait_seconds) as copy,
    ):
        first = ledger.latest_ingest() is None
        told = record_beginning(copy, ledger, ingest_id, OUTSIDE, datetime.now(UTC))
    if told.problem is not None and not first:  # before the first no gate was open, and a DuckDB file may not exist yet
        raise WarehouseNotToldError(ingest_id, told.problem)
    return tuple(sorted(gated))


def record_beginning(data_quality: NoDataQuality, ledger: Ledger, ingest_id: str, source: str, now: datetime) -> Closed:
    """Record that an ingest began, which closes every gate: in the warehouse first.

    Raises:
        LedgerError: the ledger cannot be written.
    """
    with data_quality.closing(None, ingest_id, f"the ingest {ingest_id} has begun, and was not checked yet") as closed:
        ledger.begin_ingest(ingest_id, source, now)
    return closed
