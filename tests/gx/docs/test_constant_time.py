"""Publishing one run takes the same work however many runs came before: counted, not timed."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from great_expectations.data_context.types.resource_identifiers import ValidationResultIdentifier

from tests.gx.docs.project import DocsProject, expectation, result

WATCHED = {"open", "os.listdir", "os.scandir", "os.rename", "os.remove", "os.mkdir", "glob.glob"}
_watch: dict[str, Any] = {"under": None, "events": Counter()}


def _audit(event: str, args: tuple[Any, ...]) -> None:
    if _watch["under"] is None or event not in WATCHED or not args:
        return
    if str(args[0]).startswith(_watch["under"]):
        writing = event == "open" and any(flag in str(args[1] or "r") for flag in "wax+")
        _watch["events"][f"{event} to write" if writing else event] += 1


sys.addaudithook(_audit)  # cannot be removed again; it is idle outside `counting`


@contextmanager
def counting(project: DocsProject) -> Iterator[Counter[str]]:
    _watch.update(under=str(project.state), events=Counter())
    try:
        yield _watch["events"]
    finally:
        _watch["under"] = None


def _store(project: DocsProject, day: int) -> ValidationResultIdentifier:
    rule = expectation(column="charge_id")
    return project.store_run("staging.stg_users", [result(rule, success=day % 7 != 0)], day=day)


def test_a_publish_touches_as_many_files_after_300_runs_as_after_35(project: DocsProject) -> None:
    project.store_suite("staging.stg_users", [expectation()])
    counts = []
    sizes = []
    published = 0
    for prior in (35, 300):
        project.publish(*[_store(project, day) for day in range(published, prior)])
        key = _store(project, prior)
        with counting(project) as events:
            index = project.publish(key)
        counts.append(dict(events))
        sizes.append(len(index))
        published = prior + 1
    assert counts[0] == counts[1]
    assert not {"os.listdir", "os.scandir", "glob.glob", "os.remove"} & set(counts[0])
    assert counts[0]["open to write"] == 5  # two pages, manifest, roll-up, index
    assert abs(sizes[0] - sizes[1]) < 200


def test_one_publish_of_many_results_builds_the_index_once(project: DocsProject) -> None:
    keys = [project.store_run(f"s.t{number}", [result()]) for number in range(5)]
    with counting(project) as events:
        project.publish(*keys)
    assert events["os.rename"] == len(keys) + 2  # one page each, then roll-up and index
