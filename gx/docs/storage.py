"""Store backends for ``great_expectations.yml``: GX's files in a folder or a bucket, under safe names."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from great_expectations.data_context.store.store_backend import StoreBackend
from great_expectations.data_context.store.tuple_store_backend import TupleFilesystemStoreBackend, TupleStoreBackend
from great_expectations.exceptions import InvalidKeyError

from gx.docs.folder import Folder, atomic_write, is_temporary
from gx.docs.objects import HTML, JSON, Objects
from gx.docs.paths import decode, encode

if TYPE_CHECKING:
    from gx.docs.s3 import Bucket

Key = tuple[str, ...]


class SafeStoreBackend(TupleStoreBackend):
    """For any name: ``/``, ``..``, control characters and over-long names are all valid keys, and writes are atomic.

    Used for the site, and fit for the expectations and validation results stores too, where stock GX refuses
    such names. Files of ordinary names lie where stock GX puts them.
    """

    @property
    def objects(self) -> Objects:
        """All that is stored under the same directory or prefix, whatever ``filepath_prefix`` says."""
        raise NotImplementedError

    def _convert_key_to_filepath(self, key: Key) -> str:
        if key != StoreBackend.STORE_BACKEND_ID_KEY:
            key = tuple(encode(part) for part in key)
        return str(super()._convert_key_to_filepath(key))

    def _convert_filepath_to_key(self, filepath: str) -> Key:
        key = super()._convert_filepath_to_key(filepath)
        if key == StoreBackend.STORE_BACKEND_ID_KEY:
            return StoreBackend.STORE_BACKEND_ID_KEY
        return tuple(decode(part) for part in key or ())


class SafeFilesystemStoreBackend(SafeStoreBackend, TupleFilesystemStoreBackend):
    """GX's file store for any name; same configuration."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs["forbidden_substrings"] = []  # stock refuses slashes; here they are encoded
        super().__init__(*args, **kwargs)
        self._config["module_name"] = type(self).__module__
        self._config["class_name"] = type(self).__name__

    @property
    def objects(self) -> Folder:
        """See `SafeStoreBackend.objects`."""
        return Folder(Path(self.full_base_directory))

    def _set(self, key: Any, value: str | bytes, **kwargs: Any) -> str:  # type: ignore[override]
        parts = key if isinstance(key, tuple) else key.to_tuple()
        path = Path(self.full_base_directory, self._convert_key_to_filepath(parts))
        atomic_write(path, value)
        return str(path)

    def list_keys(self, prefix: Key = ()) -> list[Key]:
        """The stored keys; files that are still being written are not among them."""
        keys: list[Key] = super().list_keys(tuple(encode(part) for part in prefix))
        return [key for key in keys if not is_temporary(key[-1])]


class SafeS3StoreBackend(SafeStoreBackend):
    """A store on S3, configured as GX's own was before 1.0.

    Args:
        bucket: its name; it must exist.
        prefix: what the names of all objects begin with.
        boto3_options: ``endpoint_url`` and ``region_name``, when they are not AWS's and the environment's.
            Credentials come from the environment, a profile or the machine's role, never from this file.
        base_public_path: the address under which the site is served, when it is not the store's own.
        options: GX's: ``filepath_prefix``, ``filepath_suffix`` and so on.
    """

    def __init__(
        self,
        bucket: str,
        prefix: str = "",
        boto3_options: dict[str, Any] | None = None,
        base_public_path: str | None = None,
        **options: Any,
    ) -> None:
        from gx.docs.s3 import Bucket  # noqa: PLC0415 - boto3 takes long to import, and a folder needs none of it

        wrong = sorted(set(boto3_options or {}) - {"endpoint_url", "region_name"})
        if wrong:
            raise TypeError(f"boto3_options can hold endpoint_url and region_name, not {', '.join(wrong)}")
        given = boto3_options or {}
        prefix = prefix.strip("/")
        self.bucket: Bucket = Bucket(
            bucket, prefix, given.get("endpoint_url") or None, given.get("region_name") or None
        )
        options |= {"forbidden_substrings": [], "platform_specific_separator": False}
        options.pop("root_directory", None)
        super().__init__(base_public_path=base_public_path, **options)
        if not self._suppress_store_backend_id:
            _ = self.store_backend_id
        self._config = {
            "bucket": bucket,
            "prefix": prefix,
            "boto3_options": given,
            "base_public_path": base_public_path,
            **options,
            "module_name": type(self).__module__,
            "class_name": type(self).__name__,
        }

    @property
    def objects(self) -> Bucket:
        """See `SafeStoreBackend.objects`."""
        return self.bucket

    def _get(self, key: Key) -> str:  # type: ignore[override]
        stored = self.bucket.read(self._convert_key_to_filepath(key))
        if stored is None:
            raise InvalidKeyError(f"{self.bucket.location} has no {self._convert_key_to_filepath(key)}")
        return stored.data.decode()

    def _get_all(self) -> list[str]:
        return [self._get(key) for key in self.list_keys() if key != StoreBackend.STORE_BACKEND_ID_KEY]

    def _set(self, key: Any, value: str | bytes, **kwargs: Any) -> str:  # type: ignore[override]
        parts = key if isinstance(key, tuple) else key.to_tuple()
        path = self._convert_key_to_filepath(parts)
        data = value.encode(errors="replace") if isinstance(value, str) else value
        self.bucket.write(path, data, HTML if path.endswith(".html") else JSON)
        return self.bucket.url(path)

    def _move(self, source_key: Key, dest_key: Key, **kwargs: Any) -> None:
        self._set(dest_key, self._get(source_key))
        self.remove_key(source_key)

    def list_keys(self, prefix: Key = ()) -> list[Key]:
        """The stored keys."""
        folder = "/".join([*([self.filepath_prefix] if self.filepath_prefix else []), *map(encode, prefix)])
        suffix = self.filepath_suffix or ""
        paths = (path for path in self.bucket.list(folder) if path.endswith(suffix))
        return [self._convert_filepath_to_key(path) for path in paths]

    def remove_key(self, key: Any) -> bool:  # type: ignore[override]
        """Delete what is stored under this key; whether there was anything."""
        parts = key if isinstance(key, tuple) else key.to_tuple()
        there = self._has_key(parts)
        self.bucket.delete(self._convert_key_to_filepath(parts))
        return there

    def get_url_for_key(self, key: Key, protocol: str | None = None) -> str:
        """Where the store itself serves it."""
        return self.bucket.url(self._convert_key_to_filepath(key))

    def get_public_url_for_key(self, key: Key, protocol: str | None = None) -> str:
        """Where the site serves it."""
        path = self._url_path_escape_special_characters(self._convert_key_to_filepath(key))
        return f"{str(self.base_public_path).rstrip('/')}/{path}"

    def _has_key(self, key: Key) -> bool:
        return self.bucket.has(self._convert_key_to_filepath(key))
