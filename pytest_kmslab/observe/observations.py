"""What came of observing: counts, every disagreement, and the files that are left of both."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime, timezone
from pathlib import Path
from threading import Lock
from typing import Any

from pytest_kmslab.cases.write import case_as_json, print_case
from pytest_kmslab.errors import CaseError
from pytest_kmslab.observe.anonymize import anonymize
from pytest_kmslab.observe.aws_outcome import AwsOutcome
from pytest_kmslab.observe.comparison import Finding, Prediction
from pytest_kmslab.observe.observed_cases import agreed_cases, digest, disagreed_case, file_name, named


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


# What a run leaves of what it observed, below `.kmslab` in pytest's root directory.
# `disagreements/` has a case of each disagreement, `observed/` a file a run with a case a line of what AWS
# and the engine agree on. Neither holds parameters of calls; the files in `observed/` do name the account.

HOME = ".kmslab"
DISAGREEMENTS = "disagreements"
OBSERVED = "observed"
IGNORED = "# Made by pytest-kmslab\n*\n"
NOT_ASKED = "(no case: AWS asks for something that the engine does not)"


class ObservedFiles:
    """Writes them: a file a disagreement, with the day on which it was last seen.

    `label` names the run and the worker, `now` answers epoch seconds.
    """

    def __init__(self, root: Path, label: Callable[[], str], now: Callable[[], float]) -> None:
        self._home = root / HOME
        self._root = root
        self._label = label
        self._now = now
        self._kept: set[str] = set()
        self.problem = ""
        """Why agreements could not be kept, where they could not."""

    def keep_agreement(self, expected: Prediction, answer: AwsOutcome) -> None:
        """Add what an answer proves to the run's file; a file that cannot be written is a `problem`."""
        lines = []
        for case in agreed_cases(expected, answer, self._today()):
            mark = digest(case)
            if mark not in self._kept:
                self._kept.add(mark)
                lines.append(json.dumps(case_as_json(case)) + "\n")
        if not lines:
            return
        try:
            with (self._folder(OBSERVED) / f"{self._label()}.jsonl").open("a", encoding="utf-8") as file:
                file.writelines(lines)
        except OSError as error:
            self.problem = f"what AWS decided cannot be kept: {error}"

    def write_disagreement(self, answer: AwsOutcome, finding: Finding) -> str:
        """Write the case of a disagreement, and answer where it is, or in brackets why there is none."""
        case = disagreed_case(answer, finding, self._today())
        if case is None:
            return NOT_ASKED
        # The names stay where the engine would decide otherwise without them.
        with suppress(CaseError):
            case = named(anonymize(case))
        try:
            path = self._folder(DISAGREEMENTS) / file_name(case)
            path.write_text(print_case(case), encoding="utf-8")
        except OSError as error:
            return f"(no case: it cannot be written: {error})"
        return path.relative_to(self._root).as_posix()

    def _today(self) -> str:
        return datetime.fromtimestamp(self._now(), timezone.utc).date().isoformat()

    def _folder(self, name: str) -> Path:
        folder = self._home / name
        folder.mkdir(parents=True, exist_ok=True)
        ignore = self._home / ".gitignore"
        if not ignore.exists():
            ignore.write_text(IGNORED, encoding="utf-8")
        return folder
