"""Processes that begin within milliseconds, for tests that start dozens of them."""

from __future__ import annotations

import multiprocessing
from multiprocessing.context import ForkServerContext

_IMPORTED = ["tests.faults.job", "tests.warehouses.data_quality", "tests.flows.transform.dbt_command"]


def processes() -> ForkServerContext:
    """Starts processes in which GX and dbt are imported already, and nothing is open."""
    context = multiprocessing.get_context("forkserver")
    # One server for all tests: what it has imported is settled when the first process starts.
    context.set_forkserver_preload(_IMPORTED)
    return context
