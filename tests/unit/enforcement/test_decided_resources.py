"""What moto touches is what was decided on, whatever else a request names."""

from __future__ import annotations

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError
from helpers.account import ACCOUNT, REGION, TABLE, Account, allow
from helpers.asserts import code
from moto.kms.models import kms_backends

USER = f"arn:aws:iam::{ACCOUNT}:user/u"
ELSEWHERE = "eu-west-1"


def on(*resources: str) -> dict[str, Any]:
    statement = {"Effect": "Allow", "Action": "*", "Resource": list(resources)}
    return {"Version": "2012-10-17", "Statement": [statement]}


def encrypted_table(account: Account, name: str, key: str | None = None, region: str = REGION) -> str:
    dynamodb = account.root.client("dynamodb", region_name=region)
    more = {"SSESpecification": {"Enabled": True, "SSEType": "KMS", "KMSMasterKeyId": key}} if key else {}
    arn: str = dynamodb.create_table(**{**TABLE, "TableName": name}, **more)["TableDescription"]["TableArn"]
    dynamodb.put_item(TableName=name, Item={"id": {"S": name}})
    return arn


def test_an_asymmetric_source_key_reencrypts_nothing_of_another_key(account: Account) -> None:
    secret = account.key()
    blob = account.root.client("kms").encrypt(KeyId=secret, Plaintext=b"secret")["CiphertextBlob"]
    rsa, own = account.key(KeySpec="RSA_2048", KeyUsage="ENCRYPT_DECRYPT"), account.key()
    kms = account.user("u", on(rsa, own)).client("kms")
    by = {"CiphertextBlob": blob, "SourceKeyId": rsa, "DestinationKeyId": own}
    assert code(lambda: kms.re_encrypt(**by)) == "IncorrectKeyException"
    oaep = {"SourceEncryptionAlgorithm": "RSAES_OAEP_SHA_256"}
    assert code(lambda: kms.re_encrypt(**by, **oaep)) == "InvalidCiphertextException"
    assert code(lambda: kms.decrypt(CiphertextBlob=blob, KeyId=rsa)) == "IncorrectKeyException"


def test_a_request_to_another_region_than_it_is_signed_for_is_refused(account: Account) -> None:
    encrypted_table(account, "orders", account.key())
    encrypted_table(account, "orders", region=ELSEWHERE)
    user = account.user("u", allow("dynamodb:*"))
    user.client("dynamodb", region_name=ELSEWHERE).scan(TableName="orders")
    address = f"https://dynamodb.{REGION}.amazonaws.com"
    crossed = user.client("dynamodb", region_name=ELSEWHERE, endpoint_url=address)
    assert code(lambda: crossed.scan(TableName="orders")) == "InvalidSignatureException"


def test_an_alias_of_another_account_is_not_the_own_alias_of_that_name(account: Account) -> None:
    account.root.client("kms").create_alias(AliasName="alias/x", TargetKeyId=account.key())
    statement = {"Effect": "Allow", "Principal": "*", "Action": "kms:*", "Resource": "*"}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    other = kms_backends["999999999999"][REGION]
    key = other.create_key(policy, "ENCRYPT_DECRYPT", "SYMMETRIC_DEFAULT", "", [])
    other.create_alias(key.id, "alias/x")
    kms = account.user("u", on(key.arn)).client("kms")
    alias = f"arn:aws:kms:{REGION}:999999999999:alias/x"
    assert kms.generate_data_key(KeyId=alias, KeySpec="AES_256")["KeyId"] == key.arn


def test_a_table_is_restored_from_the_arn_that_was_decided_on(account: Account) -> None:
    secret, mine = encrypted_table(account, "secret", account.key()), encrypted_table(account, "mine")
    for name in ("secret", "mine"):
        account.root.client("dynamodb").update_continuous_backups(
            TableName=name, PointInTimeRecoverySpecification={"PointInTimeRecoveryEnabled": True}
        )
    target = f"arn:aws:dynamodb:{REGION}:{ACCOUNT}:table/new"
    dynamodb = account.user("u", on(secret, mine, target)).client("dynamodb")
    asked = {"SourceTableArn": mine, "TargetTableName": "new", "UseLatestRestorableTime": True}
    with pytest.raises(ClientError, match="Must provide exactly one of: sourceTableArn, sourceTableName"):
        dynamodb.restore_table_to_point_in_time(**asked, SourceTableName="secret")
    dynamodb.restore_table_to_point_in_time(**asked)
    assert dynamodb.scan(TableName="new")["Items"] == [{"id": {"S": "mine"}}]


def test_a_replica_shares_neither_grants_nor_policy_with_its_primary(account: Account) -> None:
    user = account.user("u")
    primary = account.key(MultiRegion=True)
    here, there = account.root.client("kms"), account.root.client("kms", region_name=ELSEWHERE)
    here.create_grant(KeyId=primary, GranteePrincipal=USER, Operations=["DescribeKey"])
    here.create_alias(AliasName="alias/x", TargetKeyId=primary)
    policy = {"Effect": "Allow", "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:root"}, "Action": "kms:*"}
    text = json.dumps({"Version": "2012-10-17", "Id": "own", "Statement": [{**policy, "Resource": "*"}]})
    here.replicate_key(KeyId=primary, ReplicaRegion=ELSEWHERE, Policy=text)
    replica = primary.rsplit("/", 1)[1]
    user.client("kms").describe_key(KeyId=primary)
    elsewhere = user.client("kms", region_name=ELSEWHERE)
    assert code(lambda: elsewhere.describe_key(KeyId=replica)) == "AccessDeniedException"
    assert json.loads(there.get_key_policy(KeyId=replica)["Policy"])["Id"] == "own"
    there.create_grant(KeyId=replica, GranteePrincipal=USER, Operations=["Encrypt"])
    kms = user.client("kms")
    assert code(lambda: kms.encrypt(KeyId=primary, Plaintext=b"x")) == "AccessDeniedException"
    assert code(lambda: there.describe_key(KeyId="alias/x")) == "NotFoundException"
