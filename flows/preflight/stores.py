"""What sluice itself writes: the ledger, the stored results and the Data Docs."""

from __future__ import annotations

import os
import re
import tempfile
from collections.abc import Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any

from flows.preflight.checks import Check
from flows.preflight.lines import Line, Status
from flows.preflight.plan import Plan
from gx.errors import ConfigError
from gx.project_config import config_file, read_config
from gx.redaction import safe_url

_VARIABLE = re.compile(r"\$\{(\w+)\}|\$(\w+)")
_SECONDS = 3
_PROBE = ".sluice-preflight"


def ledger_check(plan: Plan) -> Check:
    """Whether decisions can be recorded; a run makes the ledger if there is none."""

    def run() -> Iterator[Line]:
        where = safe_url(plan.settings.ledger())
        if not plan.run and not plan.ledger.exists():
            directory = Path(str(plan.settings.ledger().database)).parent
            yield _folder("ledger", "ledger", directory, f"there is none yet; the first run makes {where}")
            return
        plan.ledger.require_writable()
        yield Line("ledger", "ledger", Status.FINE, f"{where} can be written")

    # A run waits for a ledger that is busy.
    return Check("ledger", ("ledger",), run, patient=plan.run)


def store_checks(plan: Plan) -> list[Check]:
    """Whether results and Data Docs can be written. What cannot be published stops no load."""
    try:
        places = list(_places(plan))
    except ConfigError as error:
        wrong = Line("stores", "configuration", Status.FAILED, str(error), stops=False)
        return [Check("stores", ("configuration",), lambda: iter([wrong]), stops=False)]
    return [
        Check(
            "stores", (what,), partial(_written, what, place), stops=False, patient=plan.run and "bucket" not in place
        )
        for what, place in places
    ]


def _places(plan: Plan) -> Iterator[tuple[str, Mapping[str, Any]]]:
    file = config_file(plan.settings.project)
    config = read_config(file)
    variables = {**plan.environment, "SLUICE_STATE_DIR": str(plan.settings.state_dir)}
    store = (config.get("stores") or {}).get(config.get("validation_results_store_name")) or {}
    sites = config.get("data_docs_sites") or {}
    named = [("validation results", store), *((f"Data Docs {name}", site) for name, site in sites.items())]
    for what, one in named:
        backend = one.get("store_backend") if isinstance(one, Mapping) else None
        if isinstance(backend, Mapping):
            yield what, _filled(backend, variables, file)


def _filled(value: Any, variables: Mapping[str, str], file: Path) -> Any:
    if isinstance(value, Mapping):
        return {key: _filled(one, variables, file) for key, one in value.items()}
    if not isinstance(value, str):
        return value

    def variable(found: re.Match[str]) -> str:
        name = found[1] or found[2]
        if name not in variables:
            raise ConfigError(f"the variable {name} is not set in the environment", file=file)
        return variables[name]

    return _VARIABLE.sub(variable, value)


def _written(what: str, backend: Mapping[str, Any]) -> Iterator[Line]:
    if backend.get("bucket"):
        yield _bucket(what, backend)
    elif directory := backend.get("base_directory"):
        yield _folder("stores", what, Path(str(directory)), f"{directory} can be written")
    else:
        kind = backend.get("class_name", "this store")
        yield Line("stores", what, Status.NOT_CHECKED, f"how to write to a {kind} is not known here")


def _folder(check: str, what: str, directory: Path, fine: str) -> Line:
    there = directory.absolute()
    while not there.exists() and there != there.parent:
        there = there.parent  # what is missing below it will be made
    try:
        with tempfile.TemporaryFile(dir=there):
            return Line(check, what, Status.FINE, fine)
    except OSError as error:
        return Line(check, what, Status.FAILED, f"{there} cannot be written: {error.strerror}", stops=check == "ledger")


def _bucket(what: str, backend: Mapping[str, Any]) -> Line:
    # Not paid for by those who have no bucket.
    import boto3  # noqa: PLC0415
    from botocore.config import Config  # noqa: PLC0415
    from botocore.exceptions import BotoCoreError, ClientError  # noqa: PLC0415

    name, options = str(backend["bucket"]), dict(backend.get("boto3_options") or {})
    key = "/".join(part for part in (str(backend.get("prefix") or "").strip("/"), f"{_PROBE}-{os.getpid()}") if part)
    config = Config(retries={"total_max_attempts": 1}, connect_timeout=_SECONDS, read_timeout=_SECONDS)
    try:
        client = boto3.client("s3", config=config, **options)
        client.put_object(Bucket=name, Key=key, Body=b"")
        client.delete_object(Bucket=name, Key=key)
    except ClientError as error:
        code = error.response.get("Error", {}).get("Code", "an error")
        rights = "s3:ListBucket, s3:GetObject, s3:PutObject and s3:DeleteObject"
        return Line("stores", what, Status.FAILED, f"the bucket {name} answered {code}; sluice needs {rights}")
    except (BotoCoreError, ValueError, TypeError) as error:
        return Line("stores", what, Status.FAILED, f"the bucket {name} cannot be reached: {error}", transient=True)
    return Line("stores", what, Status.FINE, f"the bucket {name} can be written")
