"""Those who are told, and who orchestrates: Slack, PagerDuty, Prefect. None of them keeps a run from beginning."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from dotenv import dotenv_values

from flows.preflight.checks import Check
from flows.preflight.lines import Line, Status
from flows.preflight.plan import Plan
from gx.redaction import redact

SLACK_TOKEN = "SLUICE_SLACK_TOKEN"  # noqa: S105 - the variable's name
SLACK_BASE = "SLUICE_SLACK_API_BASE"
PAGERDUTY_KEY = "SLUICE_PAGERDUTY_ROUTING_KEY"
PAGERDUTY_BASE = "SLUICE_PAGERDUTY_API_BASE"
PREFECT_URL = "PREFECT_API_URL"
PREFECT_KEY = "PREFECT_API_KEY"
_PAGERDUTY = "https://events.pagerduty.com"


def service_checks(plan: Plan) -> list[Check]:
    """One check for each."""
    given = {**{k: v for k, v in dotenv_values(plan.settings.project / ".env").items() if v}, **plan.environment}
    checks = [
        _check("slack", given, SLACK_TOKEN, lambda: _slack(given, plan.seconds)),
        _check("pagerduty", given, PAGERDUTY_KEY, lambda: _pagerduty(given, plan.seconds)),
    ]
    if not plan.run:  # a run is Prefect's own
        checks.append(_check("prefect", given, PREFECT_URL, lambda: _prefect(given, plan.seconds)))
    return checks


def _check(name: str, given: Mapping[str, str], variable: str, run: Callable[[], Iterator[Line]]) -> Check:
    if not given.get(variable):
        detail = f"{variable} is not set"
        if variable == PREFECT_URL:
            detail += ": a run starts a Prefect server of its own"
        line = Line(name, "connection", Status.NONE, detail)
        return Check(name, ("connection",), lambda: iter([line]), stops=False, patient=True)
    return Check(name, ("connection",), run, stops=False)


def _slack(given: Mapping[str, str], seconds: float) -> Iterator[Line]:
    from slack_sdk import WebClient  # noqa: PLC0415 - for those who have a token
    from slack_sdk.errors import SlackApiError, SlackClientError  # noqa: PLC0415

    token = given[SLACK_TOKEN]
    base = given.get(SLACK_BASE) or WebClient.BASE_URL
    client = WebClient(token=token, base_url=f"{base.rstrip('/')}/", timeout=max(1, int(seconds)))
    try:
        answer = client.auth_test()
    except SlackApiError as error:
        detail = f"refused the token: {error.response.get('error', 'no reason given')}; check {SLACK_TOKEN}"
        yield Line("slack", "connection", Status.FAILED, redact(detail, [token]))
        return
    except (SlackClientError, OSError) as error:
        detail = redact(f"cannot be reached: {error}", [token])
        yield Line("slack", "connection", Status.FAILED, detail, transient=True)
        return
    yield Line("slack", "connection", Status.FINE, f"{answer.get('team', '')} knows the bot {answer.get('user', '')}")


def _pagerduty(given: Mapping[str, str], seconds: float) -> Iterator[Line]:
    import httpx  # noqa: PLC0415 - for those who have one of these

    base = (given.get(PAGERDUTY_BASE) or _PAGERDUTY).rstrip("/")
    try:
        response = httpx.get(base, timeout=seconds)
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        yield Line("pagerduty", "connection", Status.FAILED, f"{base} cannot be reached: {error}", transient=True)
        return
    if response.is_server_error:
        detail = f"{base} answered HTTP {response.status_code}"
        yield Line("pagerduty", "connection", Status.FAILED, detail, transient=True)
        return
    yield Line("pagerduty", "connection", Status.FINE, f"{base} answers")
    detail = "whether PagerDuty takes it cannot be found out without raising an incident"
    yield Line("pagerduty", "routing key", Status.NONE, detail)


def _prefect(given: Mapping[str, str], seconds: float) -> Iterator[Line]:
    import httpx  # noqa: PLC0415

    url = given[PREFECT_URL].rstrip("/")
    headers = {"Authorization": f"Bearer {given[PREFECT_KEY]}"} if given.get(PREFECT_KEY) else {}
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
