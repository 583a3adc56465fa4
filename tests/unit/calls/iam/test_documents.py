"""Policy documents that IAM and STS do not take.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_grammar.html
"""

from __future__ import annotations

import json
from typing import Any

import pytest
from helpers.authorizations import required_authorizations
from helpers.fake_account import FakeAccount, call, user
from helpers.fake_account import refusal as refusal_of

from pytest_kmslab.calls.api_call import ServiceError
from pytest_kmslab.calls.rules.iam_documents import check_inline_size, check_inline_sizes, check_managed_size

ALLOW = {"Effect": "Allow", "Action": "s3:*", "Resource": "*"}
TRUST = {"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "sts:AssumeRole"}
SYNTAX = "MalformedPolicyDocument: Syntax errors in policy."
NO_OPERATOR = "MalformedPolicyDocument: Invalid Condition type : StringEqual"
NO_PRINCIPAL = "MalformedPolicyDocument: Policy document should not specify a principal."
TWICE = '{"Version": "2012-10-17", "Version": "2012-10-17", "Statement": []}'
NOT_JSON = "MalformedPolicyDocument: This policy contains invalid Json"
NOT_STS = "MalformedPolicyDocument: AssumeRole policy may only specify STS AssumeRole actions."
PUTTING = {
    "PutUserPolicy": {"UserName": "bob", "PolicyName": "p"},
    "PutGroupPolicy": {"GroupName": "devs", "PolicyName": "p"},
    "PutRolePolicy": {"RoleName": "app", "PolicyName": "p"},
    "CreatePolicy": {"PolicyName": "p"},
    "CreatePolicyVersion": {"PolicyArn": "arn:aws:iam::123456789012:policy/p"},
}


def document(*statements: Any) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


def refusal(service: str, operation: str, params: dict[str, Any]) -> str:
    """What the service says, every permission given; empty where it takes the policy."""
    return refusal_of(call(service, operation, params, user()), FakeAccount())


@pytest.mark.parametrize("operation", PUTTING)
@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (document(ALLOW), ""),
        (document({**ALLOW, "Sid": "Some1"}), ""),
        (document({**ALLOW, "Condition": {"NumericLessThan": {"aws:MultiFactorAuthAge": 300}}}), ""),
        (document({**ALLOW, "Principal": "*"}), NO_PRINCIPAL),
        (document({**ALLOW, "NotPrincipal": "*"}), NO_PRINCIPAL),
        (
            document({**ALLOW, "Sid": "not one"}),
            "MalformedPolicyDocument: Statement IDs (SID) must be alpha-numeric. Check that your input "
            "satisfies the regular expression [0-9A-Za-z]*",
        ),
        (document({**ALLOW, "Condition": {"NullIfExists": {"aws:username": "true"}}}), SYNTAX),
        (TWICE, SYNTAX),
        ("{bad", SYNTAX),
        ("[]", SYNTAX),
    ],
)
def test_a_policy_of_an_identity(operation: str, text: str, expected: str) -> None:
    assert refusal("iam", operation, {**PUTTING[operation], "PolicyDocument": text}) == expected


def padded(size: int) -> str:
    """A policy of as many characters, white space not counted."""
    bare = "".join(document({**ALLOW, "Resource": "arn:aws:s3:::"}).split())
    return document({**ALLOW, "Resource": "arn:aws:s3:::" + "a" * (size - len(bare))})


@pytest.mark.parametrize("operation", ["CreatePolicy", "CreatePolicyVersion"])
def test_a_managed_policy_is_only_so_long(operation: str) -> None:
    given = PUTTING[operation]
    assert refusal("iam", operation, {**given, "PolicyDocument": padded(6144)}) == ""
    said = refusal("iam", operation, {**given, "PolicyDocument": padded(6145)})
    assert said == "LimitExceeded: Cannot exceed quota for PolicySize: 6144"
    with pytest.raises(ServiceError) as refused:
        check_managed_size(padded(6145))
    assert refused.value.status == 409


