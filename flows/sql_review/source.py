"""A piece of SQL to review, wherever it came from."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

DIALECTS = ("duckdb", "postgres", "snowflake")
"""sqlglot's names of the warehouses' dialects."""
CLUSTERING_DIALECTS = ("snowflake",)
"""Those in which `cluster_by` does something."""


class UnreadableError(Exception):
    """A file that cannot be reviewed; the text says why, and what to do."""


@dataclass(frozen=True)
class Model:
    """What dbt knows of a model besides its SQL.

    Attributes:
        name: the model's.
        tables: names under which the ledger may know its table, the likeliest first.
        materialized: table, incremental, view, ephemeral, ...
        is_mart: whether people read it: its folder or a tag is called ``marts``.
        rows: how many it has, by the ledger or by ``meta: {expected_rows: N}``; None when nobody says.
    """

    name: str
    tables: tuple[str, ...]
    materialized: str
    is_mart: bool
    unique_key: tuple[str, ...] = ()
    has_cluster_by: bool = False
    incremental_strategy: str | None = None
    rows: int | None = None


@dataclass(frozen=True)
class SqlSource:
    """One file's SQL.

    Attributes:
        file: as a person would name it.
        text: of the file, in which lines are counted and suppressions are written.
        sql: what is reviewed; the text itself, or what dbt or this package made of it.
        dialect: one of :data:`DIALECTS`.
        model: None for a file that is no dbt model.
        can_be_explained: whether a warehouse would understand ``sql``: tables have the names they have there.
    """

    file: str
    text: str
    sql: str
    dialect: str
    model: Model | None = None
    can_be_explained: bool = True


def read_text(path: Path) -> str:
    """The text of a file, with line feeds alone at its line ends.

    Raises:
        UnreadableError: there is no such file, it may not be read, or it is no text in UTF-8.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise UnreadableError(f"it is no UTF-8 text (byte {error.start + 1}); save it as UTF-8") from None
    except OSError as error:
        raise UnreadableError(f"it cannot be read: {error.strerror or error}") from None
    if "\0" in text:
        raise UnreadableError("it is no text: it has zero bytes")
    return text


def shown(path: Path, base: Path) -> str:
    """A path as a person in the directory ``base`` would write it."""
    try:
        return path.resolve().relative_to(base.resolve()).as_posix()
    except ValueError:
        return str(path)


def key_columns(unique_key: object) -> tuple[str, ...]:
    """The columns of a model's ``unique_key``, which is a name or a list of them; in lower case."""
    if isinstance(unique_key, str):
        return tuple(part.strip().lower() for part in unique_key.split(","))
    return tuple(str(part).lower() for part in unique_key) if isinstance(unique_key, list | tuple) else ()


def is_mart(parts: tuple[str, ...], tags: tuple[str, ...] = ()) -> bool:
    """Whether a file in these folders, with these tags, is read by people and dashboards."""
    return any(part.lower() in ("mart", "marts") for part in (*parts, *tags))
