"""Open the GX data context of a project."""

from __future__ import annotations

import logging
import os
import warnings
from pathlib import Path

# GX decides at import whether to report usage; sluice never does.
os.environ.setdefault("GX_ANALYTICS_ENABLED", "False")

import great_expectations
from great_expectations.data_context import AbstractDataContext
from great_expectations.data_context.types.base import DataContextConfig

from gx.errors import ConfigError
from gx.masking import mask_error
from gx.project_config import config_file, read_config
from gx.results_store import MaskedValidationResultsStore


def open_context(project: Path, state_dir: Path) -> AbstractDataContext:
    """Open a context configured by the project's ``gx/great_expectations.yml``, or by the one that ships.

    The file is read and never written: GX's own file context rewrites its configuration, connection strings
    included. Results and docs go where the file says, with ``${SLUICE_STATE_DIR}`` as ``state_dir``.

    Raises:
        ConfigError: the file is no YAML, GX does not accept it, or its results would hold values of the data.
    """
    file = config_file(project)
    # GX remarks on conversions and templates once for each metric, and logs a database's errors as they are, with the
    # values that they quote; what matters is in the results.
    logging.getLogger("great_expectations").setLevel(logging.CRITICAL)
    os.environ["SLUICE_STATE_DIR"] = str(state_dir)
    state_dir.mkdir(parents=True, exist_ok=True)
    content = read_config(file)
    try:
        config = DataContextConfig(**content)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)
            context = great_expectations.get_context(mode="ephemeral", project_config=config)
    except Exception as error:  # noqa: BLE001 - GX raises many kinds; each means that this file is wrong
        raise ConfigError(f"GX does not accept this configuration: {mask_error(str(error))}", file=file) from None
    if not isinstance(context.validation_results_store, MaskedValidationResultsStore):
        raise ConfigError(
            "the validation results store would keep values of the data; give it `module_name: gx.results_store`, "
            "`class_name: MaskedValidationResultsStore`, and another name than validation_results_store",
            file=file,
        )
    return context
