"""Where DuckDB's ``hash`` may tell apart what DuckDB finds equal."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from sqlalchemy.sql.elements import ColumnElement

# Not of these: VARIANT, and whatever holds other values, which may be VARIANT or text with a collation.
_SIMPLE = (
    "U?(TINY|SMALL|BIG|HUGE)?INT(EGER)?|BIGNUM|DECIMAL[(].*[)]|FLOAT|DOUBLE|BOOLEAN|VARCHAR|JSON|ENUM[(].*[)]|UUID|BLOB|BIT"
    "|DATE|(TIME|TIMESTAMP)(_NS|_MS|_S| WITH TIME ZONE)?|INTERVAL"
)
# For each of DuckDB's collations one of these pairs is equal: NOCASE, NOACCENT, NFC and those of ICU, or joined.
_EQUAL_UNDER_COLLATIONS = (("a", "A"), ("a", "\u00e4"), ("\u00e4", "a\u0308"))


def hash_doubt(column: ColumnElement[Any]) -> ColumnElement[bool]:
    """A condition on the column's type alone: DuckDB works it out when it plans the query, for the catalog is silent.

    A collation is part of the type of all that is made from a column, be it nothing.
    """
    nothing = sa.case((sa.false(), column))
    kind = sa.func.regexp_full_match(sa.func.typeof(nothing), sa.literal(_SIMPLE, literal_execute=True))
    text = sa.cast(nothing, sa.String)
    collated = (sa.func.coalesce(text, _text(one)) == _text(other) for one, other in _EQUAL_UNDER_COLLATIONS)
    return sa.or_(sa.not_(kind), *collated)


def _text(value: str) -> ColumnElement[str]:
    return sa.literal(value, sa.String, literal_execute=True)
