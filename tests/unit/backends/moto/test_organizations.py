"""Organizations, as moto keeps them: their policies hold member accounts, and tell who is a member."""

from __future__ import annotations

import json
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError
from helpers.account import ACCOUNT, EVERYTHING, TABLE, Account, allow
from helpers.asserts import code

KEY = {"id": {"S": "1"}}


def deny(*actions: str, **more: Any) -> str:
    document = allow(*actions, **more)
    document["Statement"][0]["Effect"] = "Deny"
    return json.dumps(document)


@pytest.fixture
def organizations(account: Account) -> Any:
    client = account.root.client("organizations")
    client.create_organization(FeatureSet="ALL")
    return client


@pytest.fixture
def member(organizations: Any) -> str:
    made = organizations.create_account(AccountName="member", Email="member@example.org")
    return str(made["CreateAccountStatus"]["AccountId"])


@pytest.fixture
def inside(account: Account, member: str) -> boto3.Session:
    """An administrator of the member account."""
    sts = account.user("opener", EVERYTHING).client("sts")
    role = f"arn:aws:iam::{member}:role/OrganizationAccountAccessRole"
    return account.temporary(sts.assume_role(RoleArn=role, RoleSessionName="opener"))


def attach(organizations: Any, target: str, text: str, kind: str = "SERVICE_CONTROL_POLICY") -> str:
    made = organizations.create_policy(Name=f"p{hash(text)}", Description="", Type=kind, Content=text)
    policy = str(made["Policy"]["PolicySummary"]["Id"])
    organizations.attach_policy(PolicyId=policy, TargetId=target)
    return policy


def encrypted_table(session: boto3.Session) -> Any:
    key = session.client("kms").create_key()["KeyMetadata"]["Arn"]
    dynamodb = session.client("dynamodb")
    encryption = {"Enabled": True, "SSEType": "KMS", "KMSMasterKeyId": key}
    dynamodb.create_table(**TABLE, SSESpecification=encryption)
    return dynamodb


def test_the_access_role_is_an_administrator(inside: boto3.Session, member: str) -> None:
    assert inside.client("sts").get_caller_identity()["Account"] == member
    assert code(encrypted_table(inside).get_item, TableName="orders", Key=KEY) == "allowed"


def test_a_service_control_policy_holds_a_member_on_every_level(
    organizations: Any, inside: boto3.Session, member: str
) -> None:
    dynamodb = encrypted_table(inside)
    root = organizations.list_roots()["Roots"][0]["Id"]
    unit = organizations.create_organizational_unit(ParentId=root, Name="unit")["OrganizationalUnit"]["Id"]
    organizations.move_account(AccountId=member, SourceParentId=root, DestinationParentId=unit)
    for target in (root, unit, member):
        policy = attach(organizations, target, deny("kms:Decrypt", Sid=f"a{len(target)}"))
        with pytest.raises(ClientError) as denied:
            dynamodb.get_item(TableName="orders", Key=KEY)
        assert "with an explicit deny in a service control policy" in str(denied.value)
        organizations.detach_policy(PolicyId=policy, TargetId=target)
        assert code(dynamodb.get_item, TableName="orders", Key=KEY) == "allowed"
    attach(organizations, unit, json.dumps(allow("dynamodb:*")))
    organizations.detach_policy(PolicyId="p-FullAWSAccess", TargetId=unit)
    with pytest.raises(ClientError) as missing:
        dynamodb.get_item(TableName="orders", Key=KEY)
    assert "kms:Decrypt" in str(missing.value)
    assert "with an explicit deny in a service control policy" in str(missing.value)


def test_the_management_account_is_held_to_none(account: Account, organizations: Any) -> None:
    attach(organizations, organizations.list_roots()["Roots"][0]["Id"], deny("kms:*"))
    ana = account.user("ana", allow("kms:ListKeys"))
    assert code(ana.client("kms").list_keys) == "allowed"


def test_a_resource_control_policy_holds_whoever_uses_a_members_key(
    account: Account, organizations: Any, inside: boto3.Session, member: str
) -> None:
    statements = [
        {
            "Effect": "Allow",
            "Principal": {"AWS": f"arn:aws:iam::{one}:root"},
            "Action": "kms:*",
            "Resource": "*",
        }
        for one in (member, ACCOUNT)
    ]
    policy = json.dumps({"Version": "2012-10-17", "Statement": statements})
    key = inside.client("kms").create_key(Policy=policy)["KeyMetadata"]["Arn"]
    kms = account.user("ana", allow("kms:*")).client("kms")
    assert code(kms.describe_key, KeyId=key) == "allowed"
    perimeter = {"Principal": "*", "Condition": {"StringNotEquals": {"aws:PrincipalAccount": member}}}
    attach(organizations, member, deny("kms:*", **perimeter), "RESOURCE_CONTROL_POLICY")
    assert code(kms.describe_key, KeyId=key) == "AccessDeniedException"
    assert code(inside.client("kms").describe_key, KeyId=key) == "allowed"
    assert code(kms.describe_key, KeyId=account.key()) == "allowed"


