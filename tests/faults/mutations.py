"""The code broken on purpose, in a copy: each time the suite has to turn red, or it proves nothing."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

ROOT = Path(__file__).resolve().parents[2]
COPIED = ("gx", "expectations", "checkpoints", "flows", "tests", "pyproject.toml")


@dataclass(frozen=True)
class Mutation:
    """One place broken: `old` becomes `new` in `file`; the tests that -k `tests` chooses ought to fail."""

    what: str
    file: str
    old: str
    new: str
    tests: str


MUTATIONS = (
    Mutation(
        "the load does not look at its gate itself", "flows/workspace.py",
        "        self.require_open(load, ingest_id)  # the second lock", "        # the second lock", "event",
    ),
    Mutation(
        "publishing does not look at its gate itself", "flows/workspace.py",
        "            self.require_open(publish_gate(load), ingest_id)\n", "", "event",
    ),
    Mutation(
        "an older ingest's decision still counts", "checkpoints/gate.py",
        "    overtaken = known and latest_ingest is not None and ingest_id != latest_ingest",
        "    overtaken = False", "event",
    ),
    Mutation(
        "a load leaves the gates behind it as they were", "flows/workspace.py",
        "            self.ledger.close_gates(load, ingest_id, gates, reason, utc_now())\n", "            pass\n",
        "event",
    ),
    Mutation(
        "layers are published table by table", "gx/warehouse/publishing_postgres.py",
        "            moved = self._move(connection, table, schema)\n",
        "            moved = self._move(connection, table, schema)\n"
        "            connection.exec_driver_sql('COMMIT')\n            connection.exec_driver_sql('BEGIN')\n",
        "two_machines or moment",
    ),
    Mutation(
        "decisions are recorded before the results", "checkpoints/ledger/ledger.py",
        "            runs.finish(connection, run, finished, run.reasons()[:_REASONS_KEPT])\n"
        "            made = tuple(item for item in made if not decisions.overtaken(connection, item))\n"
        "            for item in made:\n"
        "                decisions.record(connection, item)\n",
        "            made = tuple(item for item in made if not decisions.overtaken(connection, item))\n"
        "            for item in made:\n"
        "                decisions.record(connection, item)\n"
        "        with self._database.exclusive() as connection:\n"
        "            runs.finish(connection, run, finished, run.reasons()[:_REASONS_KEPT])\n",
        "verdict_is_written",
    ),
    Mutation(
        "a run begins without closing its gates", "checkpoints/ledger/ledger.py",
        "                decisions.record(connection, pending)\n", "                pass\n", "second_check",
    ),
    Mutation(
        "runs on one project do not take turns", "flows/workspace.py",
        "        resources.enter_context(turn(settings.state_dir, what, wait_seconds=settings.wait_seconds,"
        " progress=progress))\n", "", "two_ingests_at_once or check_at_once",
    ),
    Mutation(
        "runs on two machines do not take turns", "flows/workspace.py",
        "        resources.enter_context(ledger.turn(settings.wait_seconds, lambda: progress(said)))\n", "",
        "two_machines",
    ),
    Mutation(
        "a locked ledger on a server is waited for without a bound", "checkpoints/ledger/connection.py",
        '    cursor.execute(f"SET lock_timeout = {_BUSY_SECONDS * 1000:.0f}")\n', "", "locked_ledger_on_a_server",
    ),
)  # fmt: skip


def run_all() -> Iterator[tuple[Mutation, bool]]:
    """Each mutation, and whether the suite noticed."""
    for mutation in MUTATIONS:  # all of them, before the first takes its minute
        assert _found(ROOT, mutation) == 1, f"{mutation.what}: {mutation.file} has changed"
    for mutation in MUTATIONS:
        with TemporaryDirectory(prefix="sluice-mutation-") as made:
            copy = Path(made)
            copy.chmod(0o755)
            for name in COPIED:
                source = ROOT / name
                (shutil.copytree if source.is_dir() else shutil.copy)(source, copy / name)
            file = copy / mutation.file
            text = file.read_text(encoding="utf-8")
            file.write_text(text.replace(mutation.old, mutation.new), encoding="utf-8")
            yield mutation, _is_red(copy, mutation.tests)


def _found(root: Path, mutation: Mutation) -> int:
    return (root / mutation.file).read_text(encoding="utf-8").count(mutation.old)


def _is_red(copy: Path, tests: str) -> bool:
    command = [sys.executable, "-m", "pytest", "-q", "-x", "-n", "0", "-p", "no:cacheprovider", "tests/faults"]
    ended = subprocess.run(
        [*command, "-k", tests], cwd=copy, env={**os.environ, "PYTHONPATH": str(copy)}, check=False,
        capture_output=True, text=True,
    )  # fmt: skip
    assert ended.returncode in (0, 1), ended.stdout + ended.stderr
    return ended.returncode == 1


if __name__ == "__main__":
    caught = True
    for tried, red in run_all():
        sys.stdout.write(f"{'caught' if red else 'NOT CAUGHT'}: {tried.what}\n")
        sys.stdout.flush()
        caught &= red
    sys.exit(not caught)
