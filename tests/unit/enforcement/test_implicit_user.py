"""Calls of IAM that name nobody are about whoever signs them.

https://docs.aws.amazon.com/IAM/latest/APIReference/API_DeleteAccessKey.html
"""

from __future__ import annotations

from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError
from helpers.account import ACCOUNT, EVERYTHING, Account, allow
from helpers.asserts import code
from helpers.other_account import other_account

OWN = {
    **allow("iam:*"),
    "Statement": [{"Effect": "Allow", "Action": "iam:*", "Resource": "arn:aws:iam::*:user/${aws:username}"}],
}


def key_of(session: boto3.Session) -> str:
    credentials = session.get_credentials()
    assert credentials is not None
    return str(credentials.access_key)


@pytest.mark.parametrize(
    ("operation", "more"), [("delete_access_key", {}), ("update_access_key", {"Status": "Inactive"})]
)
def test_a_users_key_is_not_anothers_to_change(account: Account, operation: str, more: Any) -> None:
    other, me = account.user("other", allow("kms:*")), account.user("me", OWN)
    change = getattr(me.client("iam"), operation)
    assert code(change, AccessKeyId=key_of(other), **more) == "NoSuchEntity"
    assert code(getattr(account.root.client("iam"), operation), AccessKeyId=key_of(other), **more) == (
        "NoSuchEntity"
    )
    other.client("kms").list_keys()


def test_a_key_of_another_account_is_not_told_of(account: Account) -> None:
    foreign = account.user_in(other_account(account), "stranger")
    me = account.user("me", OWN).client("iam")
    with pytest.raises(ClientError) as refused:
        me.delete_access_key(AccessKeyId=key_of(foreign))
    assert refused.value.response["Error"]["Code"] == "NoSuchEntity"
    assert "stranger" not in str(refused.value)


def test_a_user_changes_their_own_key_without_naming_themselves(account: Account) -> None:
    session = account.user("me", OWN)
    iam = session.client("iam")
    second = iam.create_access_key()["AccessKey"]
    assert second["UserName"] == "me"
    iam.update_access_key(AccessKeyId=second["AccessKeyId"], Status="Inactive")
    iam.delete_access_key(AccessKeyId=second["AccessKeyId"])
    assert [key["AccessKeyId"] for key in iam.list_access_keys()["AccessKeyMetadata"]] == [key_of(session)]


def test_a_user_asks_what_is_theirs(account: Account) -> None:
    iam = account.user("me", EVERYTHING).client("iam")
    assert iam.list_mfa_devices()["MFADevices"] == []
    assert iam.list_signing_certificates()["Certificates"] == []
    iam.create_login_profile(Password="correct-Horse-1")
    assert account.root.client("iam").get_login_profile(UserName="me")["LoginProfile"]["UserName"] == "me"


def test_root_is_told_that_they_are_root(account: Account) -> None:
    iam = account.root.client("iam")
    shown = iam.get_user()["User"]
    assert (shown["Arn"], shown["UserId"]) == (f"arn:aws:iam::{ACCOUNT}:root", ACCOUNT)
    assert "UserName" not in shown
    assert iam.list_mfa_devices()["MFADevices"] == []
    assert iam.list_access_keys()["AccessKeyMetadata"] == []
