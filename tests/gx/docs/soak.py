"""The long forms of the tests of publishing under stress, in a folder and in a bucket: ``make soak``."""

from __future__ import annotations

import os
import random
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import boto3

from gx.docs import paths
from gx.docs.publishing import open_site
from gx.docs.repair import Repaired, reconcile
from tests.gx.docs import s3_server
from tests.gx.docs.project import CONFIG, DocsProject, in_bucket, result
from tests.gx.docs.publisher import processes, publish_runs

VARIABLES = ("SITE_BUCKET", "SITE_ENDPOINT", *s3_server.CREDENTIALS)


@dataclass(frozen=True)
class Watched:
    """What came of publishing at the same time.

    Attributes:
        exit_codes: of the publishers.
        reads: how often the pages were read meanwhile.
        torn: what was read and was no whole page.
    """

    exit_codes: list[int | None]
    reads: int
    torn: list[str]


def environment() -> dict[str, str]:
    """What a publisher's process needs to reach the bucket."""
    return {name: os.environ[name] for name in VARIABLES if name in os.environ}


def publish_at_once(project: DocsProject, publishers: int, runs: int) -> Watched:
    """Publish from several processes, each so many runs, and read the index and a table's page all the while."""
    project.publish(project.store_run("s.shared", [result()], day=-1))
    context = processes()
    start = context.Event()
    children = [
        context.Process(target=publish_runs, args=(project.state, project.config, environment(), me, 0, runs, start))
        for me in range(publishers)
    ]
    for each in children:
        each.start()
    reads, torn, stop = 0, [], threading.Event()

    def watch() -> None:
        nonlocal reads
        while not stop.is_set():
            for path in (paths.INDEX, paths.table_page("s.shared")):
                page = project.page(path)
                reads += 1
                if not page.startswith("<!DOCTYPE html>") or not page.endswith("</html>"):
                    torn.append(page)

    watcher = threading.Thread(target=watch)
    watcher.start()
    start.set()
    for each in children:
        each.join(600)
    stop.set()
    watcher.join()
    return Watched([each.exitcode for each in children], reads, torn)


@dataclass
class Killed:
    """What came of killing publishers.

    Attributes:
        publishers: how many were killed.
        after_publish: pages that were still missing after the next publish, over all kills.
        after_reconcile: pages that were still missing after reconcile, likewise.
        restored: pages that reconcile wrote.
    """

    publishers: int = 0
    after_publish: int = 0
    after_reconcile: int = 0
    restored: int = 0


def kill_publishers(project: DocsProject, kills: int, seed: int) -> Killed:
    """Kill publishers at random moments; after each kill publish once, or reconcile, in turn."""
    random_ = random.Random(seed)
    context = processes()
    killed = Killed()
    for number in range(kills):
        start = context.Event()
        child = context.Process(
            target=publish_runs,
            args=(project.state, project.config, environment(), 0, number * 1000, 1000, start),
        )
        child.start()
        start.set()
        # Until it has begun to publish; then anywhere in what it does.
        before = len(project.stored_pages())
        while len(project.stored_pages()) == before:
            time.sleep(0.001)
        time.sleep(random_.uniform(0, 0.15))
        child.kill()
        child.join()
        killed.publishers += child.exitcode == -9
        if number % 2:
            project.publish(project.store_run("s.next", [result()], day=(number + 1) * 1000))
            killed.after_publish += len(missing_pages(project))
        else:
            killed.restored += repair(project).written
            killed.after_reconcile += len(missing_pages(project))
    return killed


def missing_pages(project: DocsProject) -> set[str]:
    """The pages of stored results that are not there, or in no table's history, or not linked on by the runs beside."""
    stored = project.stored_pages()
    missing = stored - set(project.objects.list("validations"))
    for runs in project.tables().values():
        stored -= set(runs)
        for previous, path in pairwise(runs):
            if paths.link(previous, path) not in project.page(previous):
                missing.add(previous)
    return missing | stored


def repair(project: DocsProject) -> Repaired:
    """`sluice docs reconcile`."""
    return reconcile(open_site(project.context))


def main() -> int:
    """Run the long forms and say what came out."""
    failures = 0
    with s3_server.running() as address:
        os.environ.update({**s3_server.CREDENTIALS, "SITE_ENDPOINT": address})
        for place, config in (("folder", CONFIG), ("bucket", in_bucket(CONFIG))):
            with fresh(config) as project:
                watched = publish_at_once(project, publishers=2, runs=100)
                lost = 401 - sum(len(runs) for runs in project.tables().values()) + len(missing_pages(project))
                failures += lost + len(watched.torn) + sum(map(bool, watched.exit_codes))
                say(f"{place}: 2 processes x 100 publishes of 2 runs each: {lost} lost, {len(watched.torn)} torn")
                say(f"    in {watched.reads} reads; exit codes {watched.exit_codes}")
            with fresh(config) as project:
                killed = kill_publishers(project, kills=60, seed=4)
                failures += killed.after_publish + killed.after_reconcile + (60 - killed.publishers)
                say(f"{place}: {killed.publishers} kill -9 among {len(project.stored_pages())} runs: pages missing")
                say(f"    {killed.after_publish} after the next publish, {killed.after_reconcile} after reconcile")
                say(f"    (which wrote {killed.restored})")
    return 1 if failures else 0


@contextmanager
def fresh(config: str) -> Iterator[DocsProject]:
    """An empty project, with an empty bucket."""
    with tempfile.TemporaryDirectory() as directory:
        os.environ["SITE_BUCKET"] = f"soak-{Path(directory).name.lower().replace('_', '-')}"
        client = boto3.client("s3", endpoint_url=os.environ["SITE_ENDPOINT"])
        client.create_bucket(Bucket=os.environ["SITE_BUCKET"])
        yield DocsProject(Path(directory), config)


def say(line: str) -> None:
    """Tell at once: this takes minutes."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
