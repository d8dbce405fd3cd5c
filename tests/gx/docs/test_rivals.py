"""Two publishers of one table, in an order that makes the first lose its swap."""

from __future__ import annotations

from itertools import pairwise

from gx.docs import paths
from gx.docs.history import Keep
from gx.docs.publishing import open_site
from tests.gx.docs.project import DocsProject, result


def test_links_that_a_lost_swap_put_into_pages_are_put_right(anywhere: DocsProject) -> None:
    first = anywhere.store_run("s.a", [result()], day=0)
    anywhere.publish(first)
    between, last = (anywhere.store_run("s.a", [result()], day=day) for day in (1, 2))
    rivals = [between]

    def keep(_table: str) -> Keep:
        # Asked when the history has been read. It says that `first` is the run before `last`, which is so no longer.
        if rivals:
            anywhere.publish(rivals.pop())
        return Keep()

    site = open_site(anywhere.context)
    site.tables.keep = keep
    site.build([last])
    pages = [paths.result_page(key.to_tuple()) for key in (first, between, last)]
    assert anywhere.tables() == {"s.a": pages}
    for path, following in pairwise(pages):
        assert f'rel="next" href="{paths.link(path, following)}"' in anywhere.page(path)
        assert f'rel="prev" href="{paths.link(following, path)}"' in anywhere.page(following)
