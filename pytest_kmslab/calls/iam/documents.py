"""Policy documents that IAM does not take, whatever a backend makes of them.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_grammar.html
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from pytest_kmslab.authz.json_text import read_json
from pytest_kmslab.authz.policy import parse_policy
from pytest_kmslab.calls.authorization import ApiCall, ServiceError
from pytest_kmslab.calls.policy_documents import check_characters, check_no_principal, statements_of
from pytest_kmslab.errors import PolicyError

MANAGED, TRUST = 6_144, 2_048
INLINE: Mapping[str, tuple[str, str, int]] = {
    "PutUserPolicy": ("user", "UserName", 2_048),
    "PutGroupPolicy": ("group", "GroupName", 5_120),
    "PutRolePolicy": ("role", "RoleName", 10_240),
}
"""Whose inline policies each puts, the member that names them, and how long these are at most together."""

_SID = re.compile(r"[0-9A-Za-z]*")
_NULL_IF_EXISTS = re.compile(r"(ForAnyValue:|ForAllValues:)?NullIfExists")
_TRUSTED = re.compile(r"sts:[a-z]+", re.IGNORECASE)
_SYNTAX = "Syntax errors in policy."
_NOT_JSON = "This policy contains invalid Json"
_BAD_SID = (
    "Statement IDs (SID) must be alpha-numeric. Check that your input satisfies the regular expression "
    "[0-9A-Za-z]*"
)
_NOT_STS = "AssumeRole policy may only specify STS AssumeRole actions."


def check_identity_policy(call: ApiCall) -> None:
    """Raise ServiceError for a policy of a user, group or role that has what only other policies have, or
    that is not the text of one. What else is wrong with one a backend says."""
    text = str(call.params["PolicyDocument"])
    check_characters(text, "policyDocument")
    _check_json(text, _SYNTAX)
    for statement in statements_of(text):
        check_no_principal(statement)
        sid, conditions = statement.get("Sid", ""), statement.get("Condition", {})
        if isinstance(sid, str) and _SID.fullmatch(sid) is None:
            raise _malformed(_BAD_SID)
        if isinstance(conditions, dict) and any(map(_NULL_IF_EXISTS.fullmatch, conditions)):
            raise _malformed(_SYNTAX)
    if call.operation not in INLINE and _size(text) > MANAGED:
        raise ServiceError("LimitExceeded", f"Cannot exceed quota for PolicySize: {MANAGED}", 409)


def check_inline_size(call: ApiCall, held: Mapping[str, str]) -> None:
    """Raise LimitExceeded where a policy makes the inline policies too long that are held already.

    White space is not counted.
    """
    kind, member, most = INLINE[call.operation]
    others = [text for name, text in held.items() if name != call.params["PolicyName"]]
    if sum(map(_size, (*others, str(call.params["PolicyDocument"])))) > most:
        text = f"Maximum policy size of {most} bytes exceeded for {kind} {call.params[member]}"
        raise ServiceError("LimitExceeded", text, 409)


def check_trust_document(text: str) -> None:
    """Raise ServiceError for what cannot be the trust policy of a role.

    https://docs.aws.amazon.com/IAM/latest/APIReference/API_UpdateAssumeRolePolicy.html
    """
    _check_json(text, _NOT_JSON)
    for statement in statements_of(text):
        for element in ("Resource", "NotResource"):
            if element in statement:
                raise _malformed(f"Has prohibited field {element}")
        for element in ("Principal", "Action"):
            if element not in statement and f"Not{element}" not in statement:
                raise _malformed(f"Missing required field {element}")
        actions = statement.get("Action", ())
        for action in actions if isinstance(actions, list) else [actions] if actions else ():
            if not (isinstance(action, str) and _TRUSTED.fullmatch(action)):
                raise _malformed(_NOT_STS)
    _check_readable(text)
    if _size(text) > TRUST:
        raise ServiceError("LimitExceeded", f"Cannot exceed quota for ACLSizePerRole: {TRUST}", 409)


def _check_json(text: str, said: str) -> None:
    """An object, in which no name stands twice."""
    try:
        document = read_json(text, lambda _: _malformed(said))
    except RecursionError:
        raise _malformed(said) from None
    if not isinstance(document, dict):
        raise _malformed(said)


def _check_readable(text: str) -> None:
    try:
        policy = parse_policy(text)
    except PolicyError:
        raise _malformed(_SYNTAX) from None
    if not policy.statements:
        raise _malformed(_SYNTAX)


def _size(text: str) -> int:
    return len("".join(text.split()))


def _malformed(said: str) -> ServiceError:
    return ServiceError("MalformedPolicyDocument", said)
