"""Accepted schemas: which columns of which types a table had when somebody last looked, in files reviewed like code.

Apart for each kind of warehouse, for each names types in its own words.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import TypeAlias

from ruamel.yaml import YAML

from expectations.documents import check_keys, read_document
from gx.errors import ConfigError
from gx.warehouse.table import CatalogColumn, TableName

Columns: TypeAlias = Mapping[str, str]
"""Name and type of each column."""
FOLDER = "schemas"
_HEAD = "# Written by `sluice schema accept`; a change is reviewed like code.\n"
# Other names for the same type, as drivers and catalogs have used them.
_SAME = {
    "bpchar": "character", "char": "character", "varchar": "character varying", "string": "character varying",
    "text": "character varying", "int2": "smallint", "int": "integer", "int4": "integer", "int8": "bigint",
    "float4": "real", "float8": "double precision", "double": "double precision", "bool": "boolean",
    "decimal": "numeric", "number": "numeric", "timestamptz": "timestamp with time zone",
    "timestamp without time zone": "timestamp", "timestamp_ntz": "timestamp", "datetime": "timestamp",
    "time without time zone": "time", "timestamp_tz": "timestamp with time zone",
}  # fmt: skip
_SPACES = re.compile(r"\s+")
_ARGUMENTS = re.compile(r"(?P<name>[^(]*?)\s*(?P<arguments>\(.*\))?(?P<rest>[^)]*)")


@dataclass(frozen=True)
class Change:
    """One difference between a table's columns and those that were accepted.

    Attributes:
        kind: ``added``, ``removed`` or ``retyped``.
        column: its name.
        before: its accepted type; None for a new column.
        now: its type; None for one that is gone.
    """

    kind: str
    column: str
    before: str | None = None
    now: str | None = None

    def __str__(self) -> str:
        if self.kind == "added":
            return f"+ {self.column} {self.now}"
        return f"- {self.column}" if self.kind == "removed" else f"~ {self.column} {self.before} -> {self.now}"


def columns_of_catalog(columns: Iterable[CatalogColumn]) -> dict[str, str]:
    """Name and type of a table's columns, as the catalog has them."""
    return {column.name: _SPACES.sub(" ", column.type.strip()).lower() for column in columns}


def differences(accepted: Columns, columns: Columns) -> tuple[Change, ...]:
    """What was removed, retyped and added. The order of columns is no difference, nor other names for one type."""
    accepted, columns = _folded(accepted, columns)
    removed = [Change("removed", name, before) for name, before in accepted.items() if name not in columns]
    retyped = [
        Change("retyped", name, before, columns[name])
        for name, before in accepted.items()
        if name in columns and same_type(before) != same_type(columns[name])
    ]
    added = [Change("added", name, None, now) for name, now in columns.items() if name not in accepted]
    return (*removed, *retyped, *added)


def same_type(name: str) -> str:
    """One name for a type that has several."""
    text = _SPACES.sub(" ", name.strip()).lower()
    if found := _ARGUMENTS.fullmatch(text):
        plain = (found["name"] + found["rest"]).strip()
        return _SAME.get(plain, plain) + _SPACES.sub("", found["arguments"] or "")
    return text


class AcceptedSchemas:
    """The files of one project for one kind of warehouse."""

    def __init__(self, suites_dir: Path, kind: str) -> None:
        """Nothing is read yet.

        Args:
            suites_dir: the project's suites, beside which they lie.
            kind: SQLAlchemy's name of the warehouse's dialect.
        """
        self.folder = suites_dir.parent / FOLDER / kind

    def file(self, table: TableName) -> Path:
        """Where a table's accepted schema is kept."""
        name = re.sub(r"[^\w.$-]", lambda found: f"%{ord(found[0]):02x}", str(table))
        return self.folder / f"{name if name[:1] != '.' else '%2e' + name[1:]}.yml"

    def read(self, table: TableName) -> dict[str, str] | None:
        """The columns that were accepted for a table; None for none.

        Raises:
            ConfigError: the file is not as `sluice schema accept` writes it; with the line.
        """
        file = self.file(table)
        if not file.exists():
            return None
        try:
            return self._read(file, table)
        except ConfigError as error:
            raise ConfigError(
                f"{error.problem}; `sluice schema accept {table}` writes the file anew", file=file, line=error.line
            ) from None

    def write(self, table: TableName, columns: Columns) -> Path:
        """Accept a table's columns in place of those before, whole or not at all."""
        file = self.file(table)
        file.parent.mkdir(parents=True, exist_ok=True)
        with NamedTemporaryFile("w", dir=file.parent, suffix=".part", delete=False, encoding="utf-8") as part:
            part.write(_HEAD)
            YAML().dump({"table": str(table), "columns": dict(columns)}, part)
        Path(part.name).chmod(0o644)  # temporary files are their owner's alone
        return Path(part.name).replace(file)

    def _read(self, file: Path, table: TableName) -> dict[str, str]:
        entries = read_document(file).mapping("an accepted schema")
        check_keys(entries, ("table", "columns"), "an accepted schema")
        if "columns" not in entries:
            raise read_document(file).fail("an accepted schema needs `columns:`, each with its type")
        if "table" in entries and entries["table"].text("`table`").casefold() != str(table).casefold():
            raise entries["table"].fail(
                f"this is what was accepted of {entries['table'].value}, in the file of {table}"
            )
        columns = entries["columns"].mapping("`columns`")
        if not columns:
            raise entries["columns"].fail("`columns` names no column, and a table has some")
        return {name: node.text(f"the type of {name}") for name, node in columns.items()}


def _folded(accepted: Columns, columns: Columns) -> tuple[Columns, Columns]:
    """Both with the names of the second where they differ in case alone, and mean one column in each."""
    now = {name.casefold(): name for name in columns}
    if len(now) < len(columns) or len({name.casefold() for name in accepted}) < len(accepted):
        return accepted, columns
    return {now.get(name.casefold(), name): kind for name, kind in accepted.items()}, columns