@pytest.mark.parametrize(
    ("operation", "most"), [("PutUserPolicy", 2048), ("PutGroupPolicy", 5120), ("PutRolePolicy", 10240)]
)
def test_inline_policies_are_only_so_long_together(operation: str, most: int) -> None:
    put = call("iam", operation, {**PUTTING[operation], "PolicyDocument": padded(most - 100)})
    check_inline_size(put, {"p": padded(most), "other": "x" * 100})
    kind, name = operation[3:-6].lower(), next(iter(PUTTING[operation].values()))
    told = f"LimitExceeded: Maximum policy size of {most} bytes exceeded for"
    with pytest.raises(ServiceError) as refused:
        check_inline_size(put, {"other": "x" * 101})
    assert (str(refused.value), refused.value.status) == (f"{told} {kind} {name}", 409)
    check_inline_sizes(kind, ["x" * (most - 1), " y "])
    with pytest.raises(ServiceError) as refused:
        check_inline_sizes(kind, ["x" * most, "y"])
    assert (str(refused.value), refused.value.status) == (f"{told} the {kind}", 409)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (document(TRUST), ""),
        (document({**TRUST, "Action": ["sts:AssumeRole", "sts:TagSession", "sts:SetContext"]}), ""),
        (json.dumps({"Version": "2008-10-17", "Statement": TRUST}), ""),
        ("{bad", NOT_JSON),
        ("[]", NOT_JSON),
        (TWICE, NOT_JSON),
        ("{}", "MalformedPolicyDocument: Could not parse the policy: Statement is empty!"),
        (document(), "MalformedPolicyDocument: Could not parse the policy: Statement is empty!"),
        (document({**TRUST, "Condition": {"StringEqual": {"a:b": "c"}}}), NO_OPERATOR),
        (document({**TRUST, "Effect": "allow"}), SYNTAX),
        (document({"Effect": "allow", "NotPrincipal": {"AWS": "*"}, "Action": "sts:AssumeRole"}), SYNTAX),
        (document({**TRUST, "Resource": "*"}), "MalformedPolicyDocument: Has prohibited field Resource"),
        (
            document({**TRUST, "NotResource": "*"}),
            "MalformedPolicyDocument: Has prohibited field NotResource",
        ),
        (document({**TRUST, "Action": "s3:*"}), NOT_STS),
        (document({**TRUST, "Action": "*"}), NOT_STS),
        (document({**TRUST, "Action": ["sts:AssumeRole", "iam:GetRole"]}), NOT_STS),
        (
            document({"Effect": "Allow", "Action": "sts:AssumeRole"}),
            "MalformedPolicyDocument: Missing required field Principal",
        ),
        (
            document({"Effect": "Allow", "Principal": "*"}),
            "MalformedPolicyDocument: Missing required field Action",
        ),
        (
            document(*[{**TRUST, "Sid": f"S{number}"} for number in range(30)]),
            "LimitExceeded: Cannot exceed quota for ACLSizePerRole: 2048",
        ),
    ],
)
def test_a_trust_policy_when_a_role_is_made_and_when_it_is_changed(text: str, expected: str) -> None:
    assert refusal("iam", "CreateRole", {"RoleName": "r", "AssumeRolePolicyDocument": text}) == expected
    assert refusal("iam", "UpdateAssumeRolePolicy", {"RoleName": "r", "PolicyDocument": text}) == expected


def test_a_quota_that_is_exceeded_is_a_conflict() -> None:
    text = document(*[{**TRUST, "Sid": f"S{number}"} for number in range(30)])
    given = {"RoleName": "r", "AssumeRolePolicyDocument": text}
    with pytest.raises(ServiceError) as refused:
        list(required_authorizations(call("iam", "CreateRole", given), FakeAccount()))
    assert refused.value.status == 409


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (document(ALLOW), ""),
        (document({**ALLOW, "Principal": "*"}), NO_PRINCIPAL),
        (TWICE, SYNTAX),
        (document({**ALLOW, "Resource": "arn:aws:s3:::b"}), ""),
        (
            document({**ALLOW, "Resource": "arn:aws-cn:s3:::b"}),
            'MalformedPolicyDocument: Partition "aws-cn" is not valid for resource "arn:aws-cn:s3:::b".',
        ),
    ],
)
def test_a_session_policy(text: str, expected: str) -> None:
    assert refusal("sts", "GetFederationToken", {"Name": "fed", "Policy": text}) == expected
