"""Other attributes for moto's classes and modules while a lab is open.

What `unittest.mock.patch` does, for attributes that are known by name: a lab for each test puts some fifty
in place and takes them out again, and what `patch` makes for each of them costs more than a call to moto.
"""

from __future__ import annotations

from types import TracebackType
from typing import Any, NamedTuple

_MISSING = object()


class Replacement(NamedTuple):
    """An attribute of a class or module, and what stands there meanwhile."""

    owner: Any
    name: str
    value: Any


class Replaced:
    """Has the replacements in place for as long as its block lasts; the last block to begin ends first."""

    __slots__ = ("_before", "_replacements")

    def __init__(self, *replacements: Replacement) -> None:
        self._replacements = replacements
        self._before: list[tuple[Any, str, Any]] = []

    def __enter__(self) -> None:
        for owner, name, value in self._replacements:
            # Not getattr, which binds class methods and finds what a base class has.
            self._before.append((owner, name, vars(owner).get(name, _MISSING)))
            setattr(owner, name, value)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, where: TracebackType | None
    ) -> None:
        while self._before:
            owner, name, value = self._before.pop()
            if value is _MISSING:
                delattr(owner, name)
            else:
                setattr(owner, name, value)
