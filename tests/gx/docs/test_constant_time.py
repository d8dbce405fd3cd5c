"""Publishing one run takes the same work however many runs came before: counted, not timed."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from great_expectations.core import ExpectationSuiteValidationResult
from great_expectations.data_context.types.resource_identifiers import ValidationResultIdentifier

from gx.docs import store_and_publish
from tests.gx.docs.project import DocsProject, expectation, result

Stored = tuple[ValidationResultIdentifier, ExpectationSuiteValidationResult]
LISTING = {"os.listdir", "os.scandir", "glob.glob"}
WATCHED = {"open", "os.rename", "os.remove", "os.mkdir", *LISTING}
_watch: dict[str, Any] = {"under": None, "events": Counter(), "listed": []}


def _audit(event: str, args: tuple[Any, ...]) -> None:
    if _watch["under"] is None or event not in WATCHED or not args:
        return
    if str(args[0]).startswith(_watch["under"]):
        writing = event == "open" and any(flag in str(args[1] or "r") for flag in "wax+")
        _watch["events"][f"{event} to write" if writing else event] += 1
        if event in LISTING:
            _watch["listed"].append(str(args[0]).removeprefix(_watch["under"]))


sys.addaudithook(_audit)  # cannot be removed again; it is idle outside `counting`


@contextmanager
def counting(project: DocsProject) -> Iterator[Counter[str]]:
    _watch.update(under=str(project.state), events=Counter(), listed=[])
    try:
        yield _watch["events"]
    finally:
        _watch["under"] = None


def _run(project: DocsProject, day: int) -> Stored:
    rule = expectation(column="charge_id")
    return project.run("staging.stg_users", [result(rule, success=day % 7 != 0)], day=day)


def test_a_publish_touches_as_many_files_after_300_runs_as_after_35(project: DocsProject) -> None:
    project.store_suite("staging.stg_users", [expectation()])
    counts = []
    published = 0
    for prior in (35, 300):
        store_and_publish(project.context, dict(_run(project, day) for day in range(published, prior)))
        with counting(project) as events:
            store_and_publish(project.context, dict([_run(project, prior)]))
        assert _watch["listed"] == ["/data_docs/manifest/pending"]
        counts.append(dict(events))
        published = prior + 1
    assert counts[0] == counts[1]
    # The note, the result, the pages of suite, run, run before and table, what is remembered of the table and of all,
    # and the index.
    assert counts[0]["os.rename"] == 9
    assert counts[0]["os.remove"] == 1  # the note


def test_at_the_limit_a_publish_deletes_as_much_as_it_adds(project: DocsProject) -> None:
    limited = project.limited({"runs": 20})
    store_and_publish(limited.context, dict(_run(limited, day) for day in range(22)))
    counts = []
    for day in range(22, 25):
        with counting(limited) as events:
            store_and_publish(limited.context, dict([_run(limited, day)]))
        counts.append(dict(events))
    assert counts[1] == counts[2]
    assert counts[2]["os.remove"] == 3  # the note; a page and its result


def test_one_publish_of_many_results_builds_the_index_once(project: DocsProject) -> None:
    keys = [project.store_run(f"s.t{number}", [result()]) for number in range(5)]
    with counting(project) as events:
        project.publish(*keys)
    # Of each the pages of the run and its table and what is remembered of it; once the roll-up and the index.
    assert events["os.rename"] == 3 * len(keys) + 2
