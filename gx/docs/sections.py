"""The site's two sections. Each renders what it is told to and never asks what else there is."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import Any

from great_expectations.data_context.types.resource_identifiers import (
    ExpectationSuiteIdentifier,
    SiteSectionIdentifier,
    ValidationResultIdentifier,
)
from great_expectations.exceptions import InvalidKeyError
from great_expectations.render.renderer.site_builder import DefaultSiteSectionBuilder

from gx.docs import paths
from gx.docs.pages import ResultPage
from gx.docs.records import RunRecord, record
from gx.docs.text import clean

_LOG = logging.getLogger(__name__)

Identifier = ExpectationSuiteIdentifier | ValidationResultIdentifier


class SectionBuilder(DefaultSiteSectionBuilder):
    """What both sections share: which keys to build, and that one bad page takes no other with it."""

    key_class: type[Identifier]
    missing: list[str]
    """What was asked for and is not in the store, as sentences; filled by `build`."""

    def build(self, resource_identifiers: Sequence[Identifier] | None = None) -> None:
        """Write the pages of these identifiers; of everything in the store when there are none given.

        Only the latter lists the store, and so takes longer the more it holds.
        """
        self.missing = []
        given = self.source_store.list_keys() if resource_identifiers is None else resource_identifiers
        for key in dict.fromkeys(given):
            if isinstance(key, self.key_class):
                self._build_one(key)

    def _build_one(self, key: Any) -> None:
        raise NotImplementedError

    def _write(self, key: Identifier, html: str) -> None:
        page = SiteSectionIdentifier(site_section_name=self.name, resource_identifier=key)
        self.target_store.set(page, html)

    def _broken(self, path: str, title: str, error: Exception) -> str:
        """A page that says why there is no page. The log has the rest."""
        _LOG.error("the Data Docs page of %s could not be rendered", title, exc_info=error)
        message = clean(f"{type(error).__name__}: {error}", 500)
        return str(
            self.view_class.render(
                None, title=title, message=message, home=paths.link(path, paths.INDEX), template="broken.html"
            )
        )


class SuiteSectionBuilder(SectionBuilder):
    """One page per suite, written anew whenever a result of the suite is published."""

    key_class = ExpectationSuiteIdentifier

    def _build_one(self, key: ExpectationSuiteIdentifier) -> None:
        path = paths.suite_page(key.to_tuple())
        try:
            page = self.renderer_class.render(self.source_store.get(key), key)
            html = self.view_class.render(page, home=paths.link(path, paths.INDEX))
        except InvalidKeyError:
            # A result may be published without its suite; its page then has no link to one.
            _LOG.info("suite %r is not in the expectations store and gets no page", key.name)
            return
        except Exception as error:  # noqa: BLE001 - a renderer is anyone's code; the other pages go on
            html = self._broken(path, f"suite {clean(key.name, 500)}", error)
        self._write(key, html)


class ResultSectionBuilder(SectionBuilder):
    """One page per validation result, and the record of each for the manifest."""

    key_class = ValidationResultIdentifier
    records: list[RunRecord]
    """One per page written by the last `build`."""

    def build(self, resource_identifiers: Sequence[Identifier] | None = None) -> None:
        """As `SectionBuilder.build`; also collects `records`."""
        self.records = []
        super().build(resource_identifiers)

    def _build_one(self, key: ValidationResultIdentifier) -> None:
        path = paths.result_page(key.to_tuple())
        try:
            page: ResultPage = self.renderer_class.render(self.source_store.get(key), key)
        except InvalidKeyError:
            self.missing.append(f"no validation result in the store for {'/'.join(key.to_tuple())}")
            return
        except Exception as error:  # noqa: BLE001 - as above
            title = f"suite {clean(key.expectation_suite_identifier.name, 500)}"
            self._write(key, self._broken(path, title, error))
            self.missing.append(f"the result of {title} could not be rendered: {clean(error, 300)}")
            return
        suite_key = key.expectation_suite_identifier
        suite_path = paths.suite_page(suite_key.to_tuple()) if self._has_page(suite_key) else ""
        self._write(key, self._html(page, path, suite_path))
        self.records.append(record(page, path=path, suite_path=suite_path))

    def _html(self, page: ResultPage, path: str, suite_path: str) -> str:
        home = paths.link(path, paths.INDEX)
        suite = paths.link(path, suite_path) if suite_path else ""
        return str(self.view_class.render(page, home=home, suite_link=suite))

    def _has_page(self, suite_key: ExpectationSuiteIdentifier) -> bool:
        pages = self.target_store.store_backends[ExpectationSuiteIdentifier]
        return bool(pages.has_key(suite_key.to_tuple()))
