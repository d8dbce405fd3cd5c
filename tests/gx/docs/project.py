"""A project of its own for each test: real stores and a real site in a temporary directory."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import great_expectations
from great_expectations.core import ExpectationSuiteValidationResult, ExpectationValidationResult
from great_expectations.core.run_identifier import RunIdentifier
from great_expectations.data_context import AbstractDataContext
from great_expectations.data_context.types.base import DataContextConfig
from great_expectations.data_context.types.resource_identifiers import (
    ExpectationSuiteIdentifier,
    ValidationResultIdentifier,
)
from great_expectations.expectations.expectation_configuration import ExpectationConfiguration
from great_expectations.expectations.metadata_types import FailureSeverity
from ruamel.yaml import YAML

from gx.docs import publish
from gx.docs.manifest import Manifest
from gx.docs.objects import Objects
from gx.docs.paths import result_page
from gx.docs.publishing import open_site
from gx.docs.standing import Standing

CONFIG = """
config_version: 4.0
analytics_enabled: false
expectations_store_name: expectations
validation_results_store_name: results
checkpoint_store_name: checkpoints
stores:
  expectations:
    class_name: ExpectationsStore
    store_backend: &state
      module_name: gx.docs.storage
      class_name: SafeFilesystemStoreBackend
      base_directory: ${SLUICE_STATE_DIR}/gx/expectations
  results:
    class_name: ValidationResultsStore
    store_backend:
      <<: *state
      base_directory: ${SLUICE_STATE_DIR}/gx/validations
  checkpoints:
    class_name: CheckpointStore
    store_backend: {class_name: InMemoryStoreBackend}
  validation_definition_store:
    class_name: ValidationDefinitionStore
    store_backend: {class_name: InMemoryStoreBackend}
data_docs_sites:
  sluice:
    module_name: gx.docs.site
    class_name: DataDocsSite
    store_backend:
      module_name: gx.docs.storage
      class_name: SafeFilesystemStoreBackend
      base_directory: ${SLUICE_STATE_DIR}/data_docs
