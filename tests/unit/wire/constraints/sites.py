"""Every place of an operation's input that botocore's model says something of, and values for it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any

from botocore.model import Shape

from pytest_kmslab.wire.constraints.patterns import java_pattern

NUMBERS = ("integer", "long", "float", "double")
ARN = "arn:aws:iam::123456789012:role/application"
SAMPLES = (
    "a", "1", "A", "/", "/a/", ARN, "us-east-1", "v1", "a.b.c", "https://a", "/kms/xks/v1", "p-abcdefgh",
    "cluster-aaaaaaaaaaa", "com.amazonaws.vpce.us-east-1.vpce-svc-0", "o-aaaaaaaaaa/r-aaaa", ",", "aaa",
    "http://a", "aa", "0123456789abcdef",
)  # fmt: skip
"""Texts, one of which most patterns take, repeated to the length that is wanted."""
STRANGE = ("\x00", "#", " ", "*", "\n", "é", "\u4e00", "/")
"""Characters, one of which most patterns refuse."""

Put = Callable[[Any], dict[str, Any]]


@dataclass(frozen=True)
class Site:
    """One place: `where` is how AWS's error names it, `put` makes whole parameters with a value there."""

    where: str
    shape: Shape
    put: Put
    owner: str
    """The structure and member that it is in: `Tag.Key`."""
    inner: str
    """What names of things within it begin with."""


def wire(name: str) -> str:
    return name[:1].lower() + name[1:]


def sites(shape: Shape | None) -> Iterator[Site]:
    """All of an input, without those that no valid value can be made for."""
    if shape is not None:
        yield from _members(shape, "", lambda value: value, ())


def nulls(shape: Shape | None) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Where a required member is missing, its structure and name, and parameters that lack it."""
    structures = [("", shape, lambda value: value)] if shape is not None else []
    structures += [(site.inner, site.shape, site.put) for site in sites(shape)]
    for where, structure, put in structures:
        if structure.type_name == "structure" and structure.name != "AttributeValue":
            for name in structure.required_members:
                rest = {other: value for other, value in valid(structure).items() if other != name}
                yield f"{where}.{wire(name)}".lstrip("."), f"{structure.name}.{name}", put(rest)


def _members(shape: Shape, where: str, put: Put, within: tuple[str, ...]) -> Iterator[Site]:
    for name, member in shape.members.items():
        path = f"{where}.{wire(name)}".lstrip(".")
        others = {} if getattr(shape, "is_tagged_union", False) else valid(shape)
        here = _putting(put, others, name)
        yield from _at(Site(path, member, here, f"{shape.name}.{name}", path), (*within, shape.name))


def _putting(put: Put, others: dict[str, Any], name: str) -> Put:
    return lambda value: put({**others, name: value})


def _at(site: Site, within: tuple[str, ...]) -> Iterator[Site]:
    shape = site.shape
    if shape.name == "AttributeValue" or shape.name in within:
        return
    yield site
    if shape.type_name == "structure":
        yield from _members(shape, site.inner, site.put, within)
    elif shape.type_name == "list":
        least = shape.metadata.get("min") or 1
        put: Put = lambda value: site.put([value] * least)  # noqa: E731
        item = Site(site.where, shape.member, put, site.owner, f"{site.inner}.1.member")
        yield from _at(item, (*within, shape.name))
    elif shape.type_name == "map":
        key = valid(shape.key)
        put = lambda value: site.put({key: value})  # noqa: E731
        item = Site(site.where, shape.value, put, site.owner, f"{site.inner}.{key}.member")
        yield from _at(item, (*within, shape.name))


@cache
def _text(pattern: str, length: int) -> str | None:
    matcher = java_pattern(pattern) if pattern else None
    for sample in SAMPLES:
        for text in (sample, (sample * (length // len(sample) + 1))[:length], f"/{'a' * (length - 2)}/"):
            if len(text) == length and (matcher is None or matcher.matches(text)):
                return text
    return None


def text_of(shape: Shape, length: int) -> str | None:
    """A text of a length that the shape's pattern takes, if one is known."""
    return _text(shape.metadata.get("pattern", ""), length)


