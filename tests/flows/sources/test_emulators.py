from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import httpx
import pytest
import sqlalchemy as sa

from flows.child import ChildServer
from flows.sources.emulators.embedded import EmbeddedSources, embedded_sources
from flows.sources.emulators.postgres import seed_database
from flows.sources.errors import EmulatorError


def row_count(url: str, table: str) -> int:
    engine = sa.create_engine(url, poolclass=sa.NullPool)
    with engine.connect() as connection:
        return int(connection.execute(sa.select(sa.func.count()).select_from(sa.table(table))).scalar_one())


def ends_within(seconds: float, condition) -> bool:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if condition():
            return True
        time.sleep(0.05)
    return False


def is_down(base: str) -> bool:
    try:
        httpx.get(f"{base}/v1/plans", timeout=2)
    except httpx.TransportError:
        return True
    return False


def test_secrets_do_not_show_when_the_sources_are_printed(sources: EmbeddedSources) -> None:
    assert sources.stripe_api_key.get_secret_value() not in repr(sources)
    assert sources.postgres_url.get_secret_value() not in repr(sources)


def test_postgres_holds_the_reference_tables_with_their_keys(sources: EmbeddedSources) -> None:
    url = sources.postgres_url.get_secret_value()
    assert {name: row_count(url, name) for name in ("users", "events", "sessions", "page_views")} == {
        "users": 2_300,
        "events": 11_500,
        "sessions": 6_900,
        "page_views": 23_000,
    }
    inspector = sa.inspect(sa.create_engine(url, poolclass=sa.NullPool))
    assert set(inspector.get_table_names("public")) == {"users", "events", "sessions", "page_views"}
    assert inspector.get_pk_constraint("users")["constrained_columns"] == ["user_id"]


def test_two_at_once_serve_apart_are_seeded_once_and_stop_together(sources: EmbeddedSources, state_dir: Path) -> None:
    with embedded_sources(state_dir, seed=1, scale=2) as second:
        assert second.stripe_api_base != sources.stripe_api_base
        url = second.postgres_url.get_secret_value()
        assert row_count(url, "users") == 4_600
        assert row_count(sources.postgres_url.get_secret_value(), "users") == 2_300
        assert not seed_database(sa.make_url(url), 1, 2)
        assert seed_database(sa.make_url(url), 1, 1)
        assert row_count(url, "users") == 2_300
    assert is_down(second.stripe_api_base)
    with pytest.raises(sa.exc.OperationalError):
        row_count(url, "users")


@pytest.mark.skipif(sys.platform == "win32", reason="needs POSIX signals")
def test_the_servers_stop_when_their_parent_is_killed(state_dir: Path) -> None:
    script = (
        "import sys, time; from pathlib import Path\n"
        "from flows.sources.emulators.embedded import embedded_sources\n"
        "with embedded_sources(Path(sys.argv[1])) as s:\n"
        "    print(s.stripe_api_base, s.postgres_url.get_secret_value(), flush=True); time.sleep(60)\n"
    )
    parent = subprocess.Popen(
        [sys.executable, "-c", script, str(state_dir)], stdout=subprocess.PIPE, text=True, cwd=Path.cwd()
    )
    assert parent.stdout is not None
    base, url = parent.stdout.readline().split()
    assert row_count(url, "users") == 2_300
    os.kill(parent.pid, signal.SIGKILL)
    parent.wait()
    assert ends_within(10, lambda: is_down(base))
    assert ends_within(10, lambda: not (state_dir / "sources" / "postgres" / "postmaster.pid").exists())


def test_a_server_that_ends_at_once_is_reported_with_its_log(tmp_path: Path) -> None:
    server = ChildServer("stripe", "flows.sources.emulators.stripe", ["--port", "none"], tmp_path)
    with server, pytest.raises(EmulatorError) as caught:
        server.wait_ready(20)
    assert "the embedded stripe server ended with code 2 before it was ready" in str(caught.value)
    assert "invalid int value: 'none'" in str(caught.value)


def test_a_server_that_is_not_ready_in_time_is_reported(tmp_path: Path) -> None:
    server = ChildServer("stripe", "flows.sources.emulators.stripe", [], tmp_path)
    with server, pytest.raises(EmulatorError, match=r"the embedded stripe server was not ready after 0\.01 s"):
        server.wait_ready(0.01)


@pytest.mark.parametrize(("seed", "scale"), [(-1, 1), (0, 0)])
def test_a_seed_or_scale_out_of_range_is_refused_before_anything_starts(tmp_path: Path, seed: int, scale: int) -> None:
    refused = pytest.raises(ValueError, match=f"not seed {seed} and scale {scale}")
    with refused, embedded_sources(tmp_path, seed=seed, scale=scale):
        pass
    assert list(tmp_path.iterdir()) == []
