"""The facts of a run, as they are gathered in its processes and handed to whoever writes a report.

They are written to a file of their process as JSON (`parts`): a worker that dies has told what it knew.
They are tuples, which JSON's encoder takes as they are: a run has thousands.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple


class Decision(NamedTuple):
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


class Change(NamedTuple):
    """What a call changed of who may do what."""

    what: str
    """`key policy`, `table policy`, `grant`, `identity policy` …"""
    resource: str
    """The ARN of what it was changed of, or its name."""
    before: str
    """The document as it was, as JSON text; empty where there was none or it is not known."""
    after: str
    """The document as it became; empty where there is none now, or no document says it."""


class Call(NamedTuple):
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


class Assertion(NamedTuple):
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


class Cell(NamedTuple):
    """Whether a principal may do an action on a resource, decided without a call."""

    principal: str
    action: str
    resource: str
    allowed: bool
    explanation: str
    """Why; empty where a run decided more cells than are explained."""


class Matrix(NamedTuple):
    """An access matrix that a test asked for."""

    at: float
    cells: tuple[Cell, ...]


class Resource(NamedTuple):
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


class Phase(NamedTuple):
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


class BegunTest(NamedTuple):
    """A test that began: what comes after it in its process belongs to it."""

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


Fact = BegunTest | Phase | Call | Assertion | Matrix | Resource
KINDS: Mapping[str, type[Any]] = {
    "test": BegunTest,
    "phase": Phase,
    "call": Call,
    "assertion": Assertion,
    "matrix": Matrix,
    "resource": Resource,
}
NAMES = {kind: name for name, kind in KINDS.items()}
FACTS = frozenset((*NAMES, Decision, Change, Cell))


def plain(fact: Any) -> Any:
    """A fact as plain values: a mapping of its fields."""
    if type(fact) in FACTS:
        return {name: plain(value) for name, value in zip(fact._fields, fact, strict=True)}
    return [plain(part) for part in fact] if isinstance(fact, tuple) else fact


def read(name: str, values: Sequence[Any]) -> Fact:
    """The fact that was written under this name, as these values; JSON has made lists of its tuples."""
    kind = KINDS[name]
    fact: Fact = kind(*values)
    if isinstance(fact, Call):
        change = None if fact.change is None else Change(*fact.change)
        return fact._replace(decisions=tuple(map(_read_decision, fact.decisions)), change=change)
    if isinstance(fact, Matrix):
        return fact._replace(cells=tuple(Cell(*cell) for cell in fact.cells))
    return fact


def _read_decision(values: Sequence[Any]) -> Decision:
    decision = Decision(*values)
    return decision._replace(because=tuple(decision.because))
