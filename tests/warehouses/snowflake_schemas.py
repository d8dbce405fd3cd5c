"""What the Snowflake emulator cannot do with schemas, done for it: swap, rename, and tell who may do what.

Swapped tables are copied and not moved, and no reader is kept from looking meanwhile: how atomic Snowflake is cannot
be seen here, only what is asked of it and what comes of that.
"""

from __future__ import annotations

import re
from collections import defaultdict
from typing import Any

_NAME = r'("[^"]+"|\w+)'
_SWAP = re.compile(rf"ALTER SCHEMA {_NAME} SWAP WITH {_NAME}$")
_RENAME = re.compile(rf"ALTER SCHEMA {_NAME} RENAME TO {_NAME}$")
_GRANT = re.compile(
    rf"(GRANT|REVOKE) ([A-Z ]+) ON (?:SCHEMA {_NAME}|TABLE {_NAME}\.{_NAME}|FUTURE (\w+)S IN SCHEMA {_NAME})"
    rf" (?:TO|FROM) ROLE {_NAME}( WITH GRANT OPTION)?$"
)
_SHOW = re.compile(rf"SHOW (?:GRANTS ON (?:SCHEMA {_NAME}|TABLE {_NAME}\.{_NAME})|FUTURE GRANTS IN SCHEMA {_NAME})$")
_DONE = "SELECT 'Statement executed successfully.' AS status"

Granted = tuple[str, str, str, str]


class Schemas:
    """The schemas of one database, and what was granted in them."""

    def __init__(self, database: str) -> None:
        self._database = database
        # By schema, and by table or nothing.
        self._granted: dict[str, dict[str, set[Granted]]] = defaultdict(lambda: defaultdict(set))

    def answer(self, statement: str, connection: Any) -> str:
        """The statement for the emulator; what it could not do has been done with DuckDB's connection."""
        if found := _SWAP.match(statement):
            one, other = map(_plain, found.groups())
            self._move(connection, one, "EMULATED_SWAP")
            self._move(connection, other, one)
            self._move(connection, "EMULATED_SWAP", other)
            return _DONE
        if found := _RENAME.match(statement):
            self._move(connection, *map(_plain, found.groups()))
            return _DONE
        if found := _GRANT.match(statement):
            verb, privilege, schema, of_table, table, future, of_future, role, option = found.groups()
            place = self._granted[_plain(schema or of_table or of_future)][_plain(table) if table else ""]
            granted = (privilege, future or "", _plain(role), "true" if option else "false")
            if verb == "GRANT":
                place.add(granted)
            else:
                place.discard(granted)
            return _DONE
        if found := _SHOW.match(statement):
            schema, of_table, table, of_future = found.groups()
            here = self._granted[_plain(schema or of_table or of_future)][_plain(table) if table else ""]
            return _shown([one for one in here if bool(one[1]) == bool(of_future)], future=bool(of_future))
        return statement.removesuffix(" COPY GRANTS")

    def _move(self, connection: Any, schema: str, name: str) -> None:
        tables = connection.execute(
            "SELECT table_name FROM system.information_schema.tables WHERE table_catalog = ? AND table_schema = ?",
            [self._database, schema],
        ).fetchall()
        connection.execute(f'CREATE SCHEMA {self._database}."{name}"')
        for (table,) in tables:
            there = f'{self._database}."{name}"."{table}"'
            connection.execute(f'CREATE TABLE {there} AS FROM {self._database}."{schema}"."{table}"')
        connection.execute(f'DROP SCHEMA {self._database}."{schema}" CASCADE')
        self._granted[name] = self._granted.pop(schema, defaultdict(set))


def _shown(granted: list[Granted], *, future: bool) -> str:
    to, on = ("grant_to", "grant_on") if future else ("granted_to", "granted_on")
    rows = [*granted, ("OWNERSHIP", "TABLE", "SYSADMIN", "true")]
    selects = (
        f"SELECT '{privilege}' AS \"privilege\", '{kind}' AS \"{on}\", 'ROLE' AS \"{to}\","
        f" '{role}' AS \"grantee_name\", '{option}' AS \"grant_option\""
        for privilege, kind, role, option in rows
    )
    return " UNION ALL ".join(selects)


def _plain(name: str) -> str:
    return name[1:-1] if name.startswith('"') else name.upper()
