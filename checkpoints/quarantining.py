"""What a suite says of rows that fail, applied: where their keys go, and whether the next load leaves them out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, timedelta
from decimal import Decimal
from functools import partial

from checkpoints.audit_copy import AuditCopy
from checkpoints.result import CheckpointRun, Verdict
from expectations.percentages import is_within, percent_text
from expectations.suite import QuarantineSpec, SuiteSpec
from gx.errors import SluiceError
from gx.masking import error_kind, mask_error
from gx.scan.quarantine import Quarantine
from gx.warehouse.base import Warehouse
from gx.warehouse.quarantine import SCHEMA, Check, Kept, quarantine_name
from gx.warehouse.table import CatalogTable, TableName


def find(
    warehouse: Warehouse,
    suites: Sequence[SuiteSpec],
    tables: Mapping[TableName, CatalogTable],
    audit_copy: AuditCopy,
    run: CheckpointRun,
    keep_days: float,
) -> dict[str, Quarantine]:
    """The quarantine of each suite that has one and whose table is there, by the suite's name.

    Raises:
        WarehouseError: the catalog cannot be read.
    """
    wanted = [(suite, suite.quarantine) for suite in suites if suite.quarantine and suite.table in tables]
    names = {suite.name: _name(warehouse, suite.table, tables[suite.table], audit_copy) for suite, _ in wanted}
    places = {name: TableName((SCHEMA, name)) for name in names.values()}
    there = warehouse.find_tables(list(places.values())) if places else {}
    now = run.started_at.astimezone(UTC).replace(tzinfo=None)
    return {
        suite.name: Quarantine(
            name=names[suite.name],
            keys=suite.keys,
            check=Check(suite.name, run.ingest_id, run.run_id, now),
            before=now - timedelta(days=keep_days),
            exists=places[names[suite.name]] in there,
            excuses=partial(_excuses, spec),
        )
        for suite, spec in wanted
    }


def notes(suite: SuiteSpec, quarantine: Quarantine) -> list[str]:
    """What became of the rows that fail, in words."""
    kept = quarantine.kept
    if kept is None or suite.quarantine is None:
        return []
    limit = suite.quarantine.max_percent
    what = f"{kept.rows:,} rows of {suite.table} are" if kept.rows != 1 else f"1 row of {suite.table} is"
    share = percent_text(_percent(kept), limit)
    if quarantine.left_out:
        return [f"{what} quarantined ({share}, {limit:g} % allowed) and left out of the next load"]
    if not suite.quarantine.leave_out:
        return [f"{what} quarantined ({share})"]
    if kept.unkeyed:
        why = f"rows that fail have no {' and '.join(suite.keys)}, by which a load could leave them out"
    elif kept.changed:
        why = "other rows fail by now than were counted; check again"
    else:
        why = f"more than the {limit:g} % that may be left out"
    return [f"{what} quarantined ({share}), but not left out: {why}"]


def problems(suite: SuiteSpec, quarantine: Quarantine) -> list[tuple[Verdict, str]]:
    """Why nothing could be quarantined. What an earlier run left on record may then still be left out of a load."""
    error = quarantine.error
    if error is None:
        return []
    said = str(error) if isinstance(error, SluiceError) else mask_error(str(error))
    told = error_kind(str(error)) if suite.pii else said.rstrip(".")
    text = (
        f"rows of {suite.table} could not be quarantined, so nothing is left out: {told}. {SCHEMA}.{quarantine.name} "
        "must be ours to make and to change; drop it if the suite's keys or their types have changed"
    )
    return [(Verdict.ERRORED, text)]


def _excuses(spec: QuarantineSpec, kept: Kept) -> bool:
    whole = not kept.unkeyed and not kept.changed and kept.total > 0
    return spec.leave_out and whole and is_within(_percent(kept), spec.max_percent)


def _percent(kept: Kept) -> Decimal:
    return Decimal(kept.rows) * 100 / max(kept.total, 1)


def _name(warehouse: Warehouse, named: TableName, table: CatalogTable, audit_copy: AuditCopy) -> str:
    # What is checked before it is published is read, and left out, where readers will find it.
    published = audit_copy.place_of(named) != named
    schema = str(named.schema) if published else table.schema
    place = [*([table.database] if table.database else []), schema, table.name]
    return quarantine_name(place if warehouse.exact_names else [part.lower() for part in place])
