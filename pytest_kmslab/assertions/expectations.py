"""What a test says: `denied(action)` and `allowed()`.

A denial counts only for its reason. An access key that is not known yet, a missing table, a disabled key or
a throttle is not a denial, and a denial of another action is not the denial that was meant. What the lab
does for itself never counts.
"""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Sequence
from types import TracebackType
from typing import TYPE_CHECKING

from pytest_kmslab.assertions.answers import (
    Answer,
    ExpectationError,
    carried_answers,
    client_error,
    is_verdict,
)
from pytest_kmslab.authz.arn import resource_of
from pytest_kmslab.enforcement.entry import Mode, Origin
from pytest_kmslab.enforcement.matching import Named, Wanted, check_action, meant_reason
from pytest_kmslab.errors import OutsideLabError
from pytest_kmslab.session.current import CurrentRun, current_run

if TYPE_CHECKING:
    from pytest_kmslab.enforcement.entry import TrailEntry

SHOWN = 3
"""Decisions named at most in the message of an unmet expectation."""


class _Block:
    """The decisions and calls of a `with` block."""

    def __init__(self, what: str) -> None:
        run = current_run()
        if run is None or not run.in_lab:
            raise OutsideLabError(
                f"`{what}` needs a lab, and none is open: let the test ask for a fixture of pytest-kmslab, "
                "such as `kmslab` or `encrypted_table`"
            )
        self.run: CurrentRun = run
        # Within an `except` of the test's: Python makes the error there the context of every other.
        self.handled = sys.exc_info()[1]
        """What the test handles where the block begins: an error of the block does not carry it."""
        # By a mark, not by a copy: a trail may hold a million decisions, most of them in a file.
        self._mark = run.trail.mark()
        self._calls = sum(run.trail.calls.values()) - run.trail.calls[Origin.LAB]

    @property
    def calls(self) -> int:
        """How many calls of enforced services were made, the lab's own left out."""
        made = self.run.trail.calls
        return sum(made.values()) - made[Origin.LAB] - self._calls

    def entries(self) -> list[TrailEntry]:
        """The decisions that were made, the lab's own left out."""
        return [entry for entry in self.run.trail.since(self._mark) if entry.origin is not Origin.LAB]

    def record(self, kind: str, wanted: Wanted, unmet: BaseException | None = None) -> None:
        """Tell the report what was asserted, and why it did not hold if it did not."""
        if self.run.recorder is not None:
            why = "" if unmet is None else str(unmet) or type(unmet).__name__
            self.run.recorder.assertion_ended(kind, str(wanted), self._mark + 1, self.run.trail.mark(), why)


