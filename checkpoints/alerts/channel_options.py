"""The options of a channel, each read once and checked; a secret is named by its variable, and never written there.

What is missing is told all at once, by :meth:`Options.settle`; until then something else stands in its place.
"""

from __future__ import annotations

import re

from pydantic import SecretStr

from checkpoints.alerts.channel_spec import ChannelSpec
from checkpoints.alerts.secrets import Secrets
from expectations.documents import Node, check_keys
from gx.errors import ConfigError

_VARIABLE = re.compile(r"[A-Z][A-Z0-9_]{2,100}")


class Options:
    """What a channel's entry says, and where it does not, what the environment does."""

    def __init__(self, spec: ChannelSpec, secrets: Secrets) -> None:
        self._spec = spec
        self._secrets = secrets
        self._asked: set[str] = set()
        self._missing_secrets: list[tuple[str, str]] = []
        self._missing_options: list[str] = []

    def secret(self, key: str, variable: str, what: str, *, form: str | None = None) -> SecretStr:
        """A secret, from the variable that the option names, or from its usual one.

        Raises:
            ConfigError: the option holds something else than a variable's name, or the secret cannot be one.
        """
        node = self._node(key)
        if node is not None:
            found = node.value
            if not isinstance(found, str) or not _VARIABLE.fullmatch(found):
                # What stands there may be the secret itself: it is not repeated.
                raise node.fail(
                    f"the channel {self._spec.name}: `{key}` must name an environment variable, such as {variable}; "
                    "what stands there is no such name (a secret does not belong in this file)"
                )
            variable = found
        secret = self._secrets.find(variable)
        if secret is None:
            self._missing_secrets.append((what, variable))
            return SecretStr("")
        if form is not None and not re.fullmatch(form, secret.get_secret_value(), re.DOTALL):
            raise self._spec.fail(f"{variable} does not look like {what}; copy it once more, without quotes or spaces")
        return secret

    def text(
        self, key: str, variable: str | None, *, default: str | None = None, form: str | None = None, example: str = ""
    ) -> str:
        """A text, from the option, or the variable, or the default.

        Raises:
            ConfigError: it cannot be one.
        """
        node = self._node(key)
        if node is not None:
            value = node.text(f"the channel {self._spec.name}: `{key}`")
        else:
            set_to = self._secrets.find(variable) if variable else None
            found = set_to.get_secret_value() if set_to else default
            if found is None:
                self._miss(key, variable, example)
                return example
            value = found
        if form is not None and not re.fullmatch(form, value):
            place = f"`{key}`" if node is not None or not variable else variable
            raise self._wrong(node, f"{place} cannot be {value!r}; write it as {example}")
        return value

    def texts(self, key: str, variable: str, *, form: str, example: str) -> tuple[str, ...]:
        """One or more texts; in a variable they are separated by commas.

        Raises:
            ConfigError: one cannot be one.
        """
        node = self._node(key)
        if node is not None:
            found = node.texts(f"the channel {self._spec.name}: `{key}`")
        else:
            set_to = self._secrets.find(variable)
            parts = set_to.get_secret_value().split(",") if set_to else []
            found = tuple(part.strip() for part in parts if part.strip())
        if not found:
            self._miss(key, variable, example)
        for text in found:
            if not re.fullmatch(form, text):
                raise self._wrong(node, f"`{key}` cannot be {text!r}; write it as {example}")
        return found

    def port(self, key: str, variable: str, *, default: int) -> int:
        """A port.

        Raises:
            ConfigError: it is no number from 1 to 65535.
        """
        node = self._node(key)
        set_to = self._secrets.find(variable) if node is None else None
        value = node.value if node is not None else set_to.get_secret_value() if set_to else default
        text = str(value)
        if isinstance(value, bool) or not text.isascii() or not text.isdigit() or not 1 <= int(text) <= 65_535:
            raise self._wrong(node, f"`{key}` must be a port from 1 to 65535; found {value!r}")
        return int(text)

    def settle(self) -> None:
        """Refuse what is missing, all of it at once, and options that nobody asked for.

        Raises:
            MissingSecretError: secrets are nowhere, and nothing else is missing.
            ConfigError: options are missing, or there are others.
        """
        secrets = self._secrets.missing(self._spec.name, self._missing_secrets) if self._missing_secrets else None
        if self._missing_options:
            also = f"; {secrets.problem.partition(': ')[2]}" if secrets else ""
            raise self._spec.fail("; ".join(self._missing_options) + also)
        if secrets:
            raise secrets
        check_keys(self._spec.options, self._asked, f"the channel {self._spec.name} (type: {self._spec.type})")

    def _node(self, key: str) -> Node | None:
        self._asked.add(key)
        return self._spec.options.get(key)

    def _wrong(self, node: Node | None, message: str) -> ConfigError:
        text = f"the channel {self._spec.name}: {message}"
        return node.fail(text) if node is not None else ConfigError(text)

    def _miss(self, key: str, variable: str | None, example: str) -> None:
        other = f", or set {variable}" if variable else ""
        self._missing_options.append(f"`{key}` is missing: write `{key}: {example}`{other}")
