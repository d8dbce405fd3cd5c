"""Publishing to a site that the context's configuration names. Use it through `gx.docs`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from great_expectations.core import ExpectationSuiteValidationResult
from great_expectations.data_context import AbstractDataContext
from great_expectations.data_context.types.resource_identifiers import ValidationResultIdentifier
from great_expectations.data_context.util import instantiate_class_from_config

from gx.docs.errors import DataDocsError
from gx.docs.parts import Identifier
from gx.docs.site import DataDocsSite
from gx.docs.standing import Standing


def open_site(context: AbstractDataContext, site_name: str | None = None) -> DataDocsSite:
    """The site of this name, or the first `DataDocsSite` of the configuration.

    Raises:
        DataDocsError: there is none, or it is not configured as it should be.
    """
    name, config = _find(context, site_name)
    site = instantiate_class_from_config(
        config=dict(config),
        runtime_environment={
            "data_context": context,
            "root_directory": context.root_directory,
            "site_name": name,
        },
        config_defaults={},
    )
    if not isinstance(site, DataDocsSite):
        raise DataDocsError(
            f"data_docs_sites: {name} has module_name: gx.docs.site, and needs class_name: DataDocsSite"
        )
    return site


def publish_to_site(
    context: AbstractDataContext,
    validation_ids: Sequence[ValidationResultIdentifier],
    site_name: str | None,
    standing: Standing | None,
) -> str:
    """See `gx.docs.publish`."""
    return _publish(open_site(context, site_name), validation_ids, standing)


def store_and_publish_to_site(
    context: AbstractDataContext,
    results: Mapping[ValidationResultIdentifier, ExpectationSuiteValidationResult],
    site_name: str | None,
    standing: Standing | None,
) -> str:
    """See `gx.docs.store_and_publish`."""
    try:
        site = open_site(context, site_name)
        if results:
            site.pending.announce(results)
    except Exception:
        _store(context, results)  # a site can be made of them later, but not without them
        raise
    _store(context, results)
    return _publish(site, list(results), standing)


def _store(
    context: AbstractDataContext, results: Mapping[ValidationResultIdentifier, ExpectationSuiteValidationResult]
) -> None:
    for key, result in results.items():
        context.validation_results_store.set(key, result)


def _publish(
    site: DataDocsSite, validation_ids: Sequence[ValidationResultIdentifier], standing: Standing | None
) -> str:
    if standing is not None:
        site.tell(standing)
    suites = dict.fromkeys(each.expectation_suite_identifier for each in validation_ids)
    identifiers: list[Identifier] = [*suites, *validation_ids]
    site.build(identifiers)
    return site.index


def _find(context: AbstractDataContext, wanted: str | None) -> tuple[str, Mapping[str, Any]]:
    sites: Mapping[str, Mapping[str, Any]] = context.variables.data_docs_sites or {}
    ours = {name: config for name, config in sites.items() if config.get("module_name") == "gx.docs.site"}
    name = wanted or next(iter(ours), None)
    if name not in ours:
        known = ", ".join(sorted(ours)) or "none"
        raise DataDocsError(
            f"no Data Docs site {wanted!r} with module_name: gx.docs.site, class_name: DataDocsSite in "
            f"data_docs_sites of great_expectations.yml; there: {known}"
            if wanted
            else "data_docs_sites of great_expectations.yml has no site with module_name: gx.docs.site and "
            "class_name: DataDocsSite; add one, or copy the one that ships"
        )
    return name, ours[name]
