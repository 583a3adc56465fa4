from __future__ import annotations

import json
from typing import Any

import pytest
from unit.calls.fake_facts import ACCOUNT, KEY_ID, FakeFacts, call, key_arn, outcome, policy, root, user

from pytest_kmslab.calls.base import Ask, ServiceError
from pytest_kmslab.calls.operations import asks

ROOT = f"arn:aws:iam::{ACCOUNT}:root"
ANA = user()
ALL_KEYS = key_arn("*")
LOCKOUT = "The new key policy will not allow you to update the key policy in the future."
INVALID_PRINCIPALS = "Policy contains a statement with one or more invalid principals."


def document(*principals: Any, **statement: Any) -> str:
    named = {"Principal": {"AWS": list(principals)}, "Effect": "Allow", "Action": "kms:*", "Resource": "*"}
    return json.dumps({"Version": "2012-10-17", "Statement": [named | statement]})


def create(**params: Any) -> Any:
    return call("kms", "CreateKey", params)


def put(text: str, **params: Any) -> Any:
    return call("kms", "PutKeyPolicy", {"KeyId": KEY_ID, "Policy": text, **params})


@pytest.fixture
def facts() -> FakeFacts:
    facts = FakeFacts()
    facts.add_key()
    facts.key_policies[key_arn()] = policy({"Principal": {"AWS": ROOT}, "Action": "kms:*"})
    facts.allow(ANA, {"Action": ["kms:CreateKey", "kms:PutKeyPolicy"]})
    return facts


def test_creating_a_key_asks_for_no_resource_and_says_what_it_will_be(facts: FakeFacts) -> None:
    (ask,) = asks(create(), facts)
    assert (ask.request.action, ask.request.resource) == ("kms:CreateKey", "*")
    expected = {
        "kms:KeySpec": "SYMMETRIC_DEFAULT",
        "kms:KeyUsage": "ENCRYPT_DECRYPT",
        "kms:KeyOrigin": "AWS_KMS",
        "kms:MultiRegion": "false",
        "kms:CallerAccount": ACCOUNT,
    }
    assert {name: ask.request.context[name] for name in expected} == {n: (v,) for n, v in expected.items()}
    assert "kms:MultiRegionKeyType" not in ask.request.context
    assert "kms:BypassPolicyLockoutSafetyCheck" not in ask.request.context


def test_creating_a_key_of_another_kind(facts: FakeFacts) -> None:
    params = {"KeySpec": "RSA_2048", "KeyUsage": "SIGN_VERIFY", "Origin": "EXTERNAL", "MultiRegion": True}
    (ask,) = asks(create(**params), facts)
    context = ask.request.context
    assert context["kms:KeySpec"] == ("RSA_2048",)
    assert context["kms:KeyUsage"] == ("SIGN_VERIFY",)
    assert context["kms:KeyOrigin"] == ("EXTERNAL",)
    assert context["kms:MultiRegion"] == ("true",)
    assert context["kms:MultiRegionKeyType"] == ("PRIMARY",)


def test_the_deprecated_name_of_the_key_spec_counts(facts: FakeFacts) -> None:
    (ask,) = asks(create(CustomerMasterKeySpec="RSA_2048", KeyUsage="SIGN_VERIFY"), facts)
    assert ask.request.context["kms:KeySpec"] == ("RSA_2048",)


@pytest.mark.parametrize(
    ("statement", "expected"),
    [
        ({}, "kms:TagResource"),
        ({"Action": "kms:TagResource"}, "allowed"),
        ({"Action": "kms:TagResource", "Resource": ALL_KEYS}, "allowed"),
        ({"Action": "kms:TagResource", "Resource": key_arn()}, "kms:TagResource"),
        (
            {"Action": "kms:TagResource", "Condition": {"StringEquals": {"aws:RequestTag/Team": "red"}}},
            "kms:TagResource",
        ),
    ],
)
def test_tags_need_a_permission_in_iam_that_covers_all_keys(
    facts: FakeFacts, statement: dict[str, Any], expected: str
) -> None:
    if statement:
        facts.allow(ANA, statement)
    tagged = create(Tags=[{"TagKey": "Team", "TagValue": "blue"}])
    assert outcome(tagged, facts) == expected


def test_tags_are_known_when_the_key_is_created(facts: FakeFacts) -> None:
    first, *_ = asks(create(Tags=[{"TagKey": "Team", "TagValue": "blue"}]), facts)
    assert first.request.context["aws:RequestTag/Team"] == ("blue",)
    assert first.request.context["aws:TagKeys"] == ("Team",)


