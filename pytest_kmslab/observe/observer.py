"""Observing a real account: each call is predicted before it goes out, and compared with AWS's answer.

Nothing here stops a call, changes it, or raises: whatever goes wrong makes the call one that was not judged.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

from pytest_kmslab.calls.api_call import ApiCall, ServiceError
from pytest_kmslab.calls.error_codes import DENIAL_CODES, denied_action, error_code
from pytest_kmslab.enforcement.entry import Mode
from pytest_kmslab.enforcement.pipeline import Incoming, Pipeline, Verdict
from pytest_kmslab.enforcement.trail import Trail
from pytest_kmslab.errors import UnreadError
from pytest_kmslab.observe.aws_outcome import AwsOutcome, read_outcome
from pytest_kmslab.observe.comparison import Finding, FindingKind, Prediction, compare
from pytest_kmslab.observe.propagation import Change, Changes

if TYPE_CHECKING:
    from pytest_kmslab.backends.aws.backend import AwsBackend
    from pytest_kmslab.backends.protocol import Backend
    from pytest_kmslab.enforcement.clock import Clock
    from pytest_kmslab.observe.observations import Observations


@dataclass(frozen=True, slots=True)
class Observed:
    """A call on its way: what is expected of it, and the change that it is, if it is one."""

    expected: Prediction
    change: Change | None = None


class Observer:
    """Predicts the calls to one account, compares, and tells `observations` what came of it."""

    services = Pipeline.services

    def __init__(self, backend: AwsBackend, trail: Trail, clock: Clock, observations: Observations) -> None:
        self.backend = backend
        self._clock = clock
        self._changes = Changes()
        self._observations = observations
        self._pipeline = Pipeline(cast("Backend", backend), trail, clock, mode=Mode.OBSERVE)

    @property
    def active(self) -> bool:
        """Whether calls are observed now."""
        return self.backend.running

    def before(self, incoming: Incoming) -> Observed:
        """Predict a call that is about to be made."""
        name = f"{incoming.service}:{incoming.operation}"
        try:
            call = self._pipeline.identify(incoming)
            change = self._changes.begin(call, self._clock.now())
        except Exception as error:  # Whatever it is: nothing may keep the call from AWS.
            return Observed(Prediction(name, inconclusive=_inconclusive_reason(error)))
        try:
            return Observed(_prediction(call, self._pipeline.prepare(call).verdict), change)
        except Exception as error:
            return Observed(Prediction(name, call, inconclusive=_inconclusive_reason(error)), change)

    def after(self, observed: Observed, status: int, parsed: Mapping[str, Any]) -> None:
        """Compare it with the answer that came."""
        refused = 400 <= status < 500
        if observed.change is not None:
            self._changes.end(observed.change, self._clock.now(), refused=refused, answer=parsed)
        call = observed.expected.call
        try:
            if call is not None and status < 300:
                self._pipeline.after_call(call, dict(parsed))
            answer = read_outcome(status, parsed)
            self._tell(observed, answer, compare(observed.expected, answer))
        except Exception as error:
            self._observations.add_inconclusive(_inconclusive_reason(error))

    def no_answer(self, observed: Observed) -> None:
        """No answer came: what was to be changed may have been."""
        if observed.change is not None:
            self._changes.end(observed.change, self._clock.now())
        self._observations.add_inconclusive("no answer came")

    def _tell(self, observed: Observed, answer: AwsOutcome, finding: Finding) -> None:
        expected = observed.expected
        if finding.kind is FindingKind.UNJUDGED:
            self._observations.add_inconclusive(finding.why)
            return
        requests = [entry.request for entry in expected.entries]
        arns = {arn for request in requests for arn in (request.principal, request.resource)}
        if expected.call is not None:
            arns.add(expected.call.caller.principal_arn)
        denied = expected.denied
        # Expected to be denied by the key and let through: DynamoDB may still have the key.
        may_hold_key = denied is not None and bool(denied.via) and not answer.denied
        settled = self._changes.settled(arns, self._clock.now(), table_key=may_hold_key)
        if finding.kind is FindingKind.AGREES:
            self._observations.add_agreement(expected, answer, settled=settled)
        elif settled and self._still(observed, answer):
            self._observations.add_disagreement(expected, answer, finding)
        else:
            self._observations.add_unsettled()

    def _still(self, observed: Observed, answer: AwsOutcome) -> bool:
        """Whether the account as it is now makes no difference: somebody else may have changed it."""
        call = observed.expected.call
        # A call that changes something cannot be asked again: what it asked about is another by now.
        if call is None or observed.change is not None:
            return True
        # What was read before the call may have been old: somebody else changes the account too.
        self.backend.reader.forget_all()
        # On a trail of its own: the second look at a call is no second decision.
        now = _prediction(call, self._pipeline.judge(call, Trail()))
        return compare(now, answer).kind is FindingKind.DISAGREES


def _prediction(call: ApiCall, verdict: Verdict) -> Prediction:
    """What is expected of a call; a denial that no policy was asked for is nothing to go by."""
    refusal, entries = verdict.refusal, verdict.entries
    code = "" if refusal is None else refusal.code
    denied = bool(entries) and not entries[-1].decision.allowed
    if refusal is not None and code in DENIAL_CODES and not denied:
        is_foreign = denied_action(refusal.message)
        why = "another account's resource was named" if is_foreign else f"{call.name} is not known here"
        return Prediction(call.name, call, inconclusive=why)
    if code in DENIAL_CODES or code == "DryRunOperationException":
        code = ""
    return Prediction(call.name, call, entries, code)


def _inconclusive_reason(error: Exception) -> str:
    """Why a call could not be judged, in a few words without anybody's names."""
    from botocore.exceptions import BotoCoreError, ClientError

    if isinstance(error, ClientError):
        code = error_code(error)
        action = denied_action(str(error)) if code in DENIAL_CODES else ""
        return (
            f"reading needs {action}" if action else f"reading was answered {code} ({error.operation_name})"
        )
    if isinstance(error, UnreadError):
        return "something cannot be read"
    if isinstance(error, ServiceError):
        return f"the request cannot be read: {error.code}"
    if isinstance(error, BotoCoreError):
        return f"reading failed: {type(error).__name__}"
    return f"a fault of pytest-kmslab: {type(error).__name__}, please report it"
