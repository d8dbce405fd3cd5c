"""Objects in a bucket of S3, or of a store that speaks its protocol.

No lock: of two publishers that changed the same object the second is told by ``If-Match`` (or ``If-None-Match: *``
for an object that is new) and starts again from what the first wrote. The store has to support these conditions on
PUT, as S3 does since 2024; one that answers that it does not is an error, so that no update can be lost in silence.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from gx.docs.address import object_url
from gx.docs.errors import StorageError
from gx.docs.objects import HTML, JSON, Stored

_ABSENT = {"NoSuchKey", "404", "NotFound"}
_LOST = {"PreconditionFailed", "ConditionalRequestConflict", "412", "409"}


@dataclass(frozen=True)
class Bucket:
    """See `gx.docs.objects.Objects`. Credentials come from where AWS's own tools look for them.

    Attributes:
        prefix: what the names of all objects begin with; without slashes at its ends.
        endpoint: the store's address, when it is not AWS.
        region: when it is not the one of the environment.
    """

    name: str
    prefix: str = ""
    endpoint: str | None = None
    region: str | None = None

    @property
    def location(self) -> str:
        """As AWS's tools write it."""
        return "/".join(part for part in (f"s3://{self.name}", self.prefix) if part)

    def url(self, path: str) -> str:
        """Where the store itself serves the object, to those whom it lets read."""
        return object_url(self.name, self.prefix, self.endpoint, path)

    def read(self, path: str) -> Stored | None:
        try:
            with self._asking(path):
                answer = self._client.get_object(Bucket=self.name, Key=self._key(path))
                return Stored(answer["Body"].read(), answer["ETag"])
        except _AbsentError:
            return None

    def write(self, path: str, data: bytes, content_type: str) -> None:
        with self._asking(path):
            self._put(path, data, content_type)

    def swap(self, path: str, data: bytes, version: str | None) -> bool:
        condition = {"IfNoneMatch": "*"} if version is None else {"IfMatch": version}
        try:
            with self._asking(path):
                self._put(path, data, JSON, **condition)
        except (_AbsentError, _LostError):
            return False
        return True

    def delete(self, path: str) -> None:
        with self._asking(path):
            self._client.delete_object(Bucket=self.name, Key=self._key(path))

    def has(self, path: str) -> bool:
        try:
            with self._asking(path):
                self._client.head_object(Bucket=self.name, Key=self._key(path))
        except _AbsentError:
            return False
        return True

    def list(self, folder: str) -> Iterator[str]:
        pages = self._client.get_paginator("list_objects_v2")
        prefix = f"{self._key(folder)}/" if folder else self._key("")
        with self._asking(folder):
            for page in pages.paginate(Bucket=self.name, Prefix=prefix):
                for item in page.get("Contents", ()):
                    yield item["Key"].removeprefix(self._key(""))

    @property
    def _client(self) -> Any:
        return _client(self.endpoint, self.region)

    def _key(self, path: str) -> str:
        return f"{self.prefix}/{path}" if self.prefix else path

    def _put(self, path: str, data: bytes, content_type: str, **condition: str) -> None:
        # What was seen once must not be shown again after it changed: no cache between reader and store.
        cached: Mapping[str, str] = {"CacheControl": "no-cache"} if content_type == HTML else {}
        self._client.put_object(
            Bucket=self.name, Key=self._key(path), Body=data, ContentType=content_type, **cached, **condition
        )

    @contextmanager
    def _asking(self, path: str) -> Iterator[None]:
        try:
            yield
        except ClientError as error:
            code = str(error.response.get("Error", {}).get("Code", ""))
            status = int(error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0))
            if code in _ABSENT:
                raise _AbsentError from None
            if code in _LOST:
                raise _LostError from None
            where = f"{self.location}/{path}" + (f" at {self.endpoint}" if self.endpoint else "")
            raise StorageError(
                f"{where}: the store answered {code or status}; check the bucket's name, and the rights of the "
                "credentials to list, read, write and delete there",
                transient=status >= 500,
            ) from None
        except BotoCoreError as error:
            # Its text names the endpoint and what was missing, never a key.
            raise StorageError(f"{self.location}/{path}: {error}", transient=True) from None


class _AbsentError(Exception):
    """There is no such object."""


class _LostError(Exception):
    """Somebody else changed the object first."""


@cache
def _client(endpoint: str | None, region: str | None) -> Any:
    # One for all: it takes a tenth of a second to make, and threads may share it.
    config = Config(retries={"mode": "standard", "total_max_attempts": 5}, connect_timeout=10, read_timeout=60)
    return boto3.client("s3", endpoint_url=endpoint, region_name=region, config=config)
