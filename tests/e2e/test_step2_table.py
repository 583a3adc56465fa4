"""Step 2: create the table, and then encrypt it under the key."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from pytest_kmslab import DynamoDBTable, IamUser, KmsKey, Lab, Settings, service_host

Client = Callable[[IamUser, str], Any]


def test_the_table_is_active_with_the_partition_key_id(kmslab: Lab, settings: Settings) -> None:
    table = kmslab.create_table()
    assert table.name.startswith(f"{settings.table_name}-")
    description = table.describe()
    assert description["TableStatus"] == "ACTIVE"
    assert description["KeySchema"] == [{"AttributeName": "id", "KeyType": "HASH"}]
    assert description["AttributeDefinitions"] == [{"AttributeName": "id", "AttributeType": "S"}]
    assert description["BillingModeSummary"]["BillingMode"] == "PAY_PER_REQUEST"


def test_a_table_begins_under_the_key_of_dynamodb(kmslab: Lab) -> None:
    assert kmslab.create_table().encryption() == {}


@pytest.mark.parametrize("named_by", ["arn", "alias", "id"])
def test_the_table_is_encrypted_under_the_key(kmslab: Lab, kms_key: KmsKey, named_by: str) -> None:
    table = kmslab.create_table()
    table.encrypt(getattr(kms_key, named_by))
    assert table.encryption() == {"Status": "ENABLED", "SSEType": "KMS", "KMSMasterKeyArn": kms_key.arn}
    assert table.status() == "ACTIVE"


@pytest.mark.parametrize("named_by", ["arn", "alias", "id"])
def test_a_table_can_be_created_encrypted(kmslab: Lab, kms_key: KmsKey, named_by: str) -> None:
    table = kmslab.create_table(key=getattr(kms_key, named_by))
    assert table.encryption() == {"Status": "ENABLED", "SSEType": "KMS", "KMSMasterKeyArn": kms_key.arn}


def test_what_was_in_the_table_can_still_be_read(
    plain_table: DynamoDBTable, kms_key: KmsKey, client: Client, key_user: IamUser
) -> None:
    dynamodb = client(key_user, "dynamodb")
    before = dynamodb.scan(TableName=plain_table.name)["Items"]
    plain_table.encrypt(kms_key)
    assert dynamodb.scan(TableName=plain_table.name)["Items"] == before != []


def grants_for(kms: Any, key: KmsKey, table: DynamoDBTable) -> list[dict[str, Any]]:
    """The grants on a key that are for a table, by their encryption context."""
    pages = kms.get_paginator("list_grants").paginate(KeyId=key.arn)
    grants = [grant for page in pages for grant in page["Grants"]]
    name = "aws:dynamodb:tableName"
    return [
        grant
        for grant in grants
        if grant.get("Constraints", {}).get("EncryptionContextSubset", {}).get(name) == table.name
    ]


@pytest.mark.parametrize("created_encrypted", [False, True])
def test_dynamodb_leaves_its_grants_on_the_key(
    kmslab: Lab, kms_key: KmsKey, client: Client, iam_admin: IamUser, created_encrypted: bool
) -> None:
    table = kmslab.create_table(key=kms_key if created_encrypted else None)
    if not created_encrypted:
        table.encrypt(kms_key)
    grants = grants_for(client(iam_admin, "kms"), kms_key, table)
    service = service_host("dynamodb", kmslab.region)
    assert len(grants) == 2
    for grant in grants:
        assert grant["GranteePrincipal"] == grant["RetiringPrincipal"] == service
        assert set(grant["Operations"]) == {
            "Decrypt",
            "Encrypt",
            "GenerateDataKey",
            "ReEncryptFrom",
            "ReEncryptTo",
            "RetireGrant",
            "DescribeKey",
        }
        assert grant["Constraints"]["EncryptionContextSubset"] == {
            "aws:dynamodb:tableName": table.name,
            "aws:dynamodb:subscriberId": kmslab.account,
        }


def test_a_table_under_the_key_of_dynamodb_leaves_none(
    plain_table: DynamoDBTable, kms_key: KmsKey, client: Client, iam_admin: IamUser
) -> None:
    assert grants_for(client(iam_admin, "kms"), kms_key, plain_table) == []


def test_the_grants_go_with_the_table(
    kmslab: Lab, kms_key: KmsKey, client: Client, iam_admin: IamUser
) -> None:
    table = kmslab.create_table(key=kms_key)
    table.delete()
    assert grants_for(client(iam_admin, "kms"), kms_key, table) == []
