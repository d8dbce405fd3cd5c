"""How many statements a validation sends, and how often they scan the table: DuckDB's own query log says it.

One repetition is run for this alone, apart from those that are timed. The log is the database's, so it is the same
for every tool, and sees what a tool sends over any of its connections.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from tests.bench.task import TABLE

if TYPE_CHECKING:
    from tests.bench.worker import Tool

_HOUSEKEEPING = ("begin", "commit", "rollback", "set ", "pragma", "call ", "attach", "use ", "load ", "checkpoint")
"""Beginnings of statements that ask for no data; not counted."""
_NAMES_TABLE = re.compile(rf"\b{TABLE}\b")


def count(tool: Tool) -> dict[str, Any]:
    """One validation under the query log.

    Returns:
        ``failing``; ``statements`` that name the table; ``others`` (catalogue and reflection; transactions and
        settings are left out); ``scans``: how often the plans of the statements read the table. A plan that DuckDB
        answers from a column's statistics does not. None where a plan cannot be had; ``texts`` of the statements.
    """
    log = tool.connection()
    log.execute("CALL enable_logging('QueryLog')")
    try:
        with _parameters() as parameters:
            failing = tool.run()
        log.execute("CALL disable_logging()")
        log.execute("SELECT message FROM duckdb_logs WHERE type = 'QueryLog'")
        texts = [text for (text,) in log.fetchall()]
    finally:
        log.execute("CALL disable_logging()")
        log.execute("CALL truncate_duckdb_logs()")
    asked = [text for text in texts if not text.lstrip().lower().startswith(_HOUSEKEEPING)]
    on_table = [text for text in asked if _NAMES_TABLE.search(text)]
    scans = [_scans(log, text, parameters.get(text)) for text in on_table]
    return {
        "failing": failing,
        "statements": len(on_table),
        "others": len(asked) - len(on_table),
        "scans": None if None in scans else sum(each for each in scans if each is not None),
        "texts": asked,
    }


@contextmanager
def _parameters() -> Iterator[dict[str, Any]]:
    """The parameters of every statement that SQLAlchemy sends meanwhile, by its text: DuckDB does not log them."""
    sent: dict[str, Any] = {}
    sqlalchemy: Any = sys.modules.get("sqlalchemy")
    if sqlalchemy is None:
        yield sent
        return

    def remember(_connection: Any, _cursor: Any, text: str, values: Any, _context: Any, _many: bool) -> None:
        sent[text] = values

    every_engine = sqlalchemy.engine.Engine
    sqlalchemy.event.listen(every_engine, "before_cursor_execute", remember)
    try:
        yield sent
    finally:
        sqlalchemy.event.remove(every_engine, "before_cursor_execute", remember)


def _scans(log: Any, text: str, parameters: Any) -> int | None:
    try:
        log.execute(f"EXPLAIN (FORMAT json) {text}", parameters)
        ((_, plan),) = log.fetchall()
    except Exception:  # noqa: BLE001 - whatever it is, the number is not known
        return None
    return sum(_table_scans(node) for node in json.loads(plan))


def _table_scans(node: dict[str, Any]) -> int:
    table = str(node.get("extra_info", {}).get("Table", ""))
    own = int(table.rpartition(".")[2] == TABLE)
    return own + sum(_table_scans(child) for child in node.get("children", []))
