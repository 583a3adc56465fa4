"""The facts of a run, as they are gathered in its processes and handed to whoever writes a report.

Each is written where it happens, as a line of JSON (`parts`): a process that dies has told what it knew.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any


@dataclass(frozen=True, slots=True)
class Decision:
    """One authorization that a call required, and how it was decided."""

    number: int
    """Its place in the trail of its process."""
    action: str
    principal: str
    resource: str
    decision: str
    """AWS's word: `allowed`, `explicitDeny` or `implicitDeny`."""
    via: str
    """The service that asked KMS as the caller; empty for what the caller asked itself."""
    because: tuple[str, ...]
    """The reasons, the deciding one first, each a clause."""
    explanation: str
    """Of a denial, what was looked at, what nearly matched and what would allow it; empty where allowed."""


@dataclass(frozen=True, slots=True)
class Change:
    """What a call changed of who may do what."""

    what: str
    """`key policy`, `table policy`, `grant`, `identity policy` …"""
    resource: str
    """The ARN of what it was changed of, or its name."""
    before: str
    """The document as it was, as JSON text; empty where there was none or it is not known."""
    after: str
    """The document as it became; empty where there is none now, or no document says it."""


@dataclass(frozen=True, slots=True)
class Call:
    """One API call with everything that was decided for it, in order."""

    at: float
    """Seconds since the epoch."""
    operation: str
    """`service:Operation`."""
    principal: str
    """The ARN of the caller."""
    origin: str
    """For whom: `test`, `fixture` or `lab`."""
    decisions: tuple[Decision, ...]
    error: str
    """The code of the error that the service answered, empty where it let the call through."""
    message: str
    """That error's text."""
    change: Change | None


@dataclass(frozen=True, slots=True)
class Assertion:
    """What a test asserted of the calls in a block."""

    at: float
    kind: str
    """`denied`, `allowed` or `access matrix`."""
    wanted: str
    """What the test named, as text."""
    unmet: str
    """Why it did not hold; empty where it did."""
    first: int
    """The first decision in the block, by its number."""
    last: int
    """The last one; smaller than `first` where there was none."""
    attempt: int
    """Which try of `eventually` it was, from 1; 0 where it was not tried again."""


@dataclass(frozen=True, slots=True)
class Cell:
    """Whether a principal may do an action on a resource, decided without a call."""

    principal: str
    action: str
    resource: str
    allowed: bool
    explanation: str
    """Why; empty where a run decided more cells than are explained."""


@dataclass(frozen=True, slots=True)
class Matrix:
    """An access matrix that a test asked for."""

    at: float
    cells: tuple[Cell, ...]


@dataclass(frozen=True, slots=True)
class Resource:
    """Something that was made for the tests, or removed again."""

    at: float
    event: str
    """`made` or `undone`."""
    kind: str
    """What a person calls it: `KMS key`."""
    name: str
    arn: str
    hourly: float
    """What one costs on AWS for each begun hour, in the prices' currency; 0 where only its use costs."""


@dataclass(frozen=True, slots=True)
class Phase:
    """How a part of a test ended."""

    when: str
    """`setup`, `call`, `teardown`, or `subtest`."""
    name: str
    """The subtest's; empty for others."""
    outcome: str
    """`passed`, `failed`, `skipped`, `xfailed` or `xpassed`."""
    seconds: float
    text: str
    """What pytest shows of a failure, or why it was skipped; empty where it passed."""


@dataclass(frozen=True, slots=True)
class Test:
    """A test that began: what comes after it in its process belongs to it."""

    __test__ = False  # pytest would take it for a class of tests

    at: float
    id: str
    """pytest's node id; empty for what happened outside a test."""
    title: str
    """The first line of its docstring, or its name in words."""
    module: str
    """The file it is in."""
    module_title: str
    """The first line of that file's docstring; empty where it has none."""
    worker: str
    """xdist's name of the process; empty where there was one."""


Fact = Test | Phase | Call | Assertion | Matrix | Resource
KINDS: Mapping[str, type[Any]] = {
    "test": Test,
    "phase": Phase,
    "call": Call,
    "assertion": Assertion,
    "matrix": Matrix,
    "resource": Resource,
}
NAMES = {kind: name for name, kind in KINDS.items()}
PARTS: Mapping[tuple[type[Any], str], type[Any]] = {
    (Call, "decisions"): Decision,
    (Call, "change"): Change,
    (Matrix, "cells"): Cell,
}
"""Fields that hold facts of their own."""


FIELDS = {kind: tuple(field.name for field in fields(kind)) for kind in (*NAMES, *PARTS.values())}


def plain(fact: Any) -> Any:
    """A fact as plain values: a mapping of its fields."""
    if isinstance(fact, tuple):
        return [plain(part) for part in fact]
    names = FIELDS.get(type(fact))
    return fact if names is None else {name: plain(getattr(fact, name)) for name in names}


def read(kind: type[Any], values: Mapping[str, Any]) -> Any:
    """The fact that `plain` made these values of."""
    return kind(**{name: _read(PARTS.get((kind, name)), value) for name, value in values.items()})


def _read(kind: type[Any] | None, value: Any) -> Any:
    if isinstance(value, list):
        return tuple(value if kind is None else [read(kind, part) for part in value])
    return value if kind is None or value is None else read(kind, value)
