from __future__ import annotations

import json
import multiprocessing
import threading

from tests.gx.docs.project import DocsProject, result
from tests.gx.docs.publisher import publish_runs
from tests.gx.docs.reading import read

PROCESSES = 3
RUNS = 8


def test_publishers_in_several_processes_lose_nothing_and_tear_nothing(project: DocsProject) -> None:
    project.publish(project.store_run("s.first", [result()]))
    # Not forked from here: what other tests left running in this process would be in each publisher, half alive.
    processes = multiprocessing.get_context("forkserver")
    processes.set_forkserver_preload(["tests.gx.docs.publisher"])  # importing GX takes seconds; once is enough
    start = processes.Event()
    publishers = [
        processes.Process(target=publish_runs, args=(project.state, me, RUNS, start)) for me in range(PROCESSES)
    ]
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
