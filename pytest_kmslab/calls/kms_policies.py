"""Key policies about to be put: CreateKey, PutKeyPolicy, ReplicateKey.

KMS refuses a key policy that it cannot read, that names a principal it cannot resolve, or that would
leave the caller unable to change it again.
https://docs.aws.amazon.com/kms/latest/developerguide/key-policy-overview.html
https://docs.aws.amazon.com/kms/latest/APIReference/API_PutKeyPolicy.html
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from pytest_kmslab.authz.policy import Policy, parse_policy
from pytest_kmslab.calls.base import ApiCall, Ask, ServiceError
from pytest_kmslab.errors import PolicyError
from pytest_kmslab.facts import Facts

MAX_BYTES = 32_768
_PRINCIPAL = re.compile(r"[0-9]{12}|A(IDA|ROA)[A-Z0-9]+|arn:[a-z-]+:(iam|sts)::[0-9]{12}:[^*?]+")
"""An account, a unique id, or the ARN of a principal, in which there are no wildcards."""
_MALFORMED = "MalformedPolicyDocumentException"
_PRINCIPALS = "Policy contains a statement with one or more invalid principals."
_LOCKOUT = "The new key policy will not allow you to update the key policy in the future."


def read_key_policy(text: str, facts: Facts) -> Policy:
    """The key policy, fit to be put; raises LimitExceededException or MalformedPolicyDocumentException."""
    if len(text.encode("utf-8")) > MAX_BYTES:
        raise ServiceError("LimitExceededException", f"the key policy is longer than {MAX_BYTES} bytes")
    try:
        policy = parse_policy(text)
    except PolicyError as error:
        raise ServiceError(_MALFORMED, str(error)) from None
    for principal in _principals(json.loads(text)):
        if not (isinstance(principal, str) and _resolvable(principal, facts)):
            raise ServiceError(_MALFORMED, _PRINCIPALS)
    return policy


def delegation(partition: str, account: str) -> Policy:
    """A key policy that leaves the decision to the IAM policies of an account.

    It stands in for the key's own where AWS asks IAM alone.
    """
    return _allowing(f"arn:{partition}:iam::{account}:root")


def entitlement(call: ApiCall) -> Policy:
    """A key policy that allows the caller directly: only an explicit Deny elsewhere can refuse."""
    return _allowing(call.caller.arn)


def lockout_check(ask: Ask, policy: Policy) -> Ask:
    """The question whether the caller could put the key policy again, once `policy` is in force."""
    request = replace(ask.request, action="kms:PutKeyPolicy")
    return replace(ask, request=request, resource_policy=policy, instead=ServiceError(_MALFORMED, _LOCKOUT))


def bypasses(call: ApiCall) -> bool:
    """Whether the caller asks to skip the lockout check."""
    return call.params.get("BypassPolicyLockoutSafetyCheck") is True


def _allowing(principal: str) -> Policy:
    statement = {"Effect": "Allow", "Principal": {"AWS": principal}, "Action": "kms:*", "Resource": "*"}
    return parse_policy(json.dumps({"Version": "2012-10-17", "Statement": [statement]}))


def _resolvable(principal: str, facts: Facts) -> bool:
    return principal == "*" or (bool(_PRINCIPAL.fullmatch(principal)) and facts.principal_exists(principal))


def _principals(document: Any) -> Iterator[Any]:
    for statement in _listed(document["Statement"]):
        for element in ("Principal", "NotPrincipal"):
            named = statement.get(element)
            if isinstance(named, dict):
                yield from _listed(named.get("AWS", []))


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]