def test_a_resource_control_policy_does_not_hold_an_aws_managed_key(
    organizations: Any, inside: boto3.Session, member: str
) -> None:
    dynamodb = inside.client("dynamodb")
    dynamodb.create_table(**TABLE, SSESpecification={"Enabled": True})
    attach(organizations, member, deny("kms:*", Principal="*"), "RESOURCE_CONTROL_POLICY")
    assert code(dynamodb.get_item, TableName="orders", Key=KEY) == "allowed"
    assert code(inside.client("iam").list_users) == "allowed"
    dynamodb.delete_table(TableName="orders")
    with pytest.raises(ClientError, match="resource control policy"):
        encrypted_table(inside)


def test_a_key_policy_can_ask_for_the_organization(
    account: Account, organizations: Any, inside: boto3.Session
) -> None:
    organization = organizations.describe_organization()["Organization"]["Id"]
    root = organizations.list_roots()["Roots"][0]["Id"]
    for condition, expected in (
        ({"StringEquals": {"aws:PrincipalOrgID": organization}}, "allowed"),
        ({"StringEquals": {"aws:PrincipalOrgID": "o-other00000"}}, "AccessDeniedException"),
        ({"ForAnyValue:StringLike": {"aws:PrincipalOrgPaths": f"{organization}/{root}/*"}}, "allowed"),
        (
            {"ForAnyValue:StringLike": {"aws:PrincipalOrgPaths": f"{organization}/ou-*"}},
            "AccessDeniedException",
        ),
    ):
        statement = {"Effect": "Allow", "Principal": "*", "Action": "kms:*", "Resource": "*"}
        policy = {"Version": "2012-10-17", "Statement": [statement | {"Condition": condition}]}
        key = account.key(policy, BypassPolicyLockoutSafetyCheck=True)
        assert code(inside.client("kms").describe_key, KeyId=key) == expected


def test_the_simulator_tells_what_the_organization_leaves(
    organizations: Any, inside: boto3.Session, member: str
) -> None:
    attach(organizations, member, deny("kms:Decrypt"))
    iam = inside.client("iam")
    user = iam.create_user(UserName="ana")["User"]["Arn"]
    iam.put_user_policy(UserName="ana", PolicyName="p", PolicyDocument=json.dumps(allow("kms:*")))
    answer = iam.simulate_principal_policy(PolicySourceArn=user, ActionNames=["kms:Decrypt", "kms:Encrypt"])
    told = [
        (one["EvalDecision"], one["OrganizationsDecisionDetail"]["AllowedByOrganizations"])
        for one in answer["EvaluationResults"]
    ]
    assert told == [("explicitDeny", False), ("allowed", True)]


def test_in_which_organization_the_owner_of_a_resource_is(
    account: Account, organizations: Any, member: str, inside: boto3.Session
) -> None:
    made = organizations.describe_organization()["Organization"]["Id"]
    root = organizations.list_roots()["Roots"][0]["Id"]
    dynamodb = inside.client("dynamodb")
    dynamodb.create_table(**TABLE)
    paths = {"ForAnyValue:StringLike": {"aws:ResourceOrgPaths": f"{made}/{root}/*"}}
    for condition, expected in (
        ({"StringEquals": {"aws:ResourceOrgID": made}}, "AccessDeniedException"),
        ({"StringNotEquals": {"aws:ResourceOrgID": made}}, "allowed"),
        (paths, "AccessDeniedException"),
        ({"Null": {"aws:ResourceOrgID": "true"}}, "allowed"),
    ):
        held = attach(organizations, member, deny("dynamodb:GetItem", Condition=condition))
        assert code(dynamodb.get_item, TableName="orders", Key=KEY) == expected
        organizations.detach_policy(PolicyId=held, TargetId=member)


def test_an_account_without_an_organization_has_no_such_key(account: Account) -> None:
    absent = allow("dynamodb:GetItem", Condition={"Null": {"aws:ResourceOrgID": "true"}})
    account.root.client("dynamodb").create_table(**TABLE)
    dynamodb = account.user("u", absent).client("dynamodb")
    assert code(dynamodb.get_item, TableName="orders", Key=KEY) == "allowed"


@pytest.mark.parametrize("on", [["*"], [f"arn:aws:kms:us-east-1:{ACCOUNT}:key/1234abcd"]])
def test_the_simulator_tells_what_an_organization_leaves(
    organizations: Any, inside: boto3.Session, member: str, on: list[str]
) -> None:
    iam: Any = inside.client("iam")
    user = iam.create_user(UserName="ana")["User"]["Arn"]
    iam.put_user_policy(UserName="ana", PolicyName="all", PolicyDocument=json.dumps(EVERYTHING))
    attach(organizations, member, deny("kms:Decrypt"))
    resources = [arn.replace(ACCOUNT, member) for arn in on]
    results = iam.simulate_principal_policy(
        PolicySourceArn=user, ActionNames=["kms:Decrypt", "kms:Encrypt"], ResourceArns=resources
    )["EvaluationResults"]
    told = [(one["EvalDecision"], one["OrganizationsDecisionDetail"]) for one in results]
    assert told == [
        ("explicitDeny", {"AllowedByOrganizations": False}),
        ("allowed", {"AllowedByOrganizations": True}),
    ]
