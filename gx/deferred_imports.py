"""Modules that great_expectations imports and a check seldom uses are executed at their first use.

`defer` puts a finder in front of Python's own. ``import altair`` then gives a module object that is not filled yet; the
first look at one of its attributes, by whatever code, imports it in earnest, into that same object. From then on it is
an ordinary module. A module that is not installed is not found, exactly as before, and one that has been imported
already stays as it is.

A module may be deferred if it is used through its name alone (``import altair as alt``, ``from scipy import stats``)
and nobody waits for what its import does by the way. ``from altair import Chart`` works, and imports it at once.

Not `importlib.util.LazyLoader`: until Python 3.12.4 two threads may fill a module at the same time, and its modules are
filled by the second ``import`` of them, used or not. Here the import system itself does the filling, under its own
locks, which notice when two imports wait for each other.
"""

from __future__ import annotations

import importlib
import sys
import threading
from collections.abc import Callable, Iterable, Sequence
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec, SourceFileLoader
from types import ModuleType
from typing import Any

_NO_USE = frozenset({"__class__", "__file__", "__loader__", "__name__", "__package__", "__reduce_ex__", "__spec__"})
"""What the import system, `inspect` and pickle ask of a module that they pass by; it is known beforehand."""


class DeferredModule(ModuleType):
    """A module that is imported in earnest when it is first used."""

    # Filled, `self` is of another class: not even `super()` knows it any more.

    def __getattribute__(self, name: str) -> Any:
        if name not in _NO_USE and _fill(self):
            return getattr(self, name)
        return ModuleType.__getattribute__(self, name)

    def __setattr__(self, name: str, value: object) -> None:
        if name not in _NO_USE and _fill(self):
            setattr(self, name, value)
        else:
            ModuleType.__setattr__(self, name, value)

    def __delattr__(self, name: str) -> None:
        if _fill(self):
            delattr(self, name)
        else:
            ModuleType.__delattr__(self, name)

    def __reduce_ex__(self, _protocol: object) -> tuple[Callable[[str], ModuleType], tuple[str]]:
        # cloudpickle, which Prefect uses, pickles modules by their name, if their type is exactly ModuleType.
        return importlib.import_module, (self.__name__,)


class _Deferral:
    """One deferred module, until it is filled; `thread` is the one that fills it now."""

    def __init__(self, module: DeferredModule) -> None:
        self.module = module
        self.thread: int | None = None


_lock = threading.Lock()  # held for moments, never while something is imported
_deferrals: dict[str, _Deferral] = {}


def _fill(module: DeferredModule) -> bool:
    """Import a module in earnest; whether it is an ordinary one now."""
    name = module.__name__
    with _lock:
        deferral = _deferrals.get(name)
        if deferral is None or deferral.module is not module or deferral.thread == threading.get_ident():
            return type(module) is not DeferredModule  # filled by another; being made, or asked for by its own code
        # In this order: a filling thread puts its name down before it puts the module back.
        if sys.modules.get(name) is module and deferral.thread is None:
            del sys.modules[name]  # the import system looks for it anew, and comes to `_FillingLoader`
    __import__(name)  # unlike `import_module` it puts up with two threads whose imports need each other
    return type(module) is not DeferredModule


class WrappingLoader(Loader):
    """Stands before a module's own loader for one import; the finished module shows its own."""

    def __init__(self, own: Loader) -> None:
        self.own = own

    def __getattr__(self, name: str) -> Any:
        return getattr(self.own, name)  # `importlib.util.find_spec` shows this loader to others

    def step_back(self, module: ModuleType) -> None:
        if module.__spec__ is not None:
            module.__spec__.loader = self.own
        module.__loader__ = self.own


class _DeferringLoader(WrappingLoader):
    def __init__(self, own: Loader, names: set[str]) -> None:
        super().__init__(own)
        self._names = names

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        return DeferredModule(spec.name)

    def exec_module(self, module: ModuleType) -> None:
        self.step_back(module)
        if isinstance(module, DeferredModule):
            self._names.discard(module.__name__)
            _deferrals[module.__name__] = _Deferral(module)


class _FillingLoader(WrappingLoader):
    def __init__(self, own: Loader, deferral: _Deferral) -> None:
        super().__init__(own)
        self._deferral = deferral

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        self._deferral.thread = threading.get_ident()
        return self._deferral.module

    def exec_module(self, module: ModuleType) -> None:
        try:
            self.step_back(module)
            self.own.exec_module(module)
        except BaseException:
            self._deferral.thread = None  # the next use tries again, as the next `import` would
            raise
        with _lock:
            if type(module) is DeferredModule:  # and not of a class that it chose for itself
                module.__class__ = ModuleType  # type: ignore[assignment]
            _deferrals.pop(module.__name__, None)


class DeferringFinder(MetaPathFinder):
    """Finds the modules of a list, each for its first import only."""

    def __init__(self, names: Iterable[str]) -> None:
        self._names = set(names)

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        deferral = _deferrals.get(fullname)
        if deferral is None and fullname not in self._names:
            return None
        behind = sys.meta_path[sys.meta_path.index(self) + 1 :]
        found = (finder.find_spec(fullname, path, target) for finder in behind if hasattr(finder, "find_spec"))
        spec = next(filter(None, found), None)
        if spec is None or not isinstance(spec.loader, SourceFileLoader):
            return spec  # not installed, or of a kind that is not known to be filled late
        if deferral is not None:
            spec.loader = _FillingLoader(spec.loader, deferral)
        else:
            spec.loader = _DeferringLoader(spec.loader, self._names)
        return spec


def defer(names: Iterable[str]) -> None:
    """Let these modules be executed at their first use, unless they have been imported already."""
    sys.meta_path.insert(0, DeferringFinder(name for name in names if name not in sys.modules))
