"""Short forms of `tests.gx.docs.soak`."""

from __future__ import annotations

from gx.docs.paths import PENDING
from tests.gx.docs import soak
from tests.gx.docs.project import DocsProject
from tests.gx.docs.reading import read

PUBLISHERS = 3
RUNS = 5
KILLS = 6


def test_publishers_in_several_processes_lose_nothing_and_tear_nothing(anywhere: DocsProject) -> None:
    watched = soak.publish_at_once(anywhere, PUBLISHERS, RUNS)
    assert watched.exit_codes == [0] * PUBLISHERS
    assert watched.torn == []
    assert watched.reads > 10
    assert soak.missing_pages(anywhere) == set()
    tables = anywhere.tables()
    assert {table: len(runs) for table, runs in tables.items()} == {
        "s.shared": 1 + PUBLISHERS * RUNS,
        **{f"s.own_{me}": RUNS for me in range(PUBLISHERS)},
    }
    published = {path for runs in tables.values() for path in runs}
    links = {link for link in read(anywhere.page("index.html")).links if link.startswith("validations/")}
    assert links == published
    assert list(anywhere.objects.list(PENDING)) == []


def test_what_killed_publishers_stored_is_published_by_the_next_and_by_reconcile(anywhere: DocsProject) -> None:
    killed = soak.kill_publishers(anywhere, KILLS, seed=1)
    assert (killed.publishers, killed.after_publish, killed.after_reconcile) == (KILLS, 0, 0)
