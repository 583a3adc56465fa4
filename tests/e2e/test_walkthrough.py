"""The whole story, in the order of the document."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError
from e2e.item_calls import ITEM, ITEM_CALLS
from e2e.story import Story, why

from pytest_kmslab import (
    DynamoDBTable,
    IamUser,
    KmsKey,
    Lab,
    Trail,
    allowed,
    changed_statements,
    console_policy,
    denied,
    eventually,
    same_meaning,
)


def test_the_document_from_the_first_step_to_the_last(
    kmslab: Lab, subtests: pytest.Subtests, kmslab_trail: Trail, story: Story
) -> None:
    before = kmslab.inventory()
    with kmslab.nested() as lab:
        key, table = encrypt_a_table(lab, subtests, kmslab_trail, story)
        user = lab.create_user(policies=["AmazonDynamoDBFullAccess"], console=True)
        denied_for_want_of_the_key(lab, subtests, table, user, kmslab_trail, story)
        allowed_as_key_user_and_denied_again(lab, subtests, key, table, user, kmslab_trail, story)
        lab.create_alarm(table)
    with subtests.test("6: nothing is left"):
        assert kmslab.inventory() == before
        assert key.state() == "PendingDeletion"
        assert user.console is not None
        assert not user.console.csv_path.exists()
        with pytest.raises(ClientError, match="ResourceNotFoundException"):
            table.describe()
        story.step(6, "The alarm, the user with all credentials, the table and the key are removed.")
        story.says(
            f"The key is {key.state()}, DescribeTable answers ResourceNotFoundException: nothing is left."
        )


def encrypt_a_table(
    lab: Lab, subtests: pytest.Subtests, trail: Trail, story: Story
) -> tuple[KmsKey, DynamoDBTable]:
    """Steps 1 to 3."""
    admin = lab.admin
    key, table = lab.create_key(), lab.create_table()
    with subtests.test("1: a key, administered and used by the administrator"):
        wanted = console_policy(lab.account, administrators=[admin.arn], users=[admin.arn])
        assert same_meaning(key.policy(), wanted)
        story.step(1, "The administrator makes a key, to be administered and used by them alone.")
        story.says(
            f"CreateKey: a key policy of {len(wanted['Statement'])} statements, as the console writes it."
        )
    with subtests.test("2: a table, encrypted under the key"):
        assert table.status() == "ACTIVE"
        table.encrypt(key)
        assert table.encryption() == {"Status": "ENABLED", "SSEType": "KMS", "KMSMasterKeyArn": key.arn}
        asked = [entry.request.action for entry in trail.allowed(by=admin, on=key, via="dynamodb")]
        story.step(2, "The administrator makes a table in DynamoDB, encrypted under the key.")
        requests = ", ".join(action.removeprefix("kms:") for action in dict.fromkeys(asked))
        story.says(f"UpdateTable: DynamoDB asks KMS in their name for {requests}.")
    with subtests.test("3: an item, seen by the administrator"), allowed():
        dynamodb = lab.as_(admin).client("dynamodb")
        dynamodb.put_item(TableName=table.name, Item=ITEM)
        assert ITEM_CALLS["Scan"](dynamodb, table.name)["Items"] == [ITEM]
        story.step(3, "The administrator writes an item, and sees it in plain text.")
        story.says("PutItem, Scan: allowed. Who may use the key sees the data as if in clear.")
    return key, table


def denied_for_want_of_the_key(
    lab: Lab, subtests: pytest.Subtests, table: DynamoDBTable, user: IamUser, trail: Trail, story: Story
) -> None:
    """Step 4."""
    dynamodb = lab.as_(user).client("dynamodb")
    with subtests.test("4: a user with full access to DynamoDB, denied for want of the key"):
        story.step(4, "A new user has AmazonDynamoDBFullAccess, and no permission on the key.")
        with allowed():
            dynamodb.describe_table(TableName=table.name)
        story.says("DescribeTable: allowed.")
        with denied("kms:Decrypt") as denial:
            ITEM_CALLS["Scan"](dynamodb, table.name)
        story.refuses(denial, trail.denied("kms:Decrypt", by=user))


def allowed_as_key_user_and_denied_again(
    lab: Lab,
    subtests: pytest.Subtests,
    key: KmsKey,
    table: DynamoDBTable,
    user: IamUser,
    trail: Trail,
    story: Story,
) -> None:
    """Step 5."""
    dynamodb, policy = lab.as_(user).client("dynamodb"), key.policy()
    with subtests.test("5: the same user, made a key user, reads and writes"):
        key.add_user(user)
        changed = changed_statements(policy, key.policy())
        assert len(changed) == 2
        for attempt in eventually():
            with attempt, allowed():
                assert ITEM_CALLS["Scan"](dynamodb, table.name)["Items"] == [ITEM]
                ITEM_CALLS["PutItem"](dynamodb, table.name)
        story.step(
            5, f"The same user is made a key user: {len(changed)} statements of the key policy name them."
        )
        story.says("Scan, PutItem: allowed.")
        for entry in trail.allowed("kms:Decrypt", by=user)[-1:]:
            story.says(f"Why: {why(entry.decision)}.")
    with subtests.test("5: a key user no more, and denied again"):
        key.remove_user(user)
        assert same_meaning(key.policy(), policy)
        for attempt in eventually():
            with attempt, denied("kms:Decrypt"):
                ITEM_CALLS["Scan"](lab.as_(user).new_client("dynamodb"), table.name)
        story.says("Scan, when the user is a key user no more: denied kms:Decrypt, as before.")


def test_two_stories_at_once_have_nothing_in_common_but_the_administrator(kmslab: Lab) -> None:
    with kmslab.nested() as one, kmslab.nested() as other:
        made: list[Any] = [lab.create_table(key=lab.create_key()) for lab in (one, other)]
        user = one.create_user(policies=["AmazonDynamoDBFullAccess"])
        assert made[0].encryption()["KMSMasterKeyArn"] != made[1].encryption()["KMSMasterKeyArn"]
        with denied("kms:Decrypt"):
            ITEM_CALLS["Scan"](other.as_(user).client("dynamodb"), made[1].name)
