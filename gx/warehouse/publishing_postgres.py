"""Publishing on PostgreSQL: tables change their schema in one transaction, and no row is copied."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from gx.warehouse.ddl import Grant, LockTables, RevokeAll, SetSchema
from gx.warehouse.postgres_views import dependent_views, make_anew
from gx.warehouse.publishing import T, previous_schema
from gx.warehouse.publishing_moving import MovingPublisher
from gx.warehouse.table import CatalogTable

_FIRST_WAIT = 0.3
"""Seconds that a transaction waits for readers of a table. Less than PostgreSQL's ``deadlock_timeout``, so that where a
reader and it wait for each other it gives way, before the reader is told of a deadlock."""
_LONGEST_WAIT = 8.0
"""Those who come while it waits wait with it, so never for long. It waits longer than at first only in the second half
of the time there is: readers who leave no gap have kept it from publishing all the while."""
_PAUSE_SECONDS = 0.25
_LOCKED = ("55P03", "40P01")  # lock_timeout, deadlock


@dataclass(frozen=True)
class _Granted:
    privilege: str
    grantee: str | None
    option: bool
    columns: tuple[str, ...] = ()


class PostgresPublisher(MovingPublisher):
    """Moves tables with ``ALTER TABLE .. SET SCHEMA``; their readers' grants go over to the new ones."""

    def _move(self, connection: Connection, table: CatalogTable, schema: str) -> CatalogTable:
        connection.execute(SetSchema(table.clause(), schema))
        return replace(table, schema=schema)

    def _replace(self, connection: Connection, moves: Sequence[tuple[CatalogTable, str]]) -> None:
        readers = [table for table, _ in moves if table.schema in self.schemas]
        # Views are left out: with one PostgreSQL would lock all that it reads, of other layers too.
        if tables := [table.clause() for table in readers if not table.is_view]:
            # In one statement: who locks one table after the other meets readers who come the other way.
            connection.execute(LockTables(tables))
        granted = {table: _grants(connection, table) for table in readers}
        views = dependent_views(connection, readers)
        for table, schema in moves:
            moved = self._move(connection, table, schema)
            if schema not in self.schemas:
                continue
            before = granted.get(moved)
            if before is not None and table.schema == previous_schema(schema):
                # What was granted on it then may have been taken back since.
                for role in {item.grantee for item in _grants(connection, moved)}:
                    connection.execute(RevokeAll(moved.clause(), role))
            for item in _default_grants(connection, schema) if before is None else before:
                connection.execute(
                    Grant(moved.clause(), item.privilege, item.grantee, columns=item.columns, option=item.option)
                )
        make_anew(connection, views)

    def _in_transaction(self, what: str, work: Callable[[Connection], T]) -> T:
        began = time.monotonic()
        wait = _FIRST_WAIT
        while True:
            try:
                with self.warehouse.connect() as connection:
                    # For this transaction only.
                    connection.execute(sa.select(sa.func.set_config("lock_timeout", f"{wait * 1000:.0f}ms", True)))
                    return work(connection)
            except SQLAlchemyError as error:
                passed = time.monotonic() - began
                if not self._is_locked(error) or passed + _PAUSE_SECONDS > self.warehouse.wait_seconds:
                    raise self._failed(what, error) from None
            time.sleep(_PAUSE_SECONDS)
            if passed > self.warehouse.wait_seconds / 2:
                wait = min(wait * 2, _LONGEST_WAIT)

    def _is_locked(self, error: SQLAlchemyError) -> bool:
        driver = error.orig if isinstance(error, DBAPIError) else None
        return str(getattr(driver, "sqlstate", None) or getattr(driver, "pgcode", None) or "") in _LOCKED


def _catalog(name: str, *columns: str) -> sa.TableClause:
    return sa.table(name, *(sa.column(column) for column in columns), schema="pg_catalog")


_CLASS = _catalog("pg_class", "oid", "relname", "relnamespace", "relacl", "relowner")
_NAMESPACE = _catalog("pg_namespace", "oid", "nspname")
_ATTRIBUTE = _catalog("pg_attribute", "attrelid", "attname", "attacl", "attisdropped")
_ROLES = _catalog("pg_roles", "oid", "rolname")
_DEFAULTS = _catalog("pg_default_acl", "defaclrole", "defaclnamespace", "defaclobjtype", "defaclacl")


def _exploded(acl: sa.ColumnElement[Any]) -> Any:
    rows = sa.func.aclexplode(acl).table_valued("grantor", "grantee", "privilege_type", "is_grantable")
    return rows.render_derived(name="granted")


def _grants(connection: Connection, table: CatalogTable) -> list[_Granted]:
    """What is granted on a table and on its columns, but for its owner's own."""
    here = (_NAMESPACE.c.nspname == table.schema, _CLASS.c.relname == table.name)
    found = _CLASS.join(_NAMESPACE, _NAMESPACE.c.oid == _CLASS.c.relnamespace)
    whole = _exploded(_CLASS.c.relacl)
    of_table = (
        sa.select(whole.c.privilege_type, _ROLES.c.rolname, whole.c.is_grantable)
        .select_from(found.join(whole, sa.true()).outerjoin(_ROLES, _ROLES.c.oid == whole.c.grantee))
        .where(*here, whole.c.grantee != _CLASS.c.relowner)
    )
    part = _exploded(_ATTRIBUTE.c.attacl)
    of_columns = (
        sa.select(part.c.privilege_type, _ROLES.c.rolname, part.c.is_grantable, _ATTRIBUTE.c.attname)
        .select_from(
            found.join(_ATTRIBUTE, _ATTRIBUTE.c.attrelid == _CLASS.c.oid)
            .join(part, sa.true())
            .outerjoin(_ROLES, _ROLES.c.oid == part.c.grantee)
        )
        .where(*here, sa.not_(_ATTRIBUTE.c.attisdropped))
    )
    grants = [_Granted(privilege, role, option) for privilege, role, option in connection.execute(of_table)]
    for privilege, role, option, column in connection.execute(of_columns):
        grants.append(_Granted(privilege, role, option, (column,)))
    return grants


def _default_grants(connection: Connection, schema: str) -> list[_Granted]:
    """What a table would be granted that this user makes in a schema."""
    me = sa.select(_ROLES.c.oid).where(_ROLES.c.rolname == sa.func.current_user()).scalar_subquery()
    rows = _exploded(_DEFAULTS.c.defaclacl)
    query = (
        sa.select(rows.c.privilege_type, _ROLES.c.rolname, rows.c.is_grantable)
        .select_from(
            _DEFAULTS.join(_NAMESPACE, _NAMESPACE.c.oid == _DEFAULTS.c.defaclnamespace)
            .join(rows, sa.true())
            .outerjoin(_ROLES, _ROLES.c.oid == rows.c.grantee)
        )
        .where(_NAMESPACE.c.nspname == schema, _DEFAULTS.c.defaclobjtype == "r", _DEFAULTS.c.defaclrole == me)
    )
    return [_Granted(privilege, role, option) for privilege, role, option in connection.execute(query)]
