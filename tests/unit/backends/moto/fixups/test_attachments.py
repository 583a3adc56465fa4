"""Managed policies that are not there, quotas, groups that are not empty, and names.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError
from helpers.account import ACCOUNT, Account, allow

NONE = f"arn:aws:iam::{ACCOUNT}:policy/none"
ELSEWHERE = "arn:aws:iam::222222222222:policy/theirs"
OF_AWS = "arn:aws:iam::aws:policy/ReadOnlyAccess"
TRUST = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": {"Effect": "Allow", "Principal": {"AWS": ACCOUNT}, "Action": "sts:AssumeRole"},
    }
)


def said(act: Callable[..., Any], **params: Any) -> str:
    with pytest.raises(ClientError) as refused:
        act(**params)
    error = refused.value.response["Error"]
    return f"{error['Code']}: {error['Message']}"


@pytest.fixture
def iam(account: Account) -> Any:
    return account.root.client("iam")


@pytest.mark.parametrize("arn", [NONE, ELSEWHERE, "arn:aws:iam::aws:policy/NoSuchPolicy"])
def test_a_boundary_that_is_not_there(iam: Any, arn: str) -> None:
    expected = f"NoSuchEntity: Scope ARN: {arn} does not exist or is not attachable."
    given = {"PermissionsBoundary": arn}
    assert said(iam.create_user, UserName="u", **given) == expected
    assert said(iam.create_role, RoleName="r", AssumeRolePolicyDocument=TRUST, **given) == expected
    iam.create_user(UserName="u")
    iam.create_role(RoleName="r", AssumeRolePolicyDocument=TRUST)
    assert said(iam.put_user_permissions_boundary, UserName="u", **given) == expected
    assert said(iam.put_role_permissions_boundary, RoleName="r", **given) == expected


def test_a_boundary_of_awss_own(iam: Any) -> None:
    iam.create_user(UserName="u", PermissionsBoundary=OF_AWS)
    iam.create_role(RoleName="r", AssumeRolePolicyDocument=TRUST, PermissionsBoundary=OF_AWS)


def test_a_session_is_not_limited_by_what_is_not_there(account: Account, iam: Any) -> None:
    arn = iam.create_role(RoleName="r", AssumeRolePolicyDocument=TRUST)["Role"]["Arn"]
    sts = account.user("u", allow("sts:*")).client("sts")
    given = {"RoleArn": arn, "RoleSessionName": "s1"}
    for policy in (NONE, ELSEWHERE):
        passed = [{"arn": policy}]
        assert said(sts.assume_role, **given, PolicyArns=passed).startswith("MalformedPolicyDocument: ")
        assert said(sts.get_federation_token, Name="fed", PolicyArns=passed).startswith("MalformedPolicy")
    sts.assume_role(**given, PolicyArns=[{"arn": OF_AWS}])
    sts.assume_role(**given, PolicyArns=[{"arn": OF_AWS}] * 10)
    assert said(sts.assume_role, **given, PolicyArns=[{"arn": OF_AWS}] * 11).startswith("ValidationError: ")
    elsewhere = [{"arn": OF_AWS.replace("arn:aws:", "arn:aws-cn:")}]
    assert said(sts.assume_role, **given, PolicyArns=elsewhere).startswith("MalformedPolicyDocument: ")
    assert said(sts.get_federation_token, Name="fed", PolicyArns=elsewhere).startswith("MalformedPolicy")


def test_a_policy_that_is_not_there(iam: Any) -> None:
    expected = f"NoSuchEntity: Policy {NONE} was not found."
    assert said(iam.get_policy, PolicyArn=NONE) == expected
    assert said(iam.list_entities_for_policy, PolicyArn=NONE) == expected
    iam.create_group(GroupName="g")
    attach = said(iam.attach_group_policy, GroupName="g", PolicyArn=NONE)
    assert attach == f"NoSuchEntity: Policy {NONE} does not exist or is not attachable."


def test_ten_policies_and_ten_groups_are_the_most(iam: Any) -> None:
    iam.create_user(UserName="u")
    made = [
        iam.create_policy(PolicyName=f"p{number}", PolicyDocument=json.dumps(allow("kms:*")))["Policy"]["Arn"]
        for number in range(11)
    ]
    for arn in (*made[:10], made[0]):
        iam.attach_user_policy(UserName="u", PolicyArn=arn)
    expected = "LimitExceeded: Cannot exceed quota for PoliciesPerUser: 10"
    assert said(iam.attach_user_policy, UserName="u", PolicyArn=made[10]) == expected
    for number in range(11):
        iam.create_group(GroupName=f"g{number}")
    for number in (*range(10), 0):
        iam.add_user_to_group(UserName="u", GroupName=f"g{number}")
    expected = "LimitExceeded: Cannot exceed quota for GroupsPerUser: 10"
    assert said(iam.add_user_to_group, UserName="u", GroupName="g10") == expected


def test_a_group_is_deleted_empty(iam: Any) -> None:
    iam.create_group(GroupName="g")
    iam.create_user(UserName="u")
    iam.add_user_to_group(UserName="u", GroupName="g")
    iam.put_group_policy(GroupName="g", PolicyName="p", PolicyDocument=json.dumps(allow("kms:*")))
    iam.attach_group_policy(GroupName="g", PolicyArn=OF_AWS)
    prefix = "DeleteConflict: Cannot delete entity, must"
    assert said(iam.delete_group, GroupName="g") == f"{prefix} remove users from group first."
    iam.remove_user_from_group(UserName="u", GroupName="g")
    assert said(iam.delete_group, GroupName="g") == f"{prefix} detach all policies first."
    iam.detach_group_policy(GroupName="g", PolicyArn=OF_AWS)
    assert said(iam.delete_group, GroupName="g") == f"{prefix} delete policies first."
    iam.delete_group_policy(GroupName="g", PolicyName="p")
    iam.delete_group(GroupName="g")


@pytest.mark.parametrize("name", ["u" * 65, "with blank", "sla/sh"])
def test_names(iam: Any, name: str) -> None:
    assert said(iam.create_user, UserName=name).startswith("ValidationError: ")
    assert said(iam.create_role, RoleName=name, AssumeRolePolicyDocument=TRUST).startswith("ValidationError")
    iam.create_group(GroupName="g" * 128)


def test_who_is_bounded_by_a_policy(iam: Any) -> None:
    """https://docs.aws.amazon.com/IAM/latest/APIReference/API_ListEntitiesForPolicy.html"""
    arn = iam.create_policy(PolicyName="p", PolicyDocument=json.dumps(allow("s3:*")))["Policy"]["Arn"]
    iam.create_user(UserName="ana", PermissionsBoundary=arn, Path="/team/")
    iam.create_role(RoleName="r", AssumeRolePolicyDocument=TRUST, PermissionsBoundary=arn)
    for name in ("ana", "bea"):
        if name == "bea":
            iam.create_user(UserName=name)
        iam.attach_user_policy(UserName=name, PolicyArn=arn)

    def found(**params: str) -> list[str]:
        shown = iam.list_entities_for_policy(PolicyArn=arn, **params)
        return [
            *(row["UserName"] for row in shown["PolicyUsers"]),
            *(r["RoleName"] for r in shown["PolicyRoles"]),
        ]

    assert found() == ["ana", "bea", "r"]
    assert found(PolicyUsageFilter="PermissionsBoundary") == ["ana", "r"]
    assert found(PolicyUsageFilter="PermissionsPolicy") == ["ana", "bea"]
    assert found(PolicyUsageFilter="PermissionsBoundary", EntityFilter="Role") == ["r"]
    assert found(PolicyUsageFilter="PermissionsBoundary", PathPrefix="/team/") == ["ana"]
    assert iam.get_policy(PolicyArn=arn)["Policy"]["PermissionsBoundaryUsageCount"] == 2
