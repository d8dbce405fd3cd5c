"""The proof of uniqueness holds only where DuckDB's hashes are equal for all that DuckDB finds equal."""

from __future__ import annotations

from collections.abc import Sequence

import great_expectations.expectations as core
import pytest
import sqlalchemy as sa
from great_expectations.core import ExpectationValidationResult
from great_expectations.expectations.expectation import Expectation

from gx.scan.batch import TableBatch
from gx.scan.suite import validate
from gx.warehouse.duckdb import DuckDBWarehouse
from gx.warehouse.table import CatalogTable
from tests.gx.scan.stock import stock_validate
from tests.gx.scan.tables import SCHEMA

EQUAL = {
    "zeros of either sign": ("DOUBLE", ["'0.0'", "'-0.0'"]),
    "zeros of either sign, single precision": ("FLOAT", ["'0.0'", "'-0.0'"]),
    "NaN and NaN of another payload": ("DOUBLE", ["'nan'", "'-nan'", "'inf'::DOUBLE - 'inf'::DOUBLE"]),
    "a month and its thirty days": ("INTERVAL", ["INTERVAL 1 MONTH", "INTERVAL 30 DAY", "INTERVAL 720 HOUR"]),
    "one moment in two zones": ("TIMESTAMPTZ", ["'2025-01-01 12:00:00+02'", "'2025-01-01 10:00:00+00'"]),
    "text but for case": ("VARCHAR COLLATE NOCASE", ["'a'", "'A'"]),
    "text but for accents": ("VARCHAR COLLATE NOACCENT", ["'a'", "'ä'"]),
    "text but for its encoding": ("VARCHAR COLLATE NFC", ["'ä'", "'a\u0308'"]),
    "text in German": ("VARCHAR COLLATE de", ["'ä'", "'a\u0308'"]),
    "text in German but for case": ("VARCHAR COLLATE de.nocase", ["'ä'", "'Ä'"]),
    "a number of two types": ("VARIANT", ["1::VARIANT", "1.0::VARIANT", "1::BIGINT::VARIANT"]),
    "lists of zeros": ("DOUBLE[]", ["[0.0]", "['-0.0'::DOUBLE]"]),
    "arrays of zeros": ("DOUBLE[1]", ["[0.0]", "['-0.0'::DOUBLE]"]),
    "lists of text but for case": ("VARCHAR[]", ["['a' COLLATE NOCASE]", "['a']"]),
    "structs of intervals": ("STRUCT(a INTERVAL)", ["{'a': INTERVAL 1 MONTH}", "{'a': INTERVAL 30 DAY}"]),
    "unions of zeros": ("UNION(d DOUBLE, i INTEGER)", ["union_value(d := 0.0)", "union_value(d := '-0.0'::DOUBLE)"]),
    "numbers of any size": ("BIGNUM", ["0", "'-0'"]),
    "fractions of a second": ("TIMESTAMP_NS", ["'2025-01-01'", "'2025-01-01 00:00:00.000000000'"]),
}
SIMPLE = ("INTEGER", "HUGEINT", "UBIGINT", "DOUBLE", "DECIMAL(18,2)", "VARCHAR", "BOOLEAN", "DATE", "TIME", "TIMESTAMP",
          "TIMESTAMPTZ", "TIMESTAMP_NS", "INTERVAL", "UUID", "BLOB", "BIT", "JSON", "ENUM('a', 'A')", "BIGNUM",
          "VARCHAR COLLATE POSIX")  # fmt: skip
_RESULT = {"result_format": "BASIC"}


@pytest.mark.parametrize("name", EQUAL)
def test_values_that_are_equal_are_never_proven_unique(warehouse: DuckDBWarehouse, name: str) -> None:
    column_type, values = EQUAL[name]
    table = _create(warehouse, column_type, [f"({value}, 1)" for value in values])
    suite = [
        core.ExpectColumnValuesToBeUnique(column="v"),
        core.ExpectCompoundColumnsToBeUnique(column_list=["v", "k"]),
    ]

    results = validate(TableBatch.of(warehouse, table, "t"), suite, _RESULT)

    assert [result.result["unexpected_count"] for result in results] == [len(values)] * 2
    assert not any(result.success for result in results)
    stock = stock_validate(warehouse, table, suite, _RESULT)
    assert _counts(results) == _counts(stock)


def test_every_collation_is_noticed(warehouse: DuckDBWarehouse) -> None:
    with warehouse.connect() as connection:
        found = [str(row[0]) for row in connection.exec_driver_sql("SELECT collname FROM pragma_collations()")]
        collations = [name for name in found if name not in {"posix", "c", "binary"}]
        columns = ", ".join(f'c{place} VARCHAR COLLATE "{name}"' for place, name in enumerate(collations))
        connection.exec_driver_sql(f"CREATE OR REPLACE TABLE {SCHEMA}.collated ({columns})")
        connection.exec_driver_sql(f"INSERT INTO {SCHEMA}.collated (c0) VALUES ('a')")
        table = CatalogTable(None, SCHEMA, "collated")
        query = sa.select(*(warehouse.hash_doubt(table, [sa.column(f"c{place}")]) for place in range(len(collations))))
        noticed = connection.execute(query.select_from(sa.table("collated", schema=SCHEMA))).one()
    assert len(collations) > 100
    assert [name for name, doubt in zip(collations, noticed, strict=True) if not doubt] == []


@pytest.mark.parametrize("column_type", SIMPLE)
def test_a_proof_needs_no_other_query(warehouse: DuckDBWarehouse, column_type: str) -> None:
    table = _create(warehouse, column_type, ["(NULL, 1)", "(NULL, 2)"])
    batch = TableBatch.of(warehouse, table, "t")
    suite = [
        core.ExpectColumnValuesToBeUnique(column="v"),
        core.ExpectCompoundColumnsToBeUnique(column_list=["v", "k"]),
    ]

    results = validate(batch, suite, _RESULT)

    assert all(result.success for result in results)
    assert batch.engine.statements == 1


def test_keys_that_share_a_hash_are_still_unique(warehouse: DuckDBWarehouse, monkeypatch: pytest.MonkeyPatch) -> None:
    table = _create(warehouse, "INTEGER", ["(1, 1)", "(2, 1)", "(3, 1)"])
    monkeypatch.setattr(DuckDBWarehouse, "key_hash", lambda _self, columns: columns[0] * 0)
    suite: list[Expectation] = [core.ExpectColumnValuesToBeUnique(column="v")]
    batch = TableBatch.of(warehouse, table, "t")

    (result,) = validate(batch, suite, _RESULT)

    assert result.success
    assert batch.engine.statements == 2, "the exact query was asked"


def _create(warehouse: DuckDBWarehouse, column_type: str, rows: Sequence[str]) -> CatalogTable:
    with warehouse.connect() as connection:
        connection.exec_driver_sql(f"CREATE OR REPLACE TABLE {SCHEMA}.equal (v {column_type}, k INTEGER)")
        for row in rows:
            connection.exec_driver_sql(f"INSERT INTO {SCHEMA}.equal VALUES {row}")
    return CatalogTable(None, SCHEMA, "equal")


def _counts(results: Sequence[ExpectationValidationResult]) -> list[tuple[bool | None, int]]:
    return [(result.success, result.result["unexpected_count"]) for result in results]
