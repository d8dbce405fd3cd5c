"""What is kept of a scan comes back as it was, or not at all."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gx.scan.merging import from_text, to_text
from gx.scan.scan_state import ScanState

STATE = ScanState(
    where="raw.charges",
    columns="a hash",
    column="synced",
    watermark=datetime(2025, 9, 1, tzinfo=UTC),
    rows=3,
    values={"a": 1, "b": None},
    not_kept=frozenset({"c"}),
    full_scan_at=datetime(2025, 9, 2, tzinfo=UTC),
)


def test_a_state_comes_back_as_it_was() -> None:
    assert ScanState.from_json(json.loads(json.dumps(STATE.to_json()))) == STATE


@pytest.mark.parametrize("spoiled", [{}, {"rows": "x"}, {"values": {"a": ["str", "b"]}}, {"watermark": ["int", "x"]}])
def test_a_state_that_cannot_be_read_is_no_state(spoiled: dict[str, Any]) -> None:
    document = {**STATE.to_json(), **spoiled} if spoiled else {}
    assert ScanState.from_json(document) is None


@given(
    st.none()
    | st.integers()
    | st.floats(allow_nan=False)
    | st.decimals(allow_nan=False, allow_infinity=False)
    | st.datetimes(timezones=st.none() | st.just(UTC))
    | st.dates()
)
def test_a_kept_value_comes_back_as_it_was(value: Any) -> None:
    again = from_text(json.loads(json.dumps(to_text(value))))
    assert (type(again), again, str(again)) == (type(value), value, str(value))
