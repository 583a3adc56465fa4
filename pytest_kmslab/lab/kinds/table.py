"""A DynamoDB table of the lab."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from pytest_kmslab.lab.kinds.alarm import delete_alarms
from pytest_kmslab.lab.kinds.key import KmsKey
from pytest_kmslab.lab.waiting.waiters import (
    TABLE_ENCRYPTION_LIMIT,
    TABLE_IN_USE,
    TABLE_IN_USE_LIMIT,
    TABLE_STATE_LIMIT,
    Waiter,
)

if TYPE_CHECKING:
    from mypy_boto3_cloudwatch.client import CloudWatchClient
    from mypy_boto3_dynamodb.client import DynamoDBClient
    from mypy_boto3_dynamodb.type_defs import CreateTableInputTypeDef, SSESpecificationTypeDef
    from mypy_boto3_kms.client import KMSClient

PARTITION_KEY = "id"

Encryption = KmsKey | str
"""A key to encrypt with: one of the lab, or a key id, key ARN, alias (`alias/…`) or alias ARN."""


class Clients:
    """The administrator's clients that a table needs."""

    def __init__(self, dynamodb: DynamoDBClient, kms: KMSClient, cloudwatch: CloudWatchClient) -> None:
        self.dynamodb = dynamodb
        self.kms = kms
        self.cloudwatch = cloudwatch


class DynamoDBTable:
    """A table with the partition key `id` (String) and on-demand capacity.

    Every method calls AWS as the lab's administrator and lets the service's own error through. `arn` is
    empty until the table was created.
    """

    def __init__(self, clients: Clients, waiter: Waiter, name: str) -> None:
        self._clients = clients
        self._waiter = waiter
        self.name = name
        self.arn = ""

    def __repr__(self) -> str:
        return f"DynamoDBTable({self.name!r})"

    def create(self, tags: Mapping[str, str], key: Encryption | None = None) -> None:
        """Create the table and return when it is ACTIVE; without a key it is under DynamoDB's own.

        Raises ResourceError when it takes too long.
        """
        request: CreateTableInputTypeDef = {
            "TableName": self.name,
            "KeySchema": [{"AttributeName": PARTITION_KEY, "KeyType": "HASH"}],
            "AttributeDefinitions": [{"AttributeName": PARTITION_KEY, "AttributeType": "S"}],
            "BillingMode": "PAY_PER_REQUEST",
            "Tags": [{"Key": tag, "Value": value} for tag, value in tags.items()],
        }
        if key is not None:
            request["SSESpecification"] = sse_specification(key)
        description = self._clients.dynamodb.create_table(**request)["TableDescription"]
        self.arn = description["TableArn"]
        self._wait_until_active(dict(description))

    def describe(self) -> dict[str, Any]:
        """The table's description, as DescribeTable answers it."""
        return dict(self._clients.dynamodb.describe_table(TableName=self.name)["Table"])

    def status(self) -> str:
        """DynamoDB's TableStatus: `ACTIVE`, `CREATING` …"""
        return str(self.describe()["TableStatus"])

    def encryption(self) -> dict[str, Any]:
        """SSEDescription, empty for a table under DynamoDB's own key."""
        return dict(self.describe().get("SSEDescription", {}))

    def encrypt(self, key: Encryption) -> None:
        """Encrypt the table under a key, and return when that is done.

        DynamoDB allows four changes in 24 hours. Raises ResourceError when it takes too long.
        """
        arn = self._key_arn(key)
        answer = self._clients.dynamodb.update_table(
            TableName=self.name, SSESpecification=sse_specification(key)
        )
        self._waiter.until(
            self.describe,
            lambda table: _encrypted_under(table, arn),
            f"table `{self.name}` to be encrypted under `{arn}`",
            TABLE_ENCRYPTION_LIMIT,
            first=dict(answer["TableDescription"]),
        )

    def delete(self) -> None:
        """Delete the table's alarms and the table, and return when it is gone; no backup is made.

        The table is deleted even where its alarms cannot be. One that is gone already is no error. Raises
        ResourceError when it takes too long.
        """
        try:
            delete_alarms(self._clients.cloudwatch, self.name)
        finally:
            self._delete()

    def unprotect(self) -> None:
        """Let the table be deleted, if it was protected from that."""
        if self.describe().get("DeletionProtectionEnabled"):
            self._clients.dynamodb.update_table(TableName=self.name, DeletionProtectionEnabled=False)

    def exists(self) -> bool:
        """Whether DynamoDB knows the table."""
        return bool(self._described())

    def _delete(self) -> None:
        dynamodb = self._clients.dynamodb
        try:
            self._waiter.while_refused(
                lambda: dynamodb.delete_table(TableName=self.name),
                TABLE_IN_USE,
                f"table `{self.name}` to let itself be deleted",
                TABLE_IN_USE_LIMIT,
            )
        except dynamodb.exceptions.ResourceNotFoundException:
            return
        if not self._waiter.is_strongly_consistent:
            self._waiter.until(
                self.exists, lambda there: not there, f"table `{self.name}` to go", TABLE_STATE_LIMIT
            )

    def _described(self) -> dict[str, Any]:
        """Its description, empty where DynamoDB does not know the table."""
        try:
            return self.describe()
        except self._clients.dynamodb.exceptions.ResourceNotFoundException:
            return {}

    def _wait_until_active(self, first: dict[str, Any]) -> None:
        """DescribeTable may not find for a moment what CreateTable has made."""
        self._waiter.until(
            self._described,
            lambda table: table.get("TableStatus") == "ACTIVE",
            f"table `{self.name}` to be `ACTIVE`",
            TABLE_STATE_LIMIT,
            first=first,
        )

    def _key_arn(self, key: Encryption) -> str:
        """What the table's description will name: the key's ARN, whatever the key was called by."""
        if isinstance(key, KmsKey):
            return key.arn
        return self._clients.kms.describe_key(KeyId=key)["KeyMetadata"]["Arn"]


def sse_specification(key: Encryption) -> SSESpecificationTypeDef:
    """How CreateTable and UpdateTable are told to encrypt under a key."""
    named = key.arn if isinstance(key, KmsKey) else key
    return {"Enabled": True, "SSEType": "KMS", "KMSMasterKeyId": named}


def _encrypted_under(table: Mapping[str, Any], key_arn: str) -> bool:
    sse = table.get("SSEDescription", {})
    return bool(sse.get("Status") == "ENABLED" and sse.get("KMSMasterKeyArn") == key_arn)
