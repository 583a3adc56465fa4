from __future__ import annotations

import json
from typing import Any

import pytest
from helpers.authorizations import required_authorizations
from helpers.fake_account import ACCOUNT, KEY_ID, FakeAccount, call, key_arn, outcome, policy, root, user
from helpers.key_policies import INVALID_PRINCIPALS, ROOT, delegated, document, put

from pytest_kmslab.calls.api_call import Authorization, ServiceError
from pytest_kmslab.calls.kms.specs import check_new_key

ANA = user()
ALL_KEYS = key_arn("*")
LOCKOUT = "The new key policy will not allow you to update the key policy in the future."


def create(**params: Any) -> Any:
    return call("kms", "CreateKey", params)


@pytest.fixture
def view() -> FakeAccount:
    return delegated(ANA, "kms:CreateKey", "kms:PutKeyPolicy")


def test_creating_a_key_asks_for_no_resource_and_says_what_it_will_be(view: FakeAccount) -> None:
    (authorization,) = required_authorizations(create(), view)
    assert (authorization.request.action, authorization.request.resource) == ("kms:CreateKey", "*")
    expected = {
        "kms:KeySpec": "SYMMETRIC_DEFAULT",
        "kms:KeyUsage": "ENCRYPT_DECRYPT",
        "kms:KeyOrigin": "AWS_KMS",
        "kms:MultiRegion": "false",
        "kms:CallerAccount": ACCOUNT,
    }
    assert {name: authorization.request.context[name] for name in expected} == {
        n: (v,) for n, v in expected.items()
    }
    assert "kms:MultiRegionKeyType" not in authorization.request.context
    assert "kms:BypassPolicyLockoutSafetyCheck" not in authorization.request.context


def test_creating_a_key_of_another_kind(view: FakeAccount) -> None:
    params = {"KeySpec": "RSA_2048", "KeyUsage": "SIGN_VERIFY", "Origin": "EXTERNAL", "MultiRegion": True}
    authorization, _ = required_authorizations(create(**params), view)
    context = authorization.request.context
    assert context["kms:KeySpec"] == ("RSA_2048",)
    assert context["kms:KeyUsage"] == ("SIGN_VERIFY",)
    assert context["kms:KeyOrigin"] == ("EXTERNAL",)
    assert context["kms:MultiRegion"] == ("true",)
    assert context["kms:MultiRegionKeyType"] == ("PRIMARY",)


def test_the_deprecated_name_of_the_key_spec_counts(view: FakeAccount) -> None:
    (authorization,) = required_authorizations(
        create(CustomerMasterKeySpec="RSA_2048", KeyUsage="SIGN_VERIFY"), view
    )
    assert authorization.request.context["kms:KeySpec"] == ("RSA_2048",)


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
    view: FakeAccount, statement: dict[str, Any], expected: str
) -> None:
    if statement:
        view.allow(ANA, statement)
    tagged = create(Tags=[{"TagKey": "Team", "TagValue": "blue"}])
    assert outcome(tagged, view) == expected


def test_tags_are_known_when_the_key_is_created(view: FakeAccount) -> None:
    first, *_ = required_authorizations(create(Tags=[{"TagKey": "Team", "TagValue": "blue"}]), view)
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
def test_a_key_policy_about_to_be_put(view: FakeAccount, calling: Any, text: str, expected: str) -> None:
    assert outcome(create(Policy=text) if calling else put(text), view) == expected


def test_the_lockout_check_asks_under_the_new_policy_and_has_its_own_text(view: FakeAccount) -> None:
    present, check = required_authorizations(put(document(user("bob").arn)), view)
    assert present.resource_policy is None
    assert (check.request.action, check.request.resource) == ("kms:PutKeyPolicy", key_arn())
    assert check.resource_policy is not None
    assert check.instead is not None
    assert (check.instead.code, check.instead.message) == ("MalformedPolicyDocumentException", LOCKOUT)


def test_the_lockout_check_can_be_bypassed(view: FakeAccount) -> None:
    assert outcome(put(document(user("bob").arn), BypassPolicyLockoutSafetyCheck=True), view) == "allowed"


def test_the_present_policy_is_asked_first(view: FakeAccount) -> None:
    view.key_policies[key_arn()] = policy({"Principal": {"AWS": user("bob").arn}, "Action": "kms:*"})
    assert outcome(put("not JSON"), view) == "kms:PutKeyPolicy"


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
def test_a_principal_that_cannot_be_resolved(view: FakeAccount, principal: Any, element: str) -> None:
    view.unknown_principals = {"arn:aws:iam::123456789012:user/gone", "AIDAGONE"}
    statements = [
        {"Effect": "Allow", "Principal": {"AWS": ROOT}, "Action": "kms:*", "Resource": "*"},
        {"Effect": "Deny", element: {"AWS": [ANA.arn, principal]}, "Action": "kms:Sign", "Resource": "*"},
    ]
    text = json.dumps({"Version": "2012-10-17", "Statement": statements})
    with pytest.raises(ServiceError) as refused:
        list(required_authorizations(put(text, BypassPolicyLockoutSafetyCheck=True), view))
    assert (refused.value.code, refused.value.message) == (
        "MalformedPolicyDocumentException",
        INVALID_PRINCIPALS,
    )


