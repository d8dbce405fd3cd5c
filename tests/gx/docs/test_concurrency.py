from __future__ import annotations

import json
import multiprocessing
import threading
from multiprocessing.synchronize import Event
from pathlib import Path

from tests.gx.docs.project import DocsProject, result
from tests.gx.docs.reading import read

PROCESSES = 3
RUNS = 8


def _publish_runs(state: Path, me: int, start: Event) -> None:
    project = DocsProject(state)
    start.wait(60)
    for number in range(RUNS):
        shared = project.store_run("s.shared", [result()], day=number, run_name=f"publisher {me}")
        own = project.store_run(f"s.own_{me}", [result()], day=number)
        project.publish(shared, own)


def test_publishers_in_several_processes_lose_nothing_and_tear_nothing(project: DocsProject) -> None:
    project.publish(project.store_run("s.first", [result()]))
    processes = multiprocessing.get_context("fork")  # importing GX anew takes each process seconds
    start = processes.Event()
    publishers = [processes.Process(target=_publish_runs, args=(project.state, me, start)) for me in range(PROCESSES)]
    for each in publishers:
        each.start()
    torn: list[str] = []
    stop = threading.Event()

    def watch() -> None:
        while not stop.is_set():
            page = project.page("index.html")
            if not page.startswith("<!DOCTYPE html>") or not page.endswith("</html>"):
                torn.append(page)

    watcher = threading.Thread(target=watch)
    watcher.start()
    start.set()
    for each in publishers:
        each.join(120)
    stop.set()
    watcher.join()
    assert [each.exitcode for each in publishers] == [0] * PROCESSES
    assert torn == []
    lines = (project.site / "manifest/runs.jsonl").read_text().splitlines()
    published = {json.loads(line)["path"] for line in lines}
    assert len(published) == 1 + 2 * PROCESSES * RUNS
    assert all((project.site / path).is_file() for path in published)
    links = {link for link in read(project.page("index.html")).links if link.startswith("validations/")}
    assert links == published
    assert not list(project.site.rglob(".tmp-*"))
