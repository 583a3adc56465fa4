"""A cell asks for what the whole call asks for, with the same condition keys."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from typing import Any

import pytest

from pytest_kmslab import DynamoDBTable, IamUser, KmsKey, Lab, access_matrix, denied
from pytest_kmslab.account.model import GlobalTable, Key, Table
from pytest_kmslab.calls.api_call import ApiCall, Authorization, ServiceError
from pytest_kmslab.calls.operations import ASKS_FOR, OPERATIONS
from pytest_kmslab.matrix.subjects import ResourceSubject, caller_of
from pytest_kmslab.matrix.whole_calls import ON_NO_KEY, questions

ACCOUNT, REGION = "123456789012", "us-east-1"
KEY_ID = "1234abcd-12ab-34cd-56ef-1234567890ab"
KEY_ARN = f"arn:aws:kms:{REGION}:{ACCOUNT}:key/{KEY_ID}"
TABLE_ARN = f"arn:aws:dynamodb:{REGION}:{ACCOUNT}:table/orders"
STREAM_ARN = f"{TABLE_ARN}/stream/2026-01-01T00:00:00.000"
KEY = Key(
    KEY_ARN,
    KEY_ID,
    ACCOUNT,
    REGION,
    "Enabled",
    "SYMMETRIC_DEFAULT",
    "ENCRYPT_DECRYPT",
    "AWS_KMS",
    "CUSTOMER",
    aliases=("alias/orders",),
)
TABLE = Table(TABLE_ARN, "orders", ACCOUNT, REGION, KEY_ARN, hash_key="id", stream_arn=STREAM_ARN)
CALLER = caller_of(f"arn:aws:iam::{ACCOUNT}:user/ana")
OF_KEY = ResourceSubject(KEY_ARN, key=KEY)
OF_TABLE = ResourceSubject(TABLE_ARN, table=TABLE, table_key=OF_KEY, stream=ResourceSubject(STREAM_ARN))
ITEM = {"id": {"S": "1"}}
NEW_TABLE = {
    "TableName": "orders",
    "AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "S"}],
    "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}],
    "BillingMode": "PAY_PER_REQUEST",
    "SSESpecification": {"Enabled": True, "SSEType": "KMS", "KMSMasterKeyId": KEY_ARN},
}


class OneOfEach:
    """An account that has one key and one table under it, with a stream and a backup."""

    def table(self, _arn: str, _region: str, _account: str) -> Table:
        return TABLE

    def backup(self, _arn: str) -> Table:
        return TABLE

    def streamed_table(self, _iterator: str) -> Table:
        return TABLE

    def key(self, _key_id: str, region: str, _account: str) -> Key | None:
        return KEY if region == REGION else None

    def principal_exists(self, _arn: str) -> bool:
        return True

    def iam_arn(self, _kind: str, _name: str, _account: str, _partition: str) -> None:
        return None

    def key_of_ciphertext(self, _ciphertext: bytes, _region: str, _account: str) -> Key:
        return KEY


def planned(service: str, operation: str, params: dict[str, Any]) -> list[Authorization]:
    """What the call itself asks for, up to what it is refused for besides."""
    asked = []
    call = ApiCall(service, operation, params, REGION, CALLER)
    with suppress(ServiceError, KeyError):
        for one in OPERATIONS[service][operation](call, OneOfEach()):  # type: ignore[arg-type]
            asked.append(one)
    return asked


def of_cell(action: str, resource: ResourceSubject) -> Iterator[Authorization]:
    service, _, operation = action.partition(":")
    call = ApiCall(service, operation, {}, REGION, CALLER)
    with suppress(ServiceError):
        for authorization, subject in questions(call, action, resource):
            assert authorization.request.resource == subject.arn
            yield authorization


def told(asked: Any, *left_out: str) -> list[tuple[str, str, dict[str, Any]]]:
    """Action, resource and condition keys; the id of a backup is any, and so is what only one side has."""
    found = [
        (
            one.request.action,
            re.sub(r"(backup|export|import|index)/[\w-]+$", r"\1/*", one.request.resource),
            {name: values for name, values in one.request.context.pairs() if name not in left_out},
        )
        for one in asked
    ]
    return [one for at, one in enumerate(found) if one not in found[:at]]


OF_TABLES: dict[str, dict[str, Any]] = {
    "CreateBackup": {"TableName": "orders", "BackupName": "one"},
    "CreateGlobalTable": {"GlobalTableName": "orders", "ReplicationGroup": [{"RegionName": REGION}]},
    "CreateTable": NEW_TABLE,
    "DeleteBackup": {"BackupArn": f"{TABLE_ARN}/backup/01489602797149-73d8d5bc"},
    "DeleteTable": {"TableName": "orders"},
    "DescribeBackup": {"BackupArn": f"{TABLE_ARN}/backup/01489602797149-73d8d5bc"},
    "DescribeExport": {"ExportArn": f"{TABLE_ARN}/export/01489602797149-73d8d5bc"},
    "DescribeGlobalTable": {"GlobalTableName": "orders"},
    "DescribeImport": {"ImportArn": f"{TABLE_ARN}/import/01489602797149-73d8d5bc"},
    "DescribeLimits": {},
    "DescribeTable": {"TableName": "orders"},
    "ExportTableToPointInTime": {"TableArn": TABLE_ARN, "S3Bucket": "some"},
    "ImportTable": {"TableCreationParameters": NEW_TABLE},
    "ListBackups": {},
    "ListTables": {},
    "RestoreTableFromBackup": {
        "BackupArn": f"{TABLE_ARN}/backup/01489602797149-73d8d5bc",
        "TargetTableName": "orders",
    },
    "RestoreTableToPointInTime": {
        "SourceTableName": "orders",
        "TargetTableName": "orders",
        "UseLatestRestorableTime": True,
    },
    "SearchVectors": {"TableName": "orders", "IndexName": "by-meaning"},
    "UpdateGlobalTable": {"GlobalTableName": "orders", "ReplicaUpdates": []},
    "UpdateGlobalTableSettings": {"GlobalTableName": "orders"},
    "UpdateTable": {"TableName": "orders", "BillingMode": "PAY_PER_REQUEST"},
    "UpdateTimeToLive": {"TableName": "orders"},
    "GetItem": {"TableName": "orders", "Key": ITEM},
    "PutItem": {"TableName": "orders", "Item": ITEM},
    "UpdateItem": {"TableName": "orders", "Key": ITEM},
    "DeleteItem": {"TableName": "orders", "Key": ITEM},
    "Scan": {"TableName": "orders"},
    "BatchGetItem": {"RequestItems": {"orders": {"Keys": [ITEM]}}},
    "BatchWriteItem": {"RequestItems": {"orders": [{"PutRequest": {"Item": ITEM}}]}},
}


@pytest.mark.parametrize("operation", OF_TABLES)
def test_a_cell_of_a_table_asks_as_the_call_does(operation: str) -> None:
    said = ("dynamodb:LeadingKeys", "dynamodb:FirstPartitionKeyValues", "dynamodb:Attributes")
    asked = told(planned("dynamodb", operation, OF_TABLES[operation]), *said)
    assert asked
    assert told(of_cell(f"dynamodb:{operation}", OF_TABLE)) == asked


def test_time_to_live_of_a_replicated_table_is_asked_for_in_every_region() -> None:
    assert OF_TABLE.table is not None
    table = replace(OF_TABLE.table, global_table=GlobalTable(("eu-west-1",)))
    found = of_cell("dynamodb:UpdateTimeToLive", replace(OF_TABLE, table=table))
    asked = [one.request.resource for one in found if one.request.action == "dynamodb:UpdateTimeToLive"]
    assert asked == [TABLE_ARN, TABLE_ARN.replace(REGION, "eu-west-1")]


@pytest.mark.parametrize(
    ("operation", "params"),
    [
        ("DescribeStream", {"StreamArn": STREAM_ARN}),
        ("GetShardIterator", {"StreamArn": STREAM_ARN}),
        ("GetRecords", {"ShardIterator": f"{STREAM_ARN}|1|x"}),
        ("ListStreams", {}),
    ],
)
def test_a_cell_of_a_stream_asks_as_the_call_does(operation: str, params: dict[str, Any]) -> None:
    asked = told(planned("dynamodbstreams", operation, params))
    assert asked
    assert told(of_cell(f"dynamodb:{operation}", OF_TABLE)) == asked


OF_KEYS: dict[str, dict[str, Any]] = {
    "CreateAlias": {"AliasName": "alias/orders", "TargetKeyId": KEY_ARN},
    "UpdateAlias": {"AliasName": "alias/orders", "TargetKeyId": KEY_ARN},
    "DeleteAlias": {"AliasName": "alias/orders"},
    "CreateGrant": {"Operations": (), "GranteePrincipal": CALLER.arn},
    "ReplicateKey": {"ReplicaRegion": "eu-west-1"},
    "UpdatePrimaryRegion": {"PrimaryRegion": "eu-west-1"},
    "PutKeyPolicy": {},
    "UntagResource": {"TagKeys": ()},
    "CreateKey": {},
    "Decrypt": {"CiphertextBlob": b"x"},
}


@pytest.mark.parametrize("operation", sorted({*OPERATIONS["kms"]} - {"RetireGrant", "ReEncrypt"}))
def test_a_cell_of_a_key_asks_as_the_call_does(operation: str) -> None:
    params = {"KeyId": KEY_ARN, **OF_KEYS.get(operation, {})}
    if operation in ON_NO_KEY:
        params.pop("KeyId")
    said = ["kms:GranteePrincipal", "kms:GrantOperations", "aws:TagKeys"]
    if "Region" in str(params):
        said += ["kms:ReplicaRegion", "kms:PrimaryRegion", "aws:RequestedRegion"]
    asked = told(planned("kms", operation, params), *said)
    if operation == "UpdatePrimaryRegion":  # the replica's own policy is not known
        asked = asked[:1]
    assert asked
    resource = replace(OF_KEY, is_known=False)
    assert told(of_cell(f"kms:{operation}", resource), *said) == asked


def test_of_a_re_encryption_each_half_is_a_cell() -> None:
    named = {"SourceKeyId": KEY_ARN, "DestinationKeyId": KEY_ARN, "CiphertextBlob": b"x"}
    asked = told(planned("kms", "ReEncrypt", named), SAME_KEY)
    assert asked == told([*of_cell("kms:ReEncryptFrom", OF_KEY), *of_cell("kms:ReEncryptTo", OF_KEY)])
    assert "kms:ReEncrypt" in ASKS_FOR


SAME_KEY = "kms:ReEncryptOnSameKey"


@pytest.mark.parametrize(
    ("action", "changes", "code"),
    [
        ("kms:Sign", {}, "InvalidKeyUsageException"),
        ("kms:Decrypt", {"usage": "SIGN_VERIFY"}, "InvalidKeyUsageException"),
        ("kms:Decrypt", {"state": "Disabled"}, "DisabledException"),
        ("kms:ReplicateKey", {}, "UnsupportedOperationException"),
        ("kms:CancelKeyDeletion", {}, "KMSInvalidStateException"),
        ("kms:UpdateAlias", {"state": "PendingDeletion"}, "KMSInvalidStateException"),
        ("kms:CancelKeyDeletion", {"state": "PendingDeletion"}, ""),
        ("kms:PutKeyPolicy", {"state": "Disabled"}, ""),
        ("kms:DeleteAlias", {"state": "PendingDeletion"}, ""),
        ("kms:ListKeys", {"state": "PendingDeletion"}, ""),
    ],
)
def test_a_key_that_is_not_fit_for_the_call_stands_in_its_way(
    action: str, changes: dict[str, str], code: str
) -> None:
    service, _, operation = action.partition(":")
    call = ApiCall(service, operation, {}, REGION, CALLER)
    answered = ""
    try:
        list(questions(call, action, replace(OF_KEY, key=replace(KEY, **changes))))
    except ServiceError as error:
        answered = error.code
    assert answered == code


def test_who_may_restore_but_not_fill_the_table_may_not_restore(
    kmslab: Lab, kms_key: KmsKey, encrypted_table: DynamoDBTable
) -> None:
    """As the call itself: each of the seven actions is missed."""
    restore = "dynamodb:RestoreTableFromBackup"
    own = [restore, "dynamodb:CreateBackup", *(f"dynamodb:{action}" for action in FILLING)]
    admin = kmslab.as_(kmslab.admin).client("dynamodb")
    backup = admin.create_backup(TableName=encrypted_table.name, BackupName="one")["BackupDetails"]
    for missing in (None, *FILLING[:2]):
        actions = [action for action in own if action != f"dynamodb:{missing}"]
        statement = {"Effect": "Allow", "Action": actions, "Resource": "*"}
        user = kmslab.create_user("restorer", inline={"Version": "2012-10-17", "Statement": [statement]})
        kms_key.add_user(user)
        cell = access_matrix(user, restore, encrypted_table)[user, restore, encrypted_table]
        assert cell.allowed == (missing is None)
        restoring: Any = {"TargetTableName": "again", "BackupArn": backup["BackupArn"]}
        if missing is None:
            kmslab.as_(user).client("dynamodb").restore_table_from_backup(**restoring)
            continue
        assert cell.asked[-1].request.action == f"dynamodb:{missing}"
        with denied(f"dynamodb:{missing}"):
            kmslab.as_(user).client("dynamodb").restore_table_from_backup(**restoring)


FILLING = ("BatchWriteItem", "DeleteItem", "GetItem", "PutItem", "Query", "Scan", "UpdateItem")


def test_a_policy_on_the_table_is_none_on_its_backups_nor_on_everything(
    kmslab: Lab, encrypted_table: DynamoDBTable, outsider: IamUser, kms_key: KmsKey
) -> None:
    statement = {"Effect": "Allow", "Action": "dynamodb:*", "Resource": encrypted_table.arn}
    user = kmslab.create_user("narrow", inline={"Version": "2012-10-17", "Statement": [statement]})
    matrix = access_matrix(user, ["dynamodb:DeleteBackup", "dynamodb:ListTables"], encrypted_table)
    assert [allowed for *_, allowed in matrix] == [False, False]
    policy = kms_key.policy()
    policy["Statement"].append(
        {"Effect": "Allow", "Principal": {"AWS": user.arn}, "Action": "kms:*", "Resource": "*"}
    )
    kms_key.put_policy(policy)
    actions = ["kms:Decrypt", "kms:ListKeys", "kms:CreateKey", "kms:DeleteAlias"]
    assert [allowed for *_, allowed in access_matrix(user, actions, kms_key)] == [True, False, False, False]


def test_a_table_with_a_stream_is_asked_under_the_policy_of_the_stream(
    kmslab: Lab, kms_key: KmsKey, key_user: IamUser
) -> None:
    table = kmslab.create_table(
        key=kms_key, StreamSpecification={"StreamEnabled": True, "StreamViewType": "NEW_IMAGE"}
    )
    admin = kmslab.as_(kmslab.admin).client("dynamodb")
    stream = admin.describe_table(TableName=table.name)["Table"]["LatestStreamArn"]
    read = "dynamodb:GetRecords"
    assert access_matrix(key_user, read, table)[key_user, read, table].allowed
    deny = {"Effect": "Deny", "Principal": {"AWS": key_user.arn}, "Action": read, "Resource": stream}
    document = json.dumps({"Version": "2012-10-17", "Statement": [deny]})
    admin.put_resource_policy(ResourceArn=stream, Policy=document)
    cell = access_matrix(key_user, read, table)[key_user, read, table]
    assert (cell.allowed, cell.asked[0].request.resource) == (False, stream)
