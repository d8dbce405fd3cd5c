"""What the plans of a live warehouse say: loops and scans over tables that are large there."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from sqlglot import exp

from flows.sql_review.parsing import ParsedSql
from flows.sql_review.rules.plans import LARGE_SCAN, NESTED_LOOP
from flows.sql_review.rules.rule import Hit, Rule
from flows.sql_review.sizes import Sizes
from flows.sql_review.source import UnreadableError
from gx.errors import SluiceError
from gx.warehouse.base import Warehouse
from gx.warehouse.plan_facts import NestedLoop, Plan
from gx.warehouse.plans import explain


def explained_by(warehouse: Warehouse) -> Callable[[ParsedSql, Sizes], list[tuple[Rule, Hit]]]:
    """Asks this warehouse for the plan of each statement."""

    def explained(sql: ParsedSql, sizes: Sizes) -> list[tuple[Rule, Hit]]:
        source = sql.source
        if not source.can_be_explained:
            raise UnreadableError("the warehouse knows other tables than a model that was not compiled")
        if len(sql.statements) != 1 or not isinstance(sql.statements[0], exp.Query):
            raise UnreadableError("only one query at a time can be explained, and nothing that writes")
        if sql.statements[0].find(exp.Insert, exp.Update, exp.Delete, exp.Merge):
            raise UnreadableError("it writes, and is not sent")
        try:
            plan = explain(warehouse, source.sql)
        except ValueError:
            raise UnreadableError("there is a semicolon in it, behind which another statement could hide") from None
        except SluiceError as error:
            raise UnreadableError(str(error)) from None
        return list(_hits(plan, sizes))

    return explained


def _hits(plan: Plan, sizes: Sizes) -> Iterator[tuple[Rule, Hit]]:
    for loop in plan.loops:
        if _is_large(loop, sizes):
            rows = f" over an estimated {loop.rows[0]:,.0f} x {loop.rows[1]:,.0f} rows" if loop.rows else ""
            yield (
                NESTED_LOOP,
                Hit(
                    f"the warehouse plans a nested loop ({loop.operation}){rows}",
                    "join on an equality, or aggregate before the join; on PostgreSQL an index on the inner side's key"
                    " may do",
                ),
            )
    told = set()
    for scan in plan.scans:
        known = scan.rows if scan.rows is not None else sizes.rows((scan.table, scan.table.lower()))
        if scan.table not in told and (known is None or known > sizes.large_rows):
            told.add(scan.table)
            size = f"{known:,.0f} rows" if known is not None else "nobody knows how many rows"
            yield (
                LARGE_SCAN,
                Hit(
                    f"the warehouse plans to read all of {scan.table} ({scan.operation}, {size})",
                    "filter on a column by which the table is indexed, clustered or sorted; an incremental model reads"
                    " what is new",
                ),
            )


def _is_large(loop: NestedLoop, sizes: Sizes) -> bool:
    """One large input, and not just one row on the other side."""
    return loop.rows is None or (max(loop.rows) > sizes.large_rows and min(loop.rows) > 1)
