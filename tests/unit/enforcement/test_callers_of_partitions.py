"""Partitions are apart: credentials of one are unknown in the others.

https://docs.aws.amazon.com/whitepapers/latest/aws-fault-isolation-boundaries/partitions.html
"""

from __future__ import annotations

import json

import boto3
import pytest
from botocore.exceptions import ClientError
from helpers.account import ACCOUNT, Account, allow
from helpers.asserts import code


def test_partitions_share_no_credentials(account: Account) -> None:
    account.user("ana", allow("kms:*"))
    ana = account.root.client("iam").create_access_key(UserName="ana")["AccessKey"]
    keys = {"aws_access_key_id": ana["AccessKeyId"], "aws_secret_access_key": ana["SecretAccessKey"]}
    boto3.client("kms", "eu-west-1", **keys).list_keys()
    for service, operation, expected in (
        ("kms", "list_keys", "UnrecognizedClientException"),
        ("dynamodb", "list_tables", "UnrecognizedClientException"),
        ("sts", "get_caller_identity", "InvalidClientTokenId"),
    ):
        with pytest.raises(ClientError) as raised:
            getattr(boto3.client(service, "cn-north-1", **keys), operation)()
        assert raised.value.response["Error"]["Code"] == expected


@pytest.mark.parametrize(("region", "partition"), [("cn-north-1", "aws-cn"), ("us-gov-west-1", "aws-us-gov")])
def test_the_root_user_is_one_of_each_partition(account: Account, region: str, partition: str) -> None:
    iam, sts = account.root.client("iam", region), account.root.client("sts", region)
    assert sts.get_caller_identity()["Arn"] == f"arn:{partition}:iam::{ACCOUNT}:root"
    trust = {"Effect": "Allow", "Principal": {"AWS": ACCOUNT}, "Action": "sts:AssumeRole"}
    made = iam.create_role(RoleName="r", AssumeRolePolicyDocument=json.dumps({"Statement": trust}))["Role"]
    assert made["Arn"] == f"arn:{partition}:iam::{ACCOUNT}:role/r"
    iam.create_user(UserName="bob")
    iam.put_user_policy(UserName="bob", PolicyName="p", PolicyDocument=json.dumps(allow("kms:*")))
    key = iam.create_access_key(UserName="bob")["AccessKey"]
    given = {"aws_access_key_id": key["AccessKeyId"], "aws_secret_access_key": key["SecretAccessKey"]}
    kms = boto3.client("kms", region, **given)
    made_key = kms.create_key()["KeyMetadata"]["Arn"]
    assert made_key.startswith(f"arn:{partition}:kms:{region}:{ACCOUNT}:key/")
    kms.encrypt(KeyId=made_key, Plaintext=b"x")


@pytest.mark.parametrize("region", ["cn-north-1", "us-gov-west-1"])
def test_an_organization_is_of_its_partition(account: Account, region: str) -> None:
    account.root.client("organizations", region).create_organization(FeatureSet="ALL")
    inside = allow("kms:ListKeys", Condition={"Null": {"aws:PrincipalOrgID": "false"}})
    inside["Statement"][0]["Condition"]["Null"]["aws:ResourceOrgID"] = "false"
    for place, expected in (("us-east-1", "AccessDeniedException"), (region, "allowed")):
        iam = account.root.client("iam", place)
        iam.create_user(UserName="ana")
        iam.put_user_policy(UserName="ana", PolicyName="p", PolicyDocument=json.dumps(inside))
        key = iam.create_access_key(UserName="ana")["AccessKey"]
        given = {"aws_access_key_id": key["AccessKeyId"], "aws_secret_access_key": key["SecretAccessKey"]}
        assert code(boto3.client("kms", place, **given).list_keys) == expected


@pytest.mark.parametrize(("region", "partition"), [("us-gov-west-1", "aws-us-gov"), ("us-east-1", "aws")])
@pytest.mark.parametrize("name", ["OrganizationAccountAccessRole", "Opener"])
def test_an_account_of_an_organization_has_its_access_role(
    account: Account, region: str, partition: str, name: str
) -> None:
    organizations, iam = account.root.client("organizations", region), account.root.client("iam", region)
    organizations.create_organization(FeatureSet="ALL")
    asked = {"AccountName": "member", "Email": "member@example.org", "RoleName": name}
    member = organizations.create_account(**asked)["CreateAccountStatus"]["AccountId"]
    iam.create_user(UserName="ana")
    iam.put_user_policy(UserName="ana", PolicyName="p", PolicyDocument=json.dumps(allow("sts:AssumeRole")))
    key = iam.create_access_key(UserName="ana")["AccessKey"]
    given = {"aws_access_key_id": key["AccessKeyId"], "aws_secret_access_key": key["SecretAccessKey"]}
    sts = boto3.client("sts", region, **given)
    role = f"arn:{partition}:iam::{member}:role/{name}"
    opened = account.temporary(sts.assume_role(RoleArn=role, RoleSessionName="ana"))
    made = opened.client("kms", region).create_key()["KeyMetadata"]
    assert made["Arn"].startswith(f"arn:{partition}:kms:{region}:{member}:key/")


def test_a_role_is_assumed_in_its_partition_only(account: Account) -> None:
    ana = account.user("ana", allow("sts:*"))
    trust = {"Effect": "Allow", "Principal": {"AWS": ACCOUNT}, "Action": "sts:AssumeRole"}
    for region, partition, expected in (
        ("cn-north-1", "aws-cn", "AccessDenied"),
        ("us-east-1", "aws", "allowed"),
    ):
        iam = account.root.client("iam", region)
        iam.create_role(RoleName="r", AssumeRolePolicyDocument=json.dumps({"Statement": trust}))
        role = f"arn:{partition}:iam::{ACCOUNT}:role/r"
        assume = ana.client("sts").assume_role
        assert code(assume, RoleArn=role, RoleSessionName="ana") == expected
