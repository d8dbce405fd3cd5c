"""Statements with their parameters in them, for people to paste."""

from __future__ import annotations

import math
from collections.abc import Sequence
from copy import copy
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import CompileError


def written_out(statement: sa.Select[Any], dialect: sa.Dialect) -> str:
    """A statement with its parameters in it.

    Raises:
        SQLAlchemyError: a parameter has no literal form.
    """
    dialect = copy(dialect)
    # Drivers with another style want each percent sign doubled; a person does not.
    dialect.paramstyle, dialect.positional = "named", False
    dialect.identifier_preparer = type(dialect.identifier_preparer)(dialect)
    for value in statement.compile(dialect=dialect).params.values():
        if any(isinstance(one, float) and not math.isfinite(one) for one in _several(value)):
            raise CompileError("infinity and not-a-number are no literals")
    return f"{statement.compile(dialect=dialect, compile_kwargs={'literal_binds': True})};"


def _several(value: Any) -> Sequence[Any]:
    return value if isinstance(value, list | tuple) else [value]
