"""Data Docs: a static site that says whether the data is all right, what failed, and since when.

Plugged into GX through ``data_docs_sites`` in ``great_expectations.yml`` (see `gx.docs.site.DataDocsSite`).
Importing this package costs nothing; GX's renderers are imported by the first `publish`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from great_expectations.core import ExpectationSuiteValidationResult
    from great_expectations.data_context import AbstractDataContext
    from great_expectations.data_context.types.resource_identifiers import ValidationResultIdentifier

    from gx.docs.standing import Standing

__all__ = ["publish", "store_and_publish"]


def store_and_publish(
    context: AbstractDataContext,
    results: Mapping[ValidationResultIdentifier, ExpectationSuiteValidationResult],
    *,
    site_name: str | None = None,
    standing: Standing | None = None,
) -> str:
    """Put these results into the context's store, and `publish` them.

    Should this process be killed on the way, the next publish, whichever process does it, publishes what was stored.
    Results are stored also where there is no site that could show them.

    Args:
        context: as of `publish`.
        results: may be none: then only the index is written, with how gates stand.
        site_name: as of `publish`.
        standing: likewise.

    Raises:
        gx.docs.errors.DataDocsError: as `publish`.
    """
    # GX takes seconds to import, which the command line must not pay for.
    from gx.docs.publishing import store_and_publish_to_site  # noqa: PLC0415

    return store_and_publish_to_site(context, results, site_name, standing)


def publish(
    context: AbstractDataContext,
    validation_ids: Sequence[ValidationResultIdentifier],
    *,
    site_name: str | None = None,
    standing: Standing | None = None,
) -> str:
    """Write the pages of these stored validation results, of their suites and tables, then the index, once.

    The work does not depend on how many runs were published before. Results and suites must already be in the
    context's stores. Several processes, also of several machines, may publish to one site at the same time.

    Args:
        context: an opened context that has a `gx.docs.site.DataDocsSite` among its ``data_docs_sites``.
        validation_ids: the results to publish, usually all of one checkpoint run. Empty: only the index.
        site_name: the site to publish to; by default the first `DataDocsSite` of the configuration.
        standing: how gates and checkpoints stand now, for the index; without it, as it was told last.

    Returns:
        The path of ``index.html``, or the address it is served from.

    Raises:
        gx.docs.errors.DataDocsError: there is no such site, its storage cannot be used, a result is not in the store,
            or a page could not be made. Every page that could be written has been.
    """
    from gx.docs.publishing import publish_to_site  # noqa: PLC0415 - as above

    return publish_to_site(context, validation_ids, site_name, standing)
