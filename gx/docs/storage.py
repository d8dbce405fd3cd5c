"""Where pages are written: whole files only, under names that cannot leave the directory."""

from __future__ import annotations

import itertools
import os
import threading
from pathlib import Path
from typing import Any

from great_expectations.data_context.store.store_backend import StoreBackend
from great_expectations.data_context.store.tuple_store_backend import TupleFilesystemStoreBackend

from gx.docs.paths import decode, encode

_COUNTER = itertools.count()


def atomic_write(path: Path, content: str | bytes) -> None:
    """Replace ``path`` by ``content`` in one step: a reader sees the old file or the new one, never a part.

    Text is written as UTF-8; a lone surrogate, which UTF-8 cannot carry, becomes a question mark.
    """
    data = content.encode(errors="replace") if isinstance(content, str) else content
    path.parent.mkdir(parents=True, exist_ok=True)
    # Unique among the processes and threads that are writing now; a leftover of a killed one is overwritten.
    temporary = path.parent / f".tmp-{os.getpid()}-{threading.get_ident()}-{next(_COUNTER)}"
    try:
        temporary.write_bytes(data)
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


class SafeFilesystemStoreBackend(TupleFilesystemStoreBackend):
    """GX's file store for any name: ``/``, ``..``, control characters and over-long names are all valid keys.

    Used for the site, and fit for the expectations and validation results stores too, where stock GX refuses
    such names. Files of ordinary names lie where stock GX puts them. Writes are atomic.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs["forbidden_substrings"] = []  # stock refuses slashes; here they are encoded
        super().__init__(*args, **kwargs)
        self._config["module_name"] = type(self).__module__
        self._config["class_name"] = type(self).__name__

    def _convert_key_to_filepath(self, key: tuple[str, ...]) -> str:
        if key != StoreBackend.STORE_BACKEND_ID_KEY:
            key = tuple(encode(part) for part in key)
        return str(super()._convert_key_to_filepath(key))

    def _convert_filepath_to_key(self, filepath: str) -> tuple[str, ...]:
        key = super()._convert_filepath_to_key(filepath)
        if key == StoreBackend.STORE_BACKEND_ID_KEY:
            return StoreBackend.STORE_BACKEND_ID_KEY
        return tuple(decode(part) for part in key or ())

    def _set(self, key: Any, value: str | bytes, **kwargs: Any) -> str:  # type: ignore[override]
        parts = key if isinstance(key, tuple) else key.to_tuple()
        path = Path(self.full_base_directory, self._convert_key_to_filepath(parts))
        atomic_write(path, value)
        return str(path)

    def list_keys(self, prefix: tuple[str, ...] = ()) -> list[tuple[str, ...]]:
        """The stored keys; files that are still being written are not among them."""
        keys: list[tuple[str, ...]] = super().list_keys(tuple(encode(part) for part in prefix))
        return [key for key in keys if not key[-1].startswith(".tmp-")]
