"""Make cases of the corpus from what AWS was observed to decide, without anybody's names.

    python tools/record_cases.py [--out FOLDER] [FILE ...]

Exit status: 0 all well, 1 a case was refused, 2 a file could not be read or written.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from pytest_kmslab.cases.case import Case
from pytest_kmslab.cases.lines import LONGEST, split_cases
from pytest_kmslab.cases.read import parse_case
from pytest_kmslab.cases.write import print_case
from pytest_kmslab.errors import CaseError, KmslabError
from pytest_kmslab.observe.anonymize import anonymize
from pytest_kmslab.observe.observed_cases import file_name, named

NAME = "record_cases"
_OK, _REFUSED, _BAD_INPUT = 0, 1, 2
OBSERVED = ".kmslab/observed"
OUT = "tests/corpus/recorded"

_HELP = """\
Make corpus cases of what AWS decided in observed runs.

A FILE is what a run with backend `aws` left in .kmslab/observed; without one all that are there are read.
Each decision becomes a case of its own with the date it was seen on AWS. Accounts, names, ids and addresses
become examples, the same name the same word throughout. Then the case is decided again: one that would come
out otherwise is refused and named. A case that is there already is not written again."""

_EPILOG = """\
exit status: 0 all well, 1 a case was refused, 2 a file could not be read or written"""


def main(arguments: Sequence[str]) -> int:
    """Write the cases, say how many, and answer the exit status."""
    parser = argparse.ArgumentParser(
        prog=NAME, description=_HELP, epilog=_EPILOG, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("files", metavar="FILE", nargs="*", type=Path, help=f"(default: {OBSERVED}/*.jsonl)")
    parser.add_argument(
        "--out", metavar="FOLDER", type=Path, default=Path(OUT), help="where cases go (default: %(default)s)"
    )
    options = parser.parse_args(arguments)
    files = options.files or sorted(Path(OBSERVED).glob("*.jsonl"))
    if not files:
        _complain(
            f"nothing was observed: there is no file in `{OBSERVED}`; run tests with --real-aws here, or "
            "name a file"
        )
        return _BAD_INPUT
    recorder = Recorder(options.out)
    for file in files:
        recorder.record(file)
    print(recorder.summary)
    return recorder.status


@dataclass(slots=True)
class Recorder:
    """Writes the cases of files into a folder, and counts."""

    folder: Path
    written: int = 0
    there: int = 0
    refused: int = 0
    status: int = _OK

    def record(self, file: Path) -> None:
        """Write the cases of one file; what cannot be read or written is told on standard error."""
        try:
            for case in self._cases(file):
                self._write(case)
        except OSError as error:
            self._fail(f"cannot use `{error.filename or file}`: {error.strerror or error}", _BAD_INPUT)

    @property
    def summary(self) -> str:
        """The line at the end."""
        there = f", {self.there} were there already" if self.there else ""
        refused = f", {self.refused} refused" if self.refused else ""
        return f"{NAME}: {self.written} cases written to `{self.folder}`{there}{refused}"

    def _cases(self, file: Path) -> Iterator[Case]:
        with file.open("rb") as stream:
            for found in split_cases(iter(lambda: stream.readline(LONGEST), b"")):
                try:
                    yield _verified(parse_case(found.text(), expectation_required=True))
                except KmslabError as error:
                    self._fail(f"{file}:{found.line}: {error}", _BAD_INPUT)

    def _write(self, case: Case) -> None:
        try:
            example = named(anonymize(case))
        except KmslabError as error:
            self.refused += 1
            self._fail(f"refused: {error}", _REFUSED)
            return
        path = self.folder / file_name(example)
        if path.exists():
            self.there += 1
            return
        self.folder.mkdir(parents=True, exist_ok=True)
        path.write_text(print_case(example), encoding="utf-8")
        self.written += 1

    def _fail(self, message: str, status: int) -> None:
        _complain(message)
        self.status = max(self.status, status)


def _verified(case: Case) -> Case:
    """A case that was seen on AWS; raises CaseError for another."""
    if case.verified is None:
        raise CaseError("`verified` has no date: only what was seen on AWS is recorded")
    return case


def _complain(message: str) -> None:
    print(f"{NAME}: {message}", file=sys.stderr)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
