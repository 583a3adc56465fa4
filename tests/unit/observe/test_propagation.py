from __future__ import annotations

from typing import Any

import pytest

from pytest_kmslab.account.model import Caller
from pytest_kmslab.calls.api_call import ApiCall
from pytest_kmslab.observe.propagation import (
    DYNAMODB_SECONDS,
    IAM_SECONDS,
    KMS_SECONDS,
    TABLE_KEY_SECONDS,
    Changes,
)

ANA = "arn:aws:iam::111122223333:user/team/Ana"
BEN = "arn:aws:iam::111122223333:user/ben"
KEY = "arn:aws:kms:us-east-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab"
TABLE = "arn:aws:dynamodb:us-east-1:111122223333:table/books"
INDEX = f"{TABLE}/index/by-author"
ADMIN = Caller(ANA, "111122223333", ANA, "AIDA", "User")


def call(service: str, operation: str, **params: Any) -> ApiCall:
    return ApiCall(service, operation, params, "us-east-1", ADMIN)


def after(change: ApiCall, refused: bool = False) -> Changes:
    """A change that began at 100 and was answered at 110."""
    changes = Changes()
    begun = changes.begin(change, 100.0)
    assert begun is not None
    changes.end(begun, 110.0, refused=refused)
    return changes


@pytest.mark.parametrize(
    ("change", "about", "seconds"),
    [
        (call("iam", "PutUserPolicy", UserName="ana"), ANA, IAM_SECONDS),
        (call("kms", "PutKeyPolicy", KeyId=KEY), KEY, KMS_SECONDS),
        (call("kms", "CreateGrant", KeyId=KEY.rpartition("/")[2]), KEY, KMS_SECONDS),
        (call("dynamodb", "DeleteResourcePolicy", ResourceArn=TABLE), TABLE, DYNAMODB_SECONDS),
        (call("dynamodb", "UpdateTable", TableName="books"), INDEX, DYNAMODB_SECONDS),
    ],
    ids=lambda given: given.name if isinstance(given, ApiCall) else "",
)
def test_a_change_settles_in_its_time(change: ApiCall, about: str, seconds: float) -> None:
    changes = after(change)
    assert not changes.settled([about], 110.0 + seconds - 1)
    assert changes.settled([about], 110.0 + seconds)


def test_a_connection_may_hold_a_table_key_for_longer() -> None:
    changes = after(call("kms", "PutKeyPolicy", KeyId=KEY))
    assert not changes.settled([KEY], 110.0 + TABLE_KEY_SECONDS - 1, table_key=True)
    assert changes.settled([KEY], 110.0 + TABLE_KEY_SECONDS, table_key=True)


def test_a_change_of_somebody_else_does_not_matter() -> None:
    changes = after(call("iam", "PutUserPolicy", UserName="ana"))
    assert changes.settled([BEN, KEY], 111.0)


@pytest.mark.parametrize(
    "change",
    [
        call("iam", "PutGroupPolicy", GroupName="readers"),
        call("iam", "CreatePolicyVersion", PolicyArn="arn:aws:iam::111122223333:policy/p"),
        call("kms", "UpdateAlias", AliasName="alias/a", TargetKeyId="alias/b"),
    ],
    ids=lambda change: change.name,
)
def test_a_change_that_does_not_say_of_whom_is_one_of_everybody(change: ApiCall) -> None:
    assert not after(change).settled([BEN], 111.0)


def test_a_new_key_is_known_by_the_answer_that_made_it() -> None:
    changes = Changes()
    begun = changes.begin(call("kms", "CreateKey"), 100.0)
    assert begun is not None
    changes.end(begun, 110.0, answer={"KeyMetadata": {"KeyId": KEY.rpartition("/")[2]}})
    assert changes.settled([ANA, TABLE], 111.0)
    assert not changes.settled([ANA, KEY], 111.0)


def test_a_change_counts_while_it_is_under_way() -> None:
    changes = Changes()
    changes.begin(call("iam", "PutUserPolicy", UserName="ana"), 100.0)
    assert not changes.settled([ANA], 101.0)


def test_a_change_that_was_refused_is_none() -> None:
    assert after(call("iam", "PutUserPolicy", UserName="ana"), refused=True).settled([ANA], 111.0)


@pytest.mark.parametrize(
    "read",
    [
        call("dynamodb", "GetItem", TableName="books"),
        call("dynamodb", "PutItem", TableName="books"),
        call("kms", "Decrypt", KeyId=KEY),
        call("iam", "ListUsers"),
        call("sts", "AssumeRole"),
        call("iam", "CreatePolicy", PolicyName="p"),
    ],
    ids=lambda read: read.name,
)
def test_reading_and_using_changes_nothing(read: ApiCall) -> None:
    assert Changes().begin(read, 100.0) is None
