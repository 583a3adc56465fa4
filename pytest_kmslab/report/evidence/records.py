"""The tests of a run, each with its facts, put together from the parts of all processes."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pytest_kmslab.report.evidence.model import (
    Assertion,
    BegunTest,
    Call,
    Change,
    Decision,
    Matrix,
    Phase,
    Resource,
)
from pytest_kmslab.report.evidence.parts import part_of, read_part, read_parts

if TYPE_CHECKING:
    from pytest_kmslab.report.evidence.model import Fact

CONTROLLER = "controller"
"""The part of xdist's controller, which alone knows of a worker that crashed."""
WORST_FIRST = ("failed", "error", "xpassed", "xfailed", "skipped", "passed")


@dataclass(slots=True)
class TestRecord:
    """A test with all that happened in it."""

    __test__ = False

    test: BegunTest
    phases: list[Phase] = field(default_factory=list)
    calls: list[Call] = field(default_factory=list)
    assertions: list[Assertion] = field(default_factory=list)
    matrices: list[Matrix] = field(default_factory=list)
    resources: list[Resource] = field(default_factory=list)

    def add(self, fact: Fact) -> None:
        """Take a fact for this test's."""
        lists: dict[type[Any], list[Any]] = {
            Phase: self.phases,
            Call: self.calls,
            Assertion: self.assertions,
            Matrix: self.matrices,
            Resource: self.resources,
        }
        lists[type(fact)].append(fact)

    @property
    def is_empty(self) -> bool:
        """Whether nothing happened in it."""
        return not (self.calls or self.assertions or self.matrices or self.resources)

    @property
    def outcome(self) -> str:
        """The worst of its phases; `error` where only its fixtures failed, `crashed` where it never ended."""
        if not self.phases:
            return "crashed" if self.test.id else "passed"
        outcomes = {
            "error" if phase.outcome == "failed" and phase.when in ("setup", "teardown") else phase.outcome
            for phase in self.phases
        }
        return next(outcome for outcome in WORST_FIRST if outcome in outcomes)

    @property
    def seconds(self) -> float:
        """How long its phases took; subtests are part of one."""
        return sum(phase.seconds for phase in self.phases if phase.when != "subtest")

    @property
    def failure(self) -> str:
        """What pytest shows of its failures."""
        return "\n\n".join(phase.text for phase in self.phases if phase.text and phase.when != "subtest")


@dataclass(frozen=True, slots=True)
class Turn:
    """A principal was answered otherwise than before, on the same question in the same test."""

    principal: str
    action: str
    resource: str
    before: Decision
    after: Decision
    changes: tuple[Change, ...]
    """What was changed between the two, oldest first."""


def read_records(folder: Path) -> Iterator[TestRecord]:
    """Every test of a run, process by process; what a crash left of one counts as far as it went."""
    crashes = _crashes(read_part(part_of(folder, CONTROLLER)))
    for record in _grouped(read_parts(folder, without=CONTROLLER)):
        record.phases += crashes.pop(record.test.id, ())
        if record.test.id or not record.is_empty:
            yield record
    for test, phases in crashes.items():
        yield TestRecord(BegunTest(0.0, test, test, test.partition("::")[0], "", ""), phases)


def _crashes(facts: Iterable[Fact]) -> dict[str, list[Phase]]:
    crashes: dict[str, list[Phase]] = defaultdict(list)
    for record in _grouped(facts):
        crashes[record.test.id] += record.phases
    return crashes


def _grouped(facts: Iterable[Fact]) -> Iterator[TestRecord]:
    record: TestRecord | None = None
    for fact in facts:
        if isinstance(fact, BegunTest):
            if record is not None:
                yield record
            record = TestRecord(fact)
        elif record is not None:
            record.add(fact)
    if record is not None:
        yield record


DecisionKey = tuple[str, str, str]
"""Who asked for which action on which resource."""


def turns(calls: Iterable[Call]) -> Iterator[Turn]:
    """Where somebody was denied and later allowed, or the other way round; the lab's own calls left out."""
    last: dict[DecisionKey, tuple[Decision, int]] = {}
    changes: list[Change] = []
    for call in calls:
        for key, decision in _answers(call).items() if call.origin != "lab" else ():
            # The first answer is compared with itself: it is no turn.
            before, mark = last.get(key, (decision, 0))
            if (before.decision == "allowed") != (decision.decision == "allowed"):
                yield Turn(*key, before, decision, tuple(changes[mark:]))
            last[key] = decision, len(changes)
        if call.change is not None:
            changes.append(call.change)


def _answers(call: Call) -> dict[DecisionKey, Decision]:
    """What a call was answered to each question. One may stand twice (a new key policy is asked too whether
    its author may change it again), and then a denial counts."""
    answers: dict[DecisionKey, Decision] = {}
    for decision in call.decisions:
        key = decision.principal, decision.action, decision.resource
        if key not in answers or decision.decision != "allowed":
            answers[key] = decision
    return answers