class Denial:
    """What `denied` yields. The attributes are empty until the body was denied."""

    def __init__(self, wanted: Wanted) -> None:
        self._wanted = wanted
        self.code = ""
        """The service's error code; empty where the code under test handled the error."""
        self.message = ""
        """The service's text, likewise."""
        self.operation = ""
        """The API operation that was called."""
        self.action = ""
        """The action that was denied, as AWS spelt it."""

    def __enter__(self) -> Denial:
        self._block = _Block(f"denied({self._wanted.action!r})")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> bool:
        __tracebackhide__ = True
        try:
            is_met = self._judge(error)
        except ExpectationError as unmet:
            # The report has what a test asserted in vain too: it is what somebody looks for there.
            self._block.record("denied", self._wanted, unmet)
            raise
        self._block.record("denied", self._wanted, None if is_met else error)
        return is_met

    def _judge(self, error: BaseException | None) -> bool:
        """Whether the block was denied as wanted; False where its error is another matter."""
        __tracebackhide__ = True
        # An AssertionError of the block is the test's own word; a denial around it must not swallow it.
        if error is not None and is_verdict(error):
            return False
        answers = list(carried_answers(error, handled=self._block.handled))
        answer = next(
            (carried for carried in answers if carried.action.lower() == str(self._wanted.action).lower()),
            None,
        )
        # An exception without that denial in it is the test's own matter, and reaches pytest.
        if error is not None and answer is None and client_error(error) is None:
            return False
        entries = self._block.entries()
        denials = self._wanted.among(entry for entry in entries if not entry.decision.allowed)
        self._check(error, answer, entries, denials)
        self._keep(answer, denials)
        return True

    def _check(
        self,
        error: BaseException | None,
        answer: Answer | None,
        entries: Sequence[TrailEntry],
        denials: Sequence[TrailEntry],
    ) -> None:
        __tracebackhide__ = True
        # Where calls are not stopped here, what was decided is a prediction: the service's answer counts.
        is_fact = self._block.run.mode is Mode.ENFORCE
        seen = bool(denials) if is_fact else answer is not None and (bool(denials) or self._is_bare)
        # A denial that was handled does not excuse another error, which the block raised besides.
        if not seen or (error is not None and answer is None):
            text = f"{self._wanted} was not denied: {self._instead(error, answer, entries)}"
            raise ExpectationError(text, went_through=error is None) from error
        # A decision that allowed what was denied: the same action, principal and resource, by the way named.
        denied_to, by_the_way = {_key(entry) for entry in denials}, Wanted(via=self._wanted.via)
        allowed_too = (
            entry
            for entry in by_the_way.among(entries)
            if entry.decision.allowed and _key(entry) in denied_to
        )
        # One denial among calls that went through proves little: nobody sees which of them the test is about.
        twice = next(allowed_too, None)
        if twice is not None:
            whom, what = resource_of(twice.request.principal), resource_of(twice.request.resource)
            raise ExpectationError(
                f"{self._wanted} was denied, and allowed too to `{whom}` on `{what}` in the same block: let "
                "the block hold one of the two"
            ) from error

    @property
    def _is_bare(self) -> bool:
        """Whether an answer alone can show what is wanted: only its action is certain."""
        wanted = self._wanted
        return wanted.by is None and wanted.on is None and wanted.via is None and wanted.because is None

    def _instead(
        self, error: BaseException | None, answer: Answer | None, entries: Sequence[TrailEntry]
    ) -> str:
        if error is not None and answer is None:
            return _answered(next(carried_answers(error)))
        return self._instead_of_it(answer, entries)

    def _instead_of_it(self, answer: Answer | None, entries: Sequence[TrailEntry]) -> str:
        same = Wanted(self._wanted.action).among(entries)
        if any(not entry.decision.allowed for entry in same):
            because = self._wanted.because
            return f"it was denied otherwise; {_told(same)}{meant_reason(because) if because else ''}"
        if same:
            return f"it was allowed; {_told(same)}"
        if answer is not None:
            return f"no decision of this run says so, but {answer}"
        if self._block.run.mode is Mode.OFF:
            return "calls are not decided (--kmslab-enforcement=off)"
        others = [entry for entry in entries if not entry.decision.allowed]
        if others:
            return f"no error was raised, and something else was denied; {_told(others)}"
        return (
            "no error was raised, and no call asked for it" if self._block.calls else "no AWS call was made"
        )

    def _keep(self, answer: Answer | None, denials: Sequence[TrailEntry]) -> None:
        if answer is not None:
            self.code, self.message = answer.code, answer.message
            self.operation, self.action = answer.operation, answer.action
        elif denials:
            # The last of several: what the code under test gave up at, where it tried again.
            self.operation = denials[-1].operation.partition(":")[2]
            self.action = denials[-1].request.action


