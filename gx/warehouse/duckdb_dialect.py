"""What GX needs to know of DuckDB's dialect, which it does not know by itself."""

from __future__ import annotations

from types import ModuleType

# DuckDB's type names, and the SQLAlchemy class that duckdb-engine reflects each of them as. Types that share
# a class (FLOAT and DOUBLE, TIMESTAMP with and without zone) cannot be told apart by reflection.
_REFLECTED_AS = {
    "BIGINT": "BigInteger",
    "BLOB": "BYTEA",
    "BOOLEAN": "BOOLEAN",
    "CHAR": "String",
    "DATE": "DATE",
    "DECIMAL": "NUMERIC",
    "DOUBLE": "FLOAT",
    "FLOAT": "FLOAT",
    "HUGEINT": "HugeInteger",
    "INTEGER": "Integer",
    "JSON": "String",
    "NUMERIC": "NUMERIC",
    "REAL": "FLOAT",
    "SMALLINT": "SmallInteger",
    "STRING": "String",
    "TEXT": "String",
    "TIME": "TIME",
    "TIMESTAMP": "TIMESTAMP",
    "TIMESTAMP WITH TIME ZONE": "TIMESTAMP",
    "TIMESTAMPTZ": "TIMESTAMP",
    "TINYINT": "TinyInteger",
    "UBIGINT": "UBigInteger",
    "UINTEGER": "UInteger",
    "USMALLINT": "USmallInteger",
    "UTINYINT": "UTinyInteger",
    "UUID": "UUID",
    "VARCHAR": "String",
}
_CLASS_NAMES = {name.upper(): name for name in _REFLECTED_AS.values()}


class _ReflectedType(type):
    """Stands for a type class of a dialect; its instances are those of the reflected SQLAlchemy class."""

    def __instancecheck__(cls, instance: object) -> bool:
        return type(instance).__name__ == cls.__name__


class DuckDBDialectModule(ModuleType):
    """Taken by GX for DuckDB's SQLAlchemy dialect module, to choose its SQL and to look up type names.

    duckdb-engine calls itself a PostgreSQL dialect, so GX would write ``column ~ regex``, which in DuckDB must
    match the whole value. For a dialect module with the attribute below GX writes ``REGEXP_MATCHES`` and
    ``LIKE``, which mean in DuckDB what GX's expectations mean.
    """

    DremioDialect = True

    def __init__(self) -> None:
        super().__init__("duckdb_dialect")

    def __getattr__(self, name: str) -> type:
        # GX also probes for attributes such as ``dialect``; only names of types are answered.
        base = name.split("(", maxsplit=1)[0].strip().upper()
        reflected = _REFLECTED_AS.get(base) or _CLASS_NAMES.get(base)
        if reflected is None:
            raise AttributeError(name)
        return _ReflectedType(reflected, (), {})
