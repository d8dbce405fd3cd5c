"""Do the same with several things at once, in threads that an interrupt need not wait for."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from queue import Empty, SimpleQueue
from typing import TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")

_PATIENCE_SECONDS = 8.0
"""How long an interrupt waits for what is under way to stop."""


def side_by_side(
    items: Sequence[Item], do: Callable[[Item], Result], *, at_once: int, stop: Callable[[], None]
) -> list[Result]:
    """The results of ``do``, in the order of the items.

    An interrupt ends it soon: nothing more is begun, and what is under way is stopped.

    Args:
        items: what to do it with.
        do: is called from several threads.
        at_once: how many items at the same time.
        stop: makes what is under way end; called again and again until it has, or for 8 seconds.

    Raises:
        Exception: what ``do`` raised for the first item for which it did.
    """
    results: list[Future[Result]] = [Future() for _ in items]
    waiting: SimpleQueue[tuple[Item, Future[Result]]] = SimpleQueue()
    for pair in zip(items, results, strict=True):
        waiting.put(pair)
    abandoned = threading.Event()

    def work() -> None:
        while not abandoned.is_set():
            try:
                item, result = waiting.get_nowait()
            except Empty:
                return
            try:
                result.set_result(do(item))
            except BaseException as error:  # noqa: BLE001 - raised where the result is waited for
                result.set_exception(error)

    # Daemons: a thread that waits for a warehouse which does not even hear that it is to stop keeps no process alive.
    count = min(max(1, at_once), len(items))
    threads = [threading.Thread(target=work, name=f"table-{number}", daemon=True) for number in range(count)]
    for thread in threads:
        thread.start()
    try:
        return [result.result() for result in results]
    except BaseException:
        abandoned.set()
        _end(threads, stop)
        raise


def _end(threads: Sequence[threading.Thread], stop: Callable[[], None]) -> None:
    deadline = time.monotonic() + _PATIENCE_SECONDS
    while any(thread.is_alive() for thread in threads) and time.monotonic() < deadline:
        stop()  # again: what was between two statements may have begun another
        for thread in threads:
            thread.join(0.1)
