"""The site's index builder: takes what was published into the roll-up, and writes the front page."""

from __future__ import annotations

from collections import OrderedDict

from great_expectations.render.renderer.site_builder import DefaultSiteIndexBuilder

from gx.docs.manifest import Manifest
from gx.docs.overview import overview
from gx.docs.paths import ROLL_UP
from gx.docs.published import Published
from gx.docs.roll_up import RollUp
from gx.docs.standing import Standing
from gx.docs.text import clean


class RollUpIndexBuilder(DefaultSiteIndexBuilder):
    """Keeps the front page current without ever listing the site or its stores."""

    manifest: Manifest
    """Set by the site."""
    published: Published = Published()
    """What has just been written; set by the site before `build`."""
    standing: Standing | None = None
    """How gates and checkpoints stand; likewise. None: as far as is known."""

    def build(
        self, skip_and_clean_missing: bool = True, build_index: bool = True
    ) -> tuple[str | None, OrderedDict[str, str] | None]:
        """Take in `published` and, with ``build_index``, write ``index.html``.

        Without it what was published is on the index that is built next.

        Raises:
            gx.docs.errors.SiteBusyError: others kept publishing.
        """
        site = clean(self.site_name or "Data Docs", 200)
        now = self.published
        changed = [run.path for run in now.records]

        def change(known: RollUp | None) -> RollUp:
            roll_up = known or self.manifest.made_anew()
            return (
                roll_up.with_tables(now.tables, changed).with_pages(now.made, now.broken).with_standing(self.standing)
            )

        def show(roll_up: RollUp) -> None:
            if build_index:
                page = overview(roll_up, site=site)
                self.target_store.write_index_page(self.view_class.render(page))

        self.manifest.change(ROLL_UP, RollUp, change, show)
        return None, OrderedDict(site_name=site)
