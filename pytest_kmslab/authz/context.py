"""The request context: the condition keys a request carries, and their values."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

Value = str | bool | int | float
Keys = Mapping[str, "Value | Sequence[Value]"]


def text_of(value: Value) -> str:
    """A value as policies write it: `true` and `false` for booleans."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)


def _values(value: Value | Sequence[Value]) -> tuple[str, ...]:
    if isinstance(value, str):
        return (value,)
    if isinstance(value, (bool, int, float)):
        return (text_of(value),)
    return tuple([item if isinstance(item, str) else text_of(item) for item in value])


class Context(Mapping[str, tuple[str, ...]]):
    """Condition keys with their values, each value a string; key names compare without case.

    A key that the request does not carry is absent (`get` answers None), which is not the same
    as a multivalued key that is present with no value (an empty tuple). Where two names differ only by
    case (encryption context pairs may), the key has the values of both.
    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html
    """

    unread = False
    """Whether the keys are not made yet, since nobody asked for one."""

    def __init__(self, keys: Keys | None = None) -> None:
        self._given: Keys = dict(keys or {})
        self._folded: dict[str, tuple[str, ...]] | None = None

    @property
    def folded(self) -> Mapping[str, tuple[str, ...]]:
        """The values by key name in lower case. Made when first asked for."""
        if self._folded is None:
            folded: dict[str, tuple[str, ...]] = {}
            for name, value in self._given.items():
                lower = name.lower()
                # Case matters in an encryption context and not in a condition key: two names may fold to one.
                others = folded.get(lower)
                folded[lower] = _values(value) if others is None else others + _values(value)
            self._folded = folded
        return self._folded

    def __getitem__(self, name: str) -> tuple[str, ...]:
        return self.folded[name.lower()]

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and name.lower() in self.folded

    def __iter__(self) -> Iterator[str]:
        return iter({name.lower(): name for name in self._given}.values())

    def __len__(self) -> int:
        return len(self.folded)

    def __hash__(self) -> int:
        return hash(frozenset(self.folded.items()))

    def __repr__(self) -> str:
        return f"Context({dict(self)!r})"

    def pairs(self) -> Iterator[tuple[str, tuple[str, ...]]]:
        """Names as they were given, case kept, each with its own values."""
        return ((name, _values(value)) for name, value in self._given.items())


@dataclass(eq=False, repr=False)
class LazyContext(Context):
    """A context that makes its keys when a condition first asks for one: most decisions meet no condition."""

    source: Keys | Callable[[], Keys]
    """What makes the keys, always the same ones. Then the keys: it would hold on to what it makes them of."""
    unread: bool = field(default=True, init=False)
    """Whether the keys are not made yet, since nobody asked for one."""
    _folded: dict[str, tuple[str, ...]] | None = field(default=None, init=False)

    @property
    def _given(self) -> Keys:  # type: ignore[override]
        source = self.source
        if callable(source):
            source = self.source = source()
            self.unread = False
        return source


EMPTY = Context()
