"""Asks a warehouse how it would run a statement. The statement is not run."""

from __future__ import annotations

import re
from types import ModuleType

import sqlalchemy as sa
from sqlalchemy.exc import SQLAlchemyError

from gx.errors import WarehouseError
from gx.masking import mask_error
from gx.warehouse import plans_duckdb, plans_postgres, plans_snowflake
from gx.warehouse.base import Warehouse
from gx.warehouse.plan_facts import Plan

_READERS: dict[str, ModuleType] = {
    "duckdb": plans_duckdb,
    "postgresql": plans_postgres,
    "snowflake": plans_snowflake,
}
_BIND = re.compile(r"(?<![:\w$\\]):(?=[\w$])")  # what SQLAlchemy would take for a parameter
_READ_ONLY = ("postgresql",)


def explain(warehouse: Warehouse, sql: str) -> Plan:
    """The nested loops and whole scans of one query.

    Args:
        warehouse: that would run it.
        sql: one query, which somebody made sure of: whatever follows a semicolon would be run.

    Raises:
        ValueError: there is a semicolon in it.
        WarehouseError: it cannot be reached, or it cannot plan this: a table is missing, or a permission.
    """
    query = sql.strip().rstrip(";").rstrip()
    if ";" in query:
        raise ValueError("a semicolon within a statement to explain")
    reader = _READERS[warehouse.dialect_name]
    with warehouse.connect() as connection:
        driver = connection.connection.driver_connection
        try:
            if warehouse.dialect_name in _READ_ONLY:
                connection.execute(sa.text("SET TRANSACTION READ ONLY"))
            with warehouse.statements.watched(driver):
                rows = connection.execute(sa.text(reader.PREFIX + _BIND.sub(r"\\:", query))).all()
            plan: Plan = reader.read(rows, connection)
        except SQLAlchemyError as error:
            raise WarehouseError(
                f"{warehouse.describe()} cannot plan it: {mask_error(warehouse.reason(error))}",
                transient=warehouse.is_transient(error),
            ) from None
        except (KeyError, IndexError, TypeError, ValueError) as error:
            raise WarehouseError(
                f"{warehouse.describe()} gave a plan of a form that is not known ({type(error).__name__})"
            ) from None
    return plan
