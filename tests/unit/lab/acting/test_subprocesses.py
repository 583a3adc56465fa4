"""Processes that a test starts: led to the lab where it is asked for, and never to AWS."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping

import boto3
import botocore.session
import pytest
from botocore.config import Config

from pytest_kmslab import DynamoDBTable, IamUser, Lab, Trail, allowed, denied
from pytest_kmslab.backends.addresses import NOWHERE
from pytest_kmslab.backends.protocol import Credentials
from pytest_kmslab.lab.acting.environment import subprocess_environment

ASK = """
import boto3, json, sys
addresses = {name: boto3.client(name).meta.endpoint_url for name in ("kms", "dynamodb", "iam", "s3", "sqs")}
print(json.dumps(addresses))
"""
SCAN = """
import boto3, sys
print(boto3.client("sts").get_caller_identity()["Arn"])
boto3.client("dynamodb").scan(TableName=sys.argv[1])
"""
USER = Credentials("AKIAANA", "secret")
GATEWAY = "http://127.0.0.1:4566"


def run(program: str, *arguments: str, env: Mapping[str, str] | None = None) -> str:
    command = [sys.executable, "-c", program, *arguments]
    return subprocess.run(command, env=env, check=True, capture_output=True, text=True).stdout


def test_a_process_acts_as_the_principal_and_its_calls_stand_in_the_trail(
    kmslab: Lab, encrypted_table: DynamoDBTable, key_user: IamUser, kmslab_trail: Trail
) -> None:
    with allowed("kms:Decrypt", by=key_user, on=encrypted_table.encryption()["KMSMasterKeyArn"]):
        told = run(SCAN, encrypted_table.name, env=kmslab.subprocess_environ(key_user))
    assert told.strip() == key_user.arn
    assert [entry.request.action for entry in kmslab_trail.for_(key_user)] == ["dynamodb:Scan", "kms:Decrypt"]


def test_a_session_of_a_role_is_given_to_a_process(kmslab: Lab, encrypted_table: DynamoDBTable) -> None:
    role = kmslab.create_role("reader", policies="AmazonDynamoDBReadOnlyAccess")
    variables = kmslab.subprocess_environ(role)
    assert variables["AWS_SESSION_TOKEN"]
    with denied("kms:Decrypt", by=role), pytest.raises(subprocess.CalledProcessError):
        run(SCAN, encrypted_table.name, env=variables)


def test_a_process_that_inherits_the_environment_is_led_nowhere(kmslab: Lab, outsider: IamUser) -> None:
    with kmslab.environ(outsider):
        addresses = json.loads(run(ASK))
    assert set(addresses.values()) == {NOWHERE}


def test_the_gateway_is_opened_once_and_closed_with_the_lab(kmslab: Lab, outsider: IamUser) -> None:
    with kmslab.nested() as lab:
        one, other = lab.subprocess_environ(outsider), lab.subprocess_environ(kmslab.admin)
        assert one["AWS_ENDPOINT_URL"] == other["AWS_ENDPOINT_URL"]
        assert boto3.client("sts", endpoint_url=one["AWS_ENDPOINT_URL"]).get_caller_identity()
    closed = boto3.client(
        "sts", endpoint_url=one["AWS_ENDPOINT_URL"], config=Config(retries={"total_max_attempts": 1})
    )
    with pytest.raises(botocore.exceptions.EndpointConnectionError):
        closed.get_caller_identity()


@pytest.mark.usefixtures("kmslab")
@pytest.mark.parametrize("service", ["kms", "dynamodb", "s3", "iam"])
def test_clients_of_this_process_keep_the_addresses_of_aws(service: str) -> None:
    for client in (
        boto3.client(service),
        boto3.client(service, config=Config(read_timeout=5)),
        boto3.Session().resource("dynamodb").meta.client,
        botocore.session.get_session().create_client(service, "us-east-1"),
    ):
        assert "amazonaws.com" in client.meta.endpoint_url


@pytest.mark.usefixtures("kmslab")
def test_an_endpoint_of_the_tests_own_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    assert boto3.client("s3", endpoint_url="http://127.0.0.1:9").meta.endpoint_url == "http://127.0.0.1:9"
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:8")
    assert boto3.client("s3").meta.endpoint_url == "http://127.0.0.1:8"


def test_nothing_of_a_persons_settings_is_left_to_a_process() -> None:
    shell = {
        "PATH": "/bin",
        "AWS_PROFILE": "dev",
        "AWS_SESSION_TOKEN": "theirs",
        "AWS_CONTAINER_CREDENTIALS_FULL_URI": "http://169.254.170.2/",
        "AWS_ENDPOINT_URL_S3": "http://elsewhere",
        "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS": "true",
        "AWS_CONFIG_FILE": "/home/dev/.aws/config",
        "NO_PROXY": "example.com",
    }
    variables = subprocess_environment(shell, USER, "eu-west-1", GATEWAY)
    assert {name: value for name, value in variables.items() if value != GATEWAY} == {
        "PATH": "/bin",
        "AWS_ACCESS_KEY_ID": "AKIAANA",
        "AWS_SECRET_ACCESS_KEY": "secret",
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_REGION": "eu-west-1",
        "AWS_DEFAULT_REGION": "eu-west-1",
        "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS": "false",
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "NO_PROXY": "example.com,127.0.0.1,localhost",
    }
    assert {name for name, value in variables.items() if value == GATEWAY} == {
        "AWS_ENDPOINT_URL",
        *(f"AWS_ENDPOINT_URL_{name}" for name in ("KMS", "DYNAMODB", "DYNAMODB_STREAMS", "IAM", "STS")),
    }


def test_a_process_beside_an_aws_account_calls_aws_as_the_principal() -> None:
    variables = subprocess_environment({"AWS_ENDPOINT_URL": GATEWAY}, USER, "eu-west-1", None)
    assert variables["AWS_ACCESS_KEY_ID"] == "AKIAANA"
    assert not [name for name in variables if name.startswith("AWS_ENDPOINT_URL")]
    assert variables["AWS_IGNORE_CONFIGURED_ENDPOINT_URLS"] == "true"


def test_credentials_that_are_renewed_are_found_as_before() -> None:
    renewed = Credentials("ASIAX", "secret", "token", {"AWS_PROFILE": "ci"})
    variables = subprocess_environment({"AWS_CONFIG_FILE": "/ci/config"}, renewed, "eu-west-1", None)
    assert variables["AWS_PROFILE"] == "ci"
    assert variables["AWS_CONFIG_FILE"] == "/ci/config"
    assert "AWS_ACCESS_KEY_ID" not in variables
