"""Policy documents that IAM does not take, whatever a backend makes of them.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_grammar.html
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from pytest_kmslab.account.model import AccountView
from pytest_kmslab.calls.api_call import ApiCall, ServiceError
from pytest_kmslab.calls.rules.identity_documents import check_identity_document
from pytest_kmslab.calls.rules.trust_documents import check_trust_document

MANAGED, TRUST = 6_144, 2_048
INLINE: Mapping[str, tuple[str, str, int]] = {
    "PutUserPolicy": ("user", "UserName", 2_048),
    "PutGroupPolicy": ("group", "GroupName", 5_120),
    "PutRolePolicy": ("role", "RoleName", 10_240),
}
"""Whose inline policies each puts, the member that names them, and how long these are at most together."""


def check_identity_policy(call: ApiCall) -> None:
    """Raise ServiceError for a policy of a user, group or role that IAM does not take."""
    text = str(call.params["PolicyDocument"])
    managed = call.operation not in INLINE
    check_identity_document(text, call.partition, managed=managed)
    if managed:
        check_managed_size(text)


def check_managed_size(text: str) -> None:
    """Raise LimitExceeded for a managed policy that is too long."""
    if _size(text) > MANAGED:
        raise ServiceError("LimitExceeded", f"Cannot exceed quota for PolicySize: {MANAGED}", 409)


def check_inline_size(call: ApiCall, inline: Mapping[str, str]) -> None:
    """Raise LimitExceeded where a policy makes the inline policies of its holder too long together.

    White space is not counted.
    """
    kind, member, most = INLINE[call.operation]
    # The policy of the same name is replaced.
    others = [text for name, text in inline.items() if name != call.params["PolicyName"]]
    if sum(map(_size, (*others, str(call.params["PolicyDocument"])))) > most:
        text = f"Maximum policy size of {most} bytes exceeded for {kind} {call.params[member]}"
        raise ServiceError("LimitExceeded", text, 409)


def check_inline_sizes(kind: str, documents: Iterable[str]) -> None:
    """Raise LimitExceeded for inline policies that are too long together for a `user`, `role` or `group`."""
    most = next(most for of, _, most in INLINE.values() if of == kind)
    if sum(map(_size, documents)) > most:
        raise ServiceError(
            "LimitExceeded", f"Maximum policy size of {most} bytes exceeded for the {kind}", 409
        )


def check_trust_policy(call: ApiCall, text: str, view: AccountView) -> None:
    """Raise ServiceError for what cannot be the trust policy of a role."""
    check_trust_document(text, view, call.partition)
    if _size(text) > TRUST:
        raise ServiceError("LimitExceeded", f"Cannot exceed quota for ACLSizePerRole: {TRUST}", 409)


def _size(text: str) -> int:
    # White space is not counted: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
    return len("".join(text.split()))
