"""A channel whose secret is missing keeps nobody from hearing of it, and is told itself once the secret is there."""

from __future__ import annotations

from datetime import timedelta

import pytest

from checkpoints.ledger.flow_runs import RunState
from checkpoints.ledger.outbox import DeliveryState
from tests.checkpoints.alerts.peers import http_peer
from tests.flows.monitor.conftest import MINUTE, Shop

CHANNELS = """\
channels:
  finance: {type: slack_webhook, url_from: FINANCE_HOOK}
  people: {type: file, path: told.jsonl}
routes:
  - {to: finance}
"""


def test_another_channel_is_told_within_minutes_and_its_own_when_the_secret_arrives(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    (shop.settings.checkpoints_dir / "_alerts.yml").write_text(CHANNELS)
    shop.run("main-job", RunState.FAILED)
    for _ in range(5):
        report = shop.look(after=MINUTE)
    ((kind, headline),) = shop.told
    assert (kind, "main-job" in headline) == ("escalation", True)
    said = (shop.settings.state_dir / "told.jsonl").read_text()
    assert "NOT DELIVERED on finance" in said
    assert "FINANCE_HOOK is set neither in the environment" in said
    assert any("FINANCE_HOOK" in check.said for check in report.checks)

    with http_peer() as peer:
        monkeypatch.setenv("FINANCE_HOOK", peer.slack_hook)
        shop.look(after=timedelta(hours=2))
        assert "main-job" in peer.slack.hooked[0]["text"]
    assert shop.ledger.outbox.counts()[DeliveryState.WAITING] == 0
