"""Answers of KMS on moto, member by member.

Recorded by LocalStack: tests/aws/services/kms/test_kms.snapshot.json.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest
from helpers.account import ACCOUNT, Account, allow
from helpers.asserts import code

COMMON = {
    "AWSAccountId",
    "Arn",
    "CreationDate",
    "CustomerMasterKeySpec",
    "Description",
    "Enabled",
    "KeyId",
    "KeyManager",
    "KeySpec",
    "KeyState",
    "KeyUsage",
    "MultiRegion",
    "Origin",
}
RSA = {"KeySpec": "RSA_2048", "KeyUsage": "ENCRYPT_DECRYPT"}
CURVE = {"KeySpec": "ECC_NIST_P256", "KeyUsage": "SIGN_VERIFY"}
HMAC = {"KeySpec": "HMAC_256", "KeyUsage": "GENERATE_VERIFY_MAC"}


@pytest.fixture
def kms(account: Account) -> Any:
    return account.root.client("kms")


@pytest.mark.parametrize(
    ("params", "more"),
    [
        ({}, {"EncryptionAlgorithms", "CurrentKeyMaterialId"}),
        ({"Origin": "EXTERNAL"}, {"EncryptionAlgorithms"}),
        (RSA, {"EncryptionAlgorithms"}),
        (CURVE, {"SigningAlgorithms"}),
        (HMAC, {"MacAlgorithms"}),
        ({**CURVE, "KeyUsage": "KEY_AGREEMENT"}, {"KeyAgreementAlgorithms"}),
        ({"MultiRegion": True}, {"EncryptionAlgorithms", "CurrentKeyMaterialId", "MultiRegionConfiguration"}),
    ],
)
def test_metadata_has_the_members_of_the_kind_of_key(
    kms: Any, params: dict[str, Any], more: set[str]
) -> None:
    made = kms.create_key(**params)["KeyMetadata"]
    assert set(made) == COMMON | more
    told = kms.describe_key(KeyId=made["KeyId"])["KeyMetadata"]
    assert told == made
    assert isinstance(told["CreationDate"], datetime)
    assert told["KeyUsage"] == params.get("KeyUsage", "ENCRYPT_DECRYPT")
    assert told["Enabled"] is ("Origin" not in params)


def test_a_multi_region_key_has_an_id_as_on_aws(kms: Any) -> None:
    """https://docs.aws.amazon.com/kms/latest/developerguide/concepts.html#key-id-key-id"""
    key_id = kms.create_key(MultiRegion=True)["KeyMetadata"]["KeyId"]
    assert key_id.startswith("mrk-")
    assert len(key_id) == 36
    assert "-" not in key_id[4:]
    kms.update_key_description(KeyId=key_id, Description="found by its id")
    kms.create_alias(AliasName="alias/mrk", TargetKeyId=key_id)
    kms.disable_key(KeyId=key_id)
    told = kms.describe_key(KeyId="alias/mrk")["KeyMetadata"]
    assert (told["Description"], told["KeyState"]) == ("found by its id", "Disabled")


def test_a_replica_is_told_before_it_is_there(account: Account, kms: Any) -> None:
    key_id = kms.create_key(MultiRegion=True, Description="first", Tags=[{"TagKey": "a", "TagValue": "1"}])[
        "KeyMetadata"
    ]["KeyId"]
    tags = [{"TagKey": "b", "TagValue": "2"}]
    answer = kms.replicate_key(KeyId=key_id, ReplicaRegion="eu-west-1", Tags=tags)
    told = answer["ReplicaKeyMetadata"]
    assert (told["KeyState"], told["Enabled"], told["Description"]) == ("Creating", False, "")
    assert told["MultiRegionConfiguration"]["MultiRegionKeyType"] == "REPLICA"
    assert "CurrentKeyMaterialId" not in told
    assert answer["ReplicaTags"] == tags
    there = account.root.client("kms", region_name="eu-west-1")
    assert there.list_resource_tags(KeyId=key_id)["Tags"] == tags
    now = there.describe_key(KeyId=key_id)["KeyMetadata"]
    assert (now["KeyState"], now["Description"]) == ("Enabled", "")
    first = kms.describe_key(KeyId=key_id)["KeyMetadata"]
    assert first["MultiRegionConfiguration"]["MultiRegionKeyType"] == "PRIMARY"
    assert (first["Description"], first["CurrentKeyMaterialId"]) == ("first", now["CurrentKeyMaterialId"])


