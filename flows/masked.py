"""What Prefect may store and log of what a flow or a task raises."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager

from gx.errors import SluiceError
from gx.masking import mask_error


class UnexpectedError(SluiceError):
    """A bug of ours or a library's, in words that Prefect may store."""


@contextmanager
def masked() -> Iterator[None]:
    """Prefect stores and logs what a task raises: let nothing out that may hold a value or a secret."""
    try:
        yield
    except SluiceError:
        raise
    except Exception as error:
        if os.environ.get("SLUICE_DEBUG"):
            raise
        raise UnexpectedError(f"unexpected {type(error).__name__}: {mask_error(str(error))}") from None
