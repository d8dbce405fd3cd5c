"""A project's channels as Prefect's server can use them by itself."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from prefect.blocks.abstract import NotificationBlock
from prefect.blocks.notifications import CustomWebhookNotificationBlock, SlackWebhook
from prefect.types import SecretDict

from checkpoints.alerts.channel_options import Options
from checkpoints.alerts.channel_spec import ChannelSpec, ChannelType
from checkpoints.alerts.secrets import Secrets
from gx.errors import ConfigError

_SLACK_ITSELF = re.compile(r"https://hooks\.slack(-gov)?\.com/services/\w+/\w+/\w+/?", re.IGNORECASE)
_SAID: dict[str, Any] = {
    "text": "{{subject}}",
    "blocks": [{"type": "section", "text": {"type": "mrkdwn", "text": "*{{subject}}*\n{{body}}"}}],
}


def notification_blocks(
    specs: Mapping[str, ChannelSpec], secrets: Secrets
) -> tuple[dict[str, NotificationBlock], dict[str, str]]:
    """The blocks by channel, none of them saved, and of the other channels why Prefect does not tell on them.

    Args:
        specs: the channels, by name.
        secrets: of the project.
    """
    blocks: dict[str, NotificationBlock] = {}
    left: dict[str, str] = {}
    for name, spec in specs.items():
        try:
            block = _block(spec, Options(spec, secrets))
        except ConfigError as error:
            left[name] = str(error)
            continue
        if block is None:
            left[name] = f"the server cannot send by itself what a channel of the type {spec.type} needs"
        else:
            blocks[name] = block
    return blocks, left


def _block(spec: ChannelSpec, options: Options) -> NotificationBlock | None:
    match spec.type:
        case ChannelType.SLACK_WEBHOOK:
            url = options.secret("url_from", "SLUICE_SLACK_WEBHOOK_URL", "the address of Slack's webhook")
            if _SLACK_ITSELF.fullmatch(url.get_secret_value()):
                return SlackWebhook(url=url)
            secret = SecretDict({"address": url.get_secret_value()})
            return CustomWebhookNotificationBlock(name=spec.name, url="{{address}}", json_data=_SAID, secrets=secret)
        case ChannelType.SLACK:
            token = options.secret("token_from", "SLUICE_SLACK_TOKEN", "the token of Slack's bot")
            channel = options.text("channel", "SLUICE_SLACK_CHANNEL")
            api = options.text("api_url", None, default="https://slack.com/api/")
            return CustomWebhookNotificationBlock(
                name=spec.name,
                url=f"{api.rstrip('/')}/chat.postMessage",
                headers={"Authorization": "Bearer {{token}}"},
                json_data={"channel": channel, **_SAID},
                secrets=SecretDict({"token": token.get_secret_value()}),
            )
        case ChannelType.PAGERDUTY:
            key = options.secret("routing_key_from", "SLUICE_PAGERDUTY_ROUTING_KEY", "PagerDuty's routing key")
            api = options.text("api_url", None, default="https://events.pagerduty.com")
            return CustomWebhookNotificationBlock(
                name=spec.name,
                url=f"{api.rstrip('/')}/v2/enqueue",
                json_data={
                    "routing_key": "{{key}}",
                    "event_action": "trigger",
                    "dedup_key": "prefect: {{subject}}",
                    "payload": {
                        "summary": "{{subject}}",
                        "source": "prefect",
                        "severity": "critical",
                        "custom_details": {"said": "{{body}}"},
                    },
                },
                secrets=SecretDict({"key": key.get_secret_value()}),
            )
        case _:
            return None  # Mail needs a server of its own, and a signed webhook a signature that Prefect does not make.
