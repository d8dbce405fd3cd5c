"""What the site remembers of a table as a page: the ``renderer`` class of the site's section of tables."""

from __future__ import annotations

from great_expectations.render.renderer.renderer import Renderer

from gx.docs.history import TableRuns
from gx.docs.table_page import TablePage, table_page


class TablePageRenderer(Renderer):
    """A table's kept runs as a `TablePage`."""

    def __init__(self, data_context: object = None) -> None:
        super().__init__()

    def render(self, runs: TableRuns, *, all_runs: bool = False) -> TablePage:
        """Render the newest runs of one table, or all that are kept."""
        return table_page(runs, all_runs=all_runs)