"""
FIRST_RUN = datetime(2025, 9, 1, 6, tzinfo=UTC)
NO_ERROR = {"raised_exception": False, "exception_message": None, "exception_traceback": None}


def in_bucket(config: str) -> str:
    """A configuration with its files in the bucket of SITE_BUCKET."""
    for folder in ("gx/expectations", "gx/validations", "data_docs"):
        config = config.replace(f"base_directory: ${{SLUICE_STATE_DIR}}/{folder}", f"prefix: {folder}")
    place = 'bucket: ${SITE_BUCKET}\n%sboto3_options: {endpoint_url: "${SITE_ENDPOINT}"}'
    config = config.replace("      class_name: SafeFilesystemStoreBackend", "      class_name: SafeS3StoreBackend")
    return config.replace("      prefix:", "      " + place % "      " + "\n      prefix:")


def open_context(state: Path, config: str = CONFIG) -> AbstractDataContext:
    os.environ["SLUICE_STATE_DIR"] = str(state)
    content = DataContextConfig(**YAML(typ="safe").load(config))
    return great_expectations.get_context(mode="ephemeral", project_config=content)


def expectation(
    kind: str = "expect_column_values_to_be_unique",
    *,
    severity: str = "critical",
    index: int = 0,
    blocking: bool | None = None,
    implicit: bool = False,
    notes: Any = None,
    description: str | None = None,
    **kwargs: Any,
) -> ExpectationConfiguration:
    ours = {"blocking": severity == "critical" if blocking is None else blocking}
    return ExpectationConfiguration(
        type=kind,
        kwargs=kwargs or {"column": "charge_id"},
        severity=FailureSeverity(severity),
        notes=notes,
        description=description,
        meta={"sluice": {**ours, "index": index, "implicit": implicit}},
    )


def result(
    config: ExpectationConfiguration | None = None,
    *,
    success: bool = True,
    error: str | None = None,
    **details: Any,
) -> ExpectationValidationResult:
    info: dict[str, Any] = NO_ERROR
    if error is not None:
        traceback = "Traceback (most recent call last): secret.py"
        info = {
            "('metric', 'a', ())": {
                "raised_exception": True,
                "exception_message": error,
                "exception_traceback": traceback,
            }
        }
    return ExpectationValidationResult(
        success=success and error is None,
        expectation_config=config or expectation(),
        result=details,
        exception_info=info,
    )


class DocsProject:
    """Stores suites and results, publishes them, and reads the pages that come out."""

    def __init__(self, state: Path, config: str = CONFIG) -> None:
        self.state = state
        self.config = config
        self.site = state / "data_docs"
        self.context = open_context(state, config)
        self.objects: Objects = open_site(self.context).objects

    def limited(self, keep: dict[str, Any]) -> DocsProject:
        """This project with another limit of what is kept."""
        return DocsProject(self.state, f"{self.config}    keep: {json.dumps(keep)}\n")

    def store_suite(
        self, name: str, rules: Iterable[ExpectationConfiguration], meta: Any = None, notes: Any = None
    ) -> None:
        configs = [rule.to_json_dict() for rule in rules]
        suite = great_expectations.ExpectationSuite(name=name, meta=meta or {}, notes=notes, expectations=configs)
        self.context.suites.add(suite)

    def store_raw_suite(self, name: str, rules: Iterable[ExpectationConfiguration], meta: Any, notes: Any) -> None:
        """Store a suite that GX itself would not build: kinds it does not know, kwargs it refuses."""
        content = {
            "name": name,
            "meta": meta,
            "notes": notes,
            "expectations": [rule.to_json_dict() for rule in rules],
        }
        key = ExpectationSuiteIdentifier(name).to_tuple()
        self.context.stores["expectations"].store_backend.set(key, json.dumps(content))

    def store_run(
        self,
        suite: str,
        results: Iterable[ExpectationValidationResult],
        *,
        day: float = 0,
        asset: str | None = None,
        run_name: str | None = None,
        batch: str = "warehouse-table",
        **sluice: Any,
    ) -> ValidationResultIdentifier:
        key, stored = self.run(suite, results, day=day, asset=asset, run_name=run_name, batch=batch, **sluice)
        self.context.validation_results_store.set(key, stored)
        return key

    def run(
        self,
        suite: str,
        results: Iterable[ExpectationValidationResult],
        *,
        day: float = 0,
        asset: str | None = None,
        run_name: str | None = None,
        batch: str = "warehouse-table",
        **sluice: Any,
    ) -> tuple[ValidationResultIdentifier, ExpectationSuiteValidationResult]:
        outcomes = list(results)
        failed = sum(1 for each in outcomes if not each.success)
        definition = {"datasource_name": "warehouse", "data_asset_name": asset or suite.rsplit(".", maxsplit=1)[-1]}
        stored = ExpectationSuiteValidationResult(
            success=not failed,
            results=outcomes,
            suite_name=suite,
            statistics={
                "evaluated_expectations": len(outcomes),
                "successful_expectations": len(outcomes) - failed,
                "unsuccessful_expectations": failed,
                "success_percent": None,
            },
            meta={"active_batch_definition": definition, "sluice": sluice},
        )
        run = RunIdentifier(run_name=run_name, run_time=FIRST_RUN + timedelta(days=day))
        return ValidationResultIdentifier(ExpectationSuiteIdentifier(suite), run, batch), stored

    def publish(self, *keys: ValidationResultIdentifier, standing: Standing | None = None) -> str:
        publish(self.context, keys, standing=standing)
        return self.page("index.html")

    def page(self, path: str) -> str:
        stored = self.objects.read(path)
        assert stored is not None, path
        return stored.data.decode()

    def pages(self) -> dict[str, str]:
        return {path: self.page(path) for path in self.objects.list("") if path.endswith(".html")}

    def stored_pages(self) -> set[str]:
        """The paths of the pages that the stored results should have."""
        keys = self.context.validation_results_store.list_keys()
        return {result_page(key.to_tuple()) for key in keys}

    def tables(self) -> dict[str, list[str]]:
        """The paths of the runs that each table's history holds, the oldest first."""
        kept = Manifest(self.objects).tables()
        return {runs.latest.table: [point.path for point in runs.every] for runs in kept}

    def result_page(self, key: ValidationResultIdentifier) -> str:
        self.publish(key)
        (page,) = (self.site / "validations").rglob("*.html")
        return page.read_text(encoding="utf-8")
