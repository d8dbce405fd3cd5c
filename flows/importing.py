"""Import what the process keeps until it ends."""

from __future__ import annotations

import gc
import sys
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def importing_for_good() -> Iterator[None]:
    """Import without garbage collection, and keep what was imported out of every later one.

    Imports make a million objects that live as long as the process. Looking through them again and again, the last
    times while the process ends, was a quarter of a check's CPU.

    `gc.freeze` takes all objects there are, so this is for the places where sluice itself begins to work. Where nothing
    was imported nothing is frozen: a process that comes by often keeps no garbage.
    """
    modules = len(sys.modules)
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if len(sys.modules) > modules:
            gc.freeze()
        if enabled:
            gc.enable()
