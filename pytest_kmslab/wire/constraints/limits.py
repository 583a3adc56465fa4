"""What a model, or a row that knows better, says of one value: its length or range, pattern, values."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from pytest_kmslab.wire.constraints.known_otherwise import KEPT, Row
from pytest_kmslab.wire.constraints.patterns import JavaPattern, java_pattern

if TYPE_CHECKING:
    from botocore.model import Shape

NUMBERS = frozenset(("integer", "long", "float", "double"))
_BUCKETS = 32
"""Of the hash table in whose order AWS shows the values of an enum; those of one bucket come in reverse. So
were the sets of KeySpec, MacAlgorithmSpec, Select, ReturnValue, ComparisonOperator … recorded."""


@dataclass(frozen=True, slots=True)
class Broken:
    """A limit that a value breaks."""

    kind: str
    """`most`, `least`, `pattern`, `values`, or `required`, `members` of structures."""
    constraint: str
    """What AWS says that it must be: `Member must …`."""


@dataclass(frozen=True, slots=True)
class Limits:
    """The limits of one value; None stands for no limit."""

    measure: Callable[[Any], Any]
    """What `least` and `most` are of: its length, or a number itself."""
    word: str
    """`length` or `value`."""
    least: int | None
    most: int | None
    pattern: JavaPattern | None
    values: frozenset[str] | None
    shown_values: str
    """The values of the enum as an error lists them."""
    said: Mapping[str, str] = field(default_factory=dict)
    """The whole text of an error, by the kind of the limit, where it is not AWS's usual one."""
    lengths: range | None = field(init=False)
    """The lengths of values, where nothing but the length is limited."""

    def __post_init__(self) -> None:
        # A range tells at once whether a length is in it, where nothing else is limited.
        only_length = self.measure is len and self.pattern is None and self.values is None
        most = sys.maxsize if self.most is None else self.most + 1
        object.__setattr__(self, "lengths", range(self.least or 0, most) if only_length else None)

    def allow(self, value: Any) -> bool:
        """Whether a value keeps all of them."""
        size = self.measure(value)
        return (
            (self.least is None or size >= self.least)
            and (self.most is None or size <= self.most)
            and (self.values is None or value in self.values)
            and (self.pattern is None or self.pattern.matches(value))
        )

    def broken(self, value: Any) -> Iterator[Broken]:
        """The limits that a value breaks."""
        # AWS tells of the length before the pattern.
        size = self.measure(value)
        for limit in self.each():
            if (
                (limit.kind == "most" and size > self.most)
                or (limit.kind == "least" and size < self.least)
                or (limit.kind == "pattern" and self.pattern and not self.pattern.matches(value))
                or (limit.kind == "values" and value not in (self.values or ()))
            ):
                yield limit

    def each(self) -> Iterator[Broken]:
        """All that there are, as an error about the elements of a list or map names them."""
        if self.most is not None:
            yield Broken("most", f"Member must have {self.word} less than or equal to {self.most}")
        if self.least is not None:
            yield Broken("least", f"Member must have {self.word} greater than or equal to {self.least}")
        if self.pattern is not None:
            text = self.pattern.text
            yield Broken("pattern", f"Member must satisfy regular expression pattern: {text}")
        if self.values is not None:
            yield Broken("values", f"Member must satisfy enum value set{self.shown_values}")


def limits_of(shape: Shape, row: Row, *, lists_values: bool) -> Limits | None:
    """The limits of a shape's values; None where there is none at all."""
    number = shape.type_name in NUMBERS
    if not number and shape.type_name not in ("string", "blob", "list", "map"):
        return None
    model: Mapping[str, Any] = shape.metadata
    least = model.get("min") if row.least is KEPT else row.least
    most = model.get("max") if row.most is KEPT else row.most
    pattern = model.get("pattern") if row.pattern is KEPT else row.pattern
    least = None if not number and least == 0 else least
    enum = getattr(shape, "enum", None)
    values = frozenset((*enum, *row.more_values)) if enum and row.has_values else None
    if least is most is pattern is values is None:
        return None
    return Limits(
        measure=_itself if number else len,
        word="value" if number else "length",
        least=least,
        most=most,
        pattern=None if pattern is None else java_pattern(pattern),
        values=values,
        shown_values=f": [{row.shown_values or in_javas_order(shape)}]" if lists_values and values else "",
        said=row.said,
    )


def in_javas_order(shape: Shape) -> str:
    """The values of an enum, in the order in which AWS lists them."""
    # As Java's HashSet goes through its buckets, newest first in each.
    values = list(getattr(shape, "enum", ()))[::-1]
    buckets: dict[str, int] = {}
    for text in values:
        # Java's String.hashCode, an int that wraps around at 32 bits.
        code = 0
        for character in text:
            code = (31 * code + ord(character)) & 0xFFFFFFFF
        buckets[text] = code % _BUCKETS
    return ", ".join(sorted(values, key=buckets.__getitem__))


def _itself(value: Any) -> Any:
    return value
