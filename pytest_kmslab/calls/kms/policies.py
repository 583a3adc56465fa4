"""Key policies about to be put: CreateKey, PutKeyPolicy, ReplicateKey.

KMS refuses a key policy that it cannot read, that names a principal it cannot resolve, or that would
leave the caller unable to change it again.
https://docs.aws.amazon.com/kms/latest/developerguide/key-policy-overview.html
https://docs.aws.amazon.com/kms/latest/APIReference/API_PutKeyPolicy.html
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from pytest_kmslab.account.model import AccountView
from pytest_kmslab.authz.arn import root_arn
from pytest_kmslab.authz.policy import Policy, parse_policy
from pytest_kmslab.calls.api_call import ApiCall, Authorization, ServiceError
from pytest_kmslab.calls.rules.condition_values import LEGACY, condition_fault
from pytest_kmslab.calls.rules.identity_documents import texts
from pytest_kmslab.calls.rules.policy_texts import WILD_VENDOR, action_fault, statements_of
from pytest_kmslab.calls.rules.principals import names_somebody, unknown_principals, unknown_services
from pytest_kmslab.errors import PolicyError

Statement = dict[str, Any]

MAX_BYTES = 32_768
_MALFORMED = "MalformedPolicyDocumentException"
_PRINCIPALS = "Policy contains a statement with one or more invalid principals."
_SERVICES = "Policy contains a statement with one or more invalid service principals."
_NO_PRINCIPAL = "Policy contains a statement with no principal."
_OVERLY_PERMISSIVE = (
    "OverlyPermissiveCondition: Using the ForAllValues set operator with a single-valued condition key "
    "matches requests without the specified [encryption context or tag] or with an unspecified "
    "[encryption context or tag]. To fix, remove ForAllValues."
)
_LOCKOUT = "The new key policy will not allow you to update the key policy in the future."


def read_key_policy(text: str, view: AccountView, partition: str) -> Policy:
    """The key policy, fit to be put in an account of a partition; raises LimitExceededException or
    MalformedPolicyDocumentException."""
    if len(text.encode("utf-8")) > MAX_BYTES:
        raise ServiceError("LimitExceededException", f"the key policy is longer than {MAX_BYTES} bytes")
    statements = statements_of(text)
    # Principals come first: AWS's texts for wrong ones are known, its texts for most other mistakes are not.
    for faults in _CHECKS:
        for fault in faults(statements, view, partition):
            raise ServiceError(_MALFORMED, fault)
    try:
        return parse_policy(text)
    except PolicyError as error:
        raise ServiceError(_MALFORMED, str(error)) from None


def delegation(partition: str, account: str) -> Policy:
    """A key policy that leaves the decision to the IAM policies of an account.

    It stands in for the key's own where AWS asks IAM alone.
    """
    root = root_arn(partition, account)
    statement = {"Effect": "Allow", "Principal": {"AWS": root}, "Action": "kms:*", "Resource": "*"}
    return parse_policy(json.dumps({"Version": "2012-10-17", "Statement": [statement]}))


def lockout_check(authorization: Authorization, policy: Policy) -> Authorization:
    """The question whether the caller could put the key policy again, once `policy` is in force: of
    kms:PutKeyPolicy, whatever the call is."""
    return authorization._replace(resource_policy=policy, instead=ServiceError(_MALFORMED, _LOCKOUT))


def bypasses(call: ApiCall) -> bool:
    """Whether the caller asks to skip the lockout check."""
    return call.params.get("BypassPolicyLockoutSafetyCheck") is True


def _without_principal(statements: list[Statement], _view: AccountView, _partition: str) -> Iterator[str]:
    for statement in statements:
        if "Principal" not in statement and "NotPrincipal" not in statement:
            yield _NO_PRINCIPAL


def _invalid_principals(statements: list[Statement], view: AccountView, partition: str) -> Iterator[str]:
    # AWS has principals in the partition of the key only, and canonical users for S3 only.
    for statement in statements:
        if not names_somebody(statement):
            yield _PRINCIPALS
        yield from (_PRINCIPALS for _ in unknown_principals(statement, view, partition))


def _invalid_services(statements: list[Statement], _view: AccountView, partition: str) -> Iterator[str]:
    for statement in statements:
        yield from (_SERVICES for _ in unknown_services(statement, partition))


def _missing_fields(statements: list[Statement], _view: AccountView, _partition: str) -> Iterator[str]:
    # Since August 2025 KMS asks for both; that an empty list lacks them too is inferred.
    for name in ("Action", "Resource"):
        for statement in statements:
            if statement.get(name, statement.get(f"Not{name}")) in (None, []):
                yield f"Missing required field {name}"


def _wild_vendors(statements: list[Statement], _view: AccountView, _partition: str) -> Iterator[str]:
    # That KMS says of it what IAM says is inferred.
    for statement in statements:
        actions = (*texts(statement.get("Action")), *texts(statement.get("NotAction")))
        yield from (fault for fault in map(action_fault, actions) if fault == WILD_VENDOR)


def _conditions(statements: list[Statement], _view: AccountView, _partition: str) -> Iterator[str]:
    for statement in statements:
        conditions = statement.get("Condition", {})
        if isinstance(conditions, dict) and all(isinstance(keys, dict) for keys in conditions.values()):
            # A set operator that an empty request passes, on a key that has one value; and a value that its
            # operator cannot read, of which KMS is taken to say what IAM says.
            # https://docs.aws.amazon.com/kms/latest/developerguide/conditions-kms.html#set-operators
            if _overly_permissive(conditions):
                yield _OVERLY_PERMISSIVE
            yield from (fault for fault in [condition_fault(conditions)] if fault == LEGACY)


_CHECKS: tuple[Callable[[list[Statement], AccountView, str], Iterator[str]], ...] = (
    _without_principal,
    _invalid_principals,
    _invalid_services,
    _missing_fields,
    _wild_vendors,
    _conditions,
)
"""What KMS says of a key policy that it does not take. Which of several faults it tells is not known."""


def _overly_permissive(conditions: Mapping[str, Mapping[str, Any]]) -> bool:
    return any(
        key.lower().startswith(("kms:encryptioncontext:", "aws:requesttag/"))
        for operator, keys in conditions.items()
        if operator.lower().startswith("forallvalues:")
        for key in keys
    )


# What a call may leave out, and a backend wants said.


def policy_name(_view: Any, call: ApiCall) -> Mapping[str, Any]:
    """The name of a key policy where the call leaves it out."""
    # Only the newest model of KMS has it optional; backends want it said.
    return {} if "PolicyName" in call.params else {"PolicyName": "default"}
