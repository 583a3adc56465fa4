"""The error that a denied caller sees, in the words of the service that denies.

https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot_access-denied.html
Which texts were seen on AWS, and which are inferred, is in docs/fidelity.md.
"""

from __future__ import annotations

from pytest_kmslab.authz.arn import account_of
from pytest_kmslab.authz.decision import Decision, Effect, PolicyType, Reason
from pytest_kmslab.calls.api_call import ApiCall, Authorization, ServiceError
from pytest_kmslab.calls.dynamodb.sse.key_use import kms_text
from pytest_kmslab.calls.services import protocol_of

_ALWAYS_EXPLICIT = frozenset({PolicyType.SERVICE_CONTROL, PolicyType.RESOURCE_CONTROL})
"""Kinds whose lack of an Allow AWS words as an explicit deny too."""

_ELSEWHERE = (
    "because the resource does not exist in this Region, no resource-based policies allow access, "
    "or a resource-based policy explicitly denies access"
)


def denial_of(call: ApiCall, authorization: Authorization, decision: Decision) -> ServiceError:
    """The service's own error for a denied request of a call.

    `decision` must be a denial; its first reason is the one that is worded.
    """
    if authorization.instead is not None:
        return authorization.instead
    text = denial_text(call, authorization, decision)
    if authorization.via:
        wrapped = kms_text("AWSKMSException", "AccessDeniedException", text)
        return ServiceError("AccessDeniedException", f"KMS key access denied error: {wrapped}")
    return protocol_of(call.service).denied.error(text)


def denial_text(call: ApiCall, authorization: Authorization, decision: Decision) -> str:
    """The sentence of a denial: who may not do what, on what, and because of which kind of policy."""
    request = authorization.request
    reason = decision.reasons[0] if decision.reasons else Reason(PolicyType.IDENTITY, Effect.MISSING)
    who = f"User: {call.caller.arn} is not authorized to perform: {request.action}"
    says_nothing = _says_nothing(call, authorization, reason)
    cause = _ELSEWHERE if says_nothing else _cause(request.action, reason)
    return f"{who} {_where(authorization, says_nothing)} {cause}"


def _where(authorization: Authorization, says_nothing: bool) -> str:
    if authorization.from_ciphertext:
        return "on the resource associated with this ciphertext"
    return "on this resource" if says_nothing else f"on resource: {authorization.request.resource}"


def _says_nothing(call: ApiCall, authorization: Authorization, reason: Reason) -> bool:
    request = authorization.request
    if not request.action.startswith("kms:") or reason.policy_type is not PolicyType.RESOURCE:
        return False
    # Whether KMS keeps to itself why: what another account's key policy says is not the caller's to know.
    owner = request.resource_account or account_of(request.resource) or call.account
    return owner != call.account and reason.effect is not Effect.UNREADABLE


def _cause(action: str, reason: Reason) -> str:
    kind = reason.policy_type
    if reason.effect is Effect.UNREADABLE:
        # AWS takes no such policy; here it may have been put before the lab, or AWS knows more than we do.
        return (
            f"with an explicit deny in {_a(kind)}: pytest-kmslab cannot read the policy `{reason.policy}`, "
            "which may hold a Deny; mend it, or report it if AWS accepts it"
        )
    if reason.effect is Effect.DENY or kind in _ALWAYS_EXPLICIT:
        return f"with an explicit deny in {_a(kind)}"
    return f"because no {kind.value} allows the {action} action"


def _a(kind: PolicyType) -> str:
    return f"{'an' if kind.value[0] in 'aeiou' else 'a'} {kind.value}"