def denied(
    action: str,
    *,
    by: Named | None = None,
    on: Named | None = None,
    via: str | None = None,
    because: str | None = None,
) -> Denial:
    """Assert that the body is denied, and for this action.

        with denied("kms:Decrypt", by=outsider, on=kms_key, via="dynamodb") as denial:
            table.scan()

    Passes where the denial was decided in the body, also where the code under test handled the error or
    raised another one from it. `by` is a principal (an object of the lab, an ARN or a name; a role stands
    for its sessions), `on` a resource, `via` the service that asked KMS as the caller, `because` a policy
    type (`resource-based policy`), the Sid of a statement, or `explicit deny`. Case does not matter in
    `action`. Afterwards the object given by `as` has `code`, `message`, `operation` and `action`.

    Swallows the denial itself, or an exception that carries it (`__cause__`, `__context__`, exception
    groups), and nothing else: a failed assert, a skip or an interrupt reaches pytest, whatever it was raised
    from. Raises ValueError if `action` is no action, with the one that may be meant,
    or of a service that is not decided; OutsideLabError where no lab is open, and ExpectationError (an
    AssertionError) that shows what came instead.
    https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot_access-denied.html
    """
    return Denial(Wanted(check_action(action), by, on, via, because))


class Allowance:
    """What `allowed` answers; only to be entered."""

    def __init__(self, wanted: Wanted) -> None:
        self._wanted = wanted

    def __enter__(self) -> None:
        self._block = _Block("allowed()")

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        __tracebackhide__ = True
        try:
            self._judge(error)
        except ExpectationError as unmet:
            self._block.record("allowed", self._wanted, unmet)
            raise
        self._block.record("allowed", self._wanted, error)

    def _judge(self, error: BaseException | None) -> None:
        __tracebackhide__ = True
        answer = next(carried_answers(error), None) if client_error(error) is not None else None
        if answer is not None and answer.is_denial:
            text = f"denied `{answer.action or 'an unnamed action'}`: {answer}"
            raise ExpectationError(text, was_denied=True) from error
        if answer is not None:
            raise ExpectationError(f"neither allowed nor denied: {answer}") from error
        if error is None:
            self._check()

    def _check(self) -> None:
        __tracebackhide__ = True
        entries = self._block.entries()
        denials = [entry for entry in entries if not entry.decision.allowed]
        if denials:
            text = f"denied, and the error was handled; {_told(denials)}"
            raise ExpectationError(text, was_denied=True)
        # A block that calls nothing would pass for ever, as where the code under test has a cache.
        if not entries and not self._block.calls:
            raise ExpectationError(
                "no AWS call of a service that is decided was made, so nothing was allowed"
            )
        is_bare = self._wanted == Wanted()
        if not is_bare and self._block.run.mode is not Mode.OFF and not self._wanted.among(entries):
            instead = _told(entries) if entries else "no call of the block needs a permission"
            raise ExpectationError(f"{self._wanted} was not asked for; {instead}")


def allowed(
    action: str | None = None, *, by: Named | None = None, on: Named | None = None, via: str | None = None
) -> Allowance:
    """Assert that every AWS call in the body goes through; with an action, that it was asked for too.

        with allowed("kms:Decrypt", by=key_user):
            table.scan()

    `by`, `on` and `via` are as for `denied`. Raises ExpectationError (an AssertionError) where anything was
    denied, also where the code under test handled the error; where a service answered another error; where
    no call of a decided service was made at all; and where what is named was not asked for. Raises
    OutsideLabError where no lab is open. Other exceptions pass through.
    """
    return Allowance(Wanted(None if action is None else check_action(action), by, on, via))


def _key(entry: TrailEntry) -> tuple[str, str, str]:
    return entry.request.action.lower(), entry.request.principal, entry.request.resource


def _answered(answer: Answer) -> str:
    if answer.action:
        return f"`{answer.action}` was; {answer}"
    return f"the denial names no action; {answer}" if answer.is_denial else f"{answer}"


def _told(entries: Sequence[TrailEntry]) -> str:
    from pytest_kmslab.report.decisions import one_line

    # The same question may come many times: of a loop, of threads, of code that tries again.
    times = Counter(map(one_line, entries))
    lines = [line if number == 1 else f"{line} ({number} times)" for line, number in times.items()]
    left = len(lines) - SHOWN
    return "; ".join(lines[-SHOWN:]) + (f" (and {left} more)" if left > 0 else "")
