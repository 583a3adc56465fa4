"""Blocks of `environ` that last longer than the session in which somebody acts."""

from __future__ import annotations

import json
import os

import boto3
import pytest
from botocore.exceptions import ClientError

from pytest_kmslab import Lab, ResourceError
from pytest_kmslab.enforcement.clock import Clock

REGION = "us-east-1"


def session_token() -> str:
    return os.environ["AWS_SESSION_TOKEN"]


def test_the_session_of_a_role_that_ends_in_a_block_is_followed_by_another(
    kmslab: Lab, kmslab_clock: Clock
) -> None:
    role = kmslab.create_role(policies="AmazonDynamoDBReadOnlyAccess")
    before, sts = boto3.client("dynamodb", region_name=REGION), boto3.client("sts", region_name=REGION)
    with kmslab.environ(role):
        before.list_tables()
        token, inside = session_token(), boto3.client("dynamodb", region_name=REGION)
        for _ in range(2):
            kmslab_clock.advance(3601)
            late = boto3.client("dynamodb", region_name=REGION)
            for client in (late, before, inside, boto3.client("dynamodb", region_name=REGION)):
                client.list_tables()
            assert (
                sts.get_caller_identity()["Arn"]
                == f"arn:aws:sts::123456789012:assumed-role/{role.name}/kmslab"
            )
            assert session_token() != token
            token = session_token()
    assert sts.get_caller_identity()["Arn"] == kmslab.admin.arn
    assert "AWS_SESSION_TOKEN" not in os.environ


def test_a_session_that_was_given_ends_in_a_block(kmslab: Lab, kmslab_clock: Clock) -> None:
    role = kmslab.create_role(policies="AmazonDynamoDBReadOnlyAccess")
    with kmslab.environ(role.session(duration=900)):
        boto3.client("dynamodb", region_name=REGION).list_tables()
        kmslab_clock.advance(901)
        with pytest.raises(ClientError, match="Expired"):
            boto3.client("dynamodb", region_name=REGION).list_tables()


def test_a_role_that_can_be_assumed_no_more_says_so(kmslab: Lab, kmslab_clock: Clock) -> None:
    role = kmslab.create_role(policies="AmazonDynamoDBReadOnlyAccess")
    nobody = {"Effect": "Deny", "Principal": {"AWS": kmslab.account}, "Action": "sts:AssumeRole"}
    trust = json.dumps({"Version": "2012-10-17", "Statement": [nobody]})
    with kmslab.environ(role):
        client = boto3.client("dynamodb", region_name=REGION)
        iam = kmslab.as_(kmslab.admin).client("iam")
        iam.update_assume_role_policy(RoleName=role.name, PolicyDocument=trust)
        client.list_tables()
        kmslab_clock.advance(3601)
        with pytest.raises(ResourceError, match=f"role `{role.arn}` cannot be assumed"):
            client.list_tables()
