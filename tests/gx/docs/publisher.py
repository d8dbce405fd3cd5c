"""A process of its own that publishes; in a module of its own, so that such a process can import it."""

from __future__ import annotations

from multiprocessing.synchronize import Event
from pathlib import Path

from tests.gx.docs.project import DocsProject, result


def publish_runs(state: Path, me: int, runs: int, start: Event) -> None:
    """Once ``start`` is set, store and publish so many runs: of a suite all share, and of one that is ours."""
    project = DocsProject(state)
    start.wait(60)
    for number in range(runs):
        shared = project.store_run("s.shared", [result()], day=number, run_name=f"publisher {me}")
        own = project.store_run(f"s.own_{me}", [result()], day=number)
        project.publish(shared, own)
