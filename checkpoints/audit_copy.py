"""A layer that is not published yet: its suites speak of what readers will see, its tables lie elsewhere."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

from gx.errors import ConfigError
from gx.warehouse.table import TableName


@dataclass(frozen=True)
class AuditCopy:
    """Where a checkpoint reads.

    Attributes:
        schemas: the schema that is read in place of each one that suites name; of all others, the one they name.
        verify: raises when what lies there is not what the checkpoint is to be about.
    """

    schemas: Mapping[str, str] = field(default_factory=dict)
    verify: Callable[[], None] = lambda: None

    def places_of(self, tables: Iterable[TableName]) -> dict[TableName, TableName]:
        """Where the tables of a checkpoint are read.

        Raises:
            ConfigError: likewise; or none of them is in the layer, so that the layer would be published unread.
        """
        places = {table: self.place_of(table) for table in tables}
        if self.schemas and not any(place.schema in self.schemas.values() for place in places.values()):
            layer = ", ".join(self.schemas)
            raise ConfigError(
                f"the checkpoint lets {layer} be published, and none of its suites is about a table there"
            )
        return places

    def place_of(self, table: TableName) -> TableName:
        """Where a table is read.

        Raises:
            ConfigError: its name does not tell whether that is in the layer.
        """
        if not self.schemas:
            return table
        read = None if table.schema is None else self.schemas.get(table.schema.casefold())
        if table.schema is None or (read is not None and table.database):
            raise ConfigError(
                f"{table} is read beside a layer that is not published yet: write it as schema.table, without a "
                "database, or what readers see would be read in its place"
            )
        return table if read is None else TableName((read, table.parts[-1]))

    def read_as(self, table: str) -> str:
        """The same, of a table's name."""
        return str(self.place_of(TableName.parse(table)))
