"""Measure cells: every tool takes its turn, repetition by repetition, so that a busy minute hits them all."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from tests.bench.checks import Data
from tests.bench.process import ROOT, BenchError, Worker, environment, run_whole
from tests.bench.results import Cell, Outcome, Sample
from tests.bench.task import Limits, Task
from tests.bench.tools import Contender


@dataclass(frozen=True)
class Plan:
    """How to measure.

    Attributes:
        peers: the Python of the peers' environment.
        warm: repetitions inside a process that validated before.
        whole: repetitions from start to end of a process; 0 for none.
        budget: seconds after which a tool gets no further repetition in a cell (each kind gets at least one).
        timeout: seconds for one validation.
        directory: for data and working files.
    """

    contenders: Sequence[Contender]
    peers: Path
    limits: Limits
    warm: int
    whole: int
    budget: float
    timeout: float
    directory: Path
    progress: Callable[[str], None]


@dataclass
class _Turn:
    """One tool in the cell that is being measured."""

    contender: Contender
    worker: Worker
    task: Task
    outcome: Outcome = field(default_factory=Outcome)
    program: Sequence[str] = ()
    spent: float = 0.0


@dataclass
class Bench:
    """Measures cells, and remembers the versions that the tools told."""

    plan: Plan
    versions: dict[str, str] = field(default_factory=dict)
    _started_once: set[str] = field(default_factory=set)

    def measure(self, rows: int, count: int, data: Data) -> Cell:
        """One cell. A tool that fails, or gives a wrong answer, gets an error instead of figures."""
        self.plan.progress(f"{rows:,} rows, {count} checks, {data.value} data")
        with self._turns(rows, count, data) as turns:
            for turn in turns:
                self._guard(turn, self._prepare)
            self._repeat(turns, self.plan.warm, self._warm)
            self._repeat(turns, self.plan.whole, self._whole)
            for turn in turns:
                self._guard(turn, self._count)
        return Cell(count, data, {turn.contender.name: turn.outcome for turn in turns})

    @contextmanager
    def _turns(self, rows: int, count: int, data: Data) -> Iterator[list[_Turn]]:
        database = self._data(rows, data)
        work = self.plan.directory / "work"
        shutil.rmtree(work, ignore_errors=True)
        with ExitStack() as stack:
            turns = []
            for contender in self.plan.contenders:
                workdir = work / contender.name
                workdir.mkdir(parents=True)
                python = self.plan.peers if contender.peer else Path(sys.executable)
                worker = Worker(python, contender.name, workdir.with_suffix(".log"), timeout=self.plan.timeout)
                stack.callback(worker.close)
                turns.append(_Turn(contender, worker, Task(database, rows, data, count, workdir, self.plan.limits)))
            yield turns

    def _prepare(self, turn: _Turn) -> None:
        answer = turn.worker.ask("prepare", task=turn.task.to_json())
        turn.program = answer["program"]
        for package, version in answer["versions"].items():
            if self.versions.setdefault(package, version) != version:
                raise BenchError(f"has {package} {version}, others {self.versions[package]}: run `make lock`")
        _check(turn, turn.worker.ask("run")["failing"])  # the process has now validated once

    def _warm(self, turn: _Turn) -> None:
        answer = turn.worker.ask("run")
        _check(turn, answer["failing"])
        self._keep(turn, turn.outcome.warm, Sample(answer["wall"], answer["cpu"]))

    def _whole(self, turn: _Turn) -> None:
        if turn.contender.name not in self._started_once:
            self._run_whole(turn)  # writes the bytecode that later starts find
            self._started_once.add(turn.contender.name)
        self._keep(turn, turn.outcome.whole, self._run_whole(turn))

    def _run_whole(self, turn: _Turn) -> Sample:
        log = turn.task.workdir.with_suffix(".whole.log")
        code, output, sample = run_whole(turn.program, log, timeout=self.plan.timeout)
        found = turn.worker.ask("judge", code=code, output=output)["failing"]
        if found < 0:
            said = output[-500:] + log.read_text(encoding="utf-8", errors="replace")[-500:]
            raise BenchError(f"exit code {code}; it said: {said}")
        _check(turn, found)
        return sample

    def _count(self, turn: _Turn) -> None:
        answer = turn.worker.ask("count")
        _check(turn, answer["failing"])
        turn.outcome.statements, turn.outcome.others = answer["statements"], answer["others"]
        turn.outcome.scans = answer["scans"]
        turn.task.workdir.with_suffix(".sql").write_text(";\n\n".join(answer["texts"]), encoding="utf-8")

    def _repeat(self, turns: Sequence[_Turn], repetitions: int, step: Callable[[_Turn], None]) -> None:
        for turn in turns:
            turn.spent = 0.0
        for _ in range(repetitions):
            for turn in turns:
                if turn.spent < self.plan.budget:
                    self._guard(turn, step)

    def _guard(self, turn: _Turn, step: Callable[[_Turn], None]) -> None:
        if turn.outcome.error is not None:
            return
        try:
            step(turn)
        except BenchError as error:
            turn.outcome.error = str(error)
            self.plan.progress(f"  {turn.contender.title}: {error}")

    def _keep(self, turn: _Turn, samples: list[Sample], sample: Sample) -> None:
        samples.append(sample)
        turn.spent += sample.wall

    def _data(self, rows: int, data: Data) -> Path:
        file = self.plan.directory / f"rows_{rows}_{data.value}.duckdb"
        if not file.exists():
            self.plan.progress(f"  making {rows:,} rows")
            command = [sys.executable, "-m", "tests.bench.data", str(file), str(rows), data.value]
            subprocess.run(command, cwd=ROOT, env=environment(), check=True)
        return file


def _check(turn: _Turn, found: int) -> None:
    if found != turn.task.failing:
        raise BenchError(f"{found} checks failed where {turn.task.failing} have to; its time does not count")
