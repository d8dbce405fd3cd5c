"""Runs as one short text: for those that are kept with each publish, but seldom looked at."""

from __future__ import annotations

import logging
import zlib
from base64 import b64decode, b64encode
from collections.abc import Sequence
from typing import Generic, TypeVar

from pydantic import TypeAdapter

from gx.docs.records import RunMark, RunPoint

_LOG = logging.getLogger(__name__)

_R = TypeVar("_R", bound=RunMark)


class Packing(Generic[_R]):
    """Packs runs of one kind. The text is compressed JSON: a tenth as long, and read without making an object of it."""

    def __init__(self, adapter: TypeAdapter[tuple[_R, ...]]) -> None:
        self._adapter = adapter

    def pack(self, runs: Sequence[_R]) -> str:
        """These runs as text."""
        return b64encode(zlib.compress(self._adapter.dump_json(tuple(runs)))).decode()

    def unpack(self, text: str) -> tuple[_R, ...]:
        """The runs of such a text; none, with a warning, when it is damaged: `sluice docs reconcile` finds them."""
        try:
            return self._adapter.validate_json(zlib.decompress(b64decode(text)))
        except (ValueError, zlib.error) as error:
            _LOG.warning("runs of the Data Docs' manifest cannot be read (%s): run `sluice docs reconcile`", error)
            return ()


MARKS = Packing(TypeAdapter(tuple[RunMark, ...]))
POINTS = Packing(TypeAdapter(tuple[RunPoint, ...]))
