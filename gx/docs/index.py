"""The site's index builder: appends the runs of this publish to the manifest and writes the front page."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from pathlib import Path

from great_expectations.render.renderer.site_builder import DefaultSiteIndexBuilder

from gx.docs.manifest import Manifest
from gx.docs.overview import overview
from gx.docs.records import RunRecord
from gx.docs.text import clean


class RollUpIndexBuilder(DefaultSiteIndexBuilder):
    """Keeps the front page current without ever listing the site or its stores."""

    records: Sequence[RunRecord] = ()
    """The runs whose pages have just been written; set by the site before `build`."""
    everything: bool = False
    """Whether `records` are all runs of the store (a full build), not the latest few."""

    def build(
        self, skip_and_clean_missing: bool = True, build_index: bool = True
    ) -> tuple[str | None, OrderedDict[str, str] | None]:
        """Remember `records` and, with ``build_index``, write ``index.html``.

        Without it the runs are in the manifest all the same, and on the index that is built next.

        Raises:
            gx.docs.errors.SiteLockedError: another publisher held the site for too long.
        """
        manifest = Manifest(Path(self.target_store.store_backends["index_page"].full_base_directory))
        with manifest.locked():
            if self.everything:
                manifest.replace(self.records)
            elif self.records:
                manifest.append(self.records)
            if not build_index:
                return None, None
            page = overview(manifest.roll_up(), site=clean(self.site_name or "Data Docs", 200))
            # Inside the lock: the front page on disk is never older than the roll-up.
            location = self.target_store.write_index_page(self.view_class.render(page))
        return location, OrderedDict(site_name=page.site)
