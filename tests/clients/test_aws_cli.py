from __future__ import annotations

import base64
import json
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

FULL_ACCESS = "arn:aws:iam::aws:policy/AmazonDynamoDBFullAccess"
ITEM = {"id": {"S": "1"}, "text": {"S": "hello"}}
KEY_USER = ["kms:Encrypt", "kms:Decrypt", "kms:ReEncrypt*", "kms:GenerateDataKey*", "kms:DescribeKey"]
CLIENT_ERRORS = (254, 255)
"""Of version 2, and of version 1: https://docs.aws.amazon.com/cli/v1/topic/return-codes.html"""


class Cli:
    """The AWS CLI as one caller."""

    def __init__(self, command: str, environment: Mapping[str, str]) -> None:
        self._command = command
        self._environment = dict(environment)

    def as_(self, access_key: Mapping[str, str]) -> Cli:
        own = {
            "AWS_ACCESS_KEY_ID": access_key["AccessKeyId"],
            "AWS_SECRET_ACCESS_KEY": access_key["SecretAccessKey"],
        }
        return Cli(self._command, {**self._environment, **own})

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [self._command, *arguments, "--output", "json"],
            env=self._environment,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )

    def __call__(self, *arguments: str) -> Any:
        done = self.run(*arguments)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout) if done.stdout.strip() else None

    def refused(self, *arguments: str) -> str:
        """The line that the CLI says of an error that the service answered."""
        done = self.run(*arguments)
        assert done.returncode in CLIENT_ERRORS, done.stdout
        return done.stderr.strip().removeprefix("aws: [ERROR]: ")


@pytest.fixture
def aws(aws_cli: str, gateway: Mapping[str, str]) -> Cli:
    return Cli(aws_cli, gateway)


def test_the_aws_cli_walks_the_document(aws: Cli, tmp_path: Path) -> None:
    key = _key(aws)
    _table(aws, key)
    read = ("dynamodb", "get-item", "--table-name", "cli_table_kms", "--key", '{"id": {"S": "1"}}')
    assert aws(*read)["Item"] == ITEM
    user = _user(aws)
    outsider = aws.as_(user)
    decrypt = ("kms", "decrypt", "--ciphertext-blob", f"fileb://{_sealed(aws, key, tmp_path)}")
    assert outsider("sts", "get-caller-identity")["Arn"] == user["Arn"]

    assert outsider.refused(*read).startswith(
        "An error occurred (AccessDeniedException) when calling the GetItem operation: "
        "KMS key access denied error: "
    )
    assert outsider.refused(*decrypt).startswith(
        "An error occurred (AccessDeniedException) when calling the Decrypt operation: "
        f"User: {user['Arn']} is not authorized to perform: kms:Decrypt "
    )
    assert outsider.refused("iam", "list-users").startswith(
        f"An error occurred (AccessDenied) when calling the ListUsers operation: User: {user['Arn']} is not "
    )

    _add_key_user(aws, key, user["Arn"])
    assert outsider(*read)["Item"] == ITEM
    assert outsider("dynamodb", "scan", "--table-name", "cli_table_kms")["Count"] == 1
    assert outsider(*decrypt)["Plaintext"] == "aGVsbG8="

    _clean_up(aws, key, user["AccessKeyId"])
    assert "(KMSInvalidStateException)" in aws.refused(*decrypt)
    assert "(NoSuchEntity)" in aws.refused("iam", "get-user", "--user-name", "cli-user")


def _key(aws: Cli) -> str:
    made = aws("kms", "create-key", "--description", "made by the AWS CLI")["KeyMetadata"]
    aws("kms", "create-alias", "--alias-name", "alias/cli-kms-key", "--target-key-id", made["KeyId"])
    return str(made["Arn"])


def _sealed(aws: Cli, key: str, folder: Path) -> Path:
    """A file that holds `hello`, encrypted: the one form of bytes that both versions of the CLI take."""
    plain, sealed = folder / "plain", folder / "sealed"
    plain.write_bytes(b"hello")
    made = aws("kms", "encrypt", "--key-id", key, "--plaintext", f"fileb://{plain}")
    sealed.write_bytes(base64.b64decode(made["CiphertextBlob"]))
    return sealed


def _table(aws: Cli, key: str) -> None:
    """Made with default encryption and then encrypted under the key, as the document does."""
    table = ("--table-name", "cli_table_kms")
    shape = "AttributeName=id,AttributeType=S", "AttributeName=id,KeyType=HASH"
    attributes, schema = ("--attribute-definitions", shape[0]), ("--key-schema", shape[1])
    aws("dynamodb", "create-table", *table, *attributes, *schema, "--billing-mode", "PAY_PER_REQUEST")
    encryption = "Enabled=true,SSEType=KMS,KMSMasterKeyId=alias/cli-kms-key"
    aws("dynamodb", "update-table", *table, "--sse-specification", encryption)
    shown = aws("dynamodb", "describe-table", *table)["Table"]["SSEDescription"]
    assert shown == {"Status": "ENABLED", "SSEType": "KMS", "KMSMasterKeyArn": key}
    aws("dynamodb", "put-item", *table, "--item", json.dumps(ITEM))


def _user(aws: Cli) -> dict[str, str]:
    """A user with full access to DynamoDB: its ARN and access key."""
    name = ("--user-name", "cli-user")
    arn = aws("iam", "create-user", *name)["User"]["Arn"]
    aws("iam", "attach-user-policy", *name, "--policy-arn", FULL_ACCESS)
    return {"Arn": arn, **aws("iam", "create-access-key", *name)["AccessKey"]}


def _add_key_user(aws: Cli, key: str, user: str) -> None:
    named = ("--key-id", key, "--policy-name", "default")
    policy = json.loads(aws("kms", "get-key-policy", *named)["Policy"])
    statement = {"Effect": "Allow", "Principal": {"AWS": user}, "Action": KEY_USER, "Resource": "*"}
    policy["Statement"].append({"Sid": "Allow use of the key", **statement})
    aws("kms", "put-key-policy", *named, "--policy", json.dumps(policy))


def _clean_up(aws: Cli, key: str, access_key: str) -> None:
    name = ("--user-name", "cli-user")
    aws("dynamodb", "delete-table", "--table-name", "cli_table_kms")
    aws("iam", "delete-access-key", *name, "--access-key-id", access_key)
    aws("iam", "detach-user-policy", *name, "--policy-arn", FULL_ACCESS)
    aws("iam", "delete-user", *name)
    deletion = aws("kms", "schedule-key-deletion", "--key-id", key, "--pending-window-in-days", "7")
    assert deletion["KeyState"] == "PendingDeletion"


@pytest.mark.parametrize(
    ("access_key", "code"),
    [
        ({"AccessKeyId": "AKIANOBODY", "SecretAccessKey": "x"}, "UnrecognizedClientException"),
        ({"AccessKeyId": "test", "SecretAccessKey": "guess"}, "InvalidSignatureException"),
    ],
)
def test_credentials_that_nobody_has_are_no_denial(aws: Cli, access_key: dict[str, str], code: str) -> None:
    assert f"({code})" in aws.as_(access_key).refused("kms", "list-keys")


def test_another_service_passes(aws: Cli) -> None:
    aws("sns", "create-topic", "--name", "cli-topic")
    assert aws("sns", "list-topics")["Topics"][0]["TopicArn"].endswith(":cli-topic")
