"""Checks run side by side; who raises, or does not answer, hides nobody else's answer and is never fine."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator

from flows.preflight.checks import Check, run_checks
from flows.preflight.lines import Line, Status
from gx.errors import SluiceError


def fine(name: str) -> Check:
    return Check(name, ("it",), lambda: iter([Line(name, "it", Status.FINE, "answers")]))


def test_a_check_that_does_not_answer_in_time_was_not_checked_and_stops_a_run() -> None:
    released = threading.Event()

    def slow() -> Iterator[Line]:
        yield Line("slow", "first", Status.FINE, "answers")
        released.wait(30)
        yield Line("slow", "second", Status.FINE, "too late")

    began = time.monotonic()
    found = run_checks([fine("a"), Check("slow", ("first", "second"), slow), fine("b")], seconds=0.5)
    released.set()

    assert time.monotonic() - began < 10
    assert [(line.check, line.what, line.status) for line in found.lines] == [
        ("a", "it", Status.FINE),
        ("slow", "first", Status.FINE),
        ("slow", "second", Status.NOT_CHECKED),
        ("b", "it", Status.FINE),
    ]
    late = found.lines[2]
    assert (late.detail, late.stops, late.transient) == ("no answer within 0.5 s", True, True)
    time.sleep(0.2)
    assert found.lines[2] is late


def test_checks_run_at_the_same_time() -> None:
    together = threading.Barrier(3, timeout=20)

    def meet() -> Iterator[Line]:
        together.wait()
        yield Line("x", "it", Status.FINE, "met")

    found = run_checks([Check("x", ("it",), meet) for _ in range(3)], seconds=25)

    assert {line.status for line in found.lines} == {Status.FINE}


def test_an_error_is_a_red_line_and_what_comes_after_it_was_not_checked() -> None:
    error = SluiceError("the server is gone")

    def broken() -> Iterator[Line]:
        yield Line("x", "first", Status.FINE, "answers")
        raise error

    found = run_checks([Check("x", ("first", "second", "third"), broken), fine("y")], seconds=20)

    assert [line.status for line in found.lines] == [Status.FINE, Status.FAILED, Status.NOT_CHECKED, Status.FINE]
    assert (found.lines[1].what, found.lines[1].detail) == ("second", "the server is gone")
    assert found.errors == (error,)


def test_a_bug_in_a_check_is_not_fine_and_shows_no_value() -> None:
    def buggy() -> Iterator[Line]:
        raise ValueError("row ('ann@example.com')")

    (line,) = run_checks([Check("x", ("it",), buggy)], seconds=20).lines

    assert line.status is Status.NOT_CHECKED
    assert "ValueError" in line.detail
    assert "ann@example.com" not in line.detail
