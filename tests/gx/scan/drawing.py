"""What the arguments of an expectation on a table are drawn from."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from great_expectations.expectations.conditions import Column as Condition
from hypothesis import strategies as st

from tests.gx.scan.tables import NAMES, TABLE, Column, Table

Kwargs = dict[str, Any]
Types = tuple[str, ...]
ABSENT = "absent"


class Draw:
    """What an expectation on a table is drawn from."""

    def __init__(self, draw: st.DrawFn, table: Table) -> None:
        self._draw = draw
        self.table = table

    def one(self, *options: Any) -> Any:
        return self._draw(st.sampled_from(options))

    def rarely(self) -> bool:
        return bool(self.one(*range(12)) == 11)

    def some(self, make: Callable[[], Any], least: int = 0, most: int = 3) -> list[Any]:
        return [make() for _ in range(self.one(*range(least, most + 1)))]

    def column(self, types: Types = ()) -> Column:
        """One of the columns, mostly of one of the types."""
        fitting = [column for column in self.table.columns if column.kind.type in types]
        return self._draw(st.sampled_from(self.table.columns if not fitting or self.rarely() else fitting))

    def name(self, column: Column) -> str:
        """The column's name, or one that is not the column's or not quite."""
        if not self.rarely():
            return column.name
        other: str = self.one(ABSENT, column.name.swapcase(), f'"{column.name}"', *NAMES[:2], "rowid", TABLE)
        return other

    def names(self, least: int = 2, most: int = 3, types: Types = ()) -> list[str]:
        """Names of columns, mostly of different ones."""
        found = [self.name(self.column(types)) for _ in range(self.one(*range(least, most + 1)))]
        return found if self.rarely() else sorted(set(found), key=found.index)

    def argument(self, column: Column) -> Any:
        if self.rarely():
            column = self.column()
        return self._draw(st.sampled_from(column.kind.arguments))

    def bounds(self, make: Callable[[], Any]) -> Kwargs:
        which = self.one("min", "max", "both", "both")
        bounds: Kwargs = {}
        for end in ("min", "max"):
            if which in (end, "both"):
                bounds[f"{end}_value"] = make()
            if self.rarely():
                bounds[f"strict_{end}"] = True
        return bounds

    def small(self) -> Any:
        return self.one(0, 1, 2, 5, 0.5, -1)

    def condition(self) -> Kwargs:
        """Mostly none; a text as YAML has it, or GX's objects."""
        if self.one(*range(4)):
            return {}
        column = self.column()
        name = self.name(column) if '"' not in column.name else column.name
        value = self.argument(column)
        operator = self.one("==", "!=", "<", ">=")
        if self.one(True, False):
            shown = value if isinstance(value, int | float) and not isinstance(value, bool) else f'"{value}"'
            text = self.one(f'col("{name}") {operator} {shown}', f'col("{name}").notNull()')
            return {"row_condition": text, "condition_parser": "great_expectations"}
        about = Condition(name)
        compared = {"==": about == value, "!=": about != value, "<": about < value, ">=": about >= value}[operator]
        conditions: tuple[Any, ...] = (compared, about.is_null(), about.is_not_null(), compared | about.is_null(),
                      compared & Condition(self.column().name).is_not_null())  # fmt: skip
        if isinstance(value, int | float | str) and not isinstance(value, bool):
            conditions = (*conditions, about.is_in([value]), about.is_not_in([value]))
        return {"row_condition": self.one(*conditions)}

    def mostly(self) -> Kwargs:
        return {"mostly": self.one(1, 1, 1, 0.9, 0.5, 0.25, 0)}
