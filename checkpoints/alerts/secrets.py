"""The channels' secrets: from the environment, the project's ``.env`` or a directory of files, and nowhere else."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from dotenv import dotenv_values
from pydantic import SecretStr

from gx.errors import ConfigError
from gx.settings import SECRETS_DIR_VARIABLE, secrets_directory

_LARGEST_SECRET = 65_536  # bytes


class MissingSecretError(ConfigError):
    """A channel needs a secret that is nowhere."""


@dataclass(frozen=True)
class Secrets:
    """Where secrets are looked for, in this order; an empty one counts as missing.

    Attributes:
        environment: the process's.
        project: the project's directory, for its ``.env``.
        directory: one file for each secret, named like its variable in capitals or small letters, as Docker and
            Kubernetes mount them; None for no such directory.
    """

    environment: Mapping[str, str] = field(repr=False)
    project: Path
    directory: Path | None
    _dotenv: Mapping[str, str | None] = field(repr=False, default_factory=dict)

    def find(self, variable: str) -> SecretStr | None:
        """A secret, or None.

        Raises:
            ConfigError: its file cannot be read.
        """
        value = self.environment.get(variable) or self._dotenv.get(variable) or self._from_directory(variable)
        return SecretStr(value) if value else None

    def missing(self, channel: str, needed: Sequence[tuple[str, str]]) -> MissingSecretError:
        """The error for secrets that are nowhere; with the name of each and every place that was searched.

        Args:
            channel: the channel that needs them.
            needed: of each what it is, for people, and its variable.
        """
        (what, variable), *others = needed
        if not others:
            said = f"{what} is missing: {variable} is set"
        else:
            said = f"{' and '.join(f'{name} ({place})' for name, place in needed)} are missing: they are set"
        return MissingSecretError(
            f"the channel {channel}: {said} neither in the environment, nor in {self.project / '.env'}, nor "
            f"{self._as_file('of that name' if others else f'{variable} or {variable.lower()}')}"
        )

    def _as_file(self, names: str) -> str:
        if self.directory is None:
            return f"in a directory of secrets ({SECRETS_DIR_VARIABLE} is not set)"
        return f"as a file {names} in {self.directory} ({SECRETS_DIR_VARIABLE})"

    def _from_directory(self, variable: str) -> str | None:
        if self.directory is None:
            return None
        for name in (variable, variable.lower()):
            file = self.directory / name
            try:
                if file.is_file():
                    with file.open(encoding="utf-8") as opened:
                        return opened.read(_LARGEST_SECRET).strip()
            except (OSError, UnicodeDecodeError) as error:
                why = error.strerror if isinstance(error, OSError) else "it is not UTF-8 text"
                raise ConfigError(f"the secret {file} cannot be read: {why}") from None
        return None


def find_secrets(project: Path, environment: Mapping[str, str]) -> Secrets:
    """Where a project's secrets are.

    Raises:
        ConfigError: ``SLUICE_SECRETS_DIR`` names no directory.
    """
    return Secrets(environment, project, secrets_directory(project, environment), dotenv_values(project / ".env"))
