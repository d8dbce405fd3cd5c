"""Data Docs: a static site that says whether the data is all right, what failed, and since when.

Plugged into GX through ``data_docs_sites`` in ``great_expectations.yml`` (see `gx.docs.site.DataDocsSite`).
Importing this package costs nothing; GX's renderers are imported by the first `publish`.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from great_expectations.data_context import AbstractDataContext
    from great_expectations.data_context.types.resource_identifiers import ValidationResultIdentifier

__all__ = ["publish"]


def publish(
    context: AbstractDataContext,
    validation_ids: Sequence[ValidationResultIdentifier],
    *,
    site_name: str | None = None,
) -> Path:
    """Write the pages of these stored validation results and of their suites, then the index, once.

    The work does not depend on how many runs were published before. Results and suites must already be in the
    context's stores. Several processes may publish to one site at the same time.

    Args:
        context: an opened context that has a `gx.docs.site.DataDocsSite` among its ``data_docs_sites``.
        validation_ids: the results to publish, usually all of one checkpoint run. Empty: only the index.
        site_name: the site to publish to; by default the first `DataDocsSite` of the configuration.

    Returns:
        The path of ``index.html``.

    Raises:
        gx.docs.errors.DataDocsError: there is no such site, a result is not in the store, or another process
            kept the site locked for too long. Every page that could be written has been.
    """
    # GX takes seconds to import, which the command line must not pay for.
    from gx.docs.publishing import publish_to_site  # noqa: PLC0415

    return publish_to_site(context, validation_ids, site_name=site_name)