def test_a_policy_by_tag_goes_by_the_replicas_own(account: Account, kms: Any) -> None:
    key_id = kms.create_key(MultiRegion=True)["KeyMetadata"]["KeyId"]
    kms.replicate_key(KeyId=key_id, ReplicaRegion="eu-west-1", Tags=[{"TagKey": "b", "TagValue": "2"}])
    tagged = allow("kms:DescribeKey", Condition={"StringEquals": {"aws:ResourceTag/b": "2"}})
    ana = account.user("ana", tagged)
    assert ana.client("kms", region_name="eu-west-1").describe_key(KeyId=key_id)
    assert code(ana.client("kms").describe_key, KeyId=key_id) == "AccessDeniedException"


def test_a_key_that_waits_for_its_replicas(account: Account, kms: Any) -> None:
    key = account.key(MultiRegion=True)
    kms.replicate_key(KeyId=key, ReplicaRegion="eu-west-1")
    kms.schedule_key_deletion(KeyId=key, PendingWindowInDays=8)
    told = kms.describe_key(KeyId=key)["KeyMetadata"]
    assert (told["KeyState"], told["PendingDeletionWindowInDays"]) == ("PendingReplicaDeletion", 8)
    assert "DeletionDate" not in told
    single = account.key()
    when = kms.schedule_key_deletion(KeyId=single)["DeletionDate"]
    assert kms.describe_key(KeyId=single)["KeyMetadata"]["DeletionDate"] == when


def test_the_key_of_dynamodb_is_described_as_on_aws(kms: Any) -> None:
    told = kms.describe_key(KeyId="alias/aws/dynamodb")["KeyMetadata"]
    text = "Default key that protects my DynamoDB data when no other key is defined"
    assert (told["Description"], told["KeyManager"]) == (text, "AWS")
    assert kms.get_key_rotation_status(KeyId=told["KeyId"])["KeyRotationEnabled"]


def test_lists_come_in_pages(account: Account, kms: Any) -> None:
    keys = {account.key() for _ in range(5)}
    first = kms.list_keys(Limit=2)
    assert (len(first["Keys"]), first["Truncated"]) == (2, True)
    pages = kms.get_paginator("list_keys").paginate(PaginationConfig={"PageSize": 2})
    assert {one["KeyArn"] for page in pages for one in page["Keys"]} == keys
    whole = kms.list_keys(Limit=5)
    assert (whole["Truncated"], "NextMarker" in whole) == (False, False)
    for number in range(3):
        kms.create_alias(AliasName=f"alias/{number}", TargetKeyId=next(iter(keys)))
    shown = kms.list_aliases(KeyId=next(iter(keys)), Limit=2)
    assert (len(shown["Aliases"]), shown["Truncated"]) == (2, True)
    rest = kms.list_aliases(KeyId=next(iter(keys)), Limit=2, Marker=shown["NextMarker"])
    assert (len(rest["Aliases"]), rest["Truncated"]) == (1, False)
    for marker in ("none", shown["NextMarker"]):
        assert code(kms.list_keys, Marker=marker) == "InvalidMarkerException"


