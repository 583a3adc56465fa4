"""The whole story, in the order of the document."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError
from e2e.item_calls import ITEM, ITEM_CALLS

from pytest_kmslab import (
    DynamoDBTable,
    IamUser,
    KmsKey,
    Lab,
    allowed,
    changed_statements,
    console_policy,
    denied,
    eventually,
    same_meaning,
)


def test_the_document_from_the_first_step_to_the_last(kmslab: Lab, subtests: pytest.Subtests) -> None:
    before = kmslab.inventory()
    with kmslab.nested() as lab:
        key, table = encrypt_a_table(lab, subtests)
        user = lab.create_user(policies=["AmazonDynamoDBFullAccess"], console=True)
        deny_then_allow_then_deny(lab, subtests, key, table, user)
        lab.create_alarm(table)
    with subtests.test("6: nothing is left"):
        assert kmslab.inventory() == before
        assert key.state() == "PendingDeletion"
        assert user.console is not None
        assert not user.console.csv_path.exists()
        with pytest.raises(ClientError, match="ResourceNotFoundException"):
            table.describe()


def encrypt_a_table(lab: Lab, subtests: pytest.Subtests) -> tuple[KmsKey, DynamoDBTable]:
    """Steps 1 to 3."""
    admin = lab.admin
    key, table = lab.create_key(), lab.create_table()
    with subtests.test("1: a key, administered and used by the administrator"):
        wanted = console_policy(lab.account, administrators=[admin.arn], users=[admin.arn])
        assert same_meaning(key.policy(), wanted)
    with subtests.test("2: a table, encrypted under the key"):
        assert table.status() == "ACTIVE"
        table.encrypt(key)
        assert table.encryption() == {"Status": "ENABLED", "SSEType": "KMS", "KMSMasterKeyArn": key.arn}
    with subtests.test("3: an item, seen by the administrator"), allowed():
        dynamodb = lab.as_(admin).client("dynamodb")
        dynamodb.put_item(TableName=table.name, Item=ITEM)
        assert ITEM_CALLS["Scan"](dynamodb, table.name)["Items"] == [ITEM]
    return key, table


def deny_then_allow_then_deny(
    lab: Lab, subtests: pytest.Subtests, key: KmsKey, table: DynamoDBTable, user: IamUser
) -> None:
    """Steps 4 and 5."""
    dynamodb, policy = lab.as_(user).client("dynamodb"), key.policy()
    with subtests.test("4: a user with full access to DynamoDB, denied for want of the key"):
        with allowed():
            dynamodb.describe_table(TableName=table.name)
        with denied("kms:Decrypt"):
            ITEM_CALLS["Scan"](dynamodb, table.name)
    with subtests.test("5: the same user, made a key user, reads and writes"):
        key.add_user(user)
        assert len(changed_statements(policy, key.policy())) == 2
        for attempt in eventually():
            with attempt, allowed():
                assert ITEM_CALLS["Scan"](dynamodb, table.name)["Items"] == [ITEM]
                ITEM_CALLS["PutItem"](dynamodb, table.name)
    with subtests.test("5: a key user no more, and denied again"):
        key.remove_user(user)
        assert same_meaning(key.policy(), policy)
        for attempt in eventually():
            with attempt, denied("kms:Decrypt"):
                ITEM_CALLS["Scan"](lab.as_(user).new_client("dynamodb"), table.name)


def test_two_stories_at_once_have_nothing_in_common_but_the_administrator(kmslab: Lab) -> None:
    with kmslab.nested() as one, kmslab.nested() as other:
        made: list[Any] = [lab.create_table(key=lab.create_key()) for lab in (one, other)]
        user = one.create_user(policies=["AmazonDynamoDBFullAccess"])
        assert made[0].encryption()["KMSMasterKeyArn"] != made[1].encryption()["KMSMasterKeyArn"]
        with denied("kms:Decrypt"):
            ITEM_CALLS["Scan"](other.as_(user).client("dynamodb"), made[1].name)
