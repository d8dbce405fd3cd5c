from __future__ import annotations

from decimal import Decimal

import pytest

from gx.docs import text


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (1423, "1,423"),
        (847342.5, "847,342.5"),
        (0.1 + 0.2, "0.3"),
        (5.0, "5"),
        (1e-9, "1e-09"),
        (0.0, "0"),
        (float("nan"), "nan"),
        (Decimal("412184.00"), "412,184"),
        (-1423, "-1,423"),
    ],
)
def test_numbers_are_grouped_and_free_of_noise(value: float, shown: str) -> None:
    assert text.number(value) == shown


@pytest.mark.parametrize(
    ("value", "shown"),
    [(50.0, "50 %"), (0.0001, "< 0.01 %"), (99.9999, "> 99.99 %"), (100.0, "100 %"), (0, "0 %")],
)
def test_a_percentage_never_rounds_a_failure_away(value: float, shown: str) -> None:
    assert text.percent(value) == shown


def test_text_that_would_hide_or_reverse_something_is_made_visible() -> None:
    assert text.clean("a\0b\ud800c\u202ed") == "a�b�c�d"


def test_long_text_is_cut_and_says_so() -> None:
    assert text.clean("x" * 300, 10) == "x" * 9 + "…"


@pytest.mark.parametrize("notes", ["one\ntwo", ["one", "two"], {"format": "markdown", "content": ["one", "two"]}])
def test_notes_read_the_same_in_each_of_gx_forms(notes: object) -> None:
    assert text.prose(notes) == "one\ntwo"