@pytest.mark.parametrize("number", [0, 1, 3])
def test_grants_and_tags_come_in_pages_too(account: Account, kms: Any, number: int) -> None:
    key, ana = account.key(), account.user("ana")
    arn = ana.client("sts").get_caller_identity()["Arn"]
    for count in range(number):
        given = {"GranteePrincipal": arn, "RetiringPrincipal": arn, "Operations": ["Decrypt"]}
        kms.create_grant(KeyId=key, Name=str(count), **given)
        kms.tag_resource(KeyId=key, Tags=[{"TagKey": str(count), "TagValue": "x"}])
    for act, member, named in (
        (kms.list_grants, "Grants", {"KeyId": key}),
        (kms.list_retirable_grants, "Grants", {"RetiringPrincipal": arn}),
        (kms.list_resource_tags, "Tags", {"KeyId": key}),
    ):
        answer = act(**named, Limit=1)
        assert (len(answer[member]), answer["Truncated"]) == (min(number, 1), number > 1)
        if number > 1:
            assert len(act(**named, Limit=9, Marker=answer["NextMarker"])[member]) == number - 1


def test_aliases_have_dates_and_those_of_aws_a_key_once_it_is_made(account: Account, kms: Any) -> None:
    """https://docs.aws.amazon.com/kms/latest/APIReference/API_ListAliases.html"""
    kms.create_alias(AliasName="alias/mine", TargetKeyId=account.key())
    kms.describe_key(KeyId="alias/aws/s3")
    rows = {row["AliasName"]: row for row in kms.list_aliases()["Aliases"]}
    for name in ("alias/mine", "alias/aws/s3"):
        assert rows[name]["CreationDate"] <= rows[name]["LastUpdatedDate"]
    assert "TargetKeyId" in rows["alias/aws/s3"]
    assert "TargetKeyId" not in rows["alias/aws/ebs"]


def test_grants_are_found_by_whom_they_name_now(account: Account, kms: Any) -> None:
    """Who took the name of somebody deleted has no grants of theirs; who was renamed keeps them."""
    iam, key = account.root.client("iam"), account.key()
    arn = f"arn:aws:iam::{ACCOUNT}:user/"
    identifier = iam.create_user(UserName="ana")["User"]["UserId"]
    given = {"GranteePrincipal": f"{arn}ana", "RetiringPrincipal": f"{arn}ana", "Operations": ["Decrypt"]}
    grant = kms.create_grant(KeyId=key, **given)["GrantId"]

    def found(principal: str) -> list[str]:
        grants = kms.list_grants(KeyId=key, GranteePrincipal=principal)["Grants"]
        retirable = kms.list_retirable_grants(RetiringPrincipal=principal)["Grants"]
        assert grants == retirable
        return [one["GrantId"] for one in grants]

    assert found(f"{arn}ana") == [grant]
    iam.update_user(UserName="ana", NewUserName="bea")
    assert (found(f"{arn}ana"), found(f"{arn}bea")) == ([], [grant])
    iam.delete_user(UserName="bea")
    iam.create_user(UserName="bea")
    assert found(f"{arn}bea") == []
    (shown,) = kms.list_grants(KeyId=key, GrantId=grant)["Grants"]
    assert (shown["GranteePrincipal"], shown["RetiringPrincipal"]) == (identifier, identifier)
    assert kms.list_grants(KeyId=key, GranteeServicePrincipal="dynamodb.amazonaws.com")["Grants"] == []


def test_grants_are_listed_of_one_kind_of_principal(account: Account, kms: Any) -> None:
    arn, service, key = f"arn:aws:iam::{ACCOUNT}:root", "dynamodb.amazonaws.com", account.key()
    kms.create_grant(KeyId=key, GranteePrincipal=arn, RetiringPrincipal=arn, Operations=["Decrypt"])
    both = {"RetiringPrincipal": arn, "RetiringServicePrincipal": service}
    for named in ({}, both):
        assert code(kms.list_retirable_grants, **named) == "ValidationException"
    of_grantee = {"GranteePrincipal": arn, "GranteeServicePrincipal": service}
    assert code(kms.list_grants, KeyId=key, **of_grantee) == "ValidationException"
    assert kms.list_retirable_grants(RetiringServicePrincipal=service)["Grants"] == []
    assert len(kms.list_retirable_grants(RetiringPrincipal=arn)["Grants"]) == 1
