"""An account behind a gateway as an outsider sets it up: through boto3, signed by its root user."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from typing import Any
from uuid import uuid4

import pytest
from botocore.exceptions import ClientError

from helpers.account import REGION
from helpers.gateway import client
from pytest_kmslab.backends.protocol import Credentials

FULL_ACCESS = "arn:aws:iam::aws:policy/AmazonDynamoDBFullAccess"
ITEM_KEY = {"id": {"S": "1"}}
ITEM = {**ITEM_KEY, "team": {"S": "red"}}
DENIED = "AccessDeniedException"
KEY_DENIED = "KMS key access denied error: "
USE_OF_KEY = ["kms:Encrypt", "kms:Decrypt", "kms:ReEncrypt*", "kms:GenerateDataKey*", "kms:DescribeKey"]

Statement = dict[str, Any]


def allow(action: str | list[str], resource: str | list[str] = "*", **more: Any) -> Statement:
    """A statement of an identity-based policy."""
    return {"Effect": "Allow", "Action": action, "Resource": resource, **more}


def deny(action: str | list[str], **more: Any) -> Statement:
    return {"Effect": "Deny", "Action": action, "Resource": "*", **more}


def to(principal: Any, action: str | list[str] = "kms:*", effect: str = "Allow", **more: Any) -> Statement:
    """A statement of a resource-based policy; `principal` is an ARN, a list of them or `*`."""
    return {"Effect": effect, "Principal": {"AWS": principal}, "Action": action, "Resource": "*", **more}


def document(*statements: Statement) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


def unique(start: str) -> str:
    return f"{start}-{uuid4().hex[:10]}"


@dataclass(frozen=True)
class Someone:
    """A user, or a session of a role, with its clients."""

    url: str
    arn: str
    name: str
    credentials: Credentials

    def client(self, service: str) -> Any:
        return client(self.url, service, self.credentials)

    @property
    def kms(self) -> Any:
        return self.client("kms")

    @property
    def dynamodb(self) -> Any:
        return self.client("dynamodb")

    @property
    def sts(self) -> Any:
        return self.client("sts")

    @property
    def iam(self) -> Any:
        return self.client("iam")


@contextmanager
def refused(code: str, *texts: str) -> Iterator[None]:
    """The body is answered this error, whose message holds these texts."""
    with pytest.raises(ClientError) as raised:
        yield
    error = raised.value.response["Error"]
    assert error["Code"] == code, error
    for text in texts:
        assert text in error.get("Message", ""), error


class World:
    """An account, by its root user; `number` names another one than the home account."""

    def __init__(self, url: str, number: str = "") -> None:
        self.url = url
        self._root = Credentials(number or "test", "test")

    @cached_property
    def kms(self) -> Any:
        return client(self.url, "kms", self._root)

    @cached_property
    def dynamodb(self) -> Any:
        return client(self.url, "dynamodb", self._root)

    @cached_property
    def iam(self) -> Any:
        return client(self.url, "iam", self._root)

    @cached_property
    def account(self) -> str:
        return str(client(self.url, "sts", self._root).get_caller_identity()["Account"])

    @property
    def root_arn(self) -> str:
        return f"arn:aws:iam::{self.account}:root"

    def user(self, *statements: Statement, managed: str = "", **more: Any) -> Someone:
        """A user with an inline policy of these statements, or with a managed one."""
        name = unique("user")
        arn = str(self.iam.create_user(UserName=name, **more)["User"]["Arn"])
        if statements:
            self.iam.put_user_policy(UserName=name, PolicyName="own", PolicyDocument=document(*statements))
        if managed:
            self.iam.attach_user_policy(UserName=name, PolicyArn=managed)
        made = self.iam.create_access_key(UserName=name)["AccessKey"]
        return Someone(self.url, arn, name, Credentials(made["AccessKeyId"], made["SecretAccessKey"]))

    def role(self, *statements: Statement, trusts: str = "", **more: Any) -> str:
        """A role that the account, or the principal given, may assume; its ARN."""
        name = unique("role")
        trust = {"Effect": "Allow", "Principal": {"AWS": trusts or self.root_arn}, "Action": "sts:AssumeRole"}
        condition = more.pop("Condition", None)
        trust |= {"Condition": condition} if condition else {}
        made = self.iam.create_role(RoleName=name, AssumeRolePolicyDocument=document(trust), **more)
        if statements:
            self.iam.put_role_policy(RoleName=name, PolicyName="own", PolicyDocument=document(*statements))
        return str(made["Role"]["Arn"])

    def policy(self, *statements: Statement) -> str:
        """A customer managed policy; its ARN."""
        made = self.iam.create_policy(PolicyName=unique("policy"), PolicyDocument=document(*statements))
        return str(made["Policy"]["Arn"])

    def key(self, *statements: Statement, **more: Any) -> str:
        """A key that leaves it to IAM, and whose policy has these statements besides; its ARN."""
        if statements:
            more["Policy"] = self.key_policy(*statements)
        return str(self.kms.create_key(**more)["KeyMetadata"]["Arn"])

    def key_policy(self, *statements: Statement) -> str:
        return document(to(self.root_arn), *statements)

    def put_key_policy(self, key: str, *statements: Statement) -> None:
        self.kms.put_key_policy(KeyId=key, PolicyName="default", Policy=self.key_policy(*statements))

    def encrypted(self, key: str, **more: Any) -> bytes:
        """`text`, encrypted by the root user."""
        return bytes(self.kms.encrypt(KeyId=key, Plaintext=b"text", **more)["CiphertextBlob"])

    def table(self, key: str = "", **more: Any) -> str:
        """A table with an item, under a key if one is given; its name."""
        name = unique("table")
        under = {"SSESpecification": encryption(key)} if key else {}
        self.make_table(name, **under, **more)
        self.dynamodb.put_item(TableName=name, Item=ITEM)
        return name

    def make_table(self, name: str, **more: Any) -> None:
        """An empty table."""
        self.dynamodb.create_table(TableName=name, **SHAPE, **more)
        self.dynamodb.get_waiter("table_exists").wait(TableName=name)

    def put_table_policy(self, arn: str, *statements: Statement) -> None:
        self.dynamodb.put_resource_policy(ResourceArn=arn, Policy=document(*statements))

    def give(self, role: str, *statements: Statement) -> None:
        """A second inline policy of a role."""
        name = role.rpartition("/")[2]
        self.iam.put_role_policy(RoleName=name, PolicyName="more", PolicyDocument=document(*statements))

    def table_arn(self, name: str) -> str:
        return f"arn:aws:dynamodb:{REGION}:{self.account}:table/{name}"


SHAPE: dict[str, Any] = {
    "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}],
    "AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "S"}],
    "BillingMode": "PAY_PER_REQUEST",
}


def encryption(key: str) -> dict[str, Any]:
    return {"Enabled": True, "SSEType": "KMS", "KMSMasterKeyId": key}


def session(who: Someone, answer: Any, arn: str = "") -> Someone:
    """Whom an answer of STS makes of somebody."""
    made = answer["Credentials"]
    credentials = Credentials(made["AccessKeyId"], made["SecretAccessKey"], made["SessionToken"])
    return Someone(who.url, arn or who.arn, who.name, credentials)


def assume(who: Someone, role: str, **more: Any) -> Someone:
    """A session of a role, named `run1`."""
    answer = who.sts.assume_role(RoleArn=role, RoleSessionName="run1", **more)
    return session(who, answer, str(answer["AssumedRoleUser"]["Arn"]))
