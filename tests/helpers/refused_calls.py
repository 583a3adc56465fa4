"""Calls that break a constraint, and a client that sends them."""

from __future__ import annotations

from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

ROLE = "arn:aws:iam::123456789012:role/app"
CALLS: list[tuple[str, str, dict[str, Any], str]] = [
    ("kms", "ScheduleKeyDeletion", {"KeyId": "k", "PendingWindowInDays": 6}, "'6' at"),
    ("kms", "GenerateMac", {"KeyId": "k", "Message": b"m", "MacAlgorithm": "X"}, "'X' at"),
    ("kms", "Encrypt", {"KeyId": "k", "Plaintext": b""}, "Value at 'plaintext'"),
    ("dynamodb", "GetItem", {"TableName": "", "Key": {}}, "'' at 'tableName'"),
    ("dynamodb", "GetItem", {"TableName": "t"}, "null at 'key'"),
    ("dynamodb", "ExecuteStatement", {"Statement": "", "Parameters": []}, "2 validation"),
    ("dynamodb", "TagResource", {"ResourceArn": "a" * 9, "Tags": [{"Key": "a"}]}, "Value: null"),
    ("iam", "CreateUser", {"UserName": "b", "Path": "/admin"}, "value for path is invalid"),
    ("iam", "CreateUser", {}, "Value at 'userName'"),
    ("iam", "TagUser", {"UserName": "u", "Tags": [{"Key": "", "Value": ""}]}, "2 validation"),
    ("iam", "TagUser", {"UserName": "u", "Tags": [{"Key": "k"}]}, "at 'tags.1.member.value'"),
    ("sts", "AssumeRole", {"RoleArn": "a" * 20, "RoleSessionName": "s1"}, "aaa is invalid"),
    ("sts", "AssumeRole", {"RoleArn": ROLE, "RoleSessionName": "*"}, "'*' at 'roleSessionName'"),
]  # fmt: skip
CODES = {"iam": "ValidationError", "sts": "ValidationError"}
EACH = pytest.mark.parametrize(("service", "operation", "params", "said"), CALLS)


def raw(session: boto3.Session, service: str, url: str | None = None) -> Any:
    """A client that sends whatever it is given, once."""
    config = Config(parameter_validation=False, retries={"total_max_attempts": 1})
    return session.client(service, endpoint_url=url, config=config)


def refused(client: Any, operation: str, params: dict[str, Any]) -> tuple[str, str]:
    with pytest.raises(ClientError) as error:
        client._make_api_call(operation, params)
    answered = error.value.response["Error"]
    return answered["Code"], answered["Message"]
