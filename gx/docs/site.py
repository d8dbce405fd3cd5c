"""The Data Docs site, as named in ``data_docs_sites`` of ``great_expectations.yml``.

```yaml
data_docs_sites:
  sluice:
    module_name: gx.docs.site
    class_name: DataDocsSite
    store_backend:
      module_name: gx.docs.storage
      class_name: SafeFilesystemStoreBackend   # or SafeS3StoreBackend, with bucket and prefix
      base_directory: ${SLUICE_STATE_DIR}/data_docs
    keep:
      runs: 1000                               # of each table; the default
      days: 400                                # likewise; by default there is no such limit
      tables: {"marts.*": {runs: 5000}}        # other limits for the tables whose names match
```

Section and index builders, renderers and views may be replaced one by one, under stock GX's keys.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fnmatch import fnmatchcase
from inspect import signature
from typing import Any

from great_expectations.core.util import nested_update
from great_expectations.data_context import AbstractDataContext
from great_expectations.render.renderer.site_builder import SiteBuilder
from pydantic import Field, ValidationError

from gx.docs import paths
from gx.docs.errors import DataDocsError
from gx.docs.folder import Folder
from gx.docs.history import Keep
from gx.docs.manifest import Manifest
from gx.docs.parts import Identifier, parts
from gx.docs.pending import Pending
from gx.docs.published import Published
from gx.docs.standing import Standing
from gx.docs.storage import SafeStoreBackend

_KNOWN = signature(SiteBuilder.__init__).parameters.keys() | {"module_name", "class_name"}


class DataDocsSite(SiteBuilder):
    """Builds the site: pages first, then the tables' histories and the index, once per call."""

    def __init__(
        self,
        data_context: AbstractDataContext,
        store_backend: dict[str, Any],
        site_section_builders: Mapping[str, Any] | None = None,
        site_index_builder: Mapping[str, Any] | None = None,
        keep: Mapping[str, Any] | None = None,
        **kwargs: Any,
    ) -> None:
        """Raises `DataDocsError` for a ``store_backend`` that is no `SafeStoreBackend`, and settings not as above."""
        if unknown := sorted(kwargs.keys() - _KNOWN):
            raise DataDocsError(f"data_docs_sites: {', '.join(unknown)} is no setting of a DataDocsSite; keep is one")
        super().__init__(
            data_context,
            store_backend,
            site_section_builders=nested_update(_sections(data_context), dict(site_section_builders or {})),
            site_index_builder=nested_update(_index(), dict(site_index_builder or {})),
            **kwargs,
        )
        backend = self.target_store.store_backends["index_page"]
        if not isinstance(backend, SafeStoreBackend):
            raise DataDocsError(
                f"data_docs_sites: the store_backend of {self.site_name or 'this site'} is a "
                f"{type(backend).__name__}; DataDocsSite needs class_name: SafeFilesystemStoreBackend or "
                "SafeS3StoreBackend, and module_name: gx.docs.storage"
            )
        self.objects = backend.objects
        self.results = data_context.validation_results_store
        self.manifest = Manifest(self.objects)
        self.pending = Pending(self.objects)
        self.tables = self.site_section_builders["tables"]
        self.tables.manifest = self.site_index_builder.manifest = self.manifest
        if results := self.site_section_builders.get("validations"):
            results.manifest = self.manifest
        self.tables.keep = _keep(keep or {})

    @property
    def index(self) -> str:
        """Where the front page is: a path, or the address it is served from."""
        if isinstance(self.objects, Folder):
            return str(self.objects.directory / paths.INDEX)
        return str(self.get_resource_url(only_if_exists=False))

    def build(
        self, resource_identifiers: Sequence[Identifier] | None = None, build_index: bool = True
    ) -> tuple[str | None, dict[str, str] | None]:
        """Write the pages of these identifiers, or of everything stored when None, and the index.

        What a killed publisher left undone is done too.

        Raises:
            DataDocsError: a page could not be made, or something that was asked for is not stored; the rest has been
                published.
        """
        notes = self.pending.notes()
        late = [key for note in notes for key in note.results if self.results.has_key(key)]
        wanted = [*(self.stored() if resource_identifiers is None else resource_identifiers), *late]
        published = Published.together(map(self.write, parts(wanted)))
        self.write_index(published, build_index=build_index)
        if build_index and published.records:
            newest = max(each.time for each in published.records)
            for note in notes:
                self.pending.cross_out(note, {*published.made, *(page.path for page in published.broken)}, newest)
        if published.problems:
            shown = "; ".join(published.problems[:5])
            raise DataDocsError(
                f"{len(published.problems)} pages of {self.objects.location} are missing: {shown}. `sluice docs "
                "reconcile` tries again",
                index=self.index,
            )
        return self.get_resource_url(only_if_exists=False), {"site_name": self.site_name or ""}

    def stored(self) -> list[Identifier]:
        """Every suite and result there is: lists the stores."""
        suites = self.data_context.stores[self.data_context.expectations_store_name]
        return [*suites.list_keys(), *self.results.list_keys()]

    def write(self, identifiers: Sequence[Identifier]) -> Published:
        """Write the pages of these suites and results, and of the results' tables; not the index."""
        suites, results = (self.site_section_builders.get(name) for name in ("expectations", "validations"))
        # Suites first: a result's page links to its suite's page if there is one.
        for section in (suites, results):
            if section is not None:
                section.build(identifiers)
        self.tables.records = results.records if results else ()
        self.tables.pages = results.pages if results else {}
        self.tables.build()
        sections = [each for each in (suites, results, self.tables) if each is not None]
        return Published(
            tables=tuple(self.tables.tables),
            records=tuple(self.tables.records),
            made=tuple(path for section in sections for path in section.made),
            broken=tuple(page for section in sections for page in section.broken),
            missing=tuple(results.missing if results else ()),
        )

    def write_index(self, published: Published, *, build_index: bool = True) -> None:
        """Take what was published into the index."""
        self.site_index_builder.published = published
        self.site_index_builder.build(build_index=build_index)

    def tell(self, standing: Standing) -> None:
        """Take how gates and checkpoints stand into the index."""
        self.site_index_builder.standing = standing

    def clean_site(self) -> None:
        """Remove every page, the manifest and the index; files that are not the site's stay."""
        for folder in ("expectations", "validations", "tables", "manifest"):
            for path in list(self.objects.list(folder)):
                self.objects.delete(path)
        self.objects.delete(paths.INDEX)


