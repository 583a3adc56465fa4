"""Makes a failing case small: parts are left out as long as it goes on failing."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from typing import Any

from deep.differential.generator import Case

Place = tuple["str | int", ...]

_NEEDED = frozenset(
    (
        "name",
        "request",
        "principal",
        "action",
        "resource",
        "Effect",
        "Version",
        "Statement",
        "document",
        "policies",
    )
)
"""What a case or a statement cannot be without."""


def shrink(case: Case, fails: Callable[[Case], bool]) -> Case:
    """The smallest case found that still fails; `fails` must hold for the case given.

    Every part is tried alone, the larger ones first, until none can go any more.
    """
    smallest = case
    while True:
        smaller = next((tried for tried in _smaller(smallest) if fails(tried)), None)
        if smaller is None:
            return smallest
        smallest = smaller


def _smaller(case: Case) -> Iterator[Case]:
    for place in sorted(_places(case), key=len):
        yield _without(case, place)
    yield from _simpler(case)


def _places(part: Any, place: Place = ()) -> Iterator[Place]:
    """The place of every part that may be left out."""
    items: list[tuple[str | int, Any]]
    if isinstance(part, dict):
        items = list(part.items())
    elif isinstance(part, list):
        items = list(enumerate(part))
    else:
        return
    for name, inner in items:
        here = (*place, name)
        if _may_go(here, part):
            yield here
        yield from _places(inner, here)


def _may_go(place: Place, within: Any) -> bool:
    name = place[-1]
    if place == ("policies", "resource"):
        return True
    if isinstance(name, int):
        return len(within) > 1 or len(place) < 2 or place[-2] in ("identity", "session")
    if "Principal" in name or "Action" in name or "Resource" in name:
        return False
    return name not in _NEEDED and name not in ("AWS", "Service")


def _without(case: Case, place: Place) -> Case:
    smaller = copy.deepcopy(case)
    within: Any = smaller
    for name in place[:-1]:
        within = within[name]
    del within[place[-1]]
    return smaller


def _simpler(case: Case) -> Iterator[Case]:
    """The case with one element of a statement replaced by the plainest one."""
    for place in _places_of_statements(case):
        statement = _at(case, place)
        for name, plain in (("Action", "*"), ("Resource", "*"), ("NotAction", None), ("NotResource", None)):
            if name not in statement or statement[name] == plain:
                continue
            simpler = copy.deepcopy(case)
            inner = _at(simpler, place)
            inner[name.removeprefix("Not")] = "*"
            if name.startswith("Not"):
                del inner[name]
            yield simpler


def _places_of_statements(part: Any, place: Place = ()) -> Iterator[Place]:
    if isinstance(part, dict):
        if "Effect" in part:
            yield place
        for name, inner in part.items():
            yield from _places_of_statements(inner, (*place, name))
    elif isinstance(part, list):
        for index, inner in enumerate(part):
            yield from _places_of_statements(inner, (*place, index))


def _at(case: Case, place: Place) -> Any:
    within: Any = case
    for name in place:
        within = within[name]
    return within
