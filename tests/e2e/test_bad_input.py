"""What is wrong in itself is the service's own error, and never a denial."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

from pytest_kmslab import (
    Credentials,
    ExpectationError,
    IamUser,
    KmsKey,
    Lab,
    PolicyError,
    console_policy,
    eventually,
)

Client = Callable[[IamUser, str], Any]


class Somebody:
    """An actor with credentials of one's own making."""

    def __init__(self, access_key_id: str, secret_access_key: str) -> None:
        self.credentials = Credentials(access_key_id, secret_access_key)


def policies(lab: Lab) -> dict[str, str]:
    """Key policies that KMS refuses, by what is wrong with them."""
    nobody = f"arn:aws:iam::{lab.account}:user/nobody-of-this-name"
    stranger_only = console_policy(lab.account, users=[lab.admin.arn])["Statement"][1:]
    return {
        "not JSON": "Effect: Allow",
        "an unknown principal": json.dumps(console_policy(lab.account, users=[nobody])),
        "locks the caller out": json.dumps({"Version": "2012-10-17", "Statement": stranger_only}),
    }


BAD_POLICIES = ["not JSON", "an unknown principal", "locks the caller out"]


@pytest.mark.parametrize("wrong", BAD_POLICIES)
def test_a_bad_key_policy_is_refused_and_changes_nothing(kmslab: Lab, kms_key: KmsKey, wrong: str) -> None:
    before = kms_key.policy()
    with pytest.raises(ClientError) as caught:
        kms_key.put_policy(policies(kmslab)[wrong])
    assert caught.value.response["Error"]["Code"] == "MalformedPolicyDocumentException"
    assert kms_key.policy() == before


def test_a_policy_that_is_none_is_refused_before_anything_is_made(kmslab: Lab) -> None:
    before = kmslab.inventory()
    with pytest.raises(PolicyError, match="`policy` is neither a policy's name, an ARN nor JSON"):
        kmslab.create_key(policy=policies(kmslab)["not JSON"])
    assert kmslab.inventory() == before


@pytest.mark.parametrize("wrong", BAD_POLICIES[1:])
def test_a_key_with_a_bad_policy_is_not_made(kmslab: Lab, wrong: str) -> None:
    before = kmslab.inventory()
    with pytest.raises(ClientError) as caught:
        kmslab.create_key(policy=policies(kmslab)[wrong])
    assert caught.value.response["Error"]["Code"] == "MalformedPolicyDocumentException"
    assert kmslab.inventory() == before


CALLS = {
    "dynamodb": lambda client: client.list_tables(),
    "kms": lambda client: client.list_keys(),
    "iam": lambda client: client.list_users(),
    "sts": lambda client: client.get_caller_identity(),
}
UNKNOWN = {
    "dynamodb": "UnrecognizedClientException",
    "kms": "UnrecognizedClientException",
    "iam": "InvalidClientTokenId",
    "sts": "InvalidClientTokenId",
}
WRONG_SECRET = {
    "dynamodb": "InvalidSignatureException",
    "kms": "InvalidSignatureException",
    "iam": "SignatureDoesNotMatch",
    "sts": "SignatureDoesNotMatch",
}


def assert_refused(lab: Lab, actor: Any, wanted: dict[str, str]) -> None:
    """Every service answers somebody so, which takes AWS a while to know."""
    for service, call in CALLS.items():
        client = lab.as_(actor).client(service)
        for attempt in eventually():
            with attempt:
                assert_answered(call, client, wanted[service])


def assert_answered(call: Callable[[Any], Any], client: Any, code: str) -> None:
    try:
        call(client)
    except ClientError as error:
        answered = str(error.response["Error"]["Code"])
    else:
        answered = "what it was asked for"
    if answered != code:
        raise ExpectationError(f"`{code}` was expected, and answered was {answered}")


def test_an_unknown_access_key_is_not_a_denial(kmslab: Lab) -> None:
    stranger = Somebody("AKIAIOSFODNN7EXAMPLE", "secret")
    assert_refused(kmslab, stranger, UNKNOWN)


def test_an_inactive_access_key_is_not_a_denial(kmslab: Lab, client: Client, iam_admin: IamUser) -> None:
    user = kmslab.create_user(policies=["AdministratorAccess"])
    client(iam_admin, "iam").update_access_key(
        UserName=user.name, AccessKeyId=user.credentials.access_key_id, Status="Inactive"
    )
    assert_refused(kmslab, user, UNKNOWN)


def test_a_wrong_secret_is_not_a_denial(kmslab: Lab) -> None:
    user = kmslab.create_user(policies=["AdministratorAccess"])
    impostor = Somebody(user.credentials.access_key_id, "not the secret")
    assert_refused(kmslab, impostor, WRONG_SECRET)