def valid(shape: Shape) -> Any:
    """A value that the model takes, as small as can be; None where none is known."""
    if shape.name == "AttributeValue":
        return {"S": "x"}
    return _VALID[shape.type_name](shape)


def _string(shape: Shape) -> str | None:
    if shape.enum:
        return str(shape.enum[0])
    if shape.metadata.get("pattern"):
        least, most = shape.metadata.get("min") or 1, shape.metadata.get("max") or 2048
        lengths = (length for length in range(least, min(most, least + 60) + 1))
        return next((text for length in lengths if (text := text_of(shape, length))), None)
    least, most = shape.metadata.get("min") or 0, shape.metadata.get("max") or len(ARN)
    return ARN if least <= len(ARN) <= most else "a" * max(least, 1)


def _structure(shape: Shape) -> dict[str, Any]:
    names = shape.required_members or (
        list(shape.members)[:1] if getattr(shape, "is_tagged_union", False) else []
    )
    return {name: valid(shape.members[name]) for name in names}


_VALID: dict[str, Callable[[Any], Any]] = {
    "structure": _structure,
    "list": lambda shape: [valid(shape.member)] * (shape.metadata.get("min") or 1),
    "map": lambda shape: {valid(shape.key): valid(shape.value)},
    "string": _string,
    "blob": lambda shape: b"x" * (shape.metadata.get("min") or 1),
    "boolean": lambda shape: True,
    "timestamp": lambda shape: 1700000000,
    **dict.fromkeys(NUMBERS, lambda shape: max(shape.metadata.get("min") or 1, 1)),
}


LONGEST = 200_000
"""No longer texts are made."""


def inside(shape: Shape) -> Iterator[Any]:
    """Values at the limits of a shape, that it takes."""
    for limit in ("min", "max"):
        size = shape.metadata.get(limit)
        if size is not None and size <= LONGEST:
            yield from _of_size(shape, size)
    yield from getattr(shape, "enum", ()) or ()


def outside(shape: Shape) -> Iterator[tuple[Any, str]]:
    """Values just beyond, with what AWS's error says that the member must."""
    word = "value" if shape.type_name in NUMBERS else "length"
    least, most = shape.metadata.get("min"), shape.metadata.get("max")
    if most is not None and most < LONGEST:
        for value in _of_size(shape, most + 1):
            yield value, f"Member must have {word} less than or equal to {most}"
    if least is not None and (least > 0 or word == "value"):
        for value in _of_size(shape, least - 1):
            yield value, f"Member must have {word} greater than or equal to {least}"
    pattern = shape.metadata.get("pattern")
    text = valid(shape) if pattern else None
    if text:
        spoilt = (text[:-1] + strange for strange in STRANGE)
        matcher = java_pattern(pattern)
        wrong = next((one for one in spoilt if matcher is not None and not matcher.matches(one)), None)
        if wrong is not None:
            yield wrong, f"Member must satisfy regular expression pattern: {pattern}"
    if getattr(shape, "enum", None):
        yield "NoSuchValue", "Member must satisfy enum value set"


def _of_size(shape: Shape, size: int) -> Iterator[Any]:
    """Values of a length, or the number itself: none where none is known."""
    if shape.type_name in NUMBERS:
        yield size
    elif shape.type_name == "blob":
        yield b"x" * size
    elif shape.type_name == "list":
        yield [valid(shape.member)] * size
    elif shape.type_name == "map":
        if size == 0 or not shape.key.metadata.get("pattern"):
            key = valid(shape.key)
            yield {f"{key}{number}": valid(shape.value) for number in range(size)}
    elif not shape.enum:
        text = text_of(shape, size) if size else _empty(shape)
        if text is not None:
            yield text
        elif not shape.metadata.get("pattern"):
            yield "a" * size


def _empty(shape: Shape) -> str | None:
    """The empty text, unless its pattern refuses it whatever its least length is."""
    matcher = java_pattern(shape.metadata.get("pattern", ".*"))
    refused = shape.metadata.get("min") == 0 and matcher is not None and not matcher.matches("")
    return None if refused else ""
