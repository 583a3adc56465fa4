"""DynamoDB tables."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from pytest_kmslab.arguments import check_text, refusal_text, wrong_type
from pytest_kmslab.authz.arn import Arn, partition_of
from pytest_kmslab.calls.dynamodb.table_policy.document import read_table_policy
from pytest_kmslab.errors import ResourceError
from pytest_kmslab.lab.arguments import Requests, name_hint, naming_arguments
from pytest_kmslab.lab.kinds.alarm import delete_alarms
from pytest_kmslab.lab.kinds.kms.key import KmsKey
from pytest_kmslab.lab.policies.refused import Check
from pytest_kmslab.lab.resource_kind import (
    Client,
    Found,
    NamedKind,
    ResourceRef,
    tag_list,
    tags_of_pages,
)
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

    from pytest_kmslab.lab.creation import Creation

PARTITION_KEY = "id"

NAMED_BY = {
    "key": "KMS|SSESpecification",
    "Tags": r"\bTags?\b",
    "ResourcePolicy": "policy",
    "KeySchema": "key ?schema",
}
"""The arguments that only DynamoDB can tell to be wrong, by what it says then; others it calls by name."""

Encryption = KmsKey | str
"""A key to encrypt with: one of the lab, or a key id, key ARN, alias (`alias/…`) or alias ARN."""


@dataclass(frozen=True, slots=True)
class Clients:
    """The administrator's clients that a table needs."""

    dynamodb: DynamoDBClient
    kms: KMSClient
    cloudwatch: CloudWatchClient

    @classmethod
    def of(cls, client: Client) -> Clients:
        """Those of whoever these clients sign for."""
        return cls(client("dynamodb"), client("kms"), client("cloudwatch"))


class DynamoDBTable:
    """A table with the partition key `id` (String) and on-demand capacity.

    Every method calls AWS as the lab's administrator and lets the service's own error through. `arn` is
    empty until the table was created.
    """

    def __init__(self, clients: Clients, waiter: Waiter, name: str, arn: str = "") -> None:
        self._clients = clients
        self._waiter = waiter
        self.name = name
        self.arn = arn

    def __repr__(self) -> str:
        return f"DynamoDBTable({self.name!r})"

    def create(
        self,
        tags: Mapping[str, str],
        key: Encryption | None = None,
        more: Mapping[str, Any] | None = None,
    ) -> None:
        """Create the table and return when it is ACTIVE; without a key it is under DynamoDB's own.

        `more` are parameters of CreateTable, in place of the default's. Raises ResourceError when it takes
        too long.
        """
        request = table_parameters(self.name, tags, key, more or {})
        description = self._clients.dynamodb.create_table(**request)["TableDescription"]
        self.arn = description["TableArn"]
        # DescribeTable may not find for a moment what CreateTable has made: `_described` is empty then.
        self._waiter.until(
            self._described,
            lambda table: table.get("TableStatus") == "ACTIVE",
            f"table `{self.name}` to be `ACTIVE`",
            TABLE_STATE_LIMIT,
            first=dict(description),
        )

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
        with naming_arguments({"key": NAMED_BY["key"]}):
            answer = self._clients.dynamodb.update_table(
                TableName=self.name, SSESpecification=sse_specification(key)
            )
        # UpdateTable always answers that the change is under way, also where it has been made.
        if self._waiter.is_strongly_consistent:
            return
        # The description names the key's ARN, whatever the key was called by.
        arn = (
            key.arn
            if isinstance(key, KmsKey)
            else self._clients.kms.describe_key(KeyId=key)["KeyMetadata"]["Arn"]
        )
        wanted = {"Status": "ENABLED", "KMSMasterKeyArn": arn}
        changing: dict[str, Any] = dict(answer["TableDescription"])
        self._waiter.until(
            self.describe,
            lambda table: wanted.items() <= table.get("SSEDescription", {}).items(),
            f"table `{self.name}` to be encrypted under `{arn}`",
            TABLE_ENCRYPTION_LIMIT,
            first=changing,
        )

    def delete(self) -> None:
        """Delete the table's alarms and the table, and return when it is gone; no backup is made.

        The table is deleted even where its alarms cannot be. One that is gone already is no error. Raises
        ResourceError when it takes too long.
        """
        try:
            # First, as the console does it: an alarm is found by the table that it watches.
            delete_alarms(self._clients.cloudwatch, self.name)
        finally:
            self._delete()

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


def sse_specification(key: Encryption) -> SSESpecificationTypeDef:
    """How CreateTable and UpdateTable are told to encrypt under a key."""
    if not isinstance(key, KmsKey | str):
        raise wrong_type("key", "a key of the lab, its id, ARN or alias", key)
    key_id = key.arn if isinstance(key, KmsKey) else key
    return {"Enabled": True, "SSEType": "KMS", "KMSMasterKeyId": key_id}


