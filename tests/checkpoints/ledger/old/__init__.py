"""Ledgers as earlier versions of sluice made them: their statements are frozen here, and never changed."""

from __future__ import annotations

import json
from pathlib import Path

import sqlalchemy as sa
from sqlalchemy.engine import URL, Connection

VERSIONS = (1, 2, 3, 4)
_HERE = Path(__file__).parent
_STATE = {"full_scan_at": "2025-09-30T12:00:00+00:00"}


def write_old_ledger(url: URL, version: int) -> None:
    """A ledger of that version with two ingests: one that failed, and the last, whose gate of the marts is open."""
    if url.get_backend_name() == "sqlite":
        Path(str(url.database)).parent.mkdir(parents=True, exist_ok=True)
    engine = sa.create_engine(url)
    with engine.begin() as connection:
        _run(connection, _HERE / f"v{version}.{url.get_backend_name()}.sql")
        _run(connection, _HERE / "rows.sql")
        if version >= 2:
            connection.execute(
                sa.text("INSERT INTO scan_states VALUES ('shop.orders', 'run-1', :state)"),
                {"state": json.dumps(_STATE)},
            )
        if version >= 3:
            connection.execute(sa.text("UPDATE ingests SET number = CASE ingest_id WHEN 'ingest-0' THEN 1 ELSE 2 END"))
            connection.execute(sa.text("INSERT INTO suite_runs VALUES ('shop.orders', 2)"))
        if version >= 4:
            _run(connection, _HERE / "alerts.sql")
        connection.execute(sa.text("INSERT INTO schema_version VALUES (:version)"), {"version": version})
    engine.dispose()


def _run(connection: Connection, file: Path) -> None:
    for statement in file.read_text(encoding="utf-8").split(";\n"):
        if statement.strip():
            connection.exec_driver_sql(statement)
