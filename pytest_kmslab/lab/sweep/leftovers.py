"""What a sweep finds, and what came of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta

from pytest_kmslab.lab.kinds.registry import IN_ORDER
from pytest_kmslab.lab.resource_kind import ResourceRef


@dataclass(frozen=True, slots=True)
class Leftover:
    """Something an earlier run left."""

    ref: ResourceRef
    run: str
    worker: str
    age: timedelta | None
    why: str
    """Why it goes, or why it stays."""
    stays: bool = False


@dataclass(slots=True)
class Findings:
    """What was found."""

    leftovers: list[Leftover] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    """What could not be looked at and may be a run's."""
    notes: list[str] = field(default_factory=list)
    """What could not be looked at, and is no problem."""
    failures: dict[Leftover, str] = field(default_factory=dict)
    """What could not be removed, and why."""
    removed: list[Leftover] = field(default_factory=list)

    @property
    def to_remove(self) -> list[Leftover]:
        """What goes, in the order in which it does."""
        going = [leftover for leftover in self.leftovers if not leftover.stays]
        # As a lab's end removes them: a stack before what it leaves, a user after the keys.
        return sorted(going, key=lambda leftover: IN_ORDER.index(leftover.ref.kind))

    @property
    def is_left(self) -> bool:
        """Whether something is there that is to go, or may be there unseen."""
        return bool(self.problems) or any(leftover not in self.removed for leftover in self.to_remove)
