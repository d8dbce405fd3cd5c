"""Who may do what on Snowflake: what SHOW GRANTS tells, or where that is refused, what can be tried without harm."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import URL
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from gx.warehouse.access import Access, Answer
from gx.warehouse.base import Warehouse
from gx.warehouse.ddl_access import (
    ReadNothing,
    ResumeWarehouse,
    ShowSchemas,
    ShowWarehouses,
    UseDatabase,
    UseSchema,
    UseWarehouse,
)
from gx.warehouse.grants import Name, NeededGrant, Quoting
from gx.warehouse.snowflake_membership import role_of_user
from gx.warehouse.snowflake_privileges import misspelt
from gx.warehouse.snowflake_roles import RoleGrants

# 2003, 2043: does not exist or not authorized, which Snowflake does not tell apart; 3001: insufficient privileges.
_REFUSED = (2003, 2043, 3001)
_TRIED = {
    ("USAGE", "WAREHOUSE"): UseWarehouse,
    ("OPERATE", "WAREHOUSE"): ResumeWarehouse,
    ("USAGE", "DATABASE"): UseDatabase,
    ("USAGE", "SCHEMA"): UseSchema,
    ("SELECT", "TABLE"): ReadNothing,
    ("SELECT", "VIEW"): ReadNothing,
}
_PARTS = {"SCHEMA": 2, "FUTURE TABLES": 2, "FUTURE VIEWS": 2, "TABLE": 3, "VIEW": 3}
"""How many parts a whole name has; one for the others."""


class SnowflakeAccess(Access):
    """A role of Snowflake, and the virtual warehouse it computes with."""

    has_virtual_warehouses = True

    def __init__(self, warehouse: Warehouse, connection: sa.Connection) -> None:
        super().__init__(warehouse, connection)
        current = sa.select(sa.func.current_role(), sa.func.current_database(), sa.func.current_user())
        role, database, user = connection.execute(current).one()
        self._role, self._database, self._user = Name(str(role), exact=True), str(database), str(user)

    @staticmethod
    def quoting_of(warehouse: Warehouse) -> Quoting:
        return Quoting(str.upper, warehouse.engine.dialect.identifier_preparer.reserved_words)

    @staticmethod
    def url_of(url: URL, role: Name, virtual_warehouse: Name | None, *, seconds: float) -> URL:
        query = {"role": role.folded(str.upper)}
        if virtual_warehouse is not None:
            query["warehouse"] = virtual_warehouse.folded(str.upper)
        if "login_timeout" not in url.query:
            query["login_timeout"] = f"{seconds:.0f}"
        return url.update_query_dict(query)

    @staticmethod
    def problem_with(grant: NeededGrant) -> str | None:
        if grant.kind.startswith("ALL "):
            return (
                f"{grant.kind} IN SCHEMA cannot be checked on Snowflake: a table that a role may not see looks like "
                "none; name the tables (SELECT ON TABLE schema.table), or FUTURE TABLES IN SCHEMA"
            )
        if len(grant.name) > _PARTS.get(grant.kind, 3):
            return f"a {grant.kind} has at most {_PARTS[grant.kind]} part(s) in its name"
        return misspelt(grant)

    @staticmethod
    def refused(reason: str, role: str, url: URL, quoting: Quoting) -> str | None:
        if "does not exist or not authorized" in reason and role.upper() in reason.upper() and url.username:
            return f"GRANT ROLE {role} TO USER {quoting.of(Name(url.username))};"
        return None

    def be(self, role: Name, login: Name | None = None) -> Answer:
        del login  # a role that does not exist lets nobody in
        # The role is the session's: the connection was made with it.
        wanted, found = role.folded(str.upper), self._role.text
        if wanted != found:
            return Answer(None, f"the session has the role {found}, not {wanted}: nothing can be said about {wanted}")
        return Answer(True, f"connected as {self._user}, acting as {wanted}")

    def has_role(self, login: Name, role: Name) -> Answer:
        user, name = login.folded(str.upper), role.folded(str.upper)
        if user == self._user:
            return Answer(True, f"{user} has logged in as {name}")
        remedy = f"GRANT ROLE {self.quoting.of(role)} TO USER {self.quoting.of(login)};"
        return role_of_user(self.connection, user, name, self.quoting, self.warehouse.reason, remedy)

    def held(self, grants: Sequence[NeededGrant]) -> list[Answer]:
        future = any(grant.kind.startswith("FUTURE ") for grant in grants)
        found = RoleGrants(self.connection, self._role, self.quoting, self.warehouse.reason, future=future)
        return [self._held(self._whole(grant), grant, found) for grant in grants]

    def ready(self, virtual_warehouse: Name) -> Answer:
        name = self.quoting.of(virtual_warehouse)
        usage = NeededGrant("USAGE", "WAREHOUSE", (virtual_warehouse,))
        operate = NeededGrant("OPERATE", "WAREHOUSE", (virtual_warehouse,))
        state, resumes_itself = self._state(virtual_warehouse.folded(str.upper))
        if state == "":
            return self.missing(usage, self._role, f"{name} does not exist, or may not be used by {self._role.text}")
        suspended = state is not None and state.startswith("SUSPEND")
        if suspended and (refusal := self._refusal(ResumeWarehouse(name))) is not None:
            number, reason = refusal
            if number not in _REFUSED:
                return Answer(False, f"{name} is suspended and cannot be resumed: {reason}")
            if not resumes_itself:
                detail = f"{name} is suspended, and {self._role.text} may not resume it"
                return self.missing(operate, self._role, detail)
        if (refusal := self._refusal(UseWarehouse(name))) is not None:
            return self.missing(usage, self._role, f"{name} may not be used by {self._role.text}: {refusal[1]}")
        # A query that Snowflake does not answer from its metadata service: it needs the warehouse to run.
        schemata = sa.table("schemata", schema="information_schema")
        if (refusal := self._refusal(sa.select(sa.func.count()).select_from(schemata))) is not None:
            return Answer(False, f"{name} does not compute: {refusal[1]}")
        return Answer(True, f"{name} was suspended and has been resumed" if suspended else f"{name} is running")

    def writable(self, schemas: Sequence[str]) -> list[tuple[str, Answer]]:
        database = Name(self._database, exact=True)
        shown = self.connection.execute(ShowSchemas(self.quoting.of(database))).mappings()
        there = {str(row["name"]).upper() for row in shown}
        needed = [
            NeededGrant("CREATE TABLE", "SCHEMA", (database, Name(schema)))
            if schema.upper() in there
            else NeededGrant("CREATE SCHEMA", "DATABASE", (database,))
            for schema in schemas
        ]
        said = {"SCHEMA": "writable", "DATABASE": "can be made"}
        return [
            (schema, Answer(True, said[grant.kind]) if answer.holds else answer)
            for schema, grant, answer in zip(schemas, needed, self.held(needed), strict=True)
        ]

    def grant_statement(self, grant: NeededGrant, role: Name) -> str:
        return f"GRANT {grant.said(self.quoting)} TO ROLE {self.quoting.of(role)};"

    def _held(self, grant: NeededGrant, asked: NeededGrant, found: RoleGrants) -> Answer:
        if found.has(grant):
            return Answer(True, "held")
        if found.complete:
            return self.missing(asked, self._role)
        statement = _TRIED.get((grant.privilege, grant.kind))
        if statement is None:
            return Answer(None, f"{found.problem}, and this cannot be tried without leaving something behind")
        refusal = self._refusal(statement(self.quoting.dotted(grant.name)))
        if refusal is None:
            return Answer(True, "held (tried)")
        if refusal[0] in _REFUSED:
            return self.missing(asked, self._role, "missing, or there is no such thing (tried)")
        return Answer(None, f"{found.problem}, and trying it failed otherwise: {refusal[1]}")

    def _whole(self, grant: NeededGrant) -> NeededGrant:
        """With the database in front, where the name needs one and has none."""
        parts = _PARTS.get(grant.kind, 1)
        names = grant.name
        if parts == 3 and len(names) == 1:
            names = (Name("PUBLIC"), *names)
        if parts > 1 and len(names) == parts - 1:
            names = (Name(self._database, exact=True), *names)
        return NeededGrant(grant.privilege, grant.kind, names)

    def _state(self, name: str) -> tuple[str | None, bool]:
        """What the virtual warehouse is doing: empty when there is none, None when that cannot be seen."""
        try:
            rows = self.connection.execute(ShowWarehouses(name)).mappings().all()
        except SQLAlchemyError:
            return None, False
        for row in rows:
            if str(row["name"]) == name:
                return str(row["state"]).upper(), str(row.get("auto_resume", "")).lower() == "true"
        return "", False

    def _refusal(self, statement: Any) -> tuple[int, str] | None:
        """Snowflake's number and words, when it does not do it."""
        try:
            self.connection.execute(statement)
        except SQLAlchemyError as error:
            number = getattr(error.orig, "errno", None) if isinstance(error, DBAPIError) else None
            return (number if isinstance(number, int) else 0), self.warehouse.reason(error)
        return None
