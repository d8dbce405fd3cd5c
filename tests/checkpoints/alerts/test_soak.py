"""The soak of `make alerts-soak`, in short."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.checkpoints.alerts.soaking import soak

pytestmark = [
    pytest.mark.timeout(600),
    pytest.mark.filterwarnings("ignore:Requiring AUTH:UserWarning"),  # a password without TLS, on loopback
]


def test_no_alert_is_lost_or_doubled_and_no_verdict_changed_whatever_fails_and_dies(tmp_path: Path) -> None:
    outcome = soak(tmp_path, alerts=30, kills=3, per_second=6, seed=3)

    assert outcome.kills == 3
    assert sum(row.sent for row in outcome.rows) == 60
    for row in outcome.rows:
        assert (row.delivered, row.doubled, row.lost) == (row.sent, 0, 0), row
    assert outcome.verdicts_changed == 0
    assert outcome.left_open == 0
