"""Stock GX with the result format SUMMARY, its default."""

from __future__ import annotations

from great_expectations.core.result_format import ResultFormat

from tests.bench.workers.stock_gx import StockGX

TOOL = StockGX(ResultFormat.SUMMARY)
