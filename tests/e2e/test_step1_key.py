"""Step 1: create the key, and see who may do what with it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

from pytest_kmslab import IamUser, KmsKey, Lab, Settings, allowed, denied, eventually, same_meaning

TEXT = b"a few bytes"
Client = Callable[[IamUser, str], Any]


@pytest.fixture
def fresh_key(kmslab: Lab) -> KmsKey:
    """A key whose policy nobody has touched, whatever the scope of `kms_key`."""
    return kmslab.create_key()


def test_the_key_is_symmetric_and_customer_managed(fresh_key: KmsKey, settings: Settings) -> None:
    key = fresh_key.describe()
    assert key["KeyManager"] == "CUSTOMER"
    assert key["KeySpec"] == "SYMMETRIC_DEFAULT"
    assert key["KeyUsage"] == "ENCRYPT_DECRYPT"
    assert key["KeyState"] == "Enabled"
    assert key["Description"] == settings.key_description


def test_the_key_has_its_alias(
    fresh_key: KmsKey, client: Client, iam_admin: IamUser, settings: Settings
) -> None:
    assert fresh_key.alias.startswith(f"alias/{settings.key_alias}-")
    aliases = client(iam_admin, "kms").list_aliases(KeyId=fresh_key.arn)["Aliases"]
    assert [(alias["AliasName"], alias["TargetKeyId"]) for alias in aliases] == [
        (fresh_key.alias, fresh_key.id)
    ]


# https://docs.aws.amazon.com/kms/latest/developerguide/key-policy-default.html
STATEMENTS: dict[str, dict[str, Any]] = {
    "Enable IAM User Permissions": {
        "Principal": {"AWS": "arn:aws:iam::{account}:root"},
        "Action": "kms:*",
    },
    "Allow access for Key Administrators": {
        "Principal": {"AWS": "{admin}"},
        "Action": [
            "kms:Create*",
            "kms:Describe*",
            "kms:Enable*",
            "kms:List*",
            "kms:Put*",
            "kms:Update*",
            "kms:Revoke*",
            "kms:Disable*",
            "kms:Get*",
            "kms:Delete*",
            "kms:TagResource",
            "kms:UntagResource",
            "kms:ScheduleKeyDeletion",
            "kms:CancelKeyDeletion",
            "kms:RotateKeyOnDemand",
        ],
    },
    "Allow use of the key": {
        "Principal": {"AWS": "{admin}"},
        "Action": ["kms:Encrypt", "kms:Decrypt", "kms:ReEncrypt*", "kms:GenerateDataKey*", "kms:DescribeKey"],
    },
    "Allow attachment of persistent resources": {
        "Principal": {"AWS": "{admin}"},
        "Action": ["kms:CreateGrant", "kms:ListGrants", "kms:RevokeGrant"],
        "Condition": {"Bool": {"kms:GrantIsForAWSResource": "true"}},
    },
}


@pytest.mark.parametrize("sid", STATEMENTS)
def test_the_key_policy_says_what_the_console_writes(kmslab: Lab, fresh_key: KmsKey, sid: str) -> None:
    policy = fresh_key.policy()
    statements = [one for one in policy["Statement"] if one.get("Sid") == sid]
    wanted = {"Sid": sid, "Effect": "Allow", "Resource": "*", **STATEMENTS[sid]}
    who = wanted["Principal"]["AWS"].format(account=kmslab.account, admin=kmslab.admin.arn)
    wanted = {**wanted, "Principal": {"AWS": [who]}}
    assert same_meaning({**policy, "Statement": statements}, {"Version": "2012-10-17", "Statement": [wanted]})


def test_the_key_policy_says_nothing_else(fresh_key: KmsKey) -> None:
    assert {statement.get("Sid") for statement in fresh_key.policy()["Statement"]} == set(STATEMENTS)


@pytest.mark.parametrize(
    "context", [{}, {"team": "blue", "purpose": "test"}], ids=["no context", "a context"]
)
def test_what_is_encrypted_can_be_decrypted(
    fresh_key: KmsKey, client: Client, iam_admin: IamUser, context: dict[str, str]
) -> None:
    kms = client(iam_admin, "kms")
    sealed = kms.encrypt(KeyId=fresh_key.alias, Plaintext=TEXT, EncryptionContext=context)
    assert TEXT not in sealed["CiphertextBlob"]
    opened = kms.decrypt(CiphertextBlob=sealed["CiphertextBlob"], EncryptionContext=context)
    assert opened["Plaintext"] == TEXT
    assert sealed["KeyId"] == opened["KeyId"] == fresh_key.arn


@pytest.mark.parametrize("context", [{}, {"team": "red"}, {"team": "blue", "more": "x"}])
def test_another_encryption_context_does_not_open_it(
    fresh_key: KmsKey, client: Client, iam_admin: IamUser, context: dict[str, str]
) -> None:
    kms = client(iam_admin, "kms")
    sealed = kms.encrypt(KeyId=fresh_key.arn, Plaintext=TEXT, EncryptionContext={"team": "blue"})
    with pytest.raises(ClientError, match="InvalidCiphertextException"):
        kms.decrypt(CiphertextBlob=sealed["CiphertextBlob"], EncryptionContext=context)


@pytest.fixture
def key_administrator(kmslab: Lab) -> IamUser:
    """Somebody to be made a key administrator, without any permission of their own."""
    return kmslab.create_user("kmslab-key-admin")


@pytest.fixture
def managed_key(kmslab: Lab, key_administrator: IamUser, iam_admin: IamUser) -> KmsKey:
    """A key with an administrator who is not one of its users."""
    return kmslab.create_key(administrators=[key_administrator], users=[iam_admin])


def test_a_key_administrator_can_manage_the_key(
    managed_key: KmsKey, client: Client, key_administrator: IamUser
) -> None:
    kms = client(key_administrator, "kms")
    for attempt in eventually():  # KMS may not see yet whom the policy names
        with attempt, allowed():
            kms.disable_key(KeyId=managed_key.arn)
            kms.enable_key(KeyId=managed_key.arn)
            kms.update_key_description(KeyId=managed_key.arn, Description="managed")
            text = kms.get_key_policy(KeyId=managed_key.arn, PolicyName="default")["Policy"]
            kms.put_key_policy(KeyId=managed_key.arn, PolicyName="default", Policy=text)
    assert managed_key.describe()["Description"] == "managed"


def test_a_key_administrator_cannot_use_the_key(
    managed_key: KmsKey, client: Client, key_administrator: IamUser, iam_admin: IamUser
) -> None:
    sealed = client(iam_admin, "kms").encrypt(KeyId=managed_key.arn, Plaintext=TEXT)["CiphertextBlob"]
    kms = client(key_administrator, "kms")
    with denied("kms:Encrypt"):
        kms.encrypt(KeyId=managed_key.arn, Plaintext=TEXT)
    with denied("kms:Decrypt"):
        kms.decrypt(CiphertextBlob=sealed)
    with denied("kms:GenerateDataKey"):
        kms.generate_data_key(KeyId=managed_key.arn, KeySpec="AES_256")


def test_a_key_user_can_use_the_key(kms_key: KmsKey, client: Client, key_user: IamUser) -> None:
    kms = client(key_user, "kms")
    with allowed():
        sealed = kms.encrypt(KeyId=kms_key.arn, Plaintext=TEXT)["CiphertextBlob"]
        opened = kms.decrypt(CiphertextBlob=sealed)
        kms.generate_data_key(KeyId=kms_key.arn, KeySpec="AES_256")
    assert opened["Plaintext"] == TEXT


def test_a_key_user_cannot_manage_the_key(kms_key: KmsKey, client: Client, key_user: IamUser) -> None:
    before = kms_key.policy()
    kms = client(key_user, "kms")
    with denied("kms:PutKeyPolicy"):
        kms.put_key_policy(KeyId=kms_key.arn, PolicyName="default", Policy="{}")
    with denied("kms:DisableKey"):
        kms.disable_key(KeyId=kms_key.arn)
    with denied("kms:ScheduleKeyDeletion"):
        kms.schedule_key_deletion(KeyId=kms_key.arn, PendingWindowInDays=7)
    assert kms_key.policy() == before
    assert kms_key.state() == "Enabled"
