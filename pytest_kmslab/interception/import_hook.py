"""Puts the seam into every botocore session of the process, without importing botocore itself.

A plugin is loaded in every pytest run of its users, so it must not cost them an import of boto3; and
code under test may make its clients when it is imported, so the seam must be there first. Hence a
post-import hook: the handlers are added when somebody imports `botocore.handlers`.
"""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Callable, Sequence
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any

HANDLERS_MODULE = "botocore.handlers"
Handlers = Sequence[tuple[str, Any]]


class Registration:
    """Adds handlers to botocore's built-in ones, now or when botocore is imported, and removes them.

    `make_handlers` is called once botocore is there: a run that never imports it need not load them.
    """

    def __init__(self, make_handlers: Callable[[], Handlers]) -> None:
        self._make_handlers = make_handlers
        self._added: list[tuple[str, Any]] = []
        self._finder = AfterImport(HANDLERS_MODULE, self._add)

    def install(self) -> None:
        """Add the handlers: sessions made from now on have them."""
        self._finder.install()

    def remove(self) -> None:
        """Take the handlers out: sessions made from now on have them no more."""
        self._finder.remove()
        module = sys.modules.get(HANDLERS_MODULE)
        if module is not None:
            # In place: botocore's sessions have the very list.
            others = [handler for handler in module.BUILTIN_HANDLERS if handler not in self._added]
            module.BUILTIN_HANDLERS[:] = others

    def _add(self, module: ModuleType) -> None:
        self._added = list(self._make_handlers())
        module.BUILTIN_HANDLERS.extend(self._added)


class AfterImport(MetaPathFinder):
    """Finds one module as everybody else would, and calls an action once it has been executed."""

    def __init__(self, name: str, action: Callable[[ModuleType], None]) -> None:
        self._name = name
        self._action = action

    def install(self) -> None:
        """Wait for the module; act at once if it was imported before."""
        module = sys.modules.get(self._name)
        if module is None:
            sys.meta_path.insert(0, self)
        else:
            self._action(module)

    def remove(self) -> None:
        """Wait no more."""
        # None while the interpreter shuts down, which ends what a killed run left open.
        if self in (sys.meta_path or ()):
            sys.meta_path.remove(self)

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """Find the module, once, and leave every other one to the finders behind."""
        if fullname != self._name:
            return None
        # Out of the way first: the search for the module would come here again.
        sys.meta_path.remove(self)
        spec = importlib.util.find_spec(fullname)
        if spec is not None and spec.loader is not None:
            spec.loader = _ThenAct(spec.loader, self._action)
        return spec


class _ThenAct(Loader):
    def __init__(self, loader: Loader, action: Callable[[ModuleType], None]) -> None:
        self._loader = loader
        self._action = action

    def create_module(self, spec: ModuleSpec) -> ModuleType | None:
        return self._loader.create_module(spec)

    def exec_module(self, module: ModuleType) -> None:
        self._loader.exec_module(module)
        self._action(module)
