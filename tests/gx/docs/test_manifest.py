from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from filelock import FileLock

from gx.docs.errors import SiteLockedError
from gx.docs.manifest import Manifest
from gx.docs.pages import Verdict
from gx.docs.records import RunRecord


def _record(number: int, table: str = "s.t", verdict: Verdict = Verdict.PASSED) -> RunRecord:
    return RunRecord(
        path=f"validations/{table}/{number}.html",
        time=datetime(2025, 9, 1, tzinfo=UTC) + timedelta(hours=number),
        verdict=verdict,
        failed=0,
        total=1,
        suite=table,
        suite_path="",
        table=table,
        checkpoint="",
        checkpoint_verdict=None,
        run_name="",
        ingest_id="",
        failed_by_severity={},
        errors=0,
        problems=(),
    )


def _marks(manifest: Manifest) -> list[str]:
    (history,) = manifest.roll_up().tables.values()
    return [mark.path for mark in history.marks]


def test_a_publisher_killed_before_the_roll_up_loses_nothing(tmp_path: Path) -> None:
    manifest = Manifest(tmp_path)
    with manifest.locked():
        manifest.append([_record(1)])
        manifest.roll_up()
        manifest.append([_record(2)])  # killed here
    survivor = Manifest(tmp_path)
    with survivor.locked():
        survivor.append([_record(3)])
        assert _marks(survivor) == [_record(number).path for number in (1, 2, 3)]


def test_what_is_folded_in_is_never_read_again(tmp_path: Path) -> None:
    manifest = Manifest(tmp_path)
    runs = tmp_path / "manifest/runs.jsonl"
    with manifest.locked():
        manifest.append([_record(1), _record(2)])
        manifest.roll_up()
        runs.write_bytes(b"x" * (runs.stat().st_size - 1) + b"\n")
        manifest.append([_record(3)])
        assert _marks(manifest) == [_record(number).path for number in (1, 2, 3)]


def test_a_line_torn_by_a_kill_takes_no_other_with_it(tmp_path: Path) -> None:
    manifest = Manifest(tmp_path)
    with manifest.locked():
        manifest.append([_record(1)])
        with (tmp_path / "manifest/runs.jsonl").open("a") as file:
            file.write('{"path": "torn')
        assert _marks(manifest) == [_record(1).path]
        manifest.append([_record(2)])
        assert _marks(manifest) == [_record(number).path for number in (1, 2)]


@pytest.mark.parametrize("damage", ["", "{", '{"version": 1, "consumed": 999999999}'])
def test_a_damaged_roll_up_is_made_anew_from_the_manifest(tmp_path: Path, damage: str) -> None:
    manifest = Manifest(tmp_path)
    with manifest.locked():
        manifest.append([_record(number) for number in range(3)])
        whole = manifest.roll_up()
        (tmp_path / "manifest/roll_up.json").write_text(damage)
        assert manifest.roll_up() == whole


def test_a_run_published_twice_counts_once(tmp_path: Path) -> None:
    manifest = Manifest(tmp_path)
    with manifest.locked():
        manifest.append([_record(1), _record(1)])
        manifest.append([_record(1)])
        assert _marks(manifest) == [_record(1).path]


def test_the_roll_up_is_bounded_and_the_manifest_keeps_everything(tmp_path: Path) -> None:
    manifest = Manifest(tmp_path)
    with manifest.locked():
        manifest.append([_record(number) for number in range(100)])
        assert len(_marks(manifest)) == 30
    assert len((tmp_path / "manifest/runs.jsonl").read_text().splitlines()) == 100


def test_a_full_build_keeps_what_others_appended_meanwhile(tmp_path: Path) -> None:
    manifest = Manifest(tmp_path)
    with manifest.locked():
        manifest.append([_record(1), _record(1), _record(3)])
        manifest.replace([_record(1), _record(2)])
        assert _marks(manifest) == [_record(number).path for number in (1, 2, 3)]
    assert len((tmp_path / "manifest/runs.jsonl").read_text().splitlines()) == 3


def test_a_lock_that_is_never_released_is_an_error_that_says_so(tmp_path: Path) -> None:
    (tmp_path / "manifest").mkdir()
    with (
        FileLock(tmp_path / "manifest/.lock"),
        pytest.raises(SiteLockedError, match="locked by another publisher") as raised,
        Manifest(tmp_path, lock_timeout=0.05).locked(),
    ):
        pass
    assert raised.value.transient
