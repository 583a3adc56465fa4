"""What a run leaves of what it observed, below `.kmslab` in pytest's root directory.

`disagreements/` has a case of each disagreement, `observed/` a file a run with a case a line of what AWS
and the engine agree on. Neither holds parameters of calls; the files in `observed/` do name the account.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime, timezone
from pathlib import Path

from pytest_kmslab.cases.write import case_as_json, print_case
from pytest_kmslab.errors import CaseError
from pytest_kmslab.observe.anonymize import anonymize
from pytest_kmslab.observe.aws_outcome import AwsOutcome
from pytest_kmslab.observe.comparison import Finding, Prediction
from pytest_kmslab.observe.observed_cases import agreed_cases, digest, disagreed_case, file_name, named

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
