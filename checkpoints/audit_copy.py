"""A layer that is not published yet: its suites speak of what readers will see, its tables lie elsewhere."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

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

    def place_of(self, table: TableName) -> TableName:
        """Where a table is read."""
        read = None if table.schema is None or table.database else self.schemas.get(table.schema.casefold())
        return table if read is None else TableName((read, table.parts[-1]))

    def read_as(self, table: str) -> str:
        """The same, of a table's name."""
        return str(self.place_of(TableName.parse(table)))
