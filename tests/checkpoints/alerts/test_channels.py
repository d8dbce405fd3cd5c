"""From what people write, and their secrets, to channels; and what is said when something is missing."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from checkpoints.alerts.channel_spec import ChannelSpec, ChannelType
from checkpoints.alerts.channels import (
    TYPES,
    Surroundings,
    available_channels,
    open_channel,
    open_channels,
    standard_variables,
)
from checkpoints.alerts.delivery import Channel
from checkpoints.alerts.secrets import MissingSecretError, find_secrets
from expectations.documents import read_document
from gx.errors import ConfigError
from gx.settings import load_settings

HOOK = "https://hooks.slack.example/services/T0/B0/s3cr3t"
FILES = {
    "hook": (ChannelType.SLACK_WEBHOOK, "url_from: OUR_HOOK"),
    "bot": (ChannelType.SLACK, "channel: C0123456789"),
    "pager": (ChannelType.PAGERDUTY, "api_url: https://events.eu.pagerduty.com"),
    "mail": (ChannelType.EMAIL, "host: smtp.example.com\nfrom: sluice@example.com\nto: [a@example.com, b@example.com]"),
    "json": (ChannelType.WEBHOOK, "url_from: OUR_HOOK"),
    "file": (ChannelType.FILE, "path: alerts.jsonl"),
}
SECRETS = {
    "OUR_HOOK": HOOK,
    "SLUICE_SLACK_TOKEN": "xoxb-1-s3cr3t",
    "SLUICE_PAGERDUTY_ROUTING_KEY": "s3cr3tkey",
    "SLUICE_WEBHOOK_SECRET": "s3cr3t of sixteen and more",
    "SLUICE_SMTP_USER": "sluice",
    "SLUICE_SMTP_PASSWORD": "s3cr3t",
}


def spec(directory: Path, kind: ChannelType, text: str) -> ChannelSpec:
    file = directory / "_alerts.yml"
    file.write_text(text, encoding="utf-8")
    node = read_document(file)
    return ChannelSpec("ours", kind, node.mapping("it"), node)


def opened(directory: Path, kind: ChannelType, text: str, environment: dict[str, str]) -> Channel:
    around = Surroundings(find_secrets(directory, environment), directory / "state", lambda: datetime.now(UTC))
    return open_channel(spec(directory, kind, text), around)


@pytest.mark.parametrize("name", FILES)
def test_a_channel_opens_with_its_secrets_and_shows_none(tmp_path: Path, name: str) -> None:
    channel = opened(tmp_path, *FILES[name], SECRETS)
    assert channel.name == "ours"
    assert "s3cr3t" not in repr(channel)


def test_every_type_can_be_opened() -> None:
    assert set(TYPES) == set(ChannelType) == {kind for kind, _ in FILES.values()}


@pytest.mark.parametrize("name", [name for name in FILES if name not in ("file", "mail")])
def test_a_missing_secret_is_named_with_every_place_that_was_searched(tmp_path: Path, name: str) -> None:
    places = tmp_path / "secrets"
    places.mkdir()
    with pytest.raises(MissingSecretError) as caught:
        opened(tmp_path, *FILES[name], {"SLUICE_SECRETS_DIR": str(places)})
    text = str(caught.value)
    assert "neither in the environment" in text
    assert str(tmp_path / ".env") in text
    assert str(places) in text
    assert "OUR_HOOK" in text or "SLUICE_" in text


def test_all_that_is_missing_is_named_at_once(tmp_path: Path) -> None:
    with pytest.raises(MissingSecretError) as caught:
        opened(tmp_path, ChannelType.WEBHOOK, "url_from: OUR_HOOK", {})
    assert (
        "the channel ours: the webhook's address (OUR_HOOK) and the secret for signatures (SLUICE_WEBHOOK_SECRET) are "
        "missing: they are set neither in the environment, nor in "
    ) in str(caught.value)


def test_the_environment_goes_before_env_and_that_before_files(tmp_path: Path) -> None:
    places = tmp_path / "secrets"
    places.mkdir()
    (places / "sluice_a").write_text("of a file\n", encoding="utf-8")
    (places / "SLUICE_B").write_text("of a file", encoding="utf-8")
    (tmp_path / ".env").write_text(
        f"SLUICE_SECRETS_DIR={places}\nSLUICE_B=of .env\nSLUICE_C=of .env\n", encoding="utf-8"
    )
    secrets = find_secrets(tmp_path, {"SLUICE_C": "of the environment", "SLUICE_A": ""})
    found = [secrets.find(f"SLUICE_{name}") for name in "ABCD"]
    values = [each.get_secret_value() if each else None for each in found]
    assert values == ["of a file", "of .env", "of the environment", None]
    assert "of a file" not in repr(secrets) + repr(found)
    assert "of .env" not in repr(secrets)


def test_settings_too_are_found_in_the_directory_of_secrets(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "sluice_ledger_url").write_text("postgresql://u:p4ss@db/ledger", encoding="utf-8")
    monkeypatch.setenv("SLUICE_SECRETS_DIR", str(tmp_path))
    assert load_settings(tmp_path).ledger().password == "p4ss"
    monkeypatch.setenv("SLUICE_SECRETS_DIR", str(tmp_path / "none"))
    with pytest.raises(ConfigError, match=r"SLUICE_SECRETS_DIR is .*none, which is no directory"):
        load_settings(tmp_path)


@pytest.mark.parametrize(
    ("kind", "text", "said"),
    [
        (ChannelType.SLACK_WEBHOOK, f"url_from: {HOOK}", "must name an environment variable"),
        (ChannelType.SLACK_WEBHOOK, "url_from: SLUICE_SLACK_TOKEN", "does not look like the address"),
        (ChannelType.SLACK, "channel: alerts", "write it as C0123456789"),
        (ChannelType.SLACK, "chanel: C0123456789", "`channel` is missing"),
        (ChannelType.SLACK, "channel: C0123456789\nchanel: x", "did you mean 'channel'"),
        (ChannelType.PAGERDUTY, "api_url: http://events.example.com", "write it as https://events.eu.pagerduty.com"),
        (ChannelType.EMAIL, "host: a\nfrom: a@b.c\nto: nobody", "cannot be 'nobody'"),
        (ChannelType.EMAIL, "host: a\nfrom: a@b.c\nto: a@b.c\nport: 0", "a port from 1 to 65535"),
        (ChannelType.EMAIL, "host: a\nfrom: a@b.c\nto: a@b.c\ntls: maybe", "cannot be 'maybe'"),
    ],
)
def test_a_wrong_option_is_named_with_its_line_and_no_secret(
    tmp_path: Path, kind: ChannelType, text: str, said: str
) -> None:
    with pytest.raises(ConfigError) as caught:
        opened(tmp_path, kind, text, SECRETS)
    assert said in str(caught.value)
    assert "_alerts.yml:" in str(caught.value)
    assert "s3cr3t" not in str(caught.value)


def test_channels_whose_secrets_are_set_are_there_without_a_file(tmp_path: Path) -> None:
    environment = {
        "SLUICE_SLACK_WEBHOOK_URL": HOOK,
        "SLUICE_PAGERDUTY_ROUTING_KEY": "k3y",
        "SLUICE_SLACK_TOKEN": "xoxb-1",
    }
    found = {each.name: each.type for each in available_channels(find_secrets(tmp_path, environment))}
    assert found == {"slack": ChannelType.SLACK_WEBHOOK, "pagerduty": ChannelType.PAGERDUTY}
    environment["SLUICE_SLACK_CHANNEL"] = "C0123456789"  # now the bot, which can do more
    found = {each.name: each.type for each in available_channels(find_secrets(tmp_path, environment))}
    assert found["slack"] is ChannelType.SLACK
    assert standard_variables("pagerduty") == (("SLUICE_PAGERDUTY_ROUTING_KEY",),)


def test_a_channel_that_cannot_be_opened_keeps_no_other_from_telling(tmp_path: Path) -> None:
    around = Surroundings(find_secrets(tmp_path, {}), tmp_path, lambda: datetime.now(UTC))
    specs = [ChannelSpec("a", ChannelType.PAGERDUTY), ChannelSpec("b", ChannelType.FILE)]
    channels, problems = open_channels(specs, around)
    assert list(channels) == ["b"]
    assert "SLUICE_PAGERDUTY_ROUTING_KEY" in str(problems["a"])
