"""Several things at once: in order, bounded, and soon ended."""

from __future__ import annotations

import os
import signal
import threading
import time

import pytest

from checkpoints.side_by_side import side_by_side


def never() -> None:
    raise AssertionError("there is nothing to stop")


@pytest.mark.parametrize("at_once", [1, 3, 50])
def test_the_results_are_in_the_order_of_the_items_whichever_is_done_first(at_once: int) -> None:
    def slower_first(number: int) -> int:
        time.sleep((20 - number) / 1000)
        return number * number

    results = side_by_side(range(20), slower_first, at_once=at_once, stop=never)

    assert results == [number * number for number in range(20)]


@pytest.mark.parametrize("at_once", [1, 4])
def test_never_more_at_once_than_asked_for_and_as_many(at_once: int) -> None:
    under_way: set[int] = set()
    most = 0

    def watch(number: int) -> None:
        nonlocal most
        under_way.add(number)
        most = max(most, len(under_way))
        time.sleep(0.02)
        under_way.discard(number)

    side_by_side(range(12), watch, at_once=at_once, stop=never)

    assert most == at_once


def test_nothing_to_do_is_done_at_once() -> None:
    assert side_by_side([], str, at_once=4, stop=never) == []


def test_an_exception_is_raised_and_nothing_more_begun() -> None:
    begun: list[int] = []

    def fail(number: int) -> None:
        begun.append(number)
        raise ValueError(f"no {number}")

    def slow_or_fail(number: int) -> None:
        if number:
            begun.append(number)
            time.sleep(0.2)
        else:
            fail(number)

    with pytest.raises(ValueError, match="no 0"):
        side_by_side(range(100), slow_or_fail, at_once=2, stop=lambda: None)

    assert len(begun) < 10


def test_an_interrupt_stops_what_is_under_way() -> None:
    stopped = threading.Event()
    threading.Timer(0.2, os.kill, (os.getpid(), signal.SIGINT)).start()
    began = time.monotonic()

    with pytest.raises(KeyboardInterrupt):
        side_by_side(range(4), lambda _: stopped.wait(30), at_once=2, stop=stopped.set)

    assert stopped.is_set()
    assert time.monotonic() - began < 3
