"""``sluice schema``: the columns of tables against those that were last accepted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import click

from expectations.accepted import AcceptedSchemas, Change, columns_of_catalog, differences
from expectations.documents import suggest
from expectations.loader import load_suites
from flows.cli.exit_codes import ExitCode
from flows.cli.options import common, print_json
from gx.errors import ConfigError
from gx.settings import Settings
from gx.warehouse.table import TableName


@dataclass(frozen=True)
class _Compared:
    """A table's columns beside those that were accepted; None for a table or a file that is not there.

    Attributes:
        unreadable: what is wrong with the file that is there; nothing, but for who writes it anew.
    """

    table: TableName
    columns: dict[str, str] | None
    accepted: dict[str, str] | None
    unreadable: str | None = None

    @property
    def changes(self) -> tuple[Change, ...]:
        if self.columns is None or self.accepted is None:
            return ()
        return differences(self.accepted, self.columns)

    @property
    def said(self) -> str:
        if self.columns is None:
            return "NOT CHECKED: it does not exist, may not be read, or the catalog does not tell its columns"
        if self.unreadable is not None:
            return f"{len(self.columns)} columns; the file could not be read, and is written anew: {self.unreadable}"
        if self.accepted is None:
            return f"{len(self.columns)} columns, none accepted yet: `sluice schema accept {self.table}`"
        return f"{len(self.changes)} differences" if self.changes else "as accepted"


@click.group()
def schema() -> None:
    """Compare the columns of tables with those that were last accepted."""


@schema.command("diff")
@click.argument("tables", nargs=-1)
@common
def diff(settings: Settings, as_json: bool, tables: tuple[str, ...]) -> ExitCode:
    """Show how the columns of TABLES, or of all that a suite is about, differ from those that were accepted.

    \b
    Exit codes: 0 no difference, 1 differences, 2 usage or configuration, 3 a table could not be looked at, or nothing
    was accepted that could be compared: of a table that is named, or of any.
    """  # noqa: D301 - the backslash tells click to keep the line
    compared = _compare(settings, tables)
    missing = any(each.columns is None for each in compared)
    unaccepted = [each.accepted is None for each in compared]
    unknown = any(unaccepted) if tables else all(unaccepted)
    differing = any(each.changes for each in compared)
    code = ExitCode.ERRORED if missing or unknown else ExitCode.FAILED if differing else ExitCode.OK
    if as_json:
        print_json({"tables": [_document(each) for each in compared], "exit_code": int(code)})
        return code
    _show(compared)
    if unknown:
        click.secho("what was never accepted was not compared: look at its columns, then accept them", err=True)
    return code


@schema.command("accept")
@click.argument("tables", nargs=-1)
@click.option("--all", "every", is_flag=True, help="Every table that a suite is about.")
@common
def accept(settings: Settings, as_json: bool, tables: tuple[str, ...], every: bool) -> ExitCode:
    """Accept the columns of TABLES as they are now, and show what that changes.

    Writes expectations/schemas/WAREHOUSE/TABLE.yml, to be reviewed and committed like code; one that cannot be read is
    written anew.
    """
    if every == bool(tables):
        raise ConfigError("name the tables to accept, or all with --all")
    compared = _compare(settings, tables, anew=True)
    schemas = _schemas(settings)
    written = [
        str(schemas.write(each.table, each.columns))
        for each in compared
        if each.columns is not None and (each.accepted is None or each.changes)
    ]
    code = ExitCode.ERRORED if any(each.columns is None for each in compared) else ExitCode.OK
    if as_json:
        tables_of = [_document(each) for each in compared]
        print_json({"tables": tables_of, "written": written, "exit_code": int(code)})
        return code
    _show(compared)
    click.echo(f"{len(written)} files written" + (f" in {schemas.folder}" if written else ""))
    return code


def _schemas(settings: Settings) -> AcceptedSchemas:
    return AcceptedSchemas(settings.suites_dir, settings.warehouse().get_backend_name())


def _compare(settings: Settings, tables: Sequence[str], *, anew: bool = False) -> list[_Compared]:
    """The tables as they are and as they were accepted; ``anew`` for who replaces a file that cannot be read."""
    known = {str(suite.table): suite.table for suite in load_suites(settings.suites_dir)}
    for table in tables:
        if table not in known:
            raise ConfigError(f"no suite is about the table {table!r}{suggest(table, known)}; `sluice suites list`")
    wanted = [known[table] for table in dict.fromkeys(tables or sorted(known))]
    schemas = _schemas(settings)
    accepted, unreadable = dict[TableName, dict[str, str] | None](), dict[TableName, str]()
    for each in wanted:
        try:
            accepted[each] = schemas.read(each)
        except ConfigError as error:
            if not anew:
                raise
            accepted[each], unreadable[each] = None, str(error).partition("; `sluice")[0]
    from gx.warehouse.opening import open_warehouse  # drivers are for those who look

    warehouse = open_warehouse(settings.warehouse(), wait_seconds=settings.wait_seconds)
    try:
        found = warehouse.find_tables(wanted)
    finally:
        warehouse.release()
    return [
        _Compared(
            table,
            columns_of_catalog(found[table].columns) if table in found and found[table].columns else None,
            accepted[table],
            unreadable.get(table),
        )
        for table in wanted
    ]


def _show(compared: Sequence[_Compared]) -> None:
    width = max((len(str(each.table)) for each in compared), default=0)
    for each in compared:
        click.echo(f"{each.table!s:<{width}}  {each.said}")
        for change in each.changes:
            click.echo(f"  {change}")


def _document(each: _Compared) -> dict[str, object]:
    return {
        "table": str(each.table),
        "checked": each.columns is not None,
        "accepted": each.accepted is not None,
        "changes": [
            {"kind": change.kind, "column": change.column, "before": change.before, "now": change.now}
            for change in each.changes
        ],
    }
