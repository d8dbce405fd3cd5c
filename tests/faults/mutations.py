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
    """One place broken: `old` becomes `new` in `file`; the tests that -k `tests` chooses `where` ought to fail."""

    what: str
    file: str
    old: str
    new: str
    tests: str
    where: str = "tests/faults"


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
    Mutation(
        "an expired decision still counts", "checkpoints/gate.py",
        "    if now >= decision.valid_until:", "    if False:", "last_moment", "tests/checkpoints/test_gate.py",
    ),
    Mutation(
        "a decision of tomorrow counts today", "checkpoints/gate.py",
        "    if decision.decided_at - now > CLOCKS_DIFFER:", "    if False:", "future",
        "tests/checkpoints/test_override.py",
    ),
    Mutation(
        "one open checkpoint of two opens the gate", "checkpoints/gate.py",
        "Decision.CLOSED if blocking else Decision.OPEN", "Decision.CLOSED if blocking == standings else Decision.OPEN",
        "disagree", "tests/checkpoints/test_asking.py",
    ),
    Mutation(
        "an override opens a gate whose run has not finished", "checkpoints/gate.py",
        "    if overtaken or any(standing.state is _State.UNFINISHED for standing in blocking):", "    if overtaken:",
        "not_finished", "tests/checkpoints/test_override.py",
    ),
    Mutation(
        "an override has no longest time", "checkpoints/override.py",
        "            and self.until - self.made_at <= LONGEST\n", "", "does_not_count",
        "tests/checkpoints/test_override.py",
    ),
    Mutation(
        "a run that checked nothing passes", "checkpoints/result.py",
        "if Verdict.ERRORED in forced or not outcomes or any(", "if Verdict.ERRORED in forced or any(",
        "nothing_checked", "tests/checkpoints/test_verdict.py",
    ),
    Mutation(
        "a ledger that cannot be read opens", "checkpoints/asking.py",
        "        return closed(load, ingest_id, str(error))",
        "        return Gate(load, ingest_id, Decision.OPEN, (str(error),))", "cannot_be_read",
        "tests/checkpoints/test_asking.py",
    ),
    Mutation(
        "a run that a later one overtook decides all the same", "checkpoints/ledger/decisions.py",
        "    return bool(connection.execute(later).scalar())", "    return False", "later_one_began",
        "tests/checkpoints/ledger/test_ledger.py",
    ),
    Mutation(
        "which ingest is the last is told by the clock", "checkpoints/ledger/ingests.py",
        "    ingests.c.number.desc(),\n", "", "clock_stepped_back", "tests/checkpoints/ledger/test_ledger.py",
    ),
    Mutation(
        "an ingest that begins again keeps what was decided", "checkpoints/ledger/ledger.py",
        "                decisions.record(connection, closed)\n            ingests.begin(",
        "                pass\n            ingests.begin(", "begins_again", "tests/checkpoints/ledger/test_ledger.py",
    ),
    Mutation(
        "pruning takes the decisions of an overridden gate", "checkpoints/ledger/retention.py",
        "        gate_decisions.c.load.not_in(sa.select(overrides.c.load).where(live)),\n", "", "what_bars_it",
        "tests/checkpoints/ledger/test_retention.py",
    ),
    Mutation(
        "a missing table is passed over", "checkpoints/reading.py",
        "        self._problem(suite, \"unread\", (Verdict.ERRORED, problem))\n"
        "        self.outcomes.extend(errored(suite, spec, reason) for spec in suite.expectations)\n", "",
        "missing", "tests/flows/cli/test_bad_input.py",
    ),
    Mutation(
        "a suite observes for ever", "checkpoints/runner.py",
        "counting.append(suite.observed() if number <= suite.observing else suite)",
        "counting.append(suite.observed() if suite.observing else suite)", "from_then_on",
        "tests/flows/cli/test_softer.py",
    ),
    Mutation(
        "the ledger is closed before the warehouse", "checkpoints/data_quality/copy.py",
        "                problem = self._write(connection, lambda: self._write_gates(connection, rows))\n"
        "            yield Closed(problem)",
        "            yield Closed(problem)\n            if problem is None:\n"
        "                self._write(connection, lambda: self._write_gates(connection, rows))", "every_step",
        "tests/warehouses/test_data_quality_orders.py",
    ),
    Mutation(
        "the view does not look at the end of a decision", "checkpoints/data_quality/tables.py",
        "said, gate.valid_from <= now, now < gate.valid_until)", "said, gate.valid_from <= now)", "expires",
        "tests/warehouses/test_data_quality.py",
    ),
    Mutation(
        "dbt builds a load of which the warehouse knows nothing", "flows/transform/macros/require_open_gates.sql",
        "if not (load in gates and gates[load].is_open)", "if load in gates and not gates[load].is_open",
        "no_longer_says", "tests/flows/transform/test_gate_macro.py",
    ),
    Mutation(
        "a build that was not checked is published", "gx/warehouse/publishing_moving.py",
        "        if waiting != build:", "        if waiting is None:", "another_build",
        "tests/warehouses/test_publishing.py",
    ),
    Mutation(
        "an ingest that begins outside closes the copy only", "checkpoints/ingesting.py",
        "        ledger.begin_ingest(ingest_id, source, now)\n", "        pass\n", "closes_the_gate_that",
        "tests/flows/cli/test_ingest_begin.py",
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
            control = _is_red(copy, mutation)
            file = copy / mutation.file
            text = file.read_text(encoding="utf-8")
            file.write_text(text.replace(mutation.old, mutation.new), encoding="utf-8")
            # Tests that are red anyway notice nothing.
            yield mutation, _is_red(copy, mutation) and not control


def _found(root: Path, mutation: Mutation) -> int:
    return (root / mutation.file).read_text(encoding="utf-8").count(mutation.old)


def _is_red(copy: Path, mutation: Mutation) -> bool:
    command = [sys.executable, "-m", "pytest", "-q", "-x", "-n", "0", "-p", "no:cacheprovider", mutation.where]
    ended = subprocess.run(
        [*command, "-k", mutation.tests], cwd=copy, env={**os.environ, "PYTHONPATH": str(copy)}, check=False,
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
