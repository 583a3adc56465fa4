"""Puts something around methods of other libraries' classes, for as long as a run wants it.

A class is taken in hand once its module is imported, which nobody has to do for us.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial, wraps
from typing import Any, NamedTuple

from pytest_kmslab.interception.import_hook import AfterImport


class Wrap(NamedTuple):
    """What is put around one method."""

    module: str
    owner: str
    """The class."""
    name: str
    around: Callable[..., Any]
    """Called with the method, and with all that the method is called with."""


class WrappedMethods:
    """Has all of its wraps in place from `install` to `remove`, or while its block is open.

    Runs may end in another order than they began, and others wrap the same methods: what came later stays,
    and a wrapper that stays below it does nothing more.
    """

    def __init__(self, *methods: Wrap) -> None:
        self._is_open = False
        self._undo: list[Callable[[], None]] = []
        self._hooks = [AfterImport(one.module, partial(self._put, one)) for one in methods]

    def install(self) -> None:
        """Put them in place, each now or when its module is imported."""
        self._is_open = True
        for hook in self._hooks:
            hook.install()

    def remove(self) -> None:
        """Take them away."""
        self._is_open = False
        for hook in self._hooks:
            hook.remove()
        while self._undo:
            self._undo.pop()()

    def __enter__(self) -> None:
        self.install()

    def __exit__(self, *_: object) -> None:
        self.remove()

    def _put(self, wrap: Wrap, imported: Any) -> None:
        owner = getattr(imported, wrap.owner)
        # Read now, not when the hook was made: another run may have put its own around it since.
        original = getattr(owner, wrap.name)

        @wraps(original)
        def wrapper(*arguments: Any, **named: Any) -> Any:
            call = partial(wrap.around, original) if self._is_open else original
            return call(*arguments, **named)

        # Whoever looks at the method sees whose it is now.
        wrapper.__module__ = wrap.around.__module__

        def undo() -> None:
            if getattr(owner, wrap.name) is wrapper:
                setattr(owner, wrap.name, original)

        setattr(owner, wrap.name, wrapper)
        self._undo.append(undo)
