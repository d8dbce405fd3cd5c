"""Processes of their own that publish; in a module of its own, so that such a process can import it."""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Mapping
from multiprocessing.context import ForkServerContext
from multiprocessing.synchronize import Event
from pathlib import Path

from gx.docs import store_and_publish
from tests.gx.docs.project import DocsProject, result


def processes() -> ForkServerContext:
    """Starts processes in which GX is imported already.

    Not forked from here: what other tests left running in this process would be in each publisher, half alive.
    """
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["tests.gx.docs.publisher"])
    return context


def publish_runs(
    state: Path, config: str, environment: Mapping[str, str], me: int, first: int, runs: int, start: Event
) -> None:
    """Once ``start`` is set, store and publish so many runs: of a suite all share, and of one that is ours."""
    os.environ.update(environment)
    project = DocsProject(state, config)
    start.wait(60)
    for number in range(first, first + runs):
        shared = project.run("s.shared", [result()], day=number, run_name=f"publisher {me}")
        own = project.run(f"s.own_{me}", [result()], day=number)
        store_and_publish(project.context, dict([shared, own]))