def table_parameters(
    name: str, tags: Mapping[str, str], key: Encryption | None, more: Mapping[str, Any]
) -> CreateTableInputTypeDef:
    """CreateTable's parameters: the partition key `id` and on-demand capacity, where nothing else is said."""
    request: Any = {"TableName": name, **more}
    if "KeySchema" not in request:
        partition_key = {"AttributeName": PARTITION_KEY, "AttributeType": "S"}
        others = [
            attribute for attribute in more.get("AttributeDefinitions", ()) if attribute != partition_key
        ]
        request["KeySchema"] = [{"AttributeName": PARTITION_KEY, "KeyType": "HASH"}]
        request["AttributeDefinitions"] = [partition_key, *others]
    if not {"BillingMode", "ProvisionedThroughput"} & set(more):
        request["BillingMode"] = "PAY_PER_REQUEST"
    # The run's own tags win: a sweep goes by them.
    own = [tag for tag in more.get("Tags", ()) if tag.get("Key") not in tags]
    request["Tags"] = [*own, *tag_list(tags)]
    if key is not None:
        request["SSESpecification"] = sse_specification(key)
    parameters: CreateTableInputTypeDef = request
    return parameters


def create_table(
    creation: Creation, base: str, key: Encryption | None, more: Mapping[str, Any] | None = None
) -> DynamoDBTable:
    """Make a table with these parameters of CreateTable, and return when it is ACTIVE.

    Raises TypeError or ResourceError for what certainly is none of them; the rest DynamoDB looks at.
    """
    _check_arguments(creation, base, key, more or {})
    words = {**NAMED_BY, **{name: name for name in more or {} if name not in NAMED_BY}}
    with creation.of(TABLE, base) as made, naming_arguments(words):
        table = DynamoDBTable(Clients.of(creation.client), creation.waiter, made.name)
        table.create(made.tags, key, more)
    made.confirm(table.arn, table.delete)
    return table


def table_policy_check(creation: Creation) -> Check:
    """What DynamoDB looks at before it takes the policy of a new table."""
    # The table has no name yet: what is looked at goes by its Region and account.
    partition = partition_of(creation.region).name
    arn = Arn(partition, "dynamodb", creation.region, creation.account, "table/name")
    return partial(read_table_policy, target=str(arn), view=creation.context.backend.view)


def _check_arguments(creation: Creation, base: str, key: Encryption | None, more: Mapping[str, Any]) -> None:
    if key is not None:
        sse_specification(key)
    tags = more.get("Tags", ())
    if not isinstance(tags, list | tuple) or not all(isinstance(tag, Mapping) for tag in tags):
        raise wrong_type("Tags", "a list of dicts with `Key` and `Value`, as for CreateTable", tags)
    naming = creation.context.naming
    check_table_name(creation, "name", naming.sample(base), hint=name_hint(naming))


def check_table_name(creation: Creation, argument: str, name: Any, *, hint: str = "") -> None:
    """Raise TypeError or ResourceError for what no table can be called."""
    wanted = "the name of a table"
    if not check_text(argument, name, wanted).strip():
        raise ResourceError(refusal_text(argument, wanted, name))
    # By botocore's model CreateTable takes an ARN too; this one takes the name of a new table alone.
    restore = Requests(
        "dynamodb", "RestoreTableFromBackup", creation.region, creation.account, {"BackupArn": "a" * 37}
    )
    restore.check(argument, hint=hint, TargetTableName=name)


class TableKind(NamedKind):
    """Tables. One that is being deleted counts as gone."""

    name = "dynamodb-table"
    title = "table"
    create_operation = "CreateTable"
    removal_commands = ("dynamodb delete-table --table-name {name}",)

    def listed(self, client: Client) -> Iterator[tuple[str, Any]]:
        """ListTables answers names alone."""
        for page in client("dynamodb").get_paginator("list_tables").paginate():
            yield from zip(page["TableNames"], page["TableNames"], strict=True)

    def record_of(self, client: Client, ref: ResourceRef) -> Any:
        """Its name."""
        return ref.name

    def tag(self, client: Client, ref: ResourceRef, tags: Mapping[str, str]) -> None:
        """By its ARN."""
        client("dynamodb").tag_resource(ResourceArn=ref.arn, Tags=tag_list(tags))

    def remove(self, client: Client, waiter: Waiter, ref: ResourceRef) -> None:
        """The table, protected or not, and its alarms; a change of its encryption is waited for."""
        clients = Clients.of(client)
        table = DynamoDBTable(clients, waiter, ref.name)
        with suppress(clients.dynamodb.exceptions.ResourceNotFoundException):
            if table.describe().get("DeletionProtectionEnabled"):
                clients.dynamodb.update_table(TableName=ref.name, DeletionProtectionEnabled=False)
        table.delete()

    def look(self, client: Client, record: Any, region: str) -> Found | None:
        """With its tags."""
        dynamodb = client("dynamodb")
        table = dynamodb.describe_table(TableName=record)["Table"]
        if table["TableStatus"] == "DELETING":
            return None
        pages = dynamodb.get_paginator("list_tags_of_resource").paginate(ResourceArn=table["TableArn"])
        ref = ResourceRef(self, record, region, table["TableArn"], table.get("TableId", ""))
        return Found(ref, tags_of_pages(pages), table.get("CreationDateTime"))


TABLE = TableKind()
