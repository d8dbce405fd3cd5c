"""The Data Docs site, as named in ``data_docs_sites`` of ``great_expectations.yml``.

```yaml
data_docs_sites:
  sluice:
    module_name: gx.docs.site
    class_name: DataDocsSite
    store_backend:
      module_name: gx.docs.storage
      class_name: SafeFilesystemStoreBackend
      base_directory: ${SLUICE_STATE_DIR}/data_docs
```

Section and index builders, renderers and views may be replaced one by one, under stock GX's keys.
"""

from __future__ import annotations

import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from great_expectations.core.util import nested_update
from great_expectations.data_context import AbstractDataContext
from great_expectations.render.renderer.site_builder import SiteBuilder

from gx.docs.errors import DataDocsError
from gx.docs.sections import Identifier
from gx.docs.storage import SafeFilesystemStoreBackend


class DataDocsSite(SiteBuilder):
    """Builds the site: pages first, then the manifest and the index, once per call."""

    def __init__(
        self,
        data_context: AbstractDataContext,
        store_backend: dict[str, Any],
        site_section_builders: Mapping[str, Any] | None = None,
        site_index_builder: Mapping[str, Any] | None = None,
        **kwargs: Any,
    ) -> None:
        """Raises `DataDocsError` when ``store_backend`` is not a `SafeFilesystemStoreBackend`."""
        sections = _sections(data_context)
        index = _index()
        super().__init__(
            data_context,
            store_backend,
            site_section_builders=nested_update(sections, dict(site_section_builders or {})),
            site_index_builder=nested_update(index, dict(site_index_builder or {})),
            **kwargs,
        )
        backend = self.target_store.store_backends["index_page"]
        if not isinstance(backend, SafeFilesystemStoreBackend):
            raise DataDocsError(
                f"data_docs_sites: the store_backend of {self.site_name or 'this site'} is a "
                f"{type(backend).__name__}; DataDocsSite needs class_name: SafeFilesystemStoreBackend and "
                "module_name: gx.docs.storage"
            )
        self.directory = Path(backend.full_base_directory)

    def build(
        self, resource_identifiers: Sequence[Identifier] | None = None, build_index: bool = True
    ) -> tuple[str | None, dict[str, str] | None]:
        """Write the pages of these identifiers, or of everything stored when None, and the index.

        Raises:
            DataDocsError: something was asked for that could not be published; the rest has been.
        """
        missing: list[str] = []
        for section in self.site_section_builders.values():
            section.build(resource_identifiers)
            missing.extend(section.missing)
        results = self.site_section_builders.get("validations")
        self.site_index_builder.records = results.records if results else ()
        self.site_index_builder.everything = resource_identifiers is None
        _, links = self.site_index_builder.build(build_index=build_index)
        if missing:
            raise DataDocsError(
                f"{len(missing)} pages of {self.directory} are missing: {'; '.join(missing[:5])}. "
                "Run the checks again, or context.build_data_docs() once the results are stored"
            )
        return self.get_resource_url(only_if_exists=False), links

    def clean_site(self) -> None:
        """Remove every page, the manifest and the index; files that are not the site's stay."""
        for folder in ("expectations", "validations", "manifest"):
            shutil.rmtree(self.directory / folder, ignore_errors=True)
        (self.directory / "index.html").unlink(missing_ok=True)


def _sections(context: AbstractDataContext) -> dict[str, Any]:
    return {
        # Suites first: a result page links to its suite's page if there is one.
        "expectations": {
            "module_name": "gx.docs.sections",
            "class_name": "SuiteSectionBuilder",
            "source_store_name": context.expectations_store_name,
            "renderer": {"module_name": "gx.docs.renderers", "class_name": "SuitePageRenderer"},
            "view": {"module_name": "gx.docs.view", "class_name": "PageView", "template": "suite.html"},
        },
        "validations": {
            "module_name": "gx.docs.sections",
            "class_name": "ResultSectionBuilder",
            "source_store_name": context.validation_results_store_name,
            "renderer": {"module_name": "gx.docs.renderers", "class_name": "ResultPageRenderer"},
            "view": {"module_name": "gx.docs.view", "class_name": "PageView", "template": "result.html"},
        },
        "profiling": "None",
    }


def _index() -> dict[str, Any]:
    return {
        "module_name": "gx.docs.index",
        "class_name": "RollUpIndexBuilder",
        "view": {"module_name": "gx.docs.view", "class_name": "PageView", "template": "index.html"},
    }
