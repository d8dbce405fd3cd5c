"""Those who are told, and who orchestrates: the channels of alerts, Prefect. None of them stops a run."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import TYPE_CHECKING, cast

from checkpoints.alerts.channel_spec import ChannelSpec, ChannelType
from checkpoints.alerts.channels import Surroundings, available_channels, missing_variables, open_channel
from checkpoints.alerts.routing_file import routing_or_default
from checkpoints.alerts.secrets import Secrets, find_secrets
from checkpoints.spec import ALERTS_FILE
from flows.clock import utc_now
from flows.preflight.checks import Check
from flows.preflight.lines import SECRETS, Line, Status
from flows.preflight.plan import Plan
from flows.preflight.routes import route_lines
from gx.errors import ConfigError
from gx.redaction import redact

if TYPE_CHECKING:  # their libraries take a while
    from checkpoints.alerts.transports.pagerduty import PagerDuty
    from checkpoints.alerts.transports.slack_bot import SlackBot

PREFECT_URL = "PREFECT_API_URL"
PREFECT_KEY = "PREFECT_API_KEY"
_KINDS = {
    "slack": (ChannelType.SLACK, ChannelType.SLACK_WEBHOOK),
    "pagerduty": (ChannelType.PAGERDUTY,),
}
"""Those that a preflight mentions also where there is none, by the name that stands for them."""


def service_checks(plan: Plan) -> list[Check]:
    """One check for each."""
    try:
        secrets = find_secrets(plan.settings.project, plan.environment)
    except ConfigError as error:
        return [_said("alerts", Status.FAILED, str(error), what=SECRETS)]
    routing = routing_or_default(plan.settings.checkpoints_dir, available_channels(secrets))
    around = Surroundings(secrets, plan.settings.state_dir, utc_now)
    checks = [_said("alerts", Status.FAILED, routing.remark, what=ALERTS_FILE)] if routing.remark else []
    for spec in routing.channels.values():
        run = partial(_channel, spec, around, plan.seconds)
        checks.append(Check(spec.name, ("connection",), run, stops=False))
    there = {spec.type for spec in routing.channels.values()}
    for name, kinds in _KINDS.items():
        if not there & {*kinds}:
            checks.append(_said(name, Status.NONE, f"no such channel: set {missing_variables(name, secrets)}"))
    if not plan.run:  # a run is Prefect's own, and has nobody who would look at routes
        checks.append(Check("alerts", (), partial(route_lines, plan.declared, routing, utc_now()), stops=False))
        checks.append(_prefect_check(secrets, plan.seconds))
    return checks


def _said(name: str, status: Status, detail: str, what: str = "connection") -> Check:
    line = Line(name, what, status, detail)
    return Check(name, (what,), lambda: iter([line]), stops=False, patient=True)


def _channel(spec: ChannelSpec, around: Surroundings, seconds: float) -> Iterator[Line]:
    channel = open_channel(spec, around)
    if spec.type is ChannelType.SLACK:
        yield _slack(cast("SlackBot", channel), seconds)
    elif spec.type is ChannelType.PAGERDUTY:
        yield from _pagerduty(cast("PagerDuty", channel), seconds)
    else:
        detail = f"its settings are whole; `sluice alerts test {spec.name}` shows whether a message arrives"
        yield Line(spec.name, "connection", Status.FINE, detail)


def _slack(channel: SlackBot, seconds: float) -> Line:
    from slack_sdk import WebClient  # noqa: PLC0415 - for those who have a token
    from slack_sdk.errors import SlackApiError, SlackClientError  # noqa: PLC0415

    token = channel.token.get_secret_value()
    client = WebClient(token=token, base_url=channel.api_url, timeout=max(1, int(seconds)))
    try:
        answer = client.auth_test()
    except SlackApiError as error:
        why = error.response.get("error", "no reason given")
        detail = f"refused the token: {why}; check its variable, or make another"
        return Line(channel.name, "connection", Status.FAILED, redact(detail, [token]))
    except (SlackClientError, OSError) as error:
        detail = redact(f"cannot be reached: {error}", [token])
        return Line(channel.name, "connection", Status.FAILED, detail, transient=True)
    detail = f"{answer.get('team', '')} knows the bot {answer.get('user', '')}"
    return Line(channel.name, "connection", Status.FINE, detail)


def _pagerduty(channel: PagerDuty, seconds: float) -> Iterator[Line]:
    import httpx  # noqa: PLC0415 - for those who have one of these

    name, base = channel.name, channel.api_url
    try:
        response = httpx.get(base, timeout=seconds)
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        yield Line(name, "connection", Status.FAILED, f"{base} cannot be reached: {error}", transient=True)
        return
    if response.is_server_error:
        detail = f"{base} answered HTTP {response.status_code}"
        yield Line(name, "connection", Status.FAILED, detail, transient=True)
        return
    yield Line(name, "connection", Status.FINE, f"{base} answers")
    detail = "whether PagerDuty takes it cannot be found out without raising an incident"
    yield Line(name, "routing key", Status.NONE, detail)


def _prefect_check(secrets: Secrets, seconds: float) -> Check:
    url = secrets.find(PREFECT_URL)
    if url is None:
        detail = f"{PREFECT_URL} is not set: a run starts a Prefect server of its own"
        return _said("prefect", Status.NONE, detail)
    run = partial(_prefect, url.get_secret_value().rstrip("/"), secrets, seconds)
    return Check("prefect", ("connection",), run, stops=False)


def _prefect(url: str, secrets: Secrets, seconds: float) -> Iterator[Line]:
    import httpx  # noqa: PLC0415

    key = secrets.find(PREFECT_KEY)
    headers = {"Authorization": f"Bearer {key.get_secret_value()}"} if key else {}
    try:
        response = httpx.get(f"{url}/health", headers=headers, timeout=seconds)
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        yield Line("prefect", "connection", Status.FAILED, f"{url} cannot be reached: {error}", transient=True)
        return
    if response.is_success:
        yield Line("prefect", "connection", Status.FINE, f"{url} answers")
    else:
        detail = f"{url} answered HTTP {response.status_code}; check {PREFECT_URL} and {PREFECT_KEY}"
        yield Line("prefect", "connection", Status.FAILED, detail)
