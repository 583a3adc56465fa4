"""Keys of any spec, their grants, and tables with any parameter of CreateTable."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from pytest_kmslab.errors import PolicyError
from pytest_kmslab.lab.lab import Lab


def test_a_key_has_its_spec_usage_tags_and_regions(lab: Lab) -> None:
    key = lab.create_key(spec="ECC_NIST_P256", tags={"team": "red"}, multi_region=True)
    told = key.describe()
    assert (told["KeySpec"], told["KeyUsage"], told["MultiRegion"]) == ("ECC_NIST_P256", "SIGN_VERIFY", True)
    kms = lab.as_(lab.admin).client("kms")
    assert {"TagKey": "team", "TagValue": "red"} in kms.list_resource_tags(KeyId=key.arn)["Tags"]
    kms.sign(KeyId=key.arn, Message=b"m", SigningAlgorithm="ECDSA_SHA_256")


@pytest.mark.parametrize(
    ("given", "usage"),
    [
        ({"spec": "HMAC_256"}, "GENERATE_VERIFY_MAC"),
        ({"spec": "RSA_2048"}, "ENCRYPT_DECRYPT"),
        ({"spec": "RSA_2048", "usage": "SIGN_VERIFY"}, "SIGN_VERIFY"),
    ],
)
def test_a_key_is_for_what_its_spec_or_the_usage_says(lab: Lab, given: Any, usage: str) -> None:
    assert lab.create_key(**given).describe()["KeyUsage"] == usage


def test_one_key_user_is_not_taken_apart(lab: Lab) -> None:
    user = lab.create_user()
    assert lab.create_key(users=user).users() == [user.arn]
    assert lab.create_key(users=user.arn).users() == [user.arn]


def test_a_key_policy_is_a_file_too(lab: Lab, tmp_path: Path) -> None:
    key, file = lab.create_key(), tmp_path / "key.json"
    file.write_text(json.dumps({**key.policy(), "Id": "from-a-file"}))
    assert lab.create_key(policy=file).policy()["Id"] == "from-a-file"
    key.put_policy(file)
    assert key.policy()["Id"] == "from-a-file"
    file.write_text("{\n")
    before = lab.inventory()
    with pytest.raises(PolicyError, match=r"`policy`, file .*key.json`, line 2: not JSON"):
        lab.create_key(policy=file)
    assert lab.inventory() == before


def test_a_grant_lets_somebody_in_until_it_is_revoked(lab: Lab) -> None:
    key, user = lab.create_key(), lab.create_user()
    kms = lab.as_(user).client("kms")
    grant = key.grant(user, "Encrypt", context_equals={"table": "a"})
    kms.encrypt(KeyId=key.arn, Plaintext=b"x", EncryptionContext={"table": "a"}, GrantTokens=[grant.token])
    with pytest.raises(ClientError, match="AccessDenied"):
        kms.encrypt(KeyId=key.arn, Plaintext=b"x", EncryptionContext={"table": "b"})
    grant.revoke()
    with pytest.raises(ClientError, match="AccessDenied"):
        kms.encrypt(KeyId=key.arn, Plaintext=b"x", EncryptionContext={"table": "a"})


def test_a_grant_is_retired_by_whom_it_names(lab: Lab) -> None:
    key, user = lab.create_key(), lab.create_user()
    grant = key.grant(user, ["Encrypt", "Decrypt"], context_subset={"table": "a"}, retiring=lab.admin)
    grant.retire()
    assert lab.as_(lab.admin).client("kms").list_grants(KeyId=key.arn)["Grants"] == []


def test_a_table_has_any_parameter_of_create_table(lab: Lab) -> None:
    table = lab.create_table(
        "orders",
        key=lab.create_key(),
        KeySchema=[
            {"AttributeName": "pk", "KeyType": "HASH"},
            {"AttributeName": "sk", "KeyType": "RANGE"},
        ],
        AttributeDefinitions=[
            {"AttributeName": "pk", "AttributeType": "S"},
            {"AttributeName": "sk", "AttributeType": "N"},
        ],
        StreamSpecification={"StreamEnabled": True, "StreamViewType": "KEYS_ONLY"},
        Tags=[{"Key": "team", "Value": "red"}],
    )
    told = table.describe()
    assert [part["AttributeName"] for part in told["KeySchema"]] == ["pk", "sk"]
    assert told["LatestStreamArn"]
    assert table.arn in lab.inventory()


def test_an_index_goes_beside_the_default_key(lab: Lab) -> None:
    index = {
        "IndexName": "by-owner",
        "KeySchema": [{"AttributeName": "owner", "KeyType": "HASH"}],
        "Projection": {"ProjectionType": "ALL"},
    }
    table = lab.create_table(
        AttributeDefinitions=[{"AttributeName": "owner", "AttributeType": "S"}],
        GlobalSecondaryIndexes=[index],
    )
    assert table.describe()["KeySchema"] == [{"AttributeName": "id", "KeyType": "HASH"}]


@pytest.mark.parametrize("given", [{"TableName": "mine"}, {"key": "alias/x", "SSESpecification": {}}])
def test_what_the_lab_sets_is_not_given_twice(lab: Lab, given: Any) -> None:
    with pytest.raises(TypeError, match="create_table"):
        lab.create_table(**given)
