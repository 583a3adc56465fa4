"""What IAM does not find, in AWS's words, and what it lets nobody delete or tag."""

from __future__ import annotations

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError
from helpers.account import ACCOUNT, EVERYTHING, Account, allow
from helpers.asserts import code

READ = json.dumps(allow("s3:GetObject"))
TRUST = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Principal": {"AWS": ACCOUNT}, "Action": "sts:AssumeRole"}],
    }
)
ROLE, GROUP, USER = {"RoleName": "r"}, {"GroupName": "g"}, {"UserName": "u"}
NO_ROLE, NO_GROUP = {"RoleName": "none"}, {"GroupName": "none"}
PROFILE = {"InstanceProfileName": "i"}
NO_PROFILE = {"InstanceProfileName": "none"}
POLICY = f"arn:aws:iam::{ACCOUNT}:policy/p"
KEY_ID = "AKIAIOSFODNN7EXAMPLE"
VERSION = {"PolicyArn": POLICY, "VersionId": "v9"}
INLINE = {"PolicyName": "none"}
NONE_OF = f"Policy {POLICY} version v9 does not exist or is not attachable."

MISSING: list[tuple[str, dict[str, Any], str]] = [
    ("get_role", NO_ROLE, "The role with name none cannot be found."),
    ("delete_role", NO_ROLE, "The role with name none cannot be found."),
    ("update_role", NO_ROLE, "The role with name none cannot be found."),
    (
        "put_role_policy",
        NO_ROLE | INLINE | {"PolicyDocument": READ},
        "The role with name none cannot be found.",
    ),
    (
        "update_assume_role_policy",
        NO_ROLE | {"PolicyDocument": TRUST},
        "The role with name none cannot be found.",
    ),
    ("get_group", NO_GROUP, "The group with name none cannot be found."),
    ("delete_group", NO_GROUP, "The group with name none cannot be found."),
    ("get_instance_profile", NO_PROFILE, "Instance Profile none cannot be found."),
    ("delete_instance_profile", NO_PROFILE, "Instance Profile none cannot be found."),
    ("remove_role_from_instance_profile", ROLE | PROFILE, "The role with name r cannot be found."),
    ("get_role_policy", ROLE | INLINE, "The role policy with name none cannot be found."),
    ("delete_user_policy", USER | INLINE, "The user policy with name none cannot be found."),
    ("get_group_policy", GROUP | INLINE, "The group policy with name none cannot be found."),
    ("get_policy_version", VERSION, NONE_OF),
    ("set_default_policy_version", VERSION, NONE_OF),
    ("delete_policy_version", VERSION, NONE_OF),
    ("delete_policy_version", VERSION | {"PolicyArn": f"{POLICY}x"}, f"Policy {POLICY}x was not found."),
    ("get_login_profile", USER, "Login Profile for User u cannot be found."),
    ("delete_login_profile", USER, "Login Profile for User u cannot be found."),
    (
        "delete_access_key",
        USER | {"AccessKeyId": KEY_ID},
        f"The Access Key with id {KEY_ID} cannot be found.",
    ),
]


@pytest.fixture
def iam(account: Account) -> Any:
    iam = account.root.client("iam")
    iam.create_user(**USER)
    iam.create_group(**GROUP)
    iam.create_role(**ROLE, AssumeRolePolicyDocument=TRUST)
    iam.create_instance_profile(**PROFILE)
    iam.create_policy(PolicyName="p", PolicyDocument=READ)
    return iam


def test_what_is_not_there(iam: Any) -> None:
    for operation, params, text in MISSING:
        with pytest.raises(ClientError) as refused:
            getattr(iam, operation)(**params)
        assert refused.value.response["Error"]["Code"] == "NoSuchEntity", operation
        assert refused.value.response["Error"]["Message"] == text


def test_what_is_there_is_found(iam: Any) -> None:
    iam.put_role_policy(**ROLE, PolicyName="own", PolicyDocument=READ)
    assert iam.get_role_policy(**ROLE, PolicyName="own")["PolicyName"] == "own"
    iam.delete_role_policy(**ROLE, PolicyName="own")
    iam.create_login_profile(**USER, Password="kmslab-Aa1!kmslab")
    iam.delete_login_profile(**USER)
    key = iam.create_access_key(**USER)["AccessKey"]["AccessKeyId"]
    iam.delete_access_key(**USER, AccessKeyId=key)


def test_a_policy_is_deleted_with_its_last_version(iam: Any) -> None:
    iam.create_policy_version(PolicyArn=POLICY, PolicyDocument=READ)
    assert code(iam.delete_policy, PolicyArn=POLICY) == "DeleteConflict"
    iam.delete_policy_version(PolicyArn=POLICY, VersionId="v2")
    iam.delete_policy(PolicyArn=POLICY)


@pytest.mark.parametrize("kind", ["user", "role", "policy"])
def test_nothing_has_more_than_fifty_tags(iam: Any, kind: str) -> None:
    named = {"user": USER, "role": ROLE, "policy": {"PolicyArn": POLICY}}[kind]
    tag = getattr(iam, f"tag_{kind}")
    tag(**named, Tags=[{"Key": f"key-{number}", "Value": ""} for number in range(50)])
    assert code(tag, **named, Tags=[{"Key": "more", "Value": ""}]) == "LimitExceeded"
    tag(**named, Tags=[{"Key": "KEY-1", "Value": "replaced"}])


def test_nobody_has_a_message_to_decode(account: Account) -> None:
    for who in (account.root, account.user("ana", EVERYTHING)):
        decode = who.client("sts").decode_authorization_message
        assert code(decode, EncodedMessage="none") == "InvalidAuthorizationMessageException"
    bob = account.user("bob").client("sts").decode_authorization_message
    assert code(bob, EncodedMessage="none") == "AccessDenied"
