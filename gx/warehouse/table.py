"""Names of tables as people write them, and as the warehouse spells them."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from sqlalchemy import TableClause, quoted_name, table

_PART = r'(?:"(?:[^"]|"")+"|[^".\s][^".\x00-\x1f]*)'
_NAME = re.compile(rf"{_PART}(?:\.{_PART}){{0,2}}")


@dataclass(frozen=True)
class TableName:
    """A table as a suite names it: ``table``, ``schema.table`` or ``database.schema.table``.

    A part in double quotes means exactly that spelling; other parts match whatever case the warehouse uses.
    """

    parts: tuple[str, ...]

    @classmethod
    def parse(cls, text: str) -> TableName:
        """Read a name.

        Raises:
            ValueError: it is not of one of the three forms.
        """
        if not _NAME.fullmatch(text):
            raise ValueError(f'{text!r} is not a table name; write schema.table (quote odd parts: "My Schema"."a b")')
        return cls(tuple(re.findall(_PART, text)))

    @property
    def name(self) -> str:
        """The last part without quotes."""
        return _plain(self.parts[-1])

    @property
    def schema(self) -> str | None:
        """The part before the last without quotes; None when only the table is named."""
        return _plain(self.parts[-2]) if len(self.parts) > 1 else None

    @property
    def database(self) -> str | None:
        """The first of three parts without quotes."""
        return _plain(self.parts[-3]) if len(self.parts) > 2 else None

    def matches(self, schema: str, name: str) -> bool:
        """Whether the catalog's ``schema`` and ``name`` are this table (case counts only in quoted parts)."""
        return _same(self.parts[-1], name) and (len(self.parts) == 1 or _same(self.parts[-2], schema))

    def clause(self) -> TableClause:
        """The table for SQLAlchemy Core, not looked up: quoted parts exactly, the rest as the dialect sees fit."""
        schema = ".".join(_plain(part) for part in self.parts[:-1]) or None
        if len(self.parts) == 2 and self.parts[0].startswith('"'):
            schema = quoted_name(_plain(self.parts[0]), quote=True)
        name = quoted_name(self.name, quote=True) if self.parts[-1].startswith('"') else self.name
        return table(name, schema=schema)

    def __str__(self) -> str:
        return ".".join(self.parts)


@dataclass(frozen=True)
class CatalogColumn:
    """A column as the catalog has it: its name, what it calls its type, and its collation if it has one of its own."""

    name: str
    type: str
    collation: str | None = None


@dataclass(frozen=True)
class CatalogTable:
    """A table that exists, spelled as the warehouse's catalog spells it.

    Attributes:
        database: None for the one that the connection is in.
        columns: in the table's order; a view of a kind that the catalog's standard views leave out has none.
        is_view: whether it is known to be one; see :func:`gx.warehouse.publishing_marks.tables_in`.
    """

    database: str | None
    schema: str
    name: str
    columns: tuple[CatalogColumn, ...] = field(default=(), compare=False, repr=False)
    is_view: bool = field(default=False, compare=False)

    @property
    def quoted_schema(self) -> quoted_name:
        """For SQLAlchemy's ``schema=``; with the database in front unless it is the connection's own."""
        path = self.schema if self.database is None else f"{_quoted(self.database)}.{_quoted(self.schema)}"
        return quoted_name(path, quote=True)

    @property
    def quoted_table(self) -> quoted_name:
        """For SQLAlchemy's table name."""
        return quoted_name(self.name, quote=True)

    def column(self, name: str) -> CatalogColumn | None:
        """The column that a name means: the one spelled so, or else but for its case; None if none is known."""
        plain = _plain(name)
        spelled = [column for column in self.columns if column.name == plain]
        alike = [column for column in self.columns if column.name.casefold() == plain.casefold()]
        return next(iter(spelled or alike), None)

    def clause(self) -> TableClause:
        """The table for SQLAlchemy Core, quoted exactly as the catalog has it."""
        return table(self.quoted_table, schema=self.quoted_schema)


def _quoted(part: str) -> str:
    return '"' + part.replace('"', '""') + '"'


def _plain(part: str) -> str:
    return part[1:-1].replace('""', '"') if part.startswith('"') else part


def _same(part: str, actual: str) -> bool:
    return _plain(part) == actual if part.startswith('"') else part.casefold() == actual.casefold()