class _Keep(Keep):
    tables: dict[str, Keep] = Field(default_factory=dict)

    def __call__(self, table: str) -> Keep:
        return next((keep for pattern, keep in self.tables.items() if fnmatchcase(table, pattern)), self)


def _keep(config: Mapping[str, Any]) -> _Keep:
    try:
        return _Keep.model_validate(config)
    except ValidationError as error:
        problems = "; ".join(f"{'.'.join(map(str, each['loc']))}: {each['msg']}" for each in error.errors())
        raise DataDocsError(
            f"data_docs_sites: keep is wrong ({problems}); it can have runs (1 to 10000), days, and tables with the "
            "same two for each pattern of names"
        ) from None


def _sections(context: AbstractDataContext) -> dict[str, Any]:
    suites, results = context.expectations_store_name, context.validation_results_store_name
    return {
        "expectations": _section("SuiteSectionBuilder", suites, "renderers", "SuitePageRenderer", "suite.html"),
        "validations": _section("ResultSectionBuilder", results, "renderers", "ResultPageRenderer", "result.html"),
        "tables": _section("TableSectionBuilder", results, "table_renderer", "TablePageRenderer", "table.html"),
        "profiling": "None",
    }


def _section(builder: str, store: str | None, module: str, renderer: str, template: str) -> dict[str, Any]:
    return {
        "module_name": "gx.docs.sections",
        "class_name": builder,
        "source_store_name": store,
        "renderer": {"module_name": f"gx.docs.{module}", "class_name": renderer},
        "view": {"module_name": "gx.docs.view", "class_name": "PageView", "template": template},
    }


def _index() -> dict[str, Any]:
    return {
        "module_name": "gx.docs.index",
        "class_name": "RollUpIndexBuilder",
        "view": {"module_name": "gx.docs.view", "class_name": "PageView", "template": "index.html"},
    }
