"""Paths of attributes: by which names they go, how errors show them, and which are one within another.

Texts are DynamoDB's, as dynalite's tests have them, which were run against AWS.
https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Expressions.Attributes.html
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from pytest_kmslab.calls.dynamodb.grammar.tree import Path

Names = Mapping[str, str]
"""ExpressionAttributeNames."""
Parts = tuple["str | int", ...]

_REWRITE = "must remove or rewrite one of these paths"


def resolved(path: Path, names: Names) -> Parts:
    """The parts of a path, by the names that placeholders stand for."""
    return tuple(names.get(part, part) if isinstance(part, str) else part for part in path.parts)


def shown_path(parts: Parts) -> str:
    """A path as errors show it: `[a, [1], b]`."""
    shown = (f"[{part}]" if isinstance(part, int) else part for part in parts)
    return f"[{', '.join(shown)}]"


def refusals_of_overlap(paths: Sequence[Parts]) -> Iterator[str]:
    """What DynamoDB says where one of the paths is another or within it, or where one has a list and
    another a map in one place; the former is told first."""
    pairs = [(earlier, later) for at, later in enumerate(paths) for earlier in paths[:at]]
    for earlier, later in pairs:
        if all(one == other for one, other in zip(earlier, later, strict=False)):
            yield _told("overlap", earlier, later)
    for earlier, later in pairs:
        if _conflict(earlier, later):
            yield _told("conflict", earlier, later)


def _conflict(earlier: Parts, later: Parts) -> bool:
    for one, other in zip(earlier, later, strict=False):
        if one != other:
            return isinstance(one, int) != isinstance(other, int)
    return False


def _told(how: str, earlier: Parts, later: Parts) -> str:
    shown = f"path one: {shown_path(earlier)}, path two: {shown_path(later)}"
    return f"Two document paths {how} with each other; {_REWRITE}; {shown}"
