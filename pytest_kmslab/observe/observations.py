"""What came of observing: counts, and every disagreement."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace
from threading import Lock
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pytest_kmslab.observe.aws_outcome import AwsOutcome
    from pytest_kmslab.observe.comparison import Finding, Prediction
    from pytest_kmslab.observe.observed_files import ObservedFiles


@dataclass(frozen=True, slots=True)
class Disagreement:
    """One call that AWS decided otherwise than the engine. `file` is where the case of it was written, or
    why it was not.
    """

    expected: Prediction
    answer: AwsOutcome
    finding: Finding
    file: str


class Observations:
    """Counts of a run, and its disagreements in order; safe for several threads."""

    def __init__(self, files: ObservedFiles) -> None:
        self.agreed = 0
        self.unsettled = 0
        self.inconclusive: Counter[str] = Counter()
        self.disagreements: list[Disagreement] = []
        self._files = files
        self._lock = Lock()

    @property
    def problem(self) -> str:
        """Why agreements could not be kept; empty where they could."""
        return self._files.problem

    def add_agreement(self, expected: Prediction, answer: AwsOutcome, *, settled: bool) -> None:
        """AWS decided as was expected; kept if nothing that bears on it was changed lately."""
        with self._lock:
            self.agreed += 1
            if settled:
                # Under the lock: two threads may be about to keep the same case.
                self._files.keep_agreement(expected, answer)

    def add_unsettled(self) -> None:
        """AWS decided otherwise, so soon after a change that it may not have known of it."""
        with self._lock:
            self.unsettled += 1

    def add_inconclusive(self, why: str) -> None:
        """A call that could not be compared."""
        with self._lock:
            self.inconclusive[why] += 1

    def add_disagreement(self, expected: Prediction, answer: AwsOutcome, finding: Finding) -> None:
        """AWS decided otherwise."""
        with self._lock:
            file = self._files.write_disagreement(answer, finding)
            # Without the call: its parameters are nobody's business, and some are secrets.
            known = replace(expected, call=None)
            self.disagreements.append(Disagreement(known, answer, finding, file))

    def counts(self) -> Mapping[str, Any]:
        """The counts in plain values, for another process."""
        with self._lock:
            return {
                "agreed": self.agreed,
                "unsettled": self.unsettled,
                "inconclusive": dict(self.inconclusive),
                "disagreements": len(self.disagreements),
            }
