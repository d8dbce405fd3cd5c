"""All that a role of Snowflake was granted: by itself, through the roles it was granted, and as everybody."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import sqlalchemy as sa
from sqlalchemy.exc import SQLAlchemyError

from gx.warehouse.ddl_access import ShowFutureGrantsToRole, ShowGrantsToRole
from gx.warehouse.grants import Name, NeededGrant, Quoting, parse_name

_MOST_ROLES = 50
_OWNERSHIP = "OWNERSHIP"
_PUBLIC = "PUBLIC"

_Held = tuple[str, str, tuple[str, ...]]
"""Privilege, kind of object, and its whole name as the catalog spells it."""


class RoleGrants:
    """Read when it is made.

    Attributes:
        complete: whether all of it could be read; otherwise that something is not here means nothing.
        problem: why not.
    """

    def __init__(
        self,
        connection: sa.Connection,
        role: Name,
        quoting: Quoting,
        reason: Callable[[SQLAlchemyError], str],
        *,
        future: bool,
    ) -> None:
        self.complete = True
        self.problem = ""
        self._connection = connection
        self._quoting = quoting
        self._reason = reason
        self._with_future = future
        self._held: set[_Held] = set()
        self._read(role.folded(quoting.fold))

    def has(self, grant: NeededGrant) -> bool:
        """Whether it is among them, or its object is the role's own."""
        name = tuple(part.folded(self._quoting.fold) for part in grant.name)
        if grant.kind.startswith("FUTURE "):
            kind = grant.kind.removeprefix("FUTURE ").removesuffix("S")
            return (grant.privilege, f"FUTURE {kind}", name) in self._held
        return bool({(grant.privilege, grant.kind, name), (_OWNERSHIP, grant.kind, name)} & self._held)

    def _read(self, role: str) -> None:
        waiting, seen = [role, _PUBLIC], set[str]()
        while waiting and len(seen) < _MOST_ROLES:
            one = waiting.pop(0)
            if one in seen:
                continue
            seen.add(one)
            for privilege, kind, name in (*self._granted(one), *self._future(one)):
                if kind == "ROLE" and privilege == "USAGE":
                    waiting.append(name[-1])
                elif kind == "DATABASE ROLE":
                    self._incomplete(f"what comes through the database role {'.'.join(name)} is not looked at")
                else:
                    self._held.add((privilege, kind, name))
        if waiting:
            self._incomplete(f"more than {_MOST_ROLES} roles are granted to {role}")

    def _granted(self, role: str) -> Iterator[_Held]:
        try:
            rows = self._connection.execute(ShowGrantsToRole(self._quoting.of(Name(role, exact=True)))).mappings().all()
        except SQLAlchemyError as error:
            self._incomplete(f"SHOW GRANTS TO ROLE {role} was refused ({self._reason(error)})")
            return
        for row in rows:
            yield str(row["privilege"]), str(row["granted_on"]).replace("_", " "), _parts(str(row["name"]))

    def _future(self, role: str) -> Iterator[_Held]:
        if not self._with_future:
            return
        try:
            statement = ShowFutureGrantsToRole(self._quoting.of(Name(role, exact=True)))
            rows = self._connection.execute(statement).mappings().all()
        except SQLAlchemyError as error:
            self._incomplete(f"SHOW FUTURE GRANTS TO ROLE {role} was refused ({self._reason(error)})")
            return
        for row in rows:
            # "DB.SCHEMA.<TABLE>": the schema is what counts.
            yield str(row["privilege"]), f"FUTURE {row['grant_on']}", _parts(str(row["name"]).rpartition(".<")[0])

    def _incomplete(self, problem: str) -> None:
        self.complete, self.problem = False, self.problem or problem


def _parts(name: str) -> tuple[str, ...]:
    try:
        # Unquoted the catalog's spelling is exact too.
        return tuple(part.text for part in parse_name(name))
    except ValueError:
        return (name,)  # a function with its arguments, say
