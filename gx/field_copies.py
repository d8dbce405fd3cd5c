"""While great_expectations is imported, the fields of its pydantic models are copied in half the time.

Each of its 360 models (pydantic v1) copies the fields of its bases with `copy.deepcopy`: half a million steps, a tenth
of the whole import, most of them over values that every copy shares. Here a field copies itself, to the same result:
those values are shared at once, all others go to `copy.deepcopy` as before. After the import pydantic is as it was.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from copy import deepcopy
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder
from types import BuiltinFunctionType, FunctionType, ModuleType, NoneType
from typing import Any

from gx.deferred_imports import WrappingLoader

_SHARED = frozenset({NoneType, bool, int, float, str, bytes, FunctionType, BuiltinFunctionType})
"""Of these `copy.deepcopy` returns the very object, as it does of classes."""


def _copier(cls: Any) -> Callable[[Any, dict[int, Any]], Any]:
    slots = [name for base in cls.__mro__ for name in getattr(base, "__slots__", ())]

    def copied(self: Any, memo: dict[int, Any]) -> Any:
        copy = memo[id(self)] = cls.__new__(cls)
        for name in slots:
            if hasattr(self, name):
                value = getattr(self, name)
                if type(value) not in _SHARED and not isinstance(value, type):
                    value = deepcopy(value, memo)
                object.__setattr__(copy, name, value)
        return copy

    return copied


@contextmanager
def quick_field_copies() -> Iterator[None]:
    """Let pydantic's fields copy themselves."""
    from pydantic.v1.fields import FieldInfo, ModelField  # noqa: PLC0415 - `gx` must stay light

    # Another version may copy in its own way, or keep what has no slot.
    kinds: tuple[Any, ...] = (FieldInfo, ModelField)
    changed = [cls for cls in kinds if not hasattr(cls, "__deepcopy__") and not cls.__dictoffset__]
    for cls in changed:
        cls.__deepcopy__ = _copier(cls)
    try:
        yield
    finally:
        for cls in changed:
            del cls.__deepcopy__


class _Loader(WrappingLoader):
    def create_module(self, spec: ModuleSpec) -> ModuleType | None:
        return self.own.create_module(spec)

    def exec_module(self, module: ModuleType) -> None:
        self.step_back(module)
        with quick_field_copies():
            self.own.exec_module(module)


class _Finder(MetaPathFinder):
    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if fullname != "great_expectations":
            return None
        spec = PathFinder.find_spec(fullname, path, target)
        if spec is not None and spec.loader is not None:
            spec.loader = _Loader(spec.loader)
        return spec


def copy_fields_quickly_for_great_expectations() -> None:
    """Use `quick_field_copies` for the import of great_expectations, when it comes."""
    sys.meta_path.insert(0, _Finder())
