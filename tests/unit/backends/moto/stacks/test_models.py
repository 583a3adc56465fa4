"""What moto's models make from a template without a stack, and what a stack made before the lab began."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError
from helpers.account import ACCOUNT, EVERYTHING, REGION, Account, allow
from moto import mock_aws
from moto.core.exceptions import JsonRESTError
from moto.dynamodb.models import Table
from moto.iam.models import AccessKey, ManagedPolicy, Role, User
from moto.kms.models import Alias, Key, kms_backends

ROOT = f"arn:aws:iam::{ACCOUNT}:root"
SHAPE = {
    "BillingMode": "PAY_PER_REQUEST",
    "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}],
    "AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "S"}],
}
TRUST = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Principal": {"AWS": ROOT}, "Action": "sts:AssumeRole"}],
}
KEY_POLICY = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Principal": {"AWS": ROOT}, "Action": "kms:*", "Resource": "*"}],
}


def make(model: Any, name: str, **properties: Any) -> Any:
    return model.create_from_cloudformation_json(name, {"Properties": properties}, ACCOUNT, REGION)


def test_a_key_and_its_alias(account: Account) -> None:
    key = make(Key, "k", KeyPolicy=KEY_POLICY, EnableKeyRotation=True)
    assert make(Alias, "a", AliasName="alias/a", TargetKeyId=key.id).alias_name == "alias/a"
    kms = account.root.client("kms")
    kms.encrypt(KeyId="alias/a", Plaintext=b"x")
    assert json.loads(kms.get_key_policy(KeyId=key.id)["Policy"]) == KEY_POLICY


def test_a_user_with_a_boundary_and_a_key(account: Account) -> None:
    policies = [{"PolicyName": "p", "PolicyDocument": EVERYTHING}]
    user = make(User, "ana", PermissionsBoundary="arn:aws:iam::aws:policy/ReadOnlyAccess", Policies=policies)
    key = make(AccessKey, "k", UserName=user.name)
    session = boto3.Session(key.access_key_id, key.secret_access_key, region_name=REGION)
    with pytest.raises(ClientError, match="no permissions boundary allows the kms:CreateKey"):
        session.client("kms").create_key()


def test_a_role_with_policies(account: Account) -> None:
    policy = make(ManagedPolicy, "m", PolicyDocument=allow("kms:*"))
    role = make(
        Role,
        "r",
        AssumeRolePolicyDocument=TRUST,
        Policies=[{"PolicyName": "p", "PolicyDocument": allow("dynamodb:*")}],
        ManagedPolicyArns=[policy.arn],
    )
    user = account.user("ana", allow("sts:AssumeRole"))
    session = account.temporary(user.client("sts").assume_role(RoleArn=role.arn, RoleSessionName="run"))
    session.client("kms").create_key()
    session.client("dynamodb").create_table(TableName="orders", **SHAPE)
    with pytest.raises(ClientError, match="iam:CreateUser"):
        session.client("iam").create_user(UserName="bob")


def test_a_table_with_a_policy(account: Account) -> None:
    user = account.user("ana", EVERYTHING)
    statement = {"Effect": "Deny", "Principal": {"AWS": ROOT}, "Action": "dynamodb:Scan", "Resource": "*"}
    document = {"Version": "2012-10-17", "Statement": [statement]}
    table = make(Table, "orders", **SHAPE, ResourcePolicy={"PolicyDocument": document})
    assert table.name == "orders"
    with pytest.raises(ClientError, match="explicit deny in a resource-based policy"):
        user.client("dynamodb").scan(TableName="orders")


def test_what_the_service_refuses(account: Account) -> None:
    with pytest.raises(JsonRESTError, match="invalid principals"):
        make(Key, "k", KeyPolicy=json.loads(json.dumps(KEY_POLICY).replace(":root", ":user/nobody")))


@pytest.fixture
def made_before() -> Iterator[dict[str, Any]]:
    """What moto's models make by themselves, before there is a lab in moto's account."""
    with mock_aws():
        made = {
            "key": make(Key, "k", KeyPolicy=KEY_POLICY),
            "role": make(
                Role,
                "r",
                AssumeRolePolicyDocument={
                    "Version": "2012-10-17",
                    "Statement": [
                        {"Effect": "Allow", "Principal": {"AWS": ROOT}, "Action": "sts:AssumeRole"}
                    ],
                },
                Policies=[{"PolicyName": "p", "PolicyDocument": allow("kms:*")}],
            ),
        }
        assert isinstance(made["key"].policy, dict)
        yield made


def test_a_lab_in_an_account_that_has_stacks(made_before: dict[str, Any], account: Account) -> None:
    """moto left the documents as objects, and the role with an empty text for its boundary."""
    kms = account.root.client("kms")
    key = made_before["key"].id
    assert kms_backends[ACCOUNT][REGION].keys[key].policy == KEY_POLICY
    kms.encrypt(KeyId=key, Plaintext=b"x")
    user = account.user("ana", allow("sts:AssumeRole"))
    arn = f"arn:aws:iam::{ACCOUNT}:role/r"
    session = account.temporary(user.client("sts").assume_role(RoleArn=arn, RoleSessionName="run"))
    session.client("kms").encrypt(KeyId=key, Plaintext=b"x")
    with pytest.raises(ClientError, match="no identity-based policy allows the iam:CreateUser"):
        session.client("iam").create_user(UserName="bob")
