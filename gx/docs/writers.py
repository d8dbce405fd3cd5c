"""Processes that write pages of one site side by side, for a full rebuild."""

from __future__ import annotations

import multiprocessing
from collections.abc import Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

from gx.docs.parts import Part
from gx.docs.published import Published
from gx.docs.site import DataDocsSite

_site: DataDocsSite | None = None


def write_side_by_side(parts: Iterable[Part], project: Path, state_dir: Path, *, processes: int) -> Iterator[Published]:
    """What `DataDocsSite.write` returns for each part, as they get done.

    Args:
        parts: see `gx.docs.repair.rebuild`.
        project: the project's directory, whose site it is.
        state_dir: its state directory.
        processes: how many to start; each imports GX, which takes seconds.
    """
    # Not forked: what else runs in this process, such as a thread of a client of S3, would be in each, half alive.
    spawn = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(processes, spawn, initializer=_open, initargs=(project, state_dir)) as pool:
        yield from pool.map(_write, parts)


def _open(project: Path, state_dir: Path) -> None:
    global _site  # noqa: PLW0603 - what a process of a pool keeps from one part to the next
    from gx.context import open_context  # noqa: PLC0415
    from gx.docs.publishing import open_site  # noqa: PLC0415

    _site = open_site(open_context(project, state_dir))


def _write(part: Part) -> Published:
    assert _site is not None  # noqa: S101 - set by the initializer
    return _site.write(part)
