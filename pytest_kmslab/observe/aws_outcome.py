"""What AWS answered to a call, as far as it says who may do what."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pytest_kmslab.authz.decision import Outcome
from pytest_kmslab.calls.error_codes import CREDENTIAL_CODES, DENIAL_CODES, THROTTLE_CODES, denied_action

AFTER_PERMISSION = frozenset({"ConditionalCheckFailedException", "DryRunOperationException"})
"""Errors that only a caller sees who may do it: the first has read the item, the second says so."""

_WHY = {
    **dict.fromkeys(CREDENTIAL_CODES, "AWS did not know the credentials"),
    **dict.fromkeys(THROTTLE_CODES, "AWS throttled the call"),
}
_EXPLICIT = re.compile(r"with an explicit deny in an? ([a-zA-Z -]+? policy|permissions boundary)")
_IMPLICIT = re.compile(r"because no ([a-zA-Z -]+? policy|permissions boundary) allows")
WORDED_EXPLICIT = frozenset({"service control policy", "resource control policy"})
"""AWS words a missing Allow of these as an explicit deny too."""


@dataclass(frozen=True, slots=True)
class AwsOutcome:
    """What AWS answered. `decision` is None where it says nothing of permission, or not which denial it is.

    `action` is the denied one, empty where AWS does not name it; `by` the kind of policy that it blames.
    `why` says of an answer that is neither an allowance nor a denial what it is instead.
    """

    code: str = ""
    message: str = ""
    denied: bool = False
    decision: Outcome | None = None
    action: str = ""
    by: str = ""
    why: str = ""


ALLOWED = AwsOutcome(decision=Outcome.ALLOWED)


def read_outcome(status: int, parsed: Mapping[str, Any]) -> AwsOutcome:
    """Read botocore's parsed response and its HTTP status."""
    # BatchExecuteStatement answers 200, and says of each statement by itself whether it was denied.
    if status < 300:
        return AwsOutcome(why="each statement has its own answer") if _is_mixed(parsed) else ALLOWED
    error = parsed.get("Error") or {}
    code, message = str(error.get("Code", "")), str(error.get("Message", ""))
    if code in AFTER_PERMISSION:
        return AwsOutcome(code, message, decision=Outcome.ALLOWED)
    if code not in DENIAL_CODES:
        return AwsOutcome(code, message, why=_WHY.get(code, f"AWS answered {code or status}"))
    explicit, implicit = _EXPLICIT.search(message), _IMPLICIT.search(message)
    # Not every service says which kind of policy decided; IAM, KMS and DynamoDB mostly do:
    # https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot_access-denied.html
    blamed = explicit or implicit
    by = blamed[1] if blamed else ""
    decision = None
    if blamed and by not in WORDED_EXPLICIT:
        decision = Outcome.EXPLICIT_DENY if explicit else Outcome.IMPLICIT_DENY
    return AwsOutcome(code, message, denied=True, decision=decision, action=denied_action(message), by=by)


def _is_mixed(parsed: Mapping[str, Any]) -> bool:
    """Whether it answers several PartiQL statements, some of them with an error."""
    responses = parsed.get("Responses")
    return isinstance(responses, list) and any(
        isinstance(response, Mapping) and "Error" in response for response in responses
    )
