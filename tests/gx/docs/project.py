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


def open_context(state: Path) -> AbstractDataContext:
    os.environ["SLUICE_STATE_DIR"] = str(state)
    config = DataContextConfig(**YAML(typ="safe").load(CONFIG))
    return great_expectations.get_context(mode="ephemeral", project_config=config)


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

    def __init__(self, state: Path) -> None:
        self.state = state
        self.site = state / "data_docs"
        self.context = open_context(state)

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
        day: int = 0,
        asset: str | None = None,
        run_name: str | None = None,
        batch: str = "warehouse-table",
        **sluice: Any,
    ) -> ValidationResultIdentifier:
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
        key = ValidationResultIdentifier(ExpectationSuiteIdentifier(suite), run, batch)
        self.context.validation_results_store.set(key, stored)
        return key

    def publish(self, *keys: ValidationResultIdentifier) -> str:
        return Path(publish(self.context, keys)).read_text(encoding="utf-8")

    def page(self, path: str) -> str:
        return (self.site / path).read_text(encoding="utf-8")

    def pages(self) -> dict[str, str]:
        found = self.site.rglob("*.html")
        return {str(path.relative_to(self.site)): path.read_text(encoding="utf-8") for path in found}

    def result_page(self, key: ValidationResultIdentifier) -> str:
        self.publish(key)
        (page,) = (self.site / "validations").rglob("*.html")
        return page.read_text(encoding="utf-8")
