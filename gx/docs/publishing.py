"""Publishing to a site that the context's configuration names. Use it through `gx.docs.publish`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from great_expectations.data_context import AbstractDataContext
from great_expectations.data_context.types.resource_identifiers import ValidationResultIdentifier

from gx.docs.errors import DataDocsError
from gx.docs.paths import INDEX
from gx.docs.sections import Identifier


def publish_to_site(
    context: AbstractDataContext,
    validation_ids: Sequence[ValidationResultIdentifier],
    *,
    site_name: str | None,
) -> Path:
    """See `gx.docs.publish`."""
    name, config = _site(context, site_name)
    suites = {each.expectation_suite_identifier: None for each in validation_ids}
    identifiers: list[Identifier] = [*suites, *validation_ids]
    context.build_data_docs(site_names=[name], resource_identifiers=identifiers)  # type: ignore[arg-type]
    base = Path(config["store_backend"]["base_directory"])
    return Path(context.root_directory or ".", base).absolute() / INDEX


def _site(context: AbstractDataContext, wanted: str | None) -> tuple[str, Mapping[str, Any]]:
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
