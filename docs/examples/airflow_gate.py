"""A load behind its gate in Airflow: the DAG waits for the verdict, and what comes after a closed gate does not run."""

from __future__ import annotations

from airflow.providers.standard.operators.bash import BashOperator
from airflow.providers.standard.operators.python import PythonOperator, ShortCircuitOperator
from airflow.sdk import DAG, Param

from checkpoints.asking import gate, require_gate

PROJECT = "shop"  # the directory with expectations/ and checkpoints/


def marts_may_be_built(ingest_id: str) -> None:
    """Fail unless the gate is open, or opens within a quarter of an hour."""
    require_gate("marts", project=PROJECT, ingest_id=ingest_id, wait_seconds=900)


def dashboards_may_be_built(ingest_id: str) -> bool:
    """Tell whether the gate is open; a short circuit skips what follows when it is not."""
    return gate("dashboards", project=PROJECT, ingest_id=ingest_id).is_open


# Whoever triggers the DAG says which ingest it is about: {"ingest_id": "orders-20251001T020000"}.
with DAG("load_behind_gate", schedule=None, params={"ingest_id": Param(type="string", minLength=1)}) as dag:
    ingest = {"ingest_id": "{{ params.ingest_id }}"}
    marts_gate = PythonOperator(task_id="marts_gate", python_callable=marts_may_be_built, op_kwargs=ingest)
    build_marts = BashOperator(task_id="build_marts", bash_command="dbt run --select tag:marts")
    dashboards_gate = ShortCircuitOperator(
        task_id="dashboards_gate", python_callable=dashboards_may_be_built, op_kwargs=ingest
    )
    build_dashboards = BashOperator(task_id="build_dashboards", bash_command="dbt run --select tag:dashboards")
    marts_gate >> build_marts >> dashboards_gate >> build_dashboards
