"""Fivetran's REST API (v1), as much of it as a sync needs: trigger one, read a connection's state.

Source: Fivetran's REST API reference, "Sync Connection Data" and "Retrieve Connection Details".
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal

import httpx
from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError

from flows.sources.errors import IngestError, without_secret

API_BASE = "https://api.fivetran.com"
_LONGEST_PAUSE_SECONDS = 60.0

Resource = Literal["connections", "connectors"]
"""The API's path; `connectors` is the name that older accounts still answer to."""


class _Issue(BaseModel):
    """A task or warning: what a person has to do about a connection."""

    model_config = ConfigDict(extra="ignore")
    code: str = ""
    message: str = ""


class _Status(BaseModel):
    model_config = ConfigDict(extra="ignore")
    setup_state: str = ""
    sync_state: str = ""
    update_state: str = ""
    tasks: list[_Issue] = Field(default_factory=list)
    warnings: list[_Issue] = Field(default_factory=list)


class Connection(BaseModel):
    """A Fivetran connection's state. Times are UTC."""

    model_config = ConfigDict(extra="ignore")
    id: str
    service: str = ""
    # The connection's destination schema.
    schema_name: str = Field("", alias="schema")
    paused: bool = False
    succeeded_at: datetime | None = None
    failed_at: datetime | None = None
    status: _Status = Field(default_factory=_Status)

    def reasons(self) -> str:
        """What Fivetran says is wrong, in its own words."""
        found = [issue.message or issue.code for issue in (*self.status.tasks, *self.status.warnings)]
        return "; ".join(filter(None, found)) or "Fivetran gives no reason; look at the connection's sync history"


@dataclass(frozen=True)
class RetryPolicy:
    """How often a request is tried and how long the pauses are, in seconds, without a word from the
    server.
    """

    attempts: int = 5
    first_pause_seconds: float = 1.0


class FivetranApi:
    """A client for one account. A 429, a 5xx and a network error are tried again; 401, 403 and 404 are
    final.
    """

    def __init__(
        self,
        api_key: SecretStr,
        api_secret: SecretStr,
        *,
        api_base: str = API_BASE,
        resource: Resource = "connections",
        timeout_seconds: float = 30.0,
        retry: RetryPolicy = RetryPolicy(),
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        """Make a client; nothing is sent yet.

        Args:
            api_key: of a scoped or system key that may read and sync the connections.
            api_secret: that key's secret.
            api_base: the API's address.
            resource: `connections`, or `connectors` for the older path.
            timeout_seconds: for each request.
            retry: for failures that may pass.
            sleep: waits so many seconds.
        """
        self._secrets = (api_key.get_secret_value(), api_secret.get_secret_value())
        self._api_base = api_base.rstrip("/")
        self._resource = resource
        self._retry = retry
        self._sleep = sleep
        self._client = httpx.Client(
            base_url=self._api_base,
            auth=httpx.BasicAuth(*self._secrets),
            headers={"Accept": "application/json;version=2"},
            timeout=timeout_seconds,
        )

    def connection(self, connection_id: str) -> Connection:
        """Read a connection's state.

        Raises:
            IngestError: there is none of that id, the key is refused, or Fivetran does not answer.
        """
        answer = self._request("GET", f"/v1/{self._resource}/{connection_id}", connection_id)
        try:
            return Connection.model_validate(answer.get("data"))
        except ValidationError as error:
            problem = error.errors(include_input=False)[0]
            place = ".".join(str(part) for part in problem["loc"]) or "data"
            raise self._error(
                f"its answer about connection {connection_id} has a wrong {place}: {problem['msg']}",
                transient=False,
            ) from None

    def sync(self, connection_id: str) -> None:
        """Start a sync; one that is already running goes on.

        Raises:
            IngestError: as for `connection`.
        """
        path = f"/v1/{self._resource}/{connection_id}/sync"
        self._request("POST", path, connection_id, {"force": False})

    def close(self) -> None:
        """Close the connections to Fivetran."""
        self._client.close()

    def _request(
        self, method: str, path: str, connection_id: str, body: dict[str, bool] | None = None
    ) -> dict[str, Any]:
        pause = self._retry.first_pause_seconds
        problem = "nothing was tried"
        for attempt in range(1, self._retry.attempts + 1):
            asked_to_wait: float | None = None
            try:
                response = self._client.request(method, path, json=body)
            except httpx.TransportError as error:
                problem = f"{type(error).__name__}: {error}"
            else:
                if response.is_success:
                    return self._json(response)
                problem = self._refusal(response)
                if response.status_code != httpx.codes.TOO_MANY_REQUESTS and not response.is_server_error:
                    raise self._error(self._explain(response.status_code, connection_id, problem), transient=False)
                asked_to_wait = _retry_after(response)
            if attempt < self._retry.attempts:
                # Up to a quarter more, so that many clients do not come back at once.
                wait = asked_to_wait if asked_to_wait is not None else pause * (1 + random.random() / 4)
                self._sleep(min(wait, _LONGEST_PAUSE_SECONDS))
                pause *= 2
        raise self._error(f"{method} {path} failed {self._retry.attempts} times; last: {problem}", transient=True)

    def _json(self, response: httpx.Response) -> dict[str, Any]:
        try:
            answer = response.json()
        except ValueError:
            raise self._error("its answer is not JSON; check the API's address", transient=False) from None
        return answer if isinstance(answer, dict) else {}

    def _refusal(self, response: httpx.Response) -> str:
        try:
            answer = response.json()
        except ValueError:
            answer = None
        said = answer if isinstance(answer, dict) else {}
        words = " ".join(str(said[name]) for name in ("code", "message") if said.get(name))
        return f"HTTP {response.status_code} {words}".strip()

    def _explain(self, status: int, connection_id: str, problem: str) -> str:
        match status:
            case 401:
                return f"it refused the key ({problem}); check SLUICE_FIVETRAN_API_KEY and _SECRET"
            case 403:
                return f"the API key may not do this to connection {connection_id} ({problem})"
            case 404:
                return f"there is no connection {connection_id} ({problem}); check SLUICE_FIVETRAN_CONNECTIONS"
            case _:
                return f"it refused the request for connection {connection_id} ({problem})"

    def _error(self, message: str, *, transient: bool) -> IngestError:
        text = without_secret(f"Fivetran at {self._api_base}: {message}", *self._secrets)
        return IngestError(text, source="fivetran", transient=transient)


def _retry_after(response: httpx.Response) -> float | None:
    """The seconds in `Retry-After`; its other form, a date, is left to the usual pause."""
    given = response.headers.get("Retry-After", "").strip()
    return float(given) if given.isdigit() else None


def utc(moment: datetime | None) -> datetime | None:
    """The moment in UTC without a zone, as everything else here has it."""
    if moment is None or moment.tzinfo is None:
        return moment
    return moment.astimezone(UTC).replace(tzinfo=None)
