"""Decides authorization cases, and says what was decided as JSON or in words."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from textwrap import indent
from typing import Any

from pytest_kmslab.authz.decision import Decision
from pytest_kmslab.authz.explain.explanation import explain
from pytest_kmslab.cases.case import Case


@dataclass(frozen=True, slots=True)
class DecidedCase:
    """A case with the engine's decision."""

    case: Case
    """The case."""
    decision: Decision
    """What the engine decides."""

    @property
    def ok(self) -> bool:
        """Whether the decision is what the case expects; a case that expects nothing is ok."""
        return self.case.expect is None or self.case.expect.holds_for(self.decision)

    def as_json(self) -> dict[str, Any]:
        """The decision and its reasons, and where the case expects something, what that is and whether it
        holds."""
        answer: dict[str, Any] = {
            "name": self.case.name,
            "decision": self.decision.decision.value,
            "reasons": [asdict(reason) for reason in self.decision.reasons],
        }
        expect = self.case.expect
        if expect is not None:
            answer["expected"] = expect.decision.value
            if expect.matched is not None:
                # A set has no order of its own, and lines of two runs are compared with diff.
                answer["expected_matched"] = sorted(expect.matched)
            answer["ok"] = self.ok
        return answer

    def in_words(self) -> str:
        """The case's name, and below it why it was decided so; the expectation too, where it failed."""
        case = self.case
        text = explain(case.request, case.policies, case.grants, self.decision)
        if case.expect is not None and not self.ok:
            matched = f" by {', '.join(sorted(case.expect.matched))}" if case.expect.matched else ""
            text += f"\nexpected\n  {case.expect.decision.value}{matched}"
        return f"{case.name}\n{indent(text, '  ')}\n"
