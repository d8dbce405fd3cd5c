"""Reviews SQL that a test writes."""

from __future__ import annotations

from pathlib import Path

from flows.sql_review.finding import Finding
from flows.sql_review.inputs import Inputs, Reading, read_inputs
from flows.sql_review.reviewing import Reviewed, review
from flows.sql_review.sizes import Sizes
from flows.sql_review.source import Model, SqlSource

MODELS = Path(__file__).parent / "models"
LARGE = 2_300_000


def of_sql(sql: str, dialect: str = "duckdb", model: Model | None = None, sizes: Sizes | None = None) -> Reviewed:
    """What is found in a piece of SQL."""
    return review([SqlSource("query.sql", sql, sql, dialect, model)], sizes or Sizes())


def rules(sql: str, dialect: str = "duckdb", model: Model | None = None, sizes: Sizes | None = None) -> list[str]:
    """The rules that it breaks, in the order of their lines; it must have been reviewed."""
    done = of_sql(sql, dialect, model, sizes)
    assert not done.not_reviewed
    return [finding.rule for finding in done.findings]


def model(materialized: str = "table", rows: int | None = LARGE, *, is_mart: bool = False, **more) -> Model:
    """A model as dbt knows it."""
    return Model("orders", ("marts.orders",), materialized, is_mart, rows=rows, **more)


def inputs(*paths: Path, manifest: Path | None = None, dialect: str | None = None, base: Path) -> Inputs:
    """What these paths hold."""
    return read_inputs(paths, manifest, None, Reading(base, dialect, "duckdb", Sizes()))


def of_paths(*paths: Path, manifest: Path | None = None, dialect: str | None = None, base: Path) -> Reviewed:
    """What is found in these paths; what could not be read is among what was not reviewed."""
    read = inputs(*paths, manifest=manifest, dialect=dialect, base=base)
    done = review(read.sources, read.sizes)
    done.not_reviewed[:0] = read.not_reviewed
    return done


def places(findings: list[Finding]) -> list[tuple[str, int]]:
    """Rule and line of each."""
    return [(finding.rule, finding.line) for finding in findings]
