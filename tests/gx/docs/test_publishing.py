from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import great_expectations
import great_expectations.expectations as gxe
import pandas as pd
import pytest
from great_expectations.core.run_identifier import RunIdentifier
from great_expectations.data_context.types.resource_identifiers import (
    ExpectationSuiteIdentifier,
    ValidationResultIdentifier,
)
from great_expectations.expectations.metadata_types import FailureSeverity

from gx.docs import publish
from gx.docs.errors import DataDocsError
from tests.gx.docs.project import DocsProject, expectation, result
from tests.gx.docs.reading import read


def test_importing_data_docs_does_not_import_great_expectations() -> None:
    code = "import sys, gx.docs; sys.exit('great_expectations' in sys.modules or 'jinja2' in sys.modules)"
    root = Path(__file__).resolve().parents[3]
    assert subprocess.run([sys.executable, "-c", code], cwd=root, check=False).returncode == 0


def test_a_real_validation_becomes_a_page(project: DocsProject) -> None:
    context = project.context
    asset = context.data_sources.add_pandas("warehouse").add_dataframe_asset("stg_charges")
    suite = context.suites.add(
        great_expectations.ExpectationSuite(
            name="staging.stg_charges",
            expectations=[
                gxe.ExpectColumnValuesToBeUnique(column="charge_id"),
                gxe.ExpectColumnMaxToBeBetween(column="amount", max_value=10, severity=FailureSeverity.WARNING),
                gxe.ExpectColumnValuesToNotBeNull(column="no_such_column"),
            ],
        )
    )
    definition = context.validation_definitions.add(
        great_expectations.ValidationDefinition(
            name="staging", data=asset.add_batch_definition_whole_dataframe("all"), suite=suite
        )
    )
    frame = pd.DataFrame({"charge_id": ["a", "a", "b"], "amount": [1, 2, 30]})
    run = RunIdentifier(run_name="nightly")
    definition.run(batch_parameters={"dataframe": frame}, run_id=run)
    key = ValidationResultIdentifier(ExpectationSuiteIdentifier(suite.name), run, "warehouse-stg_charges")
    index = publish(context, [key])
    assert index == str(project.site / "index.html")
    text = read(project.page("index.html")).text
    assert "1 of 1 table failing" in text
    assert "3 of 3 2 critical 1 warning 1 errored" in text
    page = read(next((project.site / "validations").rglob("*.html")).read_text()).text
    assert "2 of 3 values unexpected (66.67 %)" in page
    assert 'The column "no_such_column" in BatchData does not exist' in page
    assert "Observed 30" in page


def test_gx_names_the_same_urls_as_for_its_own_site(project: DocsProject) -> None:
    key = project.store_run("staging.stg_users", [result()])
    project.publish(key)
    (url,) = project.context.get_docs_sites_urls(resource_identifier=key)
    assert url["site_url"] == (
        f"file://{project.site}/validations/staging/stg_users/__none__/20250901T060000.000000Z/warehouse-table.html"
    )


def test_a_result_that_is_not_stored_is_an_error_after_the_rest_is_published(project: DocsProject) -> None:
    there = project.store_run("s.there", [result()])
    missing = ValidationResultIdentifier(ExpectationSuiteIdentifier("s.gone"), there.run_id, "batch")
    with pytest.raises(DataDocsError, match=r"s/gone"):
        project.publish(missing, there)
    assert "1 table checked" in project.page("index.html")


def test_a_page_that_cannot_be_rendered_takes_no_other_with_it(project: DocsProject) -> None:
    project.store_suite("s.broken", [expectation()])
    stored = project.state / "gx/expectations/s/broken.json"
    stored.write_text('{"name": "s.broken", "meta": null, "expectations": [{"type": null, "kwargs": null}]}')
    broken, fine = (project.store_run(name, [result()]) for name in ("s.broken", "s.fine"))
    with pytest.raises(DataDocsError, match=r"1 pages .* suite s\.broken could not be made") as raised:
        project.publish(broken, fine)
    assert raised.value.index == str(project.site / "index.html")
    assert "2 tables checked" in read(project.page("index.html")).text
    assert "could not be made" in read(project.page("expectations/s/broken.html")).text


def test_a_full_build_makes_the_same_site_again(project: DocsProject) -> None:
    project.store_suite("s.a", [expectation()])
    keys = [project.store_run("s.a", [result(success=day != 1)], day=day) for day in range(4)]
    for key in keys:
        project.publish(key)
    before = project.pages()
    project.context.build_data_docs()
    assert project.pages() == before
    project.context.clean_data_docs()
    assert project.pages() == {}
    project.context.build_data_docs()
    assert project.pages() == before


def test_without_the_index_a_run_still_appears_on_the_next_one(project: DocsProject) -> None:
    first, second = (project.store_run(name, [result()]) for name in ("s.a", "s.b"))
    project.context.build_data_docs(resource_identifiers=[first], build_index=False)
    assert "2 tables checked" in project.publish(second)


def test_another_store_backend_is_refused_with_the_one_that_works(project: DocsProject) -> None:
    sites = project.context.variables.data_docs_sites or {}
    stock = {"class_name": "TupleFilesystemStoreBackend", "base_directory": str(project.site)}
    project.context.variables.data_docs_sites = {"sluice": {**sites["sluice"], "store_backend": stock}}
    with pytest.raises(DataDocsError, match="SafeFilesystemStoreBackend"):
        project.publish()


def test_a_configuration_without_such_a_site_says_what_to_add(project: DocsProject) -> None:
    with pytest.raises(DataDocsError, match=r"'other'.*there: sluice"):
        publish(project.context, [], site_name="other")
    project.context.variables.data_docs_sites = {}
    with pytest.raises(DataDocsError, match=r"module_name: gx\.docs\.site"):
        publish(project.context, [])
