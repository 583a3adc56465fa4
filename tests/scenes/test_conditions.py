"""Conditions and policy variables whose values a real request brings along."""

from __future__ import annotations

import pytest
from helpers.account import REGION
from helpers.gateway import client
from helpers.world import DENIED, World, allow, deny, refused, to, unique

TOMORROW = "2099-01-01T00:00:00Z"


@pytest.mark.parametrize(
    ("condition", "meets"),
    [
        ({"IpAddress": {"aws:SourceIp": "127.0.0.0/8"}}, True),
        ({"IpAddress": {"aws:SourceIp": ["10.0.0.0/8", "203.0.113.0/24"]}}, False),
        ({"NotIpAddress": {"aws:SourceIp": "127.0.0.1/32"}}, False),
        ({"DateLessThan": {"aws:CurrentTime": TOMORROW}}, True),
        ({"DateGreaterThan": {"aws:CurrentTime": TOMORROW}}, False),
        ({"StringEquals": {"aws:RequestedRegion": REGION}}, True),
        ({"StringEquals": {"aws:RequestedRegion": "eu-west-1"}}, False),
        ({"StringEquals": {"aws:PrincipalType": "User"}}, True),
        ({"Bool": {"aws:ViaAWSService": "false"}}, True),
        ({"Null": {"aws:TokenIssueTime": "true"}}, True),
        ({"Bool": {"aws:MultiFactorAuthPresent": "true"}}, False),
        ({"BoolIfExists": {"aws:MultiFactorAuthPresent": "false"}}, True),
        ({"StringEquals": {"aws:PrincipalOrgID": "o-1234567890"}}, False),
    ],
)
def test_a_condition_on_the_request(world: World, condition: dict[str, object], meets: bool) -> None:
    user = world.user(allow("kms:ListKeys", Condition=condition), allow("kms:ListAliases"))
    if meets:
        user.kms.list_keys()
    else:
        with refused(DENIED):
            user.kms.list_keys()
    user.kms.list_aliases()


def test_an_address_is_the_connections_whatever_a_header_says(world: World) -> None:
    user = world.user(allow("kms:ListKeys", Condition={"IpAddress": {"aws:SourceIp": "203.0.113.7"}}))
    kms = user.kms
    kms.meta.events.register(
        "before-sign", lambda request, **_: request.headers.add_header("X-Forwarded-For", "203.0.113.7")
    )
    with refused(DENIED):
        kms.list_keys()


def test_tags_of_principal_and_key_are_compared(world: World) -> None:
    same = {"StringEquals": {"aws:ResourceTag/team": "${aws:PrincipalTag/team}"}}
    key = world.key(Tags=[{"TagKey": "team", "TagValue": "red"}])
    for team, may in (("red", True), ("blue", False), ("", False)):
        tags = [{"Key": "team", "Value": team}] if team else []
        user = world.user(allow("kms:Encrypt", Condition=same), Tags=tags)
        if may:
            user.kms.encrypt(KeyId=key, Plaintext=b"x")
            continue
        with refused(DENIED):
            user.kms.encrypt(KeyId=key, Plaintext=b"x")


def test_a_variable_in_the_encryption_context(world: World) -> None:
    own = {"StringEquals": {"kms:EncryptionContext:user": "${aws:username}"}}
    key, user = world.key(), world.user(allow("kms:Encrypt", Condition=own))
    user.kms.encrypt(KeyId=key, Plaintext=b"x", EncryptionContext={"user": user.name})
    with refused(DENIED):
        user.kms.encrypt(KeyId=key, Plaintext=b"x", EncryptionContext={"user": "somebody"})


def test_the_keys_of_the_encryption_context(world: World) -> None:
    exact = {
        "StringEquals": {"kms:EncryptionContext:dept": "fin"},
        "ForAllValues:StringEquals": {"kms:EncryptionContextKeys": ["dept"]},
    }
    key = world.key()
    kms = world.user(allow(["kms:Encrypt", "kms:Decrypt"], Condition=exact)).kms
    sealed = kms.encrypt(KeyId=key, Plaintext=b"x", EncryptionContext={"dept": "fin"})["CiphertextBlob"]
    kms.decrypt(CiphertextBlob=sealed, EncryptionContext={"dept": "fin"})
    for context in ({"dept": "hr"}, {"dept": "fin", "more": "1"}, {}):
        with refused(DENIED):
            kms.encrypt(KeyId=key, Plaintext=b"x", EncryptionContext=context)
    with refused("InvalidCiphertextException"):
        world.kms.decrypt(CiphertextBlob=sealed, EncryptionContext={"dept": "hr"})


def test_the_alias_by_which_a_key_is_called(world: World) -> None:
    key, alias = world.key(), f"alias/{unique('app')}"
    world.kms.create_alias(AliasName=alias, TargetKeyId=key)
    called = world.user(allow("kms:Encrypt", Condition={"StringEquals": {"kms:RequestAlias": alias}}))
    has = {"ForAnyValue:StringEquals": {"kms:ResourceAliases": alias}}
    called.kms.encrypt(KeyId=alias, Plaintext=b"x")
    with refused(DENIED):
        called.kms.encrypt(KeyId=key, Plaintext=b"x")
    world.user(allow("kms:Encrypt", Condition=has)).kms.encrypt(KeyId=key, Plaintext=b"x")


def test_everybody_whose_arn_is_like_it(world: World) -> None:
    team = {"ArnLike": {"aws:PrincipalArn": f"arn:aws:iam::{world.account}:user/team/*"}}
    key = world.key(to("*", "kms:Encrypt", Condition=team))
    world.user(Path="/team/").kms.encrypt(KeyId=key, Plaintext=b"x")
    with refused(DENIED):
        world.user().kms.encrypt(KeyId=key, Plaintext=b"x")


def test_everybody_but_those_named_is_denied(world: World) -> None:
    user, other = world.user(allow("kms:*")), world.user(allow("kms:*"))
    but = {"NotPrincipal": {"AWS": [user.arn, world.root_arn]}}
    key = world.key({"Effect": "Deny", **but, "Action": "kms:Encrypt", "Resource": "*"})
    user.kms.encrypt(KeyId=key, Plaintext=b"x")
    with refused(DENIED, "explicit deny in a resource-based policy"):
        other.kms.encrypt(KeyId=key, Plaintext=b"x")


def test_everything_but_one_service(world: World) -> None:
    user = world.user({"Effect": "Allow", "NotAction": "iam:*", "Resource": "*"})
    user.kms.list_keys()
    with refused("AccessDenied", "iam:ListUsers"):
        user.iam.list_users()


def test_a_region_that_is_denied(world: World) -> None:
    elsewhere = {"StringNotEquals": {"aws:RequestedRegion": REGION}}
    user = world.user(allow("kms:*"), deny("*", Condition=elsewhere))
    user.kms.list_keys()
    with refused(DENIED, "explicit deny in an identity-based policy"):
        client(world.url, "kms", user.credentials, region="eu-west-1").list_keys()
