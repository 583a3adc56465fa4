"""What expressions say, as trees; names and values are as written, placeholders too."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Path:
    """An attribute, or a part of one."""

    parts: tuple[str | int, ...]
    """Names, and places in lists."""


@dataclass(frozen=True, slots=True)
class Value:
    """A value, which is always a placeholder."""

    placeholder: str


@dataclass(frozen=True, slots=True)
class Call:
    """A function, or `+` and `-` of an update."""

    name: str
    operands: tuple[Operand, ...]


Operand = Path | Value | Call
"""What a condition compares and a function takes."""


@dataclass(frozen=True, slots=True)
class Condition:
    """A condition, or several that are joined."""

    operator: str
    """A comparison, `BETWEEN`, `IN`, `function`, or `AND`, `OR`, `NOT`."""
    operands: tuple[Operand, ...] = ()
    """What is compared; of a `function` its one Call."""
    conditions: tuple[Condition, ...] = ()
    """What is joined or negated."""


@dataclass(frozen=True, slots=True)
class Action:
    """What an update does with one attribute or part of one."""

    clause: str
    """`SET`, `REMOVE`, `ADD` or `DELETE`."""
    path: Path
    operand: Operand | None
    """What it is set to, or what is added or deleted; None where it is removed."""


@dataclass(frozen=True, slots=True)
class Expression:
    """What was read of one expression, with what is told of it before anything that it names is looked at."""

    conditions: tuple[Condition, ...] = ()
    """One, of an expression that is a condition."""
    actions: tuple[Action, ...] = ()
    """Those of an update."""
    paths: tuple[Path, ...] = ()
    """Those of a projection."""
    has_redundant_brackets: bool = False
    repeated_clause: str = ""
    """The first clause of an update that stands there twice."""