@pytest.mark.parametrize("calling", [create, None], ids=["CreateKey", "PutKeyPolicy"])
@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (document(ROOT), "allowed"),
        (document(ACCOUNT), "allowed"),
        (document("*"), "allowed"),
        (document(ANA.arn), "allowed"),
        (document(user("bob").arn), "MalformedPolicyDocumentException"),
        (document(ROOT, Action="kms:Decrypt"), "MalformedPolicyDocumentException"),
        (
            document(ANA.arn, Condition={"Bool": {"aws:ViaAWSService": "true"}}),
            "MalformedPolicyDocumentException",
        ),
        ("not JSON", "MalformedPolicyDocumentException"),
        ("[]", "MalformedPolicyDocumentException"),
        ("{}", "MalformedPolicyDocumentException"),
        ("[" * 32_000, "MalformedPolicyDocumentException"),
        (document(ROOT, Sid="x" * 32_768), "LimitExceededException"),
    ],
)
def test_a_key_policy_about_to_be_put(facts: FakeFacts, calling: Any, text: str, expected: str) -> None:
    assert outcome(create(Policy=text) if calling else put(text), facts) == expected


def test_the_lockout_check_asks_under_the_new_policy_and_has_its_own_text(facts: FakeFacts) -> None:
    present, check = asks(put(document(user("bob").arn)), facts)
    assert present.resource_policy is None
    assert (check.request.action, check.request.resource) == ("kms:PutKeyPolicy", key_arn())
    assert check.resource_policy is not None
    assert check.instead is not None
    assert (check.instead.code, check.instead.message) == ("MalformedPolicyDocumentException", LOCKOUT)


def test_the_lockout_check_can_be_bypassed(facts: FakeFacts) -> None:
    assert outcome(put(document(user("bob").arn), BypassPolicyLockoutSafetyCheck=True), facts) == "allowed"


def test_the_present_policy_is_asked_first(facts: FakeFacts) -> None:
    facts.key_policies[key_arn()] = policy({"Principal": {"AWS": user("bob").arn}, "Action": "kms:*"})
    assert outcome(put("not JSON"), facts) == "kms:PutKeyPolicy"


@pytest.mark.parametrize(
    "principal",
    [
        "banana",
        "",
        7,
        "12345",
        "arn:aws:iam::123456789012:user/*",
        "arn:aws:iam::123456789012:user/gone",
        "arn:aws:iam:us-east-1:123456789012:user/ana",
        "AIDAGONE",
    ],
)
@pytest.mark.parametrize("element", ["Principal", "NotPrincipal"])
def test_a_principal_that_cannot_be_resolved(facts: FakeFacts, principal: Any, element: str) -> None:
    facts.unknown_principals = {"arn:aws:iam::123456789012:user/gone", "AIDAGONE"}
    statements = [
        {"Effect": "Allow", "Principal": {"AWS": ROOT}, "Action": "kms:*", "Resource": "*"},
        {"Effect": "Deny", element: {"AWS": [ANA.arn, principal]}, "Action": "kms:Sign", "Resource": "*"},
    ]
    text = json.dumps({"Version": "2012-10-17", "Statement": statements})
    with pytest.raises(ServiceError) as refused:
        list(asks(put(text, BypassPolicyLockoutSafetyCheck=True), facts))
    assert (refused.value.code, refused.value.message) == (
        "MalformedPolicyDocumentException",
        INVALID_PRINCIPALS,
    )


@pytest.mark.parametrize("key", ["kms:EncryptionContext:a", "KMS:encryptioncontext:A", "aws:RequestTag/a"])
def test_a_set_operator_that_an_empty_request_passes(facts: FakeFacts, key: str) -> None:
    text = document(ROOT, Condition={"ForAllValues:StringEquals": {key: "b"}})
    with pytest.raises(ServiceError, match="OverlyPermissiveCondition"):
        list(asks(put(text), facts))


def test_a_set_operator_on_a_key_of_many_values(facts: FakeFacts) -> None:
    text = document(ROOT, Condition={"ForAllValues:StringEquals": {"kms:EncryptionContextKeys": "a"}})
    assert outcome(put(text), facts) == "allowed"


def test_the_root_user_creates_keys_but_is_not_above_the_lockout_check(facts: FakeFacts) -> None:
    def by_root(text: str) -> Any:
        return call("kms", "CreateKey", {"Policy": text}, root())

    assert outcome(by_root(document(ROOT)), facts) == "allowed"
    assert outcome(by_root(document(ANA.arn)), facts) == "MalformedPolicyDocumentException"


@pytest.fixture
def multi_region(facts: FakeFacts) -> FakeFacts:
    facts.add_key(multi_region=True, multi_region_type="PRIMARY")
    facts.add_key(region="eu-west-1", multi_region=True, multi_region_type="REPLICA")
    return facts


