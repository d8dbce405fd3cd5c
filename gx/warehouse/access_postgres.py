"""Who may do what on PostgreSQL: asked with ``has_*_privilege``, which everybody may call about every role."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import OID
from sqlalchemy.engine import URL
from sqlalchemy.exc import SQLAlchemyError

from gx.warehouse.access import Access, Answer
from gx.warehouse.base import Warehouse
from gx.warehouse.ddl import SetRole
from gx.warehouse.grants import Name, NeededGrant, Quoting

# https://www.postgresql.org/docs/current/ddl-priv.html; MAINTAIN since PostgreSQL 17.
_ON_TABLES = ("SELECT", "INSERT", "UPDATE", "DELETE", "TRUNCATE", "REFERENCES", "TRIGGER", "MAINTAIN")
PRIVILEGES = {
    "DATABASE": ("CREATE", "CONNECT", "TEMPORARY", "TEMP"),
    "SCHEMA": ("CREATE", "USAGE"),
    "TABLE": _ON_TABLES,
    "ALL TABLES": _ON_TABLES,
}
_SHOWN = 5
_RELATIONS = ("r", "p", "v", "m", "f")  # tables, partitioned, views, materialized, foreign


def _catalog(name: str, *columns: str) -> sa.TableClause:
    return sa.table(name, *(sa.column(column) for column in columns), schema="pg_catalog")


_ROLES = _catalog("pg_roles", "rolname")
_DATABASES = _catalog("pg_database", "datname")
_NAMESPACE = _catalog("pg_namespace", "oid", "nspname")
_CLASS = _catalog("pg_class", "oid", "relname", "relnamespace", "relkind")


class PostgresAccess(Access):
    """A role of PostgreSQL."""

    def __init__(self, warehouse: Warehouse, connection: sa.Connection) -> None:
        super().__init__(warehouse, connection)
        self._database, self._user = connection.execute(
            sa.select(sa.func.current_database(), sa.func.session_user())
        ).one()
        self._role = Name(str(self._user), exact=True)

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
            return f"{grant.kind} is not looked at on PostgreSQL; {', '.join(PRIVILEGES)} IN SCHEMA can be"
        if grant.privilege not in known:
            return f"PostgreSQL has no privilege {grant.privilege} on {grant.kind}; it has {', '.join(known)}"
        most = 1 if grant.kind != "TABLE" else 2
        if len(grant.name) > most:
            return f"a {grant.kind} has at most {most} part(s) in its name: one connection sees one database"
        return None

    @staticmethod
    def refused(reason: str, role: str, url: URL, quoting: Quoting) -> str | None:
        if "permission denied for database" in reason and url.database:
            database = quoting.of(Name(url.database, exact=True))
            return f"GRANT CONNECT ON DATABASE {database} TO {role};"
        return None

    def be(self, role: Name) -> Answer:
        name = role.folded(str.lower)
        self._role = role
        there = sa.select(sa.exists().where(_ROLES.c.rolname == name))
        if not self.connection.execute(there).scalar():
            return Answer(False, f"there is no role {name}", f"CREATE ROLE {self.quoting.of(role)} LOGIN;")
        if name == self._user:
            return Answer(True, f"connected as {name}")
        try:
            with self.connection.begin_nested():
                self.connection.execute(SetRole(name))
        except SQLAlchemyError:
            return Answer(True, f"exists; {self._user} may not act as {name}, so what it may do was looked up by name")
        return Answer(True, f"connected as {self._user}, acting as {name}")

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
            needed = NeededGrant("CREATE", "DATABASE", (Name(str(self._database), exact=True),))
            answer = self._asked(needed)
            found += [(schema, Answer(True, "can be made") if answer.holds else answer) for schema in absent]
        return found

    def grant_statement(self, grant: NeededGrant, role: Name) -> str:
        return f"GRANT {grant.said(self.quoting)} TO {self.quoting.of(role)};"

    def _asked(self, grant: NeededGrant) -> Answer:
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
            case "TABLE":
                return self._on_table(grant, role, parts)
            case _:
                return self._on_all_tables(grant, role, parts[0])

    def _on_table(self, grant: NeededGrant, role: str, parts: list[str]) -> Answer:
        schema = parts[0] if len(parts) == 2 else "public"
        table = sa.select(_CLASS.c.oid).join(_NAMESPACE, _NAMESPACE.c.oid == _CLASS.c.relnamespace)
        oid = self.connection.execute(
            table.where(_NAMESPACE.c.nspname == schema, _CLASS.c.relname == parts[-1])
        ).scalar()
        if oid is None:
            return Answer(False, f"there is no table {schema}.{parts[-1]}")
        return self._told(grant, sa.func.has_table_privilege(role, sa.cast(oid, OID), grant.privilege))

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
            return self.missing(grant, self._role, f"missing on {', '.join(without[:_SHOWN])}{more}")
        return Answer(True, f"held on {len(tables)} tables" if tables else "there is no table yet")

    def _told(self, grant: NeededGrant, asked: sa.ColumnElement[Any]) -> Answer:
        if self.connection.execute(sa.select(asked)).scalar():
            return Answer(True, "held")
        return self.missing(grant, self._role)

    def _no_schema(self, schema: str) -> Answer:
        # A schema that is to be made by the first load is no fault as long as the role may make it.
        needed = NeededGrant("CREATE", "DATABASE", (Name(str(self._database), exact=True),))
        if self._held(needed).holds:
            return Answer(True, f"there is no schema {schema} yet; the role may make it")
        return self.missing(needed, self._role, f"there is no schema {schema}, and the role may make none")

    def _exists(self, condition: sa.ColumnElement[bool]) -> bool:
        return bool(self.connection.execute(sa.select(sa.exists().where(condition))).scalar())
