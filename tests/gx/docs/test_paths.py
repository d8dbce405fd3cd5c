from __future__ import annotations

import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gx.docs import paths

ANY_NAME = st.text(st.characters(), max_size=400)


@pytest.mark.parametrize("name", ["stg_stripe_charges", "20250901T060000.000000Z", "Überprüfung", "a-b c", "__none__"])
def test_an_ordinary_name_is_its_own_file_name(name: str) -> None:
    assert paths.encode(name) == name


def test_pages_lie_where_stock_gx_puts_them() -> None:
    assert paths.suite_page(("staging", "stg_users")) == "expectations/staging/stg_users.html"
    key = ("staging", "stg_users", "__none__", "20250901T060000.000000Z", "warehouse-stg_users")
    assert paths.result_page(key) == (
        "validations/staging/stg_users/__none__/20250901T060000.000000Z/warehouse-stg_users.html"
    )


@pytest.mark.parametrize(
    "name", ["..", ".", "../../etc/passwd", "/etc/passwd", "a\\b", "a\0b", "", ".hidden", "\ud800"]
)
def test_no_name_leaves_its_directory(name: str) -> None:
    encoded = paths.encode(name)
    assert encoded
    assert not encoded.startswith(".")
    assert not set(encoded) & {"/", "\\", "\0"}
    assert paths.decode(encoded) == name


@given(ANY_NAME)
def test_any_name_makes_one_valid_file_name_that_leads_back(name: str) -> None:
    encoded = paths.encode(name)
    assert 0 < len(encoded.encode()) <= 180
    assert paths.encode(paths.decode(encoded)) == encoded


@given(ANY_NAME, ANY_NAME)
def test_two_names_never_share_a_file(one: str, other: str) -> None:
    assert (paths.encode(one) == paths.encode(other)) == (one == other)


@pytest.mark.parametrize("letter", ["a", "é", "🦆", "/"])
def test_long_names_with_the_same_beginning_stay_apart(letter: str) -> None:
    assert paths.encode(letter * 300 + "1") != paths.encode(letter * 300 + "2")


def test_links_are_relative_and_quoted() -> None:
    page = paths.result_page(("a", "b", "run #1?", "t", "100%"))
    assert paths.link(page, paths.INDEX) == "../../../../../index.html"
    assert set(paths.link(paths.INDEX, page)) <= set(string.ascii_letters + string.digits + "/-_.~%")
