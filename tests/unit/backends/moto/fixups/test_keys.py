"""Keys where moto answers otherwise than KMS: multi-Region ones, and those whose policy denies somebody."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError
from helpers.account import ACCOUNT, Account, allow
from helpers.asserts import code


@pytest.fixture
def replicated(account: Account) -> tuple[Any, Any, str]:
    """KMS here and there, and the id of a key with a replica there."""
    here = account.root.client("kms")
    key_id = here.create_key(MultiRegion=True)["KeyMetadata"]["KeyId"]
    here.replicate_key(KeyId=key_id, ReplicaRegion="eu-west-1")
    return here, account.root.client("kms", region_name="eu-west-1"), key_id


def test_what_is_encrypted_here_is_decrypted_there(replicated: tuple[Any, Any, str]) -> None:
    here, there, key_id = replicated
    context = {"a": "b"}
    blob = here.encrypt(KeyId=key_id, Plaintext=b"x", EncryptionContext=context)["CiphertextBlob"]
    for kms in (here, there):
        assert kms.decrypt(CiphertextBlob=blob, EncryptionContext=context)["Plaintext"] == b"x"
        named = kms.decrypt(CiphertextBlob=blob, EncryptionContext=context, KeyId=key_id)
        assert named["KeyId"] == kms.describe_key(KeyId=key_id)["KeyMetadata"]["Arn"]


def test_the_first_multi_region_key_needs_the_right_to_make_a_role_and_makes_it(account: Account) -> None:
    user = account.user("ana", allow("kms:*"))
    role = "AWSServiceRoleForKeyManagementServiceMultiRegionKeys"
    with pytest.raises(ClientError, match=f"iam:CreateServiceLinkedRole on resource: .*/{role} because no"):
        user.client("kms").create_key(MultiRegion=True)
    assert account.root.client("kms").list_keys()["Keys"] == []
    account.root.client("kms").create_key(MultiRegion=True)
    made = account.root.client("iam").get_role(RoleName=role)["Role"]
    assert made["Path"] == "/aws-service-role/mrk.kms.amazonaws.com/"
    user.client("kms").create_key(MultiRegion=True)


@pytest.mark.parametrize(
    ("service", "role"),
    [
        ("mrk.kms", "AWSServiceRoleForKeyManagementServiceMultiRegionKeys"),
        ("replication.dynamodb", "AWSServiceRoleForDynamoDBReplication"),
        ("batch", "AWSServiceRoleForBatch"),
        ("ecs", "AWSServiceRoleForECS"),
        ("rds", "AWSServiceRoleForRDS"),
        ("cassandra.application-autoscaling", "AWSServiceRoleForApplicationAutoScaling_CassandraTable"),
    ],
)
def test_the_role_of_a_service_has_its_name_in_aws(account: Account, service: str, role: str) -> None:
    iam, service = account.root.client("iam"), f"{service}.amazonaws.com"
    made = iam.create_service_linked_role(AWSServiceName=service)["Role"]
    arn = f"arn:aws:iam::{ACCOUNT}:role/aws-service-role/{service}/{role}"
    assert (made["RoleName"], made["Arn"]) == (role, arn)
    assert iam.get_role(RoleName=role)["Role"]["Arn"] == arn
    with pytest.raises(ClientError, match=f"Service role name {role} has been taken"):
        iam.create_service_linked_role(AWSServiceName=service)
    iam.delete_service_linked_role(RoleName=role)
    if service.startswith("mrk"):
        account.root.client("kms").create_key(MultiRegion=True)
        assert iam.get_role(RoleName=role)["Role"]["Arn"] == arn


def test_data_keys_and_re_encryption_too(replicated: tuple[Any, Any, str], account: Account) -> None:
    here, there, key_id = replicated
    made = here.generate_data_key(KeyId=key_id, KeySpec="AES_256")
    assert there.decrypt(CiphertextBlob=made["CiphertextBlob"])["Plaintext"] == made["Plaintext"]
    moved = here.re_encrypt(CiphertextBlob=made["CiphertextBlob"], DestinationKeyId=account.key())
    assert here.decrypt(CiphertextBlob=moved["CiphertextBlob"])["Plaintext"] == made["Plaintext"]


def test_a_replica_has_rules_of_its_own(replicated: tuple[Any, Any, str], account: Account) -> None:
    here, there, key_id = replicated
    arn = here.describe_key(KeyId=key_id)["KeyMetadata"]["Arn"]
    blob = here.encrypt(KeyId=key_id, Plaintext=b"x")["CiphertextBlob"]
    statement = {
        "Version": "2012-10-17",
        "Statement": [allow("kms:Decrypt")["Statement"][0] | {"Resource": arn}],
    }
    user = account.user("ana", statement)
    assert user.client("kms").decrypt(CiphertextBlob=blob)["Plaintext"] == b"x"
    with pytest.raises(ClientError) as denied:
        user.client("kms", region_name="eu-west-1").decrypt(CiphertextBlob=blob)
    assert denied.value.response["Error"]["Code"] == "AccessDeniedException"
    there.disable_key(KeyId=key_id)
    assert here.decrypt(CiphertextBlob=blob)["Plaintext"] == b"x"
    with pytest.raises(ClientError) as disabled:
        there.decrypt(CiphertextBlob=blob)
    assert disabled.value.response["Error"]["Code"] == "DisabledException"


def test_the_primary_region_can_be_changed(replicated: tuple[Any, Any, str], account: Account) -> None:
    here, _, key_id = replicated
    primaries = allow("kms:DescribeKey", Condition={"StringEquals": {"kms:MultiRegionKeyType": "PRIMARY"}})
    ana = account.user("ana", primaries)
    mine = (ana.client("kms"), ana.client("kms", region_name="eu-west-1"))
    mine[0].describe_key(KeyId=key_id)
    here.update_primary_region(KeyId=key_id, PrimaryRegion="eu-west-1")
    told = mine[1].describe_key(KeyId=key_id)["KeyMetadata"]["MultiRegionConfiguration"]
    assert told["PrimaryKey"]["Region"] == "eu-west-1"
    with pytest.raises(ClientError):
        mine[0].describe_key(KeyId=key_id)


def test_a_ciphertext_cut_short_is_none(replicated: tuple[Any, Any, str]) -> None:
    here, _, key_id = replicated
    blob = here.encrypt(KeyId=key_id, Plaintext=b"x")["CiphertextBlob"]
    for wrong in (blob[:4], blob[:30], blob[4:], b"mrk-" + blob):
        with pytest.raises(ClientError) as refused:
            here.decrypt(CiphertextBlob=wrong)
        assert refused.value.response["Error"]["Code"] == "InvalidCiphertextException"


def test_a_deny_of_somebody_else_leaves_describe_key(account: Account) -> None:
    """moto itself denies it to everybody, without a word."""
    account.user("bob")
    root = f"arn:aws:iam::{ACCOUNT}:root"
    bob = {"AWS": f"arn:aws:iam::{ACCOUNT}:user/bob"}
    elsewhere = {"StringEquals": {"kms:ViaService": "s3.us-east-1.amazonaws.com"}}
    denies = [{"Principal": bob}, {"Principal": "*", "Condition": elsewhere}]
    statements = [{"Effect": "Deny", "Action": "kms:*", "Resource": "*", **deny} for deny in denies]
    trust = {"Effect": "Allow", "Principal": {"AWS": root}, "Action": "kms:*", "Resource": "*"}
    key = account.key({"Version": "2012-10-17", "Statement": [*statements, trust]})
    kms = account.user("ana", allow("kms:*")).client("kms")
    assert kms.describe_key(KeyId=key)["KeyMetadata"]["Arn"] == key


@pytest.mark.parametrize("region", ["eu-west-1", "us-east-1"])
def test_a_region_has_one_replica(replicated: tuple[Any, Any, str], region: str) -> None:
    here, there, key_id = replicated
    assert code(here.replicate_key, KeyId=key_id, ReplicaRegion=region) == "AlreadyExistsException"
    elsewhere = {"KeyId": key_id, "ReplicaRegion": "eu-west-3"}
    assert code(there.replicate_key, **elsewhere) == "UnsupportedOperationException"


def test_what_a_single_region_key_has_not(account: Account) -> None:
    kms, key = account.root.client("kms"), account.key()
    unsupported = "UnsupportedOperationException"
    assert code(kms.replicate_key, KeyId=key, ReplicaRegion="eu-west-1") == unsupported
    assert code(kms.update_primary_region, KeyId=key, PrimaryRegion="eu-west-1") == unsupported


@pytest.mark.parametrize("region", ["eu-nowhere-1", "cn-north-1", "us-gov-west-1"])
def test_a_region_that_there_is_not_in_the_partition(account: Account, region: str) -> None:
    key = account.key(MultiRegion=True)
    replicating = {"KeyId": key, "ReplicaRegion": region}
    assert code(account.root.client("kms").replicate_key, **replicating) == "ValidationException"


def test_a_primary_key_waits_for_its_replicas(replicated: tuple[Any, Any, str]) -> None:
    here, there, key_id = replicated
    answered = here.schedule_key_deletion(KeyId=key_id, PendingWindowInDays=7)
    assert answered["KeyState"] == "PendingReplicaDeletion"
    assert "DeletionDate" not in answered
    assert here.describe_key(KeyId=key_id)["KeyMetadata"]["KeyState"] == "PendingReplicaDeletion"
    assert there.schedule_key_deletion(KeyId=key_id)["KeyState"] == "PendingDeletion"
    here.cancel_key_deletion(KeyId=key_id)
    assert here.describe_key(KeyId=key_id)["KeyMetadata"]["KeyState"] == "Disabled"


def test_operations_that_take_no_alias_are_answered_so(account: Account) -> None:
    kms, key = account.root.client("kms"), account.key()
    kms.create_alias(AliasName="alias/my", TargetKeyId=key)
    for act in (kms.rotate_key_on_demand, kms.list_key_rotations, kms.disable_key, kms.list_grants):
        assert code(act, KeyId="alias/my") == "InvalidArnException"
    assert kms.describe_key(KeyId="alias/my")["KeyMetadata"]["Arn"] == key
    assert code(kms.generate_random) == "ValidationException"
