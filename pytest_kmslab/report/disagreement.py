"""The text of a disagreement between AWS and the engine: both sides, and where the case is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_kmslab.report.decisions import headline, reason_text

if TYPE_CHECKING:
    from pytest_kmslab.observe.comparison import Prediction
    from pytest_kmslab.observe.observations import Disagreement


def text_of(found: Disagreement) -> str:
    """Four lines: the call, what AWS answered, what the engine expected, and the file of the case."""
    answer = found.answer
    aws = f"{answer.code}: {answer.message}" if answer.denied else "let it through"
    return "\n".join(
        (
            f"AWS and the engine disagree on {found.expected.operation}",
            f"  AWS:    {aws}",
            f"  engine: {_expected(found.expected)}",
            f"  case:   {found.file}",
        )
    )


def _expected(expected: Prediction) -> str:
    denied = expected.denied
    if denied is not None:
        return f"{headline(denied)}: {reason_text(denied.decision.reasons[0], denied.request.resource)}"
    asked = ", ".join(entry.request.action for entry in expected.entries)
    return f"allowed, as {asked} {'is' if len(expected.entries) == 1 else 'are'}" if asked else "allowed"
