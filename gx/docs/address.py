"""Where a project's Data Docs are, from its configuration alone: nothing is imported or asked for it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

from gx.docs.paths import INDEX
from gx.errors import ConfigError
from gx.project_config import config_file, read_config

_VARIABLE = re.compile(r"\$\{(\w+)\}|\$(\w+)")


@dataclass(frozen=True)
class SiteAddress:
    """Where a site is.

    Attributes:
        directory: of a site in a folder.
        url: of the front page of a site that is served from a bucket.
    """

    directory: Path | None
    url: str | None

    @property
    def index(self) -> str:
        """The front page: its path, or the address it is served from."""
        return self.url or str(self.file)

    @property
    def file(self) -> Path | None:
        """The front page of a site in a folder."""
        return self.directory / INDEX if self.directory else None

    @property
    def published(self) -> bool:
        """Whether there is a front page; of a bucket that is not asked, and taken to be so."""
        return self.file is None or self.file.is_file()


def site_address(project: Path, state_dir: Path, environment: Mapping[str, str]) -> SiteAddress:
    """Where the first site of sluice's in the project's ``great_expectations.yml`` is.

    Args:
        project: the project's directory.
        state_dir: stands for ``${SLUICE_STATE_DIR}``.
        environment: gives the file's other variables.

    Raises:
        ConfigError: the file names no such site, or a variable that is not set.
    """
    file = config_file(project)
    sites = read_config(file).get("data_docs_sites") or {}
    ours = [site for site in sites.values() if isinstance(site, Mapping) and site.get("module_name") == "gx.docs.site"]
    if not ours or not isinstance(ours[0].get("store_backend"), Mapping):
        raise ConfigError("data_docs_sites has no site with module_name: gx.docs.site and a store_backend", file=file)
    variables = {**environment, "SLUICE_STATE_DIR": str(state_dir)}

    def filled(value: object) -> str:
        def variable(found: re.Match[str]) -> str:
            name = found[1] or found[2]
            if name not in variables:
                raise ConfigError(f"the variable {name} is not set in the environment", file=file)
            return variables[name]

        return _VARIABLE.sub(variable, str(value)) if value else ""

    backend: Mapping[str, Any] = ours[0]["store_backend"]
    if public := filled(backend.get("base_public_path")):
        address = f"{public.rstrip('/')}/{INDEX}"
    elif backend.get("bucket"):
        endpoint = filled((backend.get("boto3_options") or {}).get("endpoint_url"))
        address = object_url(filled(backend["bucket"]), filled(backend.get("prefix")).strip("/"), endpoint, INDEX)
    else:
        address = None
    directory = filled(backend.get("base_directory"))
    return SiteAddress(Path(directory).absolute() if directory else None, address)


def object_url(bucket: str, prefix: str, endpoint: str | None, path: str) -> str:
    """Where a store itself serves an object, to those whom it lets read."""
    host = f"{endpoint.rstrip('/')}/{bucket}" if endpoint else f"https://{bucket}.s3.amazonaws.com"
    return "/".join([host, *([quote(prefix)] if prefix else []), quote(path, safe="/-_.~")])
