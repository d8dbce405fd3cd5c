"""dbt Cloud's Administrative API (v2), as much of it as reading runs needs.

Source: dbt's reference of the API, "List Runs", "Retrieve Run" and "Retrieve Run Artifact".
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any

import httpx
from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError

from flows.dbt_runs.source import RunSourceError
from flows.sources.errors import without_secret
from flows.sources.fivetran_api import RetryPolicy

API_BASE = "https://cloud.getdbt.com"
PAGE = 100
"""The most runs that the API gives at once."""
SUCCEEDED, FAILED, CANCELLED = 10, 20, 30
_LONGEST_PAUSE_SECONDS = 60.0


class _Part(BaseModel):
    model_config = ConfigDict(extra="ignore")


class Step(_Part):
    """One command of a run; the first has the index 1."""

    index: int
    name: str = ""


class CloudRun(_Part):
    """A run of a job. Times are UTC."""

    id: int
    job_definition_id: int | None = None
    status: int
    created_at: datetime | None = None
    started_at: datetime | None = None
    finished_at: datetime | None = None
    run_steps: list[Step] | None = None

    @property
    def has_ended(self) -> bool:
        """Whether it succeeded, failed or was cancelled."""
        return self.status in (SUCCEEDED, FAILED, CANCELLED) and self.finished_at is not None


class _Pagination(_Part):
    total_count: int | None = None


class _Extra(_Part):
    pagination: _Pagination = Field(default_factory=_Pagination)


class _Page(_Part):
    data: list[CloudRun]
    extra: _Extra = Field(default_factory=_Extra)


class _One(_Part):
    data: CloudRun


class DbtCloudApi:
    """A client for one account. A 429, a 5xx and a network error are tried again; other refusals are final."""

    def __init__(
        self,
        token: SecretStr,
        account_id: str,
        *,
        api_base: str = API_BASE,
        timeout_seconds: float = 30.0,
        retry: RetryPolicy | None = None,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        """Make a client; nothing is sent yet.

        Args:
            token: a service token or a personal one that may read jobs.
            account_id: of the account.
            api_base: the account's access URL.
            timeout_seconds: for each request.
            retry: for failures that may pass.
            sleep: waits so many seconds.
        """
        self._token = token.get_secret_value()
        self.api_base = api_base.rstrip("/")
        self._account = account_id
        self._retry = retry or RetryPolicy()
        self._sleep = sleep
        self._client = httpx.Client(
            base_url=f"{self.api_base}/api/v2/accounts/{account_id}",
            headers={"Authorization": f"Token {self._token}", "Accept": "application/json"},
            timeout=timeout_seconds,
            follow_redirects=False,
        )

    def runs(self, job_id: str) -> Iterator[CloudRun]:
        """A job's runs, the newest first, page by page as they are wanted.

        Raises:
            RunSourceError: there is no such job, the token is refused, or dbt Cloud does not answer.
        """
        offset = 0
        while True:
            query = {"job_definition_id": job_id, "order_by": "-id", "limit": str(PAGE), "offset": str(offset)}
            page = self._model(_Page, "/runs/", query, f"runs of job {job_id}")
            yield from page.data
            offset += len(page.data)
            total = page.extra.pagination.total_count
            # Without a total the last page is told by being short.
            if not page.data or (offset >= total if total is not None else len(page.data) < PAGE):
                return

    def steps(self, run_id: int) -> list[Step]:
        """The commands of a run, in their order.

        Raises:
            RunSourceError: as for :meth:`runs`.
        """
        query = {"include_related": '["run_steps"]'}
        run = self._model(_One, f"/runs/{run_id}/", query, f"run {run_id}").data
        return sorted(run.run_steps or [], key=lambda step: step.index)

    def artifact(self, run_id: int, step: int, name: str) -> bytes | None:
        """A file that a step of a run left; None if it left none.

        Raises:
            RunSourceError: as for :meth:`runs`.
        """
        response = self._request(f"/runs/{run_id}/artifacts/{name}", {"step": str(step)}, f"{name} of run {run_id}")
        return None if response.status_code == httpx.codes.NOT_FOUND else response.content

    def close(self) -> None:
        """Close the connections to dbt Cloud."""
        self._client.close()

    def _model(self, kind: type[Any], path: str, query: dict[str, str], what: str) -> Any:
        response = self._request(path, query, what)
        if response.status_code == httpx.codes.NOT_FOUND:
            raise self._error(f"it has no {what} (HTTP 404); check SLUICE_DBT_CLOUD_ACCOUNT_ID and _JOB_IDS")
        try:
            return kind.model_validate_json(response.content)
        except ValidationError as error:
            problem = error.errors(include_input=False, include_url=False)[0]
            place = ".".join(str(part) for part in problem["loc"]) or "it"
            raise self._error(f"its answer about {what} is not what was expected: {place}: {problem['msg']}") from None

    def _request(self, path: str, query: dict[str, str], what: str) -> httpx.Response:
        """The answer: a success, or a 404."""
        pause = self._retry.first_pause_seconds
        problem = "nothing was tried"
        for attempt in range(1, self._retry.attempts + 1):
            asked_to_wait: float | None = None
            try:
                response = self._client.get(path, params=query)
            except httpx.TransportError as error:
                problem = f"{type(error).__name__}: {error}"
            else:
                if response.is_success or response.status_code == httpx.codes.NOT_FOUND:
                    return response
                problem = f"HTTP {response.status_code}"
                if response.status_code != httpx.codes.TOO_MANY_REQUESTS and not response.is_server_error:
                    raise self._error(_explained(response.status_code, what, problem))
                after = response.headers.get("Retry-After", "").strip()
                asked_to_wait = float(after) if after.isdigit() else None
            if attempt < self._retry.attempts:
                # Up to a quarter more, so that many clients do not come back at once.
                wait = asked_to_wait if asked_to_wait is not None else pause * (1 + random.random() / 4)
                self._sleep(min(wait, _LONGEST_PAUSE_SECONDS))
                pause *= 2
        raise self._error(f"asking for {what} failed {self._retry.attempts} times; last: {problem}", transient=True)

    def _error(self, message: str, *, transient: bool = False) -> RunSourceError:
        text = without_secret(f"dbt Cloud at {self.api_base}: {message}", self._token)
        return RunSourceError(text, transient=transient)


def _explained(status: int, what: str, problem: str) -> str:
    match status:
        case 401:
            return f"it refused the token ({problem}); check SLUICE_DBT_CLOUD_TOKEN and SLUICE_DBT_CLOUD_URL"
        case 403:
            return f"the token may not read {what} ({problem}); it needs the right to read jobs"
        case _:
            return f"it refused to tell {what} ({problem})"
