from __future__ import annotations

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError
from helpers.fake_client import Bed, FakeClient, RefusedError, creation_of

from pytest_kmslab.errors import PolicyError
from pytest_kmslab.lab.kinds.kms.key import KmsKey
from pytest_kmslab.lab.kinds.kms.key_creation import KeyRequest, create_key
from pytest_kmslab.lab.lab import Lab
from pytest_kmslab.lab.policies.sources import PolicyDocument
from pytest_kmslab.lab.waiting.waiters import Waiter

NOT_YET = RefusedError("MalformedPolicyDocumentException", message="one or more invalid principals.")
MADE = {"KeyMetadata": {"KeyId": "k", "Arn": "arn:k"}}
POLICY = {"Policy": '{"Statement": []}'}


def test_a_principal_that_kms_does_not_see_yet_is_waited_for(bed: Bed) -> None:
    kms: Any = FakeClient(
        create_key=[NOT_YET, MADE], put_key_policy=[NOT_YET, NOT_YET, {}], get_key_policy=[POLICY]
    )
    waiter = Waiter(is_strongly_consistent=False, sleep=bed.sleep)
    key = create_key(
        creation_of(kms, waiter), "orders", KeyRequest(PolicyDocument('{"Statement": []}', ""), "")
    )
    assert len(bed.slept) == 1
    key.put_policy({"Statement": []})
    assert kms.operations.count("put_key_policy") == 3


def test_the_policy_is_put_back_letter_by_letter(lab: Lab) -> None:
    own = {
        "Statement": {
            "Effect": "Allow",
            "Action": "kms:*",
            "Principal": {"AWS": lab.account},
            "Resource": "*",
        },
        "Version": "2012-10-17",
    }
    key, kms = lab.create_key(policy=json.dumps(own, indent=3)), lab.as_(lab.admin).client("kms")
    before = kms.get_key_policy(KeyId=key.arn)["Policy"]
    with key.added_user(lab.admin):
        assert kms.get_key_policy(KeyId=key.arn)["Policy"] != before
    assert kms.get_key_policy(KeyId=key.arn)["Policy"] == before


def test_the_policy_is_put_back_after_an_error_too(lab: Lab) -> None:
    key, user = lab.create_key(), lab.create_user()
    before = key.policy()
    with pytest.raises(ZeroDivisionError), key.added_user(user):
        raise ZeroDivisionError
    assert key.policy() == before


def test_a_user_may_be_given_by_arn(lab: Lab) -> None:
    key, user = lab.create_key(), lab.create_user()
    key.add_user(user.arn)
    assert key.users() == [lab.admin.arn, user.arn]
    key.remove_user(user)
    assert key.users() == [lab.admin.arn]


def test_a_policy_of_another_shape_is_not_changed(lab: Lab) -> None:
    key = lab.create_key()
    lost = key.policy()
    lost["Statement"] = [one for one in lost["Statement"] if "attachment" not in one["Sid"]]
    key.put_policy(lost)
    with pytest.raises(PolicyError, match="Allow attachment of persistent resources"):
        key.add_user(lab.create_user())
    assert key.policy() == lost


def test_an_alias_of_somebody_else_is_left_alone(lab: Lab) -> None:
    theirs, ours = lab.create_key(), lab.create_key()
    with pytest.raises(ClientError, match="AlreadyExistsException"):
        ours.create_alias(theirs.alias)
    ours.remove()
    kms = lab.as_(lab.admin).client("kms")
    assert kms.describe_key(KeyId=theirs.alias)["KeyMetadata"]["Arn"] == theirs.arn


def test_a_key_that_cannot_be_deleted_is_told_of() -> None:
    kms: Any = FakeClient(
        schedule_key_deletion=[RefusedError("KMSInvalidStateException")],
        describe_key=[{"KeyMetadata": {"KeyState": "Creating"}}],
    )
    kms.exceptions.KMSInvalidStateException = RefusedError
    with pytest.raises(RefusedError):
        KmsKey(kms, Waiter(is_strongly_consistent=True), "k", "arn:k").remove()