@pytest.mark.parametrize("key", ["kms:EncryptionContext:a", "KMS:encryptioncontext:A", "aws:RequestTag/a"])
def test_a_set_operator_that_an_empty_request_passes(view: FakeAccount, key: str) -> None:
    text = document(ROOT, Condition={"ForAllValues:StringEquals": {key: "b"}})
    with pytest.raises(ServiceError, match="OverlyPermissiveCondition"):
        list(required_authorizations(put(text), view))


def test_a_set_operator_on_a_key_of_many_values(view: FakeAccount) -> None:
    text = document(ROOT, Condition={"ForAllValues:StringEquals": {"kms:EncryptionContextKeys": "a"}})
    assert outcome(put(text), view) == "allowed"


def test_the_root_user_creates_keys_but_is_not_above_the_lockout_check(view: FakeAccount) -> None:
    def by_root(text: str) -> Any:
        return call("kms", "CreateKey", {"Policy": text}, root())

    assert outcome(by_root(document(ROOT)), view) == "allowed"
    assert outcome(by_root(document(ANA.arn)), view) == "MalformedPolicyDocumentException"


@pytest.fixture
def multi_region(view: FakeAccount) -> FakeAccount:
    view.add_key(multi_region=True, multi_region_type="PRIMARY")
    view.add_key(region="eu-west-1", multi_region=True, multi_region_type="REPLICA")
    return view


def asked(view: FakeAccount, operation: str, **params: Any) -> list[Authorization]:
    return list(required_authorizations(call("kms", operation, {"KeyId": KEY_ID, **params}), view))


def test_a_replica_needs_the_primary_key_and_the_making_of_a_key_in_its_region(
    multi_region: FakeAccount,
) -> None:
    tags = [{"TagKey": "a", "TagValue": "b"}]
    first, recorded_create, tagging, check = asked(
        multi_region, "ReplicateKey", ReplicaRegion="eu-west-2", Tags=tags, Policy=document(ROOT)
    )
    assert (first.request.action, first.request.resource) == ("kms:ReplicateKey", key_arn())
    assert first.request.context["kms:ReplicaRegion"] == ("eu-west-2",)
    assert (recorded_create.request.action, recorded_create.request.resource) == ("kms:CreateKey", "*")
    assert recorded_create.request.context["aws:RequestedRegion"] == ("eu-west-2",)
    assert recorded_create.request.context["kms:MultiRegionKeyType"] == ("REPLICA",)
    assert tagging.request.action == "kms:TagResource"
    assert (check.request.action, check.request.resource) == ("kms:PutKeyPolicy", key_arn(region="eu-west-2"))
    assert tagging.request.context["aws:RequestedRegion"] == ("eu-west-2",)
    assert check.request.context["aws:RequestedRegion"] == ("eu-west-2",)


def test_a_new_primary_region_needs_both_keys(multi_region: FakeAccount) -> None:
    primary, replica = asked(multi_region, "UpdatePrimaryRegion", PrimaryRegion="eu-west-1")
    assert (primary.request.resource, replica.request.resource) == (key_arn(), key_arn(region="eu-west-1"))
    assert primary.request.context["kms:PrimaryRegion"] == ("eu-west-1",)
    assert replica.request.context["kms:MultiRegionKeyType"] == ("REPLICA",)


def test_a_new_primary_region_without_a_replica(multi_region: FakeAccount) -> None:
    with pytest.raises(ServiceError, match=f"NotFoundException: Key '{key_arn(region='eu-west-3')}'"):
        asked(multi_region, "UpdatePrimaryRegion", PrimaryRegion="eu-west-3")


@pytest.mark.parametrize(
    ("params", "text"),
    [
        ({"KeySpec": "HMAC_256"}, "You must specify a KeyUsage value"),
        ({"CustomerMasterKeySpec": "RSA_2048"}, "You must specify a KeyUsage value"),
        (
            {"KeyUsage": "SIGN_VERIFY"},
            "KeyUsage SIGN_VERIFY is not compatible with KeySpec SYMMETRIC_DEFAULT$",
        ),
        (
            {"KeySpec": "ECC_NIST_P521", "KeyUsage": "ENCRYPT_DECRYPT"},
            "KeyUsage ENCRYPT_DECRYPT is not compatible with KeySpec ECC_NIST_P521$",
        ),
    ],
)
def test_a_key_has_a_use_of_its_spec(view: FakeAccount, params: dict[str, Any], text: str) -> None:
    with pytest.raises(ServiceError, match=f"ValidationException: {text}"):
        list(required_authorizations(create(**params), view))


