"""Who may do what on PostgreSQL: asked with ``has_*_privilege``, which everybody may call about every role."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import OID
from sqlalchemy.engine import URL
from sqlalchemy.exc import SQLAlchemyError

from gx.warehouse.access import Access, Answer
from gx.warehouse.base import Warehouse
from gx.warehouse.ddl import SetRole
from gx.warehouse.grants import Name, NeededGrant, Quoting
from gx.warehouse.postgres_membership import Membership

# https://www.postgresql.org/docs/current/ddl-priv.html; MAINTAIN since PostgreSQL 17.
_ON_TABLES = ("SELECT", "INSERT", "UPDATE", "DELETE", "TRUNCATE", "REFERENCES", "TRIGGER", "MAINTAIN")
PRIVILEGES = {
    "DATABASE": ("CREATE", "CONNECT", "TEMPORARY", "TEMP"),
    "SCHEMA": ("CREATE", "USAGE"),
    "TABLE": _ON_TABLES,
    "VIEW": _ON_TABLES,
    "MATERIALIZED VIEW": _ON_TABLES,
    "SEQUENCE": ("USAGE", "SELECT", "UPDATE"),
    "ALL TABLES": _ON_TABLES,
}
_PARTS = {"DATABASE": 1, "SCHEMA": 2, "ALL TABLES": 2}
"""How many parts a whole name has, the database included; three for the others."""
_VIEWS = ("VIEW", "MATERIALIZED VIEW")  # PostgreSQL's GRANT says TABLE of them
_SHOWN = 5
_NAMED = 20
"""Where no more tables of a schema lack a privilege, the GRANT names them."""
_RELATIONS = ("r", "p", "v", "m", "f")  # tables, partitioned, views, materialized, foreign
_SEQUENCES = ("S",)


def _catalog(name: str, *columns: str) -> sa.TableClause:
    return sa.table(name, *(sa.column(column) for column in columns), schema="pg_catalog")


_DATABASES = _catalog("pg_database", "datname")
_NAMESPACE = _catalog("pg_namespace", "oid", "nspname")
_CLASS = _catalog("pg_class", "oid", "relname", "relnamespace", "relkind")


class PostgresAccess(Access):
    """A role of PostgreSQL."""

    def __init__(self, warehouse: Warehouse, connection: sa.Connection) -> None:
        super().__init__(warehouse, connection)
        self._database = str(connection.execute(sa.select(sa.func.current_database())).scalar())
        self._membership = Membership(connection, self.quoting)
        self._role = Name(self._membership.user, exact=True)

    @staticmethod
    def quoting_of(warehouse: Warehouse) -> Quoting:
        return Quoting(str.lower, warehouse.engine.dialect.identifier_preparer.reserved_words)

    @staticmethod
    def url_of(url: URL, role: Name, virtual_warehouse: Name | None, *, seconds: float) -> URL:
        del role, virtual_warehouse  # the role is taken on afterwards, which needs no password of its own
        return url if "connect_timeout" in url.query else url.update_query_dict({"connect_timeout": f"{seconds:.0f}"})

    @staticmethod
    def problem_with(grant: NeededGrant) -> str | None:
        known = PRIVILEGES.get(grant.kind)
        if known is None:
            said = f"{grant.kind} IN SCHEMA" if grant.of_schema else grant.kind
            return f"{said} is not looked at on PostgreSQL; {', '.join(PRIVILEGES)} IN SCHEMA can be"
        if grant.privilege not in known:
            return f"PostgreSQL has no privilege {grant.privilege} on {grant.kind}; it has {', '.join(known)}"
        most = _PARTS.get(grant.kind, 3)
        return f"a {grant.kind} has at most {most} part(s) in its name" if len(grant.name) > most else None

    @staticmethod
    def refused(reason: str, role: str, url: URL, quoting: Quoting) -> str | None:
        if "permission denied for database" in reason and url.database:
            database = quoting.of(Name(url.database, exact=True))
            return f"GRANT CONNECT ON DATABASE {database} TO {role};"
        return None

    def be(self, role: Name, login: Name | None = None) -> Answer:
        name, user = role.folded(str.lower), self._membership.user
        self._role = role
        if not self._membership.exists(role):
            return Answer(False, f"there is no role {name}", self._membership.created(role, login))
        if name == user:
            return Answer(True, f"connected as {name}")
        try:
            with self.connection.begin_nested():
                self.connection.execute(SetRole(name))
        except SQLAlchemyError:
            return Answer(True, f"exists; {user} may not act as {name}, so what it may do was looked up by name")
        return Answer(True, f"connected as {user}, acting as {name}")

    def has_role(self, login: Name, role: Name) -> Answer:
        return self._membership.answer(login, role)

    def held(self, grants: Sequence[NeededGrant]) -> list[Answer]:
        return [self._asked(grant) for grant in grants]

    def writable(self, schemas: Sequence[str]) -> list[tuple[str, Answer]]:
        there = self.connection.execute(sa.select(_NAMESPACE.c.nspname).where(_NAMESPACE.c.nspname.in_(schemas)))
        known = set(there.scalars())
        found = []
        for schema in schemas:
            if schema in known:
                needed = NeededGrant("CREATE", "SCHEMA", (Name(schema, exact=True),))
                answer = self._asked(needed)
                found.append((schema, Answer(True, "writable") if answer.holds else answer))
        absent = [schema for schema in schemas if schema not in known]
        if absent:
            needed = NeededGrant("CREATE", "DATABASE", (Name(self._database, exact=True),))
            answer = self._asked(needed)
            found += [(schema, Answer(True, "can be made") if answer.holds else answer) for schema in absent]
        return found

    def grant_statement(self, grant: NeededGrant, role: Name) -> str:
        said = (replace(grant, kind="TABLE") if grant.kind in _VIEWS else grant).said(self.quoting)
        return f"GRANT {said} TO {self.quoting.of(role)};"

    def _asked(self, grant: NeededGrant) -> Answer:
        if (problem := self.problem_with(grant)) is not None:  # of a list for whatever the warehouse is
            return Answer(None, problem)
        if grant.kind != "DATABASE" and len(grant.name) == _PARTS.get(grant.kind, 3):
            database = grant.name[0].folded(str.lower)
            if database != self._database:
                return Answer(None, f"it lies in {database}, and this connection sees only {self._database}")
            grant = replace(grant, name=grant.name[1:])
        try:
            with self.connection.begin_nested():  # an error must not spoil what is asked after it
                return self._held(grant)
        except SQLAlchemyError as error:
            return Answer(None, self.warehouse.reason(error))

    def _held(self, grant: NeededGrant) -> Answer:
        role, parts = self._role.folded(str.lower), [part.folded(str.lower) for part in grant.name]
        match grant.kind:
            case "DATABASE":
                if not self._exists(_DATABASES.c.datname == parts[0]):
                    return Answer(False, f"there is no database {parts[0]}")
                return self._told(grant, sa.func.has_database_privilege(role, parts[0], grant.privilege))
            case "SCHEMA":
                if not self._exists(_NAMESPACE.c.nspname == parts[0]):
                    return self._no_schema(parts[0])
                return self._told(grant, sa.func.has_schema_privilege(role, parts[0], grant.privilege))
            case "ALL TABLES":
                return self._on_all_tables(grant, role, parts[0])
            case "SEQUENCE":
                return self._on_one(grant, role, parts, _SEQUENCES, sa.func.has_sequence_privilege)
            case _:
                return self._on_one(grant, role, parts, _RELATIONS, sa.func.has_table_privilege)

    def _on_one(
        self, grant: NeededGrant, role: str, parts: list[str], kinds: Sequence[str], has_privilege: Callable[..., Any]
    ) -> Answer:
        schema = parts[0] if len(parts) == 2 else "public"
        there = (_NAMESPACE.c.nspname == schema, _CLASS.c.relname == parts[-1], _CLASS.c.relkind.in_(kinds))
        one = sa.select(_CLASS.c.oid).join(_NAMESPACE, _NAMESPACE.c.oid == _CLASS.c.relnamespace).where(*there)
        oid = self.connection.execute(one).scalar()
        if oid is None:
            return Answer(False, f"there is no {grant.kind.lower()} {schema}.{parts[-1]}")
        return self._told(grant, has_privilege(role, sa.cast(oid, OID), grant.privilege))

    def _on_all_tables(self, grant: NeededGrant, role: str, schema: str) -> Answer:
        if not self._exists(_NAMESPACE.c.nspname == schema):
            return self._no_schema(schema)
        held = sa.func.has_table_privilege(role, _CLASS.c.oid, grant.privilege)
        query = (
            sa.select(_CLASS.c.relname, held)
            .join(_NAMESPACE, _NAMESPACE.c.oid == _CLASS.c.relnamespace)
            .where(_NAMESPACE.c.nspname == schema, _CLASS.c.relkind.in_(_RELATIONS))
            .order_by(_CLASS.c.relname)
        )
        tables = self.connection.execute(query).all()
        without = [str(name) for name, has in tables if not has]
        if without:
            more = f" and {len(without) - _SHOWN} more" if len(without) > _SHOWN else ""
            missing = self.missing(grant, self._role, f"missing on {', '.join(without[:_SHOWN])}{more}")
            if len(without) == len(tables) or len(without) > _NAMED:
                return missing
            names = ", ".join(self.quoting.dotted((grant.name[0], Name(name, exact=True))) for name in without)
            role_name = self.quoting.of(self._role)
            return replace(missing, remedy=f"GRANT {grant.privilege} ON TABLE {names} TO {role_name};")
        return Answer(True, f"held on {len(tables)} tables" if tables else "there is no table yet")

    def _told(self, grant: NeededGrant, asked: sa.ColumnElement[Any]) -> Answer:
        if self.connection.execute(sa.select(asked)).scalar():
            return Answer(True, "held")
        return self.missing(grant, self._role)

    def _no_schema(self, schema: str) -> Answer:
        # A schema that is to be made by the first load is no fault as long as the role may make it.
        needed = NeededGrant("CREATE", "DATABASE", (Name(self._database, exact=True),))
        if self._held(needed).holds:
            return Answer(True, f"there is no schema {schema} yet; the role may make it")
        return self.missing(needed, self._role, f"there is no schema {schema}, and the role may make none")

    def _exists(self, condition: sa.ColumnElement[bool]) -> bool:
        return bool(self.connection.execute(sa.select(sa.exists().where(condition))).scalar())
