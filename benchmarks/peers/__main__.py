"""What other stand-ins for AWS answer to the question that README.md begins with.

    python benchmarks/peers                                 moto, and moto with its own authorization on
    python benchmarks/peers http://localhost:4566 …         and these endpoints: LocalStack, ministack

The question: may a user with `dynamodb:*` and no permission on the key read an item of a table under a
customer managed key? AWS denies it:
https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/encryption.usagenotes.html
Everything here is plain boto3. pytest-kmslab is not imported.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any
from unittest.mock import patch
from uuid import uuid4

import boto3
import moto
from botocore.exceptions import ClientError
from moto import mock_aws, settings

REGION = "us-east-1"
ROOT = {"aws_access_key_id": "test", "aws_secret_access_key": "test"}
ALL_OF_DYNAMODB = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Action": "dynamodb:*", "Resource": "*"}],
}


def main(endpoints: list[str]) -> None:
    """Print a row of a table for each stand-in."""
    os.environ.pop("AWS_ENDPOINT_URL", None)
    print(
        "| asked for an item, as a user with `dynamodb:*` and no permission on the key | answer |\n|---|---|"
    )
    with mock_aws():
        print(f"| moto {moto.__version__} | {answer()} |")
    with mock_aws():
        print(f"| moto {moto.__version__} with its own authorization on | {answer(moto_decides)} |")
    for endpoint in endpoints:
        print(f"| {endpoint} | {answer(endpoint_url=endpoint)} |")


@contextmanager
def moto_decides() -> Iterator[None]:
    """moto's own authorization, from the next call on."""
    with (
        patch.object(settings, "INITIAL_NO_AUTH_ACTION_COUNT", 0),
        patch("moto.core.responses.ActionAuthenticatorMixin.request_count", 0),
    ):
        yield


@contextmanager
def as_it_comes() -> Iterator[None]:
    """Nothing is turned on."""
    yield


def answer(authorization: Any = as_it_comes, endpoint_url: str | None = None) -> str:
    """Make the user, the key and the table, and read the item as the user."""
    client = partial(boto3.client, region_name=REGION, endpoint_url=endpoint_url)
    table = f"peers-{uuid4().hex[:8]}"
    credentials = make_user(client("iam", **ROOT), table)
    make_table(client("dynamodb", **ROOT), table, client("kms", **ROOT).create_key()["KeyMetadata"]["Arn"])
    with authorization():
        try:
            client("dynamodb", **credentials).get_item(TableName=table, Key={"id": {"S": "1"}})["Item"]
        except ClientError as error:
            return f"denied: {error.response['Error']['Message']}"
    return "**allowed**"


def make_user(iam: Any, name: str) -> dict[str, str]:
    """A user with every permission of DynamoDB and no other; the credentials."""
    iam.create_user(UserName=name)
    iam.put_user_policy(UserName=name, PolicyName="dynamodb", PolicyDocument=json.dumps(ALL_OF_DYNAMODB))
    key = iam.create_access_key(UserName=name)["AccessKey"]
    return {"aws_access_key_id": key["AccessKeyId"], "aws_secret_access_key": key["SecretAccessKey"]}


def make_table(dynamodb: Any, name: str, key_arn: str) -> None:
    """A table under the key, with one item."""
    dynamodb.create_table(
        TableName=name,
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        BillingMode="PAY_PER_REQUEST",
        SSESpecification={"Enabled": True, "SSEType": "KMS", "KMSMasterKeyId": key_arn},
    )
    dynamodb.get_waiter("table_exists").wait(TableName=name)
    dynamodb.put_item(TableName=name, Item={"id": {"S": "1"}})


if __name__ == "__main__":
    main(sys.argv[1:])
