"""The child's side: one tool in one process, told what to do by lines of JSON.

``python -m tests.bench.worker TOOL`` serves requests until standard input ends; ``... TOOL --once TASK`` validates
once and prints how many checks failed. Only the standard library and the tool itself are imported here: what a tool
costs is what is measured.
"""

from __future__ import annotations

import importlib
import json
import os
import resource
import sys
import time
from pathlib import Path
from typing import Any, Protocol

from tests.bench.task import Task


class Tool(Protocol):
    """What a module under ``tests.bench.workers`` provides as ``TOOL``.

    Attributes:
        packages: the distributions whose versions the report names.
    """

    packages: tuple[str, ...]

    def prepare(self, task: Task) -> None:
        """Write files, open connections: whatever a user does once and not at each validation."""
        ...

    def run(self) -> int:
        """Validate; how many checks failed. This is what is timed."""
        ...

    def connection(self) -> Any:
        """A further connection (``execute``, ``fetchall``) to the DuckDB instance that ``run`` uses."""
        ...

    def program(self) -> list[str]:
        """The command with which a user validates, from the start of a process to its end; [] for ``--once``."""
        ...

    def judge(self, code: int, output: str) -> int:
        """How many checks failed, from the exit code and standard output of that command; -1 if it went wrong."""
        ...


def load(name: str) -> Tool:
    """The tool of that name."""
    tool: Tool = importlib.import_module(f"tests.bench.workers.{name}").TOOL
    return tool


def once(name: str, file: Path) -> list[str]:
    """The command that validates once in a process of its own, for tools that are libraries."""
    return [sys.executable, "-m", "tests.bench.worker", name, "--once", str(file)]


def serve(name: str) -> None:
    """Answer requests until standard input ends."""
    answers = _own_standard_output()
    tool = load(name)
    for line in sys.stdin:
        request = json.loads(line)
        try:
            answer = _answer(name, tool, request)
        except Exception as error:  # noqa: BLE001 - one tool's failure is reported, and the others go on
            answer = {"error": f"{type(error).__name__}: {error}"[:2000]}
        answers.write(json.dumps(answer) + "\n")
        answers.flush()


def _answer(name: str, tool: Tool, request: dict[str, Any]) -> dict[str, Any]:
    match request["do"]:
        case "prepare":
            task = Task.from_json(request["task"])
            file = task.workdir / "task.json"
            file.write_text(request["task"], encoding="utf-8")
            tool.prepare(task)
            return {"program": tool.program() or once(name, file), "versions": _versions(tool)}
        case "run":
            return _measured(tool)
        case "count":
            from tests.bench.statements import count

            return count(tool)
        case "judge":
            return {"failing": tool.judge(request["code"], request["output"])}
        case unknown:
            raise ValueError(f"unknown request {unknown!r}")


def _measured(tool: Tool) -> dict[str, Any]:
    before, begin = _cpu_seconds(), time.perf_counter()
    failing = tool.run()
    wall, cpu = time.perf_counter() - begin, _cpu_seconds() - before
    return {"failing": failing, "wall": wall, "cpu": cpu}


def _cpu_seconds() -> float:
    """User and system time of this process, all its threads, and the children it waited for."""
    own, children = resource.getrusage(resource.RUSAGE_SELF), resource.getrusage(resource.RUSAGE_CHILDREN)
    return own.ru_utime + own.ru_stime + children.ru_utime + children.ru_stime


def _versions(tool: Tool) -> dict[str, str]:
    from importlib.metadata import version

    return {package: version(package) for package in tool.packages}


def _own_standard_output() -> Any:
    """Standard output for answers alone; what tools print there is dropped."""
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    return answers


def main(arguments: list[str]) -> None:
    """Serve, or validate once."""
    if len(arguments) == 1:
        serve(arguments[0])
        return
    name, _, file = arguments
    tool = load(name)
    tool.prepare(Task.from_json(Path(file).read_text(encoding="utf-8")))
    sys.stdout.write(f"failing={tool.run()}\n")


if __name__ == "__main__":
    main(sys.argv[1:])
