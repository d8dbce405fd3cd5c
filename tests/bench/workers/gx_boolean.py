"""Stock GX with the result format BOOLEAN_ONLY: no counts, no samples."""

from __future__ import annotations

from great_expectations.core.result_format import ResultFormat

from tests.bench.workers.stock_gx import StockGX

TOOL = StockGX(ResultFormat.BOOLEAN_ONLY)
