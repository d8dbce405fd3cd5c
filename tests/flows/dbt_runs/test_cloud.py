"""dbt Cloud's runs over its API, against a server on this machine that answers as the API does."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from pydantic import SecretStr

from flows.dbt_runs.cloud import DbtCloud
from flows.dbt_runs.cloud_api import PAGE, DbtCloudApi
from flows.dbt_runs.source import Found, RunSourceError
from flows.sources.fivetran_api import RetryPolicy
from gx.errors import ConfigError
from tests.flows.dbt_runs.artifacts import content, manifest, result, run_results

TOKEN = "dbtc_very_secret"
ACCOUNT = "4711"
EVER = datetime(2000, 1, 1)  # noqa: DTZ001 - as sources are asked
WHOLE = content(manifest(fct={"materialized": "table"}))


@dataclass
class Cloud:
    """An account: its runs by job, and what each step of a run left."""

    runs: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    artifacts: dict[tuple[int, int], dict[str, bytes]] = field(default_factory=dict)
    steps: dict[int, int] = field(default_factory=dict)
    failures: list[tuple[int, dict[str, str]]] = field(default_factory=list)
    refuses: dict[str, int] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    tells_the_total: bool = True

    def ran(self, number: int, *steps: dict[str, bytes], job: str = "1", status: int = 10, **more: Any) -> None:
        """Add a run of a job, the newest, with what its steps left."""
        run = {
            "id": number, "job_definition_id": int(job), "status": status, "status_humanized": "x",
            "created_at": "2025-10-01 02:00:00.000000+00:00", "started_at": "2025-10-01 02:00:05.000000+00:00",
            "finished_at": f"2025-10-01 03:{number % 60:02}:00.000000+00:00", "run_steps": None, "git_sha": "abc",
        }  # fmt: skip
        self.runs.setdefault(job, []).insert(0, {**run, **more})
        self.steps[number] = len(steps)
        for index, left in enumerate(steps, start=1):
            self.artifacts[number, index] = left

    def answer(self, path: str, query: dict[str, str]) -> tuple[int, bytes]:
        parts = path.removeprefix(f"/api/v2/accounts/{ACCOUNT}/runs/").strip("/").split("/")
        if parts == [""]:
            job, offset, limit = query["job_definition_id"], int(query["offset"]), int(query["limit"])
            if job in self.refuses:
                return self.refuses[job], b'{"status": {"user_message": "no"}}'
            data = self.runs.get(job, [])
            pagination = {"count": limit, "total_count": len(data)} if self.tells_the_total else {}
            return 200, content({"data": data[offset : offset + limit], "extra": {"pagination": pagination}})
        number = int(parts[0])
        if len(parts) == 1:
            steps = [{"index": index, "name": "Invoke dbt"} for index in range(self.steps[number], 0, -1)]
            run = next(run for runs in self.runs.values() for run in runs if run["id"] == number)
            return 200, content({"data": {**run, "run_steps": steps}})
        left = self.artifacts.get((number, int(query["step"])), {}).get(parts[2])
        return (200, left) if left is not None else (404, b'{"status": {"code": 404}}')


@pytest.fixture
def cloud() -> Cloud:
    return Cloud()


@pytest.fixture
def address(cloud: Cloud) -> Iterator[str]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:  # the base class's name
            url = urlsplit(self.path)
            cloud.asked.append(self.path)
            headers: dict[str, str] = {}
            if cloud.failures:
                (status, headers), body = cloud.failures.pop(0), b"{}"
            elif self.headers["Authorization"] != f"Token {TOKEN}":
                status, body = 401, json.dumps({"said": self.headers["Authorization"]}).encode()
            else:
                status, body = cloud.answer(url.path, {name: values[0] for name, values in parse_qs(url.query).items()})
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


@dataclass
class Reader:
    address: str
    slept: list[float] = field(default_factory=list)

    def read(
        self, *jobs: str, since: datetime = EVER, known: frozenset[str] = frozenset(), token: str = TOKEN
    ) -> Found:
        retry = RetryPolicy(attempts=3, first_pause_seconds=0.01)
        api = DbtCloudApi(SecretStr(token), ACCOUNT, api_base=self.address, retry=retry, sleep=self.slept.append)
        try:
            return DbtCloud(api, jobs or ("1",)).read(since, known)
        finally:
            api.close()


@pytest.fixture
def reader(address: str) -> Reader:
    return Reader(address)


def step(invocation: str, *results: dict[str, Any], **more: Any) -> dict[str, bytes]:
    document = run_results(*(results or (result(),)), metadata={"invocation_id": invocation}, **more)
    return {"run_results.json": content(document), "manifest.json": WHOLE}


def ids(found: Found) -> list[str]:
    return [run.run_id for run in found.runs]


def test_each_step_that_built_models_is_a_run_and_so_is_the_whole(cloud: Cloud, reader: Reader) -> None:
    cloud.ran(7, {}, step("a", result(seconds=30_095)), step("b", which="test"), step("c", result("other")))
    found = reader.read()
    assert found.problems == ()
    assert ids(found) == ["a", "c", "dbt-cloud-7"]
    assert [(run.source, run.job, run.status) for run in found.runs] == [
        ("dbt_cloud", "job 1", "success"), ("dbt_cloud", "job 1", "success"), ("dbt_cloud", "job 1", "success"),
    ]  # fmt: skip
    assert found.runs[0].models[0].seconds == 30_095
    assert found.runs[2].finished_at == datetime(2025, 10, 1, 3, 7)  # noqa: DTZ001


@pytest.mark.parametrize("status", [20, 30])
def test_a_run_that_failed_is_on_record_also_when_it_left_nothing(cloud: Cloud, reader: Reader, status: int) -> None:
    cloud.ran(7, {}, {}, status=status)
    (run,) = reader.read().runs
    assert (run.run_id, run.status, run.models) == ("dbt-cloud-7", "error", ())


def test_a_run_whose_test_step_failed_is_a_failed_run_with_models_that_were_built(cloud: Cloud, reader: Reader) -> None:
    cloud.ran(7, step("a"), step("b", which="test"), status=20)
    assert [(run.run_id, run.status) for run in reader.read().runs] == [("a", "success"), ("dbt-cloud-7", "error")]


@pytest.mark.parametrize("tells_the_total", [True, False])
def test_all_pages_are_read(cloud: Cloud, reader: Reader, tells_the_total: bool) -> None:
    for number in range(2 * PAGE + 1):
        cloud.ran(number)
    cloud.tells_the_total = tells_the_total
    assert ids(reader.read()) == [f"dbt-cloud-{number}" for number in range(2 * PAGE + 1)]
    assert len([path for path in cloud.asked if "limit=" in path]) == 3


def test_what_is_known_is_not_asked_for_again_and_what_goes_on_is_left(cloud: Cloud, reader: Reader) -> None:
    cloud.ran(7, step("a"))
    cloud.ran(8, step("b"))
    cloud.ran(9, status=3, finished_at=None)
    found = reader.read(known=frozenset({"dbt-cloud-7", "a"}))
    assert ids(found) == ["b", "dbt-cloud-8"]
    assert not [path for path in cloud.asked if "/runs/7" in path or "/runs/9" in path]


def test_runs_that_ended_before_are_left_and_their_pages_not_read(cloud: Cloud, reader: Reader) -> None:
    for number in range(PAGE):
        cloud.ran(number, created_at="2025-09-01 02:00:00+00:00", finished_at="2025-09-01 03:00:00+00:00")
    cloud.ran(PAGE + 1, created_at="2025-09-30 23:00:00+00:00", finished_at="2025-10-01 05:00:00+02:00")
    assert ids(reader.read(since=datetime(2025, 10, 1, 3))) == [f"dbt-cloud-{PAGE + 1}"]  # noqa: DTZ001
    assert len([path for path in cloud.asked if "limit=" in path]) == 1


@pytest.mark.parametrize("failures", [[(429, {"Retry-After": "2"})], [(503, {}), (500, {})]])
def test_what_may_pass_is_tried_again(cloud: Cloud, reader: Reader, failures: list[tuple[int, dict[str, str]]]) -> None:
    cloud.ran(7)
    cloud.failures = list(failures)
    assert ids(reader.read()) == ["dbt-cloud-7"]
    assert len(reader.slept) == len(failures)
    assert failures[0][0] != 429 or reader.slept == [2.0]


def test_trouble_that_stays_is_told_as_such(cloud: Cloud, reader: Reader) -> None:
    cloud.failures = [(503, {})] * 3
    with pytest.raises(RunSourceError, match=r"runs of job 1 failed 3 times; last: HTTP 503") as caught:
        reader.read()
    assert caught.value.transient


def test_a_server_that_is_not_there_is_told(reader: Reader) -> None:
    with pytest.raises(RunSourceError, match="failed 3 times; last: ConnectError") as caught:
        Reader("http://127.0.0.1:9").read()
    assert caught.value.transient


def test_a_token_that_is_refused_is_not_told(cloud: Cloud, reader: Reader) -> None:
    cloud.ran(7)
    with pytest.raises(RunSourceError, match=r"HTTP 401.*SLUICE_DBT_CLOUD_TOKEN") as caught:
        reader.read(token="another_secret")
    assert "another_secret" not in str(caught.value)
    assert not caught.value.transient


@pytest.mark.parametrize(("status", "told"), [(403, "may not read runs of job 2"), (404, "it has no runs of job 2")])
def test_a_job_that_cannot_be_read_takes_no_other_with_it(cloud: Cloud, reader: Reader, status: int, told: str) -> None:
    cloud.ran(7, step("a"))
    cloud.refuses["2"] = status
    found = reader.read("2", "1")
    assert ids(found) == ["a", "dbt-cloud-7"]
    assert [told in problem for problem in found.problems] == [True]


@pytest.mark.parametrize(
    ("left", "problem"),
    [
        ({"run_results.json": b'{"metadata": {"dbt'}, "it is not whole JSON"),
        (step("a") | {"manifest.json": b"{"}, "manifest.json: it is not whole JSON"),
        (
            {"run_results.json": content({"metadata": {"dbt_schema_version": "https://x/run-results/v9.json"}})},
            "schema v9",
        ),
    ],
)
def test_a_run_that_cannot_be_read_is_on_record_as_that(
    cloud: Cloud, reader: Reader, left: dict[str, bytes], problem: str
) -> None:
    cloud.ran(7, left)
    found = reader.read()
    assert (found.runs[-1].run_id, found.runs[-1].status) == ("dbt-cloud-7", "unreadable")
    (told,) = found.problems
    assert told.startswith("dbt Cloud run 7, step 1: ")
    assert problem in told


def test_an_answer_that_is_none_of_the_apis_is_told(cloud: Cloud, reader: Reader) -> None:
    cloud.failures = [(200, {})]
    with pytest.raises(RunSourceError, match="its answer about runs of job 1 is not what was expected: data"):
        reader.read()


@pytest.mark.parametrize("jobs", [[], [""], ["nightly"], ["1", "2/../3"]])
def test_jobs_are_named_by_their_numbers(jobs: list[str]) -> None:
    with pytest.raises(ConfigError, match="SLUICE_DBT_CLOUD_JOB_IDS"):
        DbtCloud(DbtCloudApi(SecretStr(TOKEN), ACCOUNT), jobs)
