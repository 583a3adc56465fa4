"""What a failed test says of a denial: one line that names who was denied what and why, and a traceback that
ends in the test's own code.

pytest's report of an exception has no public way to be changed: what is done here changes only texts of it,
and leaves alone whatever has another form than pytest 8 and 9 give it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from types import TracebackType
from typing import TYPE_CHECKING, Any

from pytest_kmslab.assertions.answers import ExpectationError, carried_answers, client_error, read_answer
from pytest_kmslab.errors import is_refusal

if TYPE_CHECKING:
    import pytest

    from pytest_kmslab.enforcement.entry import TrailEntry

INNER_PACKAGES = ("botocore", "boto3", "pytest_kmslab", "contextlib")
"""Whose code a traceback ends in that a call of the test's led to."""
PYTEST_PACKAGES = ("_pytest", "pluggy")
SEE_ABOVE = "(AWS's text is above)"


def drop_inner_frames(excinfo: pytest.ExceptionInfo[BaseException]) -> None:
    """Let the traceback of each error that a service answered, or this package raised, end where the code
    under test made the call.

    What follows is botocore's own code, a hundred lines of it, the same for every error, or this package's.
    """
    from botocore.exceptions import ParamValidationError

    for error in _chain(excinfo.value):
        if (
            not isinstance(error, ParamValidationError)
            and client_error(error) is None
            and not is_refusal(error)
        ):
            continue
        kept = _without_inner_frames(error.__traceback__)
        if kept is None:
            continue
        error.__traceback__ = kept
        if error is excinfo.value:
            # pytest has read the traceback already, and shows its own copy.
            excinfo.traceback = type(excinfo.traceback)(kept)


def improve_report(
    report: pytest.TestReport,
    error: BaseException | None,
    entries: Sequence[TrailEntry],
    *,
    is_ours: bool = False,
) -> None:
    """Give a failed report its one line, and AWS's text once; `entries` are the decisions of its test.

    An error that this package raised itself says in its own words what is wrong.
    """
    line = failure_line(error, entries) or (str(error) if is_ours else "")
    crash: Any = getattr(report.longrepr, "reprcrash", None)
    # The short summary at the end of a run and the JUnit file take their line from here.
    if line and crash is not None:
        crash.message = line
    if isinstance(error, ExpectationError) and error.__cause__ is not None:
        for answer in carried_answers(error.__cause__):
            _say_once(report.longrepr, answer.message)


def failure_line(error: BaseException | None, entries: Sequence[TrailEntry]) -> str:
    """What failed, in one line without the name of a class; empty where pytest's own line says it better."""
    from pytest_kmslab.report.decisions import failure_text

    expectations = [expectation for expectation in _chain(error) if isinstance(expectation, ExpectationError)]
    if expectations and not any(expectation.was_denied for expectation in expectations):
        return str(error)
    denials = [entry for entry in entries if not entry.decision.allowed]
    answers = [answer.action.lower() for answer in carried_answers(error) if answer.is_denial]
    meant = [entry for entry in denials if not answers or entry.request.action.lower() in answers]
    if meant and (answers or expectations):
        return failure_text(meant[-1])
    # Last, as a denial that was decided says more than AWS's text of it: which policy, which statement.
    return str(error) if expectations else _answered(error)


def _answered(error: BaseException | None) -> str:
    """What a service, or the client before it sent anything, said is wrong with a call, without the name of a
    class of botocore's; empty for every other error, whose own words count."""
    from botocore.exceptions import ParamValidationError

    members: Sequence[BaseException] = getattr(error, "exceptions", ())
    if len(members) == 1:
        return _answered(members[0])
    if isinstance(error, ParamValidationError):
        return " ".join(str(error).split())
    answered = client_error(error)
    return "" if answered is None else read_answer(answered).line


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    """An error, and those that pytest shows before it."""
    seen: set[int] = set()
    # By identity, and no further than once: a ring of causes is legal, and pytest stops at one too.
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        yield error
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)


def _without_inner_frames(trace: TracebackType | None) -> TracebackType | None:
    """The traceback without the frames of boto3, botocore and this package that it ends in; None where it has
    no others."""
    frames: list[TracebackType] = []
    while trace is not None:
        frames.append(trace)
        trace = trace.tb_next
    end = len(frames)
    while end and _is_of(frames[end - 1], INNER_PACKAGES):
        end -= 1
    # A fixture of this package is called by pytest: it is what the reader has named.
    if 0 < end < len(frames) and _is_of(frames[end - 1], PYTEST_PACKAGES):
        end += 1
    # A traceback has no way to lose its end: it is made anew, innermost first.
    kept: TracebackType | None = None
    for frame in reversed(frames[:end]):
        kept = TracebackType(kept, frame.tb_frame, frame.tb_lasti, frame.tb_lineno)
    return kept


def _is_of(trace: TracebackType, packages: Sequence[str]) -> bool:
    return str(trace.tb_frame.f_globals.get("__name__", "")).partition(".")[0] in packages


def _say_once(longrepr: Any, text: str) -> None:
    """Take AWS's text out of the last error of a chain: the first one, shown above it, says it."""
    chain: Any = getattr(longrepr, "chain", ())
    # Only where pytest shows a chain does the text stand twice.
    if len(chain) < 2 or not text:
        return
    for entry in getattr(chain[-1][0], "reprentries", ()):
        if getattr(entry, "lines", None):
            entry.lines = [line.replace(text, SEE_ABOVE) for line in entry.lines]
