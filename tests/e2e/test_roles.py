"""Roles that a service alone may assume, such as that of a Lambda function."""

from __future__ import annotations

import boto3
import pytest
from e2e.item_calls import KEY

from pytest_kmslab import DynamoDBTable, IamRole, KmsKey, Lab, ResourceError, Settings, allowed, denied

FUNCTION = "arn:aws:lambda:us-east-1:123456789012:function:orders"


@pytest.fixture
def role(kmslab: Lab) -> IamRole:
    trust = {
        "Effect": "Allow",
        "Principal": {"Service": "lambda.amazonaws.com"},
        "Action": "sts:AssumeRole",
        "Condition": {
            "StringEquals": {"aws:SourceAccount": kmslab.account},
            "ArnEquals": {"aws:SourceArn": FUNCTION},
        },
    }
    document = {"Version": "2012-10-17", "Statement": [trust]}
    return kmslab.create_role("fn", trust=document, policies="AmazonDynamoDBFullAccess")


def test_the_service_acts_in_the_name_that_the_trust_policy_wants(
    kmslab: Lab, settings: Settings, role: IamRole
) -> None:
    if settings.backend == "aws":
        with pytest.raises(ResourceError, match="nobody can be a service here"):
            kmslab.as_(role, source_arn=FUNCTION)
        return
    with pytest.raises(ResourceError, match="aws:SourceArn"):
        kmslab.as_(role)
    with kmslab.environ(role, source_arn=FUNCTION):
        assert f":assumed-role/{role.name}/" in boto3.client("sts").get_caller_identity()["Arn"]


@pytest.mark.usefixtures("encrypted_item")
def test_the_function_needs_the_key_of_the_table(
    kmslab: Lab, settings: Settings, role: IamRole, kms_key: KmsKey, encrypted_table: DynamoDBTable
) -> None:
    if settings.backend == "aws":
        pytest.skip("nobody can be a service in an AWS account")
    with kmslab.environ(role, source_arn=FUNCTION):
        dynamodb = boto3.client("dynamodb")
        with denied("kms:Decrypt", by=role, on=kms_key):
            dynamodb.get_item(TableName=encrypted_table.name, Key=KEY)
        with kms_key.added_user(role), allowed("kms:Decrypt", by=role):
            dynamodb.get_item(TableName=encrypted_table.name, Key=KEY)
