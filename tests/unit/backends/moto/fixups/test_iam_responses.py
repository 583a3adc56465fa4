"""Answers of IAM on moto, member by member.

Recorded by LocalStack: tests/aws/services/iam/test_iam.snapshot.json.
"""

from __future__ import annotations

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError
from helpers.account import ACCOUNT, Account

TRUST = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": [
            {"Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"}, "Action": "sts:AssumeRole"}
        ],
    }
)
LIMIT = json.dumps(
    {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:*", "Resource": "*"}]}
)


@pytest.fixture
def iam(account: Account) -> Any:
    return account.root.client("iam")


def test_a_new_role_does_not_tell_how_long_its_sessions_are(iam: Any) -> None:
    """Recorded: test_create_describe_role"""
    made = iam.create_role(RoleName="r", AssumeRolePolicyDocument=TRUST)["Role"]
    assert not {"MaxSessionDuration", "RoleLastUsed"} & set(made)
    told = iam.get_role(RoleName="r")["Role"]
    assert (told["MaxSessionDuration"], told["RoleLastUsed"]) == (3600, {})
    (listed,) = iam.list_roles()["Roles"]
    assert listed["MaxSessionDuration"] == 3600
    assert "RoleLastUsed" not in listed
    longer = {"RoleName": "l", "AssumeRolePolicyDocument": TRUST, "MaxSessionDuration": 7200}
    assert iam.create_role(**longer)["Role"]["MaxSessionDuration"] == 7200


def test_a_boundary_is_a_policy(iam: Any) -> None:
    """Recorded: test_create_user_with_permission_boundary, test_list_roles_with_permission_boundary"""
    arn = iam.create_policy(PolicyName="limit", PolicyDocument=LIMIT)["Policy"]["Arn"]
    iam.create_role(RoleName="r", AssumeRolePolicyDocument=TRUST)
    iam.put_role_permissions_boundary(RoleName="r", PermissionsBoundary=arn)
    iam.create_user(UserName="u", PermissionsBoundary=arn)
    boundary = {"PermissionsBoundaryType": "Policy", "PermissionsBoundaryArn": arn}
    assert iam.get_role(RoleName="r")["Role"]["PermissionsBoundary"] == boundary
    assert iam.get_user(UserName="u")["User"]["PermissionsBoundary"] == boundary
    details = iam.get_account_authorization_details(Filter=["Role"])["RoleDetailList"]
    assert [one["PermissionsBoundary"] for one in details] == [boundary]
    (listed,) = iam.list_roles()["Roles"]
    assert "PermissionsBoundary" not in listed


@pytest.mark.parametrize("name", ["delete_policy", "get_policy"])
def test_a_policy_that_there_is_not(iam: Any, name: str) -> None:
    """Recorded: test_delete_non_existent_policy_returns_no_such_entity"""
    arn = f"arn:aws:iam::{ACCOUNT}:policy/none"
    with pytest.raises(ClientError) as refused:
        getattr(iam, name)(PolicyArn=arn)
    told = refused.value.response["Error"]
    assert (told["Code"], told["Message"]) == ("NoSuchEntity", f"Policy {arn} was not found.")
