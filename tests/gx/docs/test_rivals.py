"""Two publishers of one table, in an order that makes the first lose its swap."""

from __future__ import annotations

from collections.abc import Callable

from gx.docs import paths
from gx.docs.history import TableRuns
from gx.docs.publishing import open_site
from gx.docs.table_page import TablePage
from gx.docs.table_renderer import TablePageRenderer
from tests.gx.docs.project import DocsProject, result


class Interrupted(TablePageRenderer):
    """Lets something happen before the first page of a table is rendered: after the runs' pages, before the swap."""

    def __init__(self, happen: Callable[[], object]) -> None:
        super().__init__()
        self.happen: Callable[[], object] | None = happen

    def render(self, runs: TableRuns) -> TablePage:
        happen, self.happen = self.happen, None
        if happen is not None:
            happen()
        return super().render(runs)


def test_links_that_a_lost_swap_put_into_pages_are_put_right(anywhere: DocsProject) -> None:
    first = anywhere.store_run("s.a", [result()], day=0)
    anywhere.publish(first)
    between, last = (anywhere.store_run("s.a", [result()], day=day) for day in (1, 2))
    site = open_site(anywhere.context)
    # As `last` is published it finds `first` before it, whose page it links to its own; then `between` comes.
    site.tables.renderer_class = Interrupted(lambda: anywhere.publish(between))
    site.build([last])
    pages = [paths.result_page(key.to_tuple()) for key in (first, between, last)]
    assert anywhere.tables() == {"s.a": pages}
    for path, following in zip(pages, pages[1:], strict=False):
        assert f'rel="next" href="{paths.link(path, following)}"' in anywhere.page(path)
        assert f'rel="prev" href="{paths.link(following, path)}"' in anywhere.page(following)