def asked(facts: FakeFacts, operation: str, **params: Any) -> list[Ask]:
    return list(asks(call("kms", operation, {"KeyId": KEY_ID, **params}), facts))


def test_a_replica_needs_the_primary_key_and_the_making_of_a_key_in_its_region(
    multi_region: FakeFacts,
) -> None:
    tags = [{"TagKey": "a", "TagValue": "b"}]
    first, making, tagging, check = asked(
        multi_region, "ReplicateKey", ReplicaRegion="eu-west-2", Tags=tags, Policy=document(ROOT)
    )
    assert (first.request.action, first.request.resource) == ("kms:ReplicateKey", key_arn())
    assert first.request.context["kms:ReplicaRegion"] == ("eu-west-2",)
    assert (making.request.action, making.request.resource) == ("kms:CreateKey", "*")
    assert making.request.context["aws:RequestedRegion"] == ("eu-west-2",)
    assert making.request.context["kms:MultiRegionKeyType"] == ("REPLICA",)
    assert tagging.request.action == "kms:TagResource"
    assert (check.request.action, check.request.resource) == ("kms:PutKeyPolicy", key_arn(region="eu-west-2"))


def test_a_new_primary_region_needs_both_keys(multi_region: FakeFacts) -> None:
    primary, replica = asked(multi_region, "UpdatePrimaryRegion", PrimaryRegion="eu-west-1")
    assert (primary.request.resource, replica.request.resource) == (key_arn(), key_arn(region="eu-west-1"))
    assert primary.request.context["kms:PrimaryRegion"] == ("eu-west-1",)
    assert replica.request.context["kms:MultiRegionKeyType"] == ("REPLICA",)


def test_a_new_primary_region_without_a_replica(multi_region: FakeFacts) -> None:
    with pytest.raises(ServiceError, match=f"NotFoundException: Key '{key_arn(region='eu-west-3')}'"):
        asked(multi_region, "UpdatePrimaryRegion", PrimaryRegion="eu-west-3")


@pytest.mark.parametrize(
    ("params", "text"),
    [
        ({"KeySpec": "HMAC_256"}, "You must specify a KeyUsage value"),
        ({"CustomerMasterKeySpec": "RSA_2048"}, "You must specify a KeyUsage value"),
        (
            {"KeyUsage": "SIGN_VERIFY"},
            "KeyUsage SIGN_VERIFY is not compatible with KeySpec SYMMETRIC_DEFAULT.",
        ),
        (
            {"KeySpec": "ECC_NIST_P521", "KeyUsage": "ENCRYPT_DECRYPT"},
            "KeyUsage ENCRYPT_DECRYPT is not compatible with KeySpec ECC_NIST_P521.",
        ),
    ],
)
def test_a_key_has_a_use_of_its_spec(facts: FakeFacts, params: dict[str, Any], text: str) -> None:
    with pytest.raises(ServiceError, match=f"ValidationException: {text}"):
        list(asks(create(**params), facts))


@pytest.mark.parametrize(
    ("spec", "usage"),
    [("RSA_4096", "ENCRYPT_DECRYPT"), ("ECC_NIST_P256", "KEY_AGREEMENT"), ("NEW_SPEC", "NEW_USAGE")],
)
def test_a_spec_newer_than_the_table_is_left_to_the_backend(facts: FakeFacts, spec: str, usage: str) -> None:
    assert list(asks(create(KeySpec=spec, KeyUsage=usage), facts))


@pytest.mark.parametrize("operation", ["ReplicateKey", "UpdatePrimaryRegion"])
@pytest.mark.parametrize("region", ["us-east-1", "eu-west-1"], ids=["single-Region", "replica"])
def test_only_a_primary_key_is_replicated_or_replaced(facts: FakeFacts, operation: str, region: str) -> None:
    facts.add_key(region="eu-west-1", multi_region=True, multi_region_type="REPLICA")
    params = {"KeyId": KEY_ID, "ReplicaRegion": "eu-west-3", "PrimaryRegion": "eu-west-3"}
    asked = asks(call("kms", operation, params, region=region), facts)
    assert next(asked).request.action == f"kms:{operation}"
    with pytest.raises(ServiceError, match="UnsupportedOperationException"):
        list(asked)


@pytest.mark.parametrize("region", ["eu-west-1", "us-east-1"])
def test_a_region_has_one_key_of_an_id(multi_region: FakeFacts, region: str) -> None:
    with pytest.raises(ServiceError, match="AlreadyExistsException"):
        asked(multi_region, "ReplicateKey", ReplicaRegion=region)