@pytest.mark.parametrize(
    ("spec", "usage"),
    [("RSA_4096", "ENCRYPT_DECRYPT"), ("ECC_NIST_P256", "KEY_AGREEMENT"), ("NEW_SPEC", "NEW_USAGE")],
)
def test_a_spec_newer_than_the_table_is_left_to_the_backend(view: FakeAccount, spec: str, usage: str) -> None:
    assert list(required_authorizations(create(KeySpec=spec, KeyUsage=usage), view))


@pytest.mark.parametrize("operation", ["ReplicateKey", "UpdatePrimaryRegion"])
@pytest.mark.parametrize("region", ["us-east-1", "eu-west-1"], ids=["single-Region", "replica"])
def test_only_a_primary_key_is_replicated_or_replaced(view: FakeAccount, operation: str, region: str) -> None:
    view.add_key(region="eu-west-1", multi_region=True, multi_region_type="REPLICA")
    params = {"KeyId": KEY_ID, "ReplicaRegion": "eu-west-3", "PrimaryRegion": "eu-west-3"}
    asked = required_authorizations(call("kms", operation, params, region=region), view)
    assert next(asked).request.action == f"kms:{operation}"
    with pytest.raises(ServiceError, match="UnsupportedOperationException"):
        list(asked)


@pytest.mark.parametrize(
    ("region", "said"),
    [
        ("eu-west-1", "already exists"),
        ("us-east-1", "us-east-1 cannot have a replica because it contains the primary."),
    ],
)
def test_a_region_has_one_key_of_an_id(multi_region: FakeAccount, region: str, said: str) -> None:
    with pytest.raises(ServiceError, match=f"AlreadyExistsException: .*{said}"):
        asked(multi_region, "ReplicateKey", ReplicaRegion=region)


@pytest.mark.parametrize("spec", ["ML_DSA_44", "ML_DSA_87"])
def test_no_material_is_imported_for_ml_dsa(spec: str) -> None:
    new = {"KeySpec": spec, "KeyUsage": "SIGN_VERIFY"}
    check_new_key(new, "us-east-1")
    check_new_key({"KeySpec": "ECC_NIST_P256", "KeyUsage": "SIGN_VERIFY", "Origin": "EXTERNAL"}, "us-east-1")
    with pytest.raises(ServiceError, match=f"KeySpec {spec} is not supported for Origin EXTERNAL"):
        check_new_key({**new, "Origin": "EXTERNAL"}, "us-east-1")


LINKED = f"arn:aws:iam::{ACCOUNT}:role/aws-service-role"
MULTI_REGION = f"{LINKED}/mrk.kms.amazonaws.com/AWSServiceRoleForKeyManagementServiceMultiRegionKeys"
KEY_STORES = f"{LINKED}/cks.kms.amazonaws.com/AWSServiceRoleForKeyManagementServiceCustomKeyStores"


@pytest.mark.parametrize(
    ("operation", "params", "role"),
    [
        ("CreateKey", {"MultiRegion": True}, MULTI_REGION),
        ("CreateKey", {"MultiRegion": False}, None),
        ("CreateKey", {}, None),
        ("CreateCustomKeyStore", {"CustomKeyStoreName": "one"}, KEY_STORES),
        ("CreateCustomKeyStore", {"CustomKeyStoreType": "AWS_CLOUDHSM"}, KEY_STORES),
        ("CreateCustomKeyStore", {"CustomKeyStoreType": "EXTERNAL_KEY_STORE"}, None),
    ],
)
def test_who_has_kms_make_the_role_of_a_service_may_make_it(
    view: FakeAccount, operation: str, params: dict[str, Any], role: str | None
) -> None:
    view.allow(ANA, {"Action": "kms:*"})
    asking = call("kms", operation, params)
    _, *asked = required_authorizations(asking, view)
    assert [one.request.resource for one in asked] == ([role] if role else [])
    assert outcome(asking, view) == ("iam:CreateServiceLinkedRole" if role else "allowed")
    condition = {"StringEquals": {"iam:AWSServiceName": (role or "").split("/")[2:3]}}
    view.allow(
        ANA, {"Action": "iam:CreateServiceLinkedRole", "Resource": role or "*", "Condition": condition}
    )
    view.allow(ANA, {"Action": "kms:*"})
    assert outcome(asking, view) == "allowed"


def test_a_role_of_a_service_that_is_there_is_not_made_again(view: FakeAccount) -> None:
    view.iam_arns["role", MULTI_REGION.rpartition("/")[2]] = MULTI_REGION
    assert outcome(create(MultiRegion=True), view) == "allowed"


@pytest.mark.parametrize("old", ["RSA_2048", "SYMMETRIC_DEFAULT"])
def test_a_key_spec_is_told_once(old: str) -> None:
    check_new_key({"CustomerMasterKeySpec": "RSA_2048", "KeyUsage": "SIGN_VERIFY"}, "us-east-1")
    with pytest.raises(ServiceError, match="ValidationException: You cannot specify KeySpec and Customer"):
        check_new_key({"KeySpec": "SYMMETRIC_DEFAULT", "CustomerMasterKeySpec": old}, "us-east-1")
