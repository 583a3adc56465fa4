"""Step 4: a user with full access to DynamoDB, and without the key."""

from __future__ import annotations

import csv
import stat
import string
from collections.abc import Callable
from typing import Any

import pytest
from e2e.item_calls import ITEM_CALLS

from pytest_kmslab import (
    DynamoDBTable,
    IamUser,
    KmsKey,
    Lab,
    Outcome,
    Settings,
    Trail,
    allowed,
    denied,
    sse_specification,
)

Client = Callable[[IamUser, str], Any]
FULL_ACCESS = "AmazonDynamoDBFullAccess"


@pytest.fixture
def console_user(kmslab: Lab) -> IamUser:
    """The user of the document, who can sign in to the console too."""
    return kmslab.create_user(policies=["AmazonDynamoDBFullAccess"], console=True)


def test_the_user_has_full_access_to_dynamodb_and_nothing_else(
    console_user: IamUser, client: Client, iam_admin: IamUser, settings: Settings
) -> None:
    iam = client(iam_admin, "iam")
    assert console_user.name.startswith(f"{settings.user_name}-")
    attached = iam.list_attached_user_policies(UserName=console_user.name)["AttachedPolicies"]
    assert [policy["PolicyName"] for policy in attached] == [FULL_ACCESS]
    assert iam.list_user_policies(UserName=console_user.name)["PolicyNames"] == []
    assert iam.list_groups_for_user(UserName=console_user.name)["Groups"] == []


def test_the_user_can_sign_in_without_resetting_the_password(
    console_user: IamUser, client: Client, iam_admin: IamUser
) -> None:
    profile = client(iam_admin, "iam").get_login_profile(UserName=console_user.name)["LoginProfile"]
    assert profile["UserName"] == console_user.name
    assert not profile.get("PasswordResetRequired", False)


def test_the_password_is_strong_and_is_not_shown(console_user: IamUser) -> None:
    assert console_user.console is not None
    password = console_user.console.password
    assert len(password) >= 20
    for kind in (string.ascii_lowercase, string.ascii_uppercase, string.digits, string.punctuation):
        assert set(kind) & set(password)
    for secret in (password, console_user.credentials.secret_access_key):
        assert secret not in repr(console_user)


def test_the_credentials_file_is_the_consoles(console_user: IamUser, kmslab: Lab) -> None:
    assert console_user.console is not None
    with console_user.console.csv_path.open(newline="", encoding="utf-8") as file:
        rows = list(csv.reader(file))
    url = f"https://{kmslab.account}.signin.aws.amazon.com/console"
    assert rows == [
        ["User name", "Password", "Console sign-in URL"],
        [console_user.name, console_user.console.password, url],
    ]


def test_the_credentials_file_is_private_and_outside_the_repository(
    console_user: IamUser, pytestconfig: pytest.Config
) -> None:
    assert console_user.console is not None
    path = console_user.console.csv_path.resolve()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert not path.is_relative_to(pytestconfig.rootpath.resolve())


def test_the_user_may_look_at_table_and_key(
    encrypted_table: DynamoDBTable, kms_key: KmsKey, client: Client, outsider: IamUser
) -> None:
    with allowed():
        seen = client(outsider, "dynamodb").describe_table(TableName=encrypted_table.name)["Table"]
        key = client(outsider, "kms").describe_key(KeyId=kms_key.arn)["KeyMetadata"]
    assert seen["SSEDescription"]["KMSMasterKeyArn"] == key["Arn"] == kms_key.arn


@pytest.mark.usefixtures("encrypted_item")
@pytest.mark.parametrize("operation", ITEM_CALLS)
def test_the_user_is_denied_the_items_because_of_the_key(
    encrypted_table: DynamoDBTable, client: Client, outsider: IamUser, operation: str
) -> None:
    with denied("kms:Decrypt") as denial:
        ITEM_CALLS[operation](client(outsider, "dynamodb"), encrypted_table.name)
    assert denial.operation == operation
    assert denial.code == "AccessDeniedException"


@pytest.mark.usefixtures("encrypted_item")
def test_a_denied_write_changes_nothing(
    encrypted_table: DynamoDBTable, client: Client, outsider: IamUser, iam_admin: IamUser
) -> None:
    before = client(iam_admin, "dynamodb").scan(TableName=encrypted_table.name)["Items"]
    for operation in ("UpdateItem", "DeleteItem"):
        with denied("kms:Decrypt"):
            ITEM_CALLS[operation](client(outsider, "dynamodb"), encrypted_table.name)
    assert client(iam_admin, "dynamodb").scan(TableName=encrypted_table.name)["Items"] == before


def test_the_denial_was_for_want_of_a_permission_on_the_key_via_dynamodb(
    encrypted_table: DynamoDBTable,
    kms_key: KmsKey,
    client: Client,
    outsider: IamUser,
    settings: Settings,
    kmslab_trail: Trail,
) -> None:
    if settings.backend == "aws" and settings.observe == "off":
        pytest.skip("nobody predicts what AWS decides: --kmslab-observe=off")
    mark = kmslab_trail.mark()
    with denied("kms:Decrypt"):
        ITEM_CALLS["GetItem"](client(outsider, "dynamodb"), encrypted_table.name)
    asked = kmslab_trail.since(mark)
    assert [entry.request.action for entry in asked] == ["dynamodb:GetItem", "kms:Decrypt"]
    assert [entry.decision.decision for entry in asked] == [Outcome.ALLOWED, Outcome.IMPLICIT_DENY]
    assert asked[-1].request.principal == outsider.arn
    assert asked[-1].request.resource == kms_key.arn
    assert asked[-1].via == "dynamodb"


def test_the_user_is_denied_the_key_itself(
    kms_key: KmsKey, client: Client, outsider: IamUser, iam_admin: IamUser
) -> None:
    sealed = client(iam_admin, "kms").encrypt(KeyId=kms_key.arn, Plaintext=b"secret")["CiphertextBlob"]
    with denied("kms:Decrypt"):
        client(outsider, "kms").decrypt(CiphertextBlob=sealed)
    with denied("kms:Decrypt"):
        client(outsider, "kms").decrypt(CiphertextBlob=sealed, KeyId=kms_key.arn)


def test_the_user_cannot_put_a_table_under_the_key(
    plain_table: DynamoDBTable, kms_key: KmsKey, client: Client, outsider: IamUser
) -> None:
    with denied("kms:CreateGrant"):
        client(outsider, "dynamodb").update_table(
            TableName=plain_table.name, SSESpecification=sse_specification(kms_key)
        )
    assert plain_table.encryption() == {}


def test_the_user_is_free_on_a_table_with_default_encryption(
    plain_table: DynamoDBTable, client: Client, outsider: IamUser, subtests: pytest.Subtests
) -> None:
    for operation, call in ITEM_CALLS.items():
        with subtests.test(operation), allowed():
            call(client(outsider, "dynamodb"), plain_table.name)
