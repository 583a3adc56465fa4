"""Step 5: the same user, made a key user; and a key user no more."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from e2e.item_calls import ITEM, ITEM_CALLS

from pytest_kmslab import (
    DynamoDBTable,
    IamUser,
    KmsKey,
    Lab,
    allowed,
    changed_statements,
    denied,
    eventually,
    same_meaning,
)

Client = Callable[[IamUser, str], Any]
USE = "Allow use of the key"
ATTACHMENT = "Allow attachment of persistent resources"


def principals(policy: dict[str, Any], sid: str) -> list[str]:
    """Whom a statement names."""
    users = next(one for one in policy["Statement"] if one["Sid"] == sid)["Principal"]["AWS"]
    return users if isinstance(users, list) else [users]


def actions(policy: dict[str, Any], sid: str) -> set[str]:
    """What a statement allows."""
    return set(next(statement for statement in policy["Statement"] if statement["Sid"] == sid)["Action"])


def test_adding_a_key_user_changes_two_statements(kms_key: KmsKey, outsider: IamUser) -> None:
    before = kms_key.policy()
    with kms_key.added_user(outsider):
        after = kms_key.policy()
    assert changed_statements(before, after) == sorted([USE, ATTACHMENT])
    for sid in (USE, ATTACHMENT):
        assert set(principals(after, sid)) == {*principals(before, sid), outsider.arn}
        assert actions(after, sid) == actions(before, sid)


def test_the_key_user_has_the_five_actions_of_the_document(kms_key: KmsKey, outsider: IamUser) -> None:
    with kms_key.added_user(outsider):
        policy = kms_key.policy()
    assert outsider.arn in principals(policy, USE)
    assert actions(policy, USE) == {
        "kms:Encrypt",
        "kms:Decrypt",
        "kms:ReEncrypt*",
        "kms:GenerateDataKey*",
        "kms:DescribeKey",
    }


def test_nothing_of_the_users_own_has_changed(
    kms_key: KmsKey, outsider: IamUser, client: Client, iam_admin: IamUser
) -> None:
    def own() -> tuple[Any, Any]:
        iam = client(iam_admin, "iam")
        attached = iam.list_attached_user_policies(UserName=outsider.name)["AttachedPolicies"]
        keys = iam.list_access_keys(UserName=outsider.name)["AccessKeyMetadata"]
        return attached, [key["AccessKeyId"] for key in keys]

    before = own()
    with kms_key.added_user(outsider):
        assert own() == before
    assert before[1] == [outsider.credentials.access_key_id]


@pytest.mark.usefixtures("encrypted_item")
def test_the_same_user_is_denied_then_allowed_then_denied(
    encrypted_table: DynamoDBTable,
    kms_key: KmsKey,
    client: Client,
    outsider: IamUser,
    kmslab: Lab,
    subtests: pytest.Subtests,
) -> None:
    dynamodb, table = client(outsider, "dynamodb"), encrypted_table.name
    for operation, call in ITEM_CALLS.items():
        with subtests.test(f"{operation} before"), denied("kms:Decrypt"):
            call(dynamodb, table)
    with kms_key.added_user(outsider):
        for operation, call in ITEM_CALLS.items():
            with subtests.test(f"{operation} as key user"):
                for attempt in eventually():
                    with attempt, allowed():
                        call(dynamodb, table)
    for operation, call in ITEM_CALLS.items():
        with subtests.test(f"{operation} after"):
            for attempt in eventually():  # a connection that has the table's key goes on reading
                with attempt, denied("kms:Decrypt"):
                    call(kmslab.as_(outsider).new_client("dynamodb"), table)


@pytest.mark.usefixtures("encrypted_item")
def test_the_user_reads_what_is_there_and_what_it_writes_is_read(
    encrypted_table: DynamoDBTable, kms_key: KmsKey, client: Client, outsider: IamUser, key_user: IamUser
) -> None:
    dynamodb = client(outsider, "dynamodb")
    with kms_key.added_user(outsider):
        assert ITEM_CALLS["GetItem"](dynamodb, encrypted_table.name)["Item"] == ITEM
        ITEM_CALLS["UpdateItem"](dynamodb, encrypted_table.name)
    seen = ITEM_CALLS["GetItem"](client(key_user, "dynamodb"), encrypted_table.name)["Item"]
    assert seen["note"] == {"S": "changed"}


def test_removing_the_key_user_leaves_the_policy_as_it_was(kms_key: KmsKey, outsider: IamUser) -> None:
    before = kms_key.policy()
    with kms_key.kept_policy():
        kms_key.add_user(outsider)
        assert outsider.arn in kms_key.users()
        kms_key.remove_user(outsider)
        assert same_meaning(kms_key.policy(), before)


def test_only_the_user_who_was_added_is_allowed(
    encrypted_table: DynamoDBTable, kms_key: KmsKey, client: Client, outsider: IamUser, kmslab: Lab
) -> None:
    another = kmslab.create_user(policies=["AmazonDynamoDBFullAccess"])
    with kms_key.added_user(outsider), denied("kms:Decrypt"):
        ITEM_CALLS["Scan"](client(another, "dynamodb"), encrypted_table.name)
