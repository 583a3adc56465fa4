"""Key policies about to be put: CreateKey, PutKeyPolicy, ReplicateKey.

KMS refuses a key policy that it cannot read, that names a principal it cannot resolve, or that would
leave the caller unable to change it again.
https://docs.aws.amazon.com/kms/latest/developerguide/key-policy-overview.html
https://docs.aws.amazon.com/kms/latest/APIReference/API_PutKeyPolicy.html
"""

from __future__ import annotations

import json
import re
from typing import Any

from pytest_kmslab.account.model import AccountView
from pytest_kmslab.authz.policy import Policy, parse_policy
from pytest_kmslab.calls.authorization import ApiCall, Authorization, ServiceError
from pytest_kmslab.calls.policy_documents import statements_of, unknown_principals
from pytest_kmslab.errors import PolicyError

_CHARACTERS = re.compile(r"[\t\n\r\x20-\xff]*")
MAX_BYTES = 32_768
_MALFORMED = "MalformedPolicyDocumentException"
_PRINCIPALS = "Policy contains a statement with one or more invalid principals."
_PATTERN = (
    "1 validation error detected: Value at 'policy' failed to satisfy constraint: "
    r"Member must satisfy regular expression pattern: [\u0009\u000A\u000D\u0020-\u00FF]+"
)
_OVERLY_PERMISSIVE = (
    "OverlyPermissiveCondition: Using the ForAllValues set operator with a single-valued condition key "
    "matches requests without the specified [encryption context or tag] or with an unspecified "
    "[encryption context or tag]. To fix, remove ForAllValues."
)
_LOCKOUT = "The new key policy will not allow you to update the key policy in the future."


def read_key_policy(text: str, view: AccountView, partition: str) -> Policy:
    """The key policy, fit to be put in an account of a partition; raises LimitExceededException,
    ValidationException (characters) or MalformedPolicyDocumentException.

    Principals come first: AWS's text for a wrong one is known, its text for other mistakes is not.
    """
    if len(text.encode("utf-8")) > MAX_BYTES:
        raise ServiceError("LimitExceededException", f"the key policy is longer than {MAX_BYTES} bytes")
    if not _CHARACTERS.fullmatch(text):
        raise ServiceError("ValidationException", _PATTERN)
    statements = statements_of(text)
    if not all(_names_principals(statement, partition) for statement in statements):
        raise ServiceError(_MALFORMED, _PRINCIPALS)
    if any(True for _ in unknown_principals(statements, view)):
        raise ServiceError(_MALFORMED, _PRINCIPALS)
    try:
        policy = parse_policy(text)
    except PolicyError as error:
        raise ServiceError(_MALFORMED, str(error)) from None
    if any(_overly_permissive(statement) for statement in statements):
        raise ServiceError(_MALFORMED, _OVERLY_PERMISSIVE)
    return policy


def delegation(partition: str, account: str) -> Policy:
    """A key policy that leaves the decision to the IAM policies of an account.

    It stands in for the key's own where AWS asks IAM alone.
    """
    root = f"arn:{partition}:iam::{account}:root"
    statement = {"Effect": "Allow", "Principal": {"AWS": root}, "Action": "kms:*", "Resource": "*"}
    return parse_policy(json.dumps({"Version": "2012-10-17", "Statement": [statement]}))


def lockout_check(authorization: Authorization, policy: Policy) -> Authorization:
    """The question whether the caller could put the key policy again, once `policy` is in force."""
    request = authorization.request._replace(action="kms:PutKeyPolicy")
    return authorization._replace(
        request=request, resource_policy=policy, instead=ServiceError(_MALFORMED, _LOCKOUT)
    )


def bypasses(call: ApiCall) -> bool:
    """Whether the caller asks to skip the lockout check."""
    return call.params.get("BypassPolicyLockoutSafetyCheck") is True


def _names_principals(statement: dict[str, Any], partition: str) -> bool:
    """Whether a statement names principals, of kinds that a key policy can name: AWS has them in the
    partition of the key only, and canonical users for S3 only.

    https://docs.aws.amazon.com/kms/latest/APIReference/API_PutKeyPolicy.html
    """
    named = statement.get("Principal", statement.get("NotPrincipal"))
    if not named or (isinstance(named, dict) and ("CanonicalUser" in named or not all(named.values()))):
        return False
    aws = named.get("AWS", []) if isinstance(named, dict) else []
    arns = [str(one) for one in (aws if isinstance(aws, list) else [aws])]
    return all(arn.startswith(f"arn:{partition}:") for arn in arns if arn.startswith("arn:"))


def _overly_permissive(statement: dict[str, Any]) -> bool:
    """Whether a set operator that an empty request passes is put to a key that has one value.

    https://docs.aws.amazon.com/kms/latest/developerguide/conditions-kms.html#set-operators
    """
    conditions: dict[str, dict[str, Any]] = statement.get("Condition", {})
    return any(
        key.lower().startswith(("kms:encryptioncontext:", "aws:requesttag/"))
        for operator, keys in conditions.items()
        if operator.lower().startswith("forallvalues:")
        for key in keys
    )
