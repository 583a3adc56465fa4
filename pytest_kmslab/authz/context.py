"""The request context: the condition keys a request carries, and their values."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from types import MappingProxyType

Value = str | bool | int | float


def _text(value: Value) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)


def _values(value: Value | Sequence[Value]) -> tuple[str, ...]:
    if isinstance(value, (str, bool, int, float)):
        return (_text(value),)
    return tuple(_text(item) for item in value)


class Context(Mapping[str, tuple[str, ...]]):
    """Condition keys with their values, each value a string; key names compare without case.

    A key that the request does not carry is absent (`get` answers None), which is not the same
    as a multivalued key that is present with no value (an empty tuple).
    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html
    """

    __slots__ = ("_names", "_values")

    def __init__(self, keys: Mapping[str, Value | Sequence[Value]] | None = None) -> None:
        given = keys or {}
        self._values = {name.lower(): _values(value) for name, value in given.items()}
        self._names = MappingProxyType({name.lower(): name for name in given})

    def __getitem__(self, name: str) -> tuple[str, ...]:
        return self._values[name.lower()]

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and name.lower() in self._values

    def __iter__(self) -> Iterator[str]:
        return iter(self._names.values())

    def __len__(self) -> int:
        return len(self._values)

    def __hash__(self) -> int:
        return hash(frozenset(self._values.items()))

    def __repr__(self) -> str:
        return f"Context({dict(self)!r})"


EMPTY = Context()
