"""One project in which everything that a stranger can name or fill in carries a payload."""

from __future__ import annotations

from typing import Any

from great_expectations.data_context.types.resource_identifiers import ValidationResultIdentifier
from great_expectations.expectations.expectation_configuration import ExpectationConfiguration

from gx.docs.pages import Verdict
from gx.docs.records import Freshness, GateMark, RunFacts
from gx.docs.standing import CheckpointNow, GateNow, Standing
from gx.shown import META, Shown
from tests.gx.docs.project import FIRST_RUN, DocsProject, expectation, result

PAYLOADS = (
    "<script>document.title='owned'</script>",
    '"><img src=x onerror="document.title=\'owned\'">',
    "'><svg/onload=document.title='owned'>",
    "</style></title><script>document.title='owned'</script>",
    "javascript:document.title='owned'",
    "{{ 7 * 7 }}{% raw %}",
    "--><iframe src=http://127.0.0.1:9/></iframe>",
    "http://127.0.0.1:9/<base href=//127.0.0.1:9>",
    "<link rel=stylesheet href=//127.0.0.1:9/x.css>",
)
NAMES = (
    "<script>document.title='owned'</script>",
    "../../../etc/passwd",
    "..",
    "/absolute",
    "a/b\\c",
    "\"'><img src=x onerror=document.title='owned'>",
    "javascript:document.title='owned'",
    "//127.0.0.1:9/x",
    "Größe 数据 🦆 \u202egnp.exe",
    "x" * 300,
    "%2e%2e%2f?#&amp;",
    "nul\0new\nline",
    "lone\ud800surrogate",
)


def _outcomes(payload: str) -> list[Any]:
    return [
        result(
            _showing(payload, column=payload, value_set=[payload], regex=payload, notes=payload, description=payload),
            success=False,
            element_count=5,
            unexpected_count=2,
            unexpected_percent=40.0,
            partial_unexpected_list=[payload],
            partial_unexpected_index_list=[{payload: payload, "column": payload}],
            unexpected_index_query=payload,
        ),
        result(
            expectation("expect_column_values_to_be_in_set", column=payload, value_set=[payload], notes=[payload]),
            success=False,
            observed_value=payload,
        ),
        result(expectation(f"expect_{payload}", column=payload), observed_value=[payload]),
        result(
            expectation("expect_table_columns_to_match_set", column_set=[payload]),
            observed_value=[payload],
            success=False,
        ),
        result(
            expectation("expect_column_values_to_match_json_schema", column="a", json_schema={payload: payload}),
            success=False,
            details={"sentence": payload, "figures": [[payload, payload]]},
        ),
        result(expectation(severity="info", column="b"), error=payload),
    ]


def _showing(payload: str, **kwargs: Any) -> ExpectationConfiguration:
    """An expectation whose suite allows samples, and keys of a hostile name."""
    config = expectation(**kwargs)
    config.meta[META] |= Shown(samples=True, keys=(payload, "column")).to_meta()
    return config


def _facts(payload: str) -> dict[str, Any]:
    facts = RunFacts(
        table=payload,
        layer=payload,
        owner=payload,
        description=payload,
        checkpoint=payload,
        run_id=payload,
        ingest_id=payload,
        rows=5,
        seconds=1.5,
        freshness=Freshness(newest=FIRST_RUN, warn_hours=1, error_hours=2),
        gates=(GateMark(load=payload, checkpoint=payload, open=False, reasons=(payload,), decided_at=FIRST_RUN),),
    )
    return facts.model_dump(mode="json")


def store(project: DocsProject) -> list[ValidationResultIdentifier]:
    """Fill the project's stores; returns the results to publish: one of them is long."""
    keys = [_run(project, "long", PAYLOADS[1], day=0, times=40)]
    for number, payload in enumerate(PAYLOADS):
        keys.append(_run(project, f"payload.{number}", payload, day=number))
    for number, name in enumerate(NAMES):
        keys.append(_run(project, name, name, day=number))
    return keys


def standing() -> Standing:
    """Every payload as a gate, its reason and a checkpoint."""
    return Standing(
        as_of=FIRST_RUN,
        gates=tuple(GateNow(load=each, open=False, since=FIRST_RUN, why=(each,)) for each in PAYLOADS),
        checkpoints=tuple(CheckpointNow(name=each, verdict=Verdict.FAILED, time=FIRST_RUN) for each in PAYLOADS),
    )


def _run(project: DocsProject, suite: str, payload: str, *, day: int, times: int = 1) -> ValidationResultIdentifier:
    configs = [outcome.expectation_config for outcome in _outcomes(payload)]
    meta = {"sluice": {"owner": payload, "description": payload, "table": payload}}
    project.store_raw_suite(suite, configs, meta=meta, notes=payload)
    return project.store_run(
        suite,
        _outcomes(payload) * times,
        day=day,
        asset=payload,
        run_name=payload,
        batch=payload,
        **{**_facts(payload), "verdict": payload},
        unchecked=[{"type": payload, "kwargs": {payload: payload}, "error": payload}, payload],
    )
