"""The lab in other partitions than `aws`, and in an account of the user's choosing.

https://docs.aws.amazon.com/whitepapers/latest/aws-fault-isolation-boundaries/partitions.html
"""

from __future__ import annotations

import pytest

from pytest_kmslab.backends.moto.backend import MotoBackend
from pytest_kmslab.errors import BackendError

LAB = """
    from pytest_kmslab import allowed, denied

    PARTITION, ACCOUNT, VIA = {partition!r}, {account!r}, {via!r}
    OWN = f"arn:{{PARTITION}}:"
    ROOT = {{"AWS": f"{{OWN}}iam::{{ACCOUNT}}:root"}}
    ROLE = {{"Version": "2012-10-17", "Statement": [
        {{"Effect": "Allow", "Principal": ROOT, "Action": "sts:AssumeRole"}}]}}

    def test_it(kmslab, kms_key, encrypted_table, key_user, outsider, kmslab_trail):
        assert kmslab.account == ACCOUNT
        for one in (kms_key, encrypted_table, key_user, kmslab.admin):
            assert one.arn.startswith(OWN) and f":{{ACCOUNT}}:" in one.arn
        item = {{"TableName": encrypted_table.name, "Key": {{"id": {{"S": "1"}}}}}}
        kmslab.as_(key_user).client("dynamodb").get_item(**item)
        with denied("kms:Decrypt"):
            kmslab.as_(outsider).client("dynamodb").get_item(**item)
        kms_key.add_user(outsider)
        with allowed():
            kmslab.as_(outsider).client("dynamodb").get_item(**item)

    def test_policies_of_the_partition_are_taken_and_others_are_not(kmslab, kms_key):
        import json
        import pytest
        from botocore.exceptions import ClientError

        iam = kmslab.as_(kmslab.admin).client("iam")
        user = kmslab.create_user()
        document = {{"Version": "2012-10-17", "Statement": [
            {{"Effect": "Allow", "Action": "dynamodb:GetItem", "Resource": f"{{OWN}}dynamodb:*:*:table/*"}}]}}
        iam.put_user_policy(UserName=user.name, PolicyName="own", PolicyDocument=json.dumps(document))
        assert iam.get_user_policy(UserName=user.name, PolicyName="own")["PolicyDocument"] == document
        import boto3
        policy = json.loads(boto3.client("kms").get_key_policy(KeyId=kms_key.id)["Policy"])
        other = "aws" if PARTITION != "aws" else "aws-cn"
        policy["Statement"][0]["Principal"] = {{"AWS": f"arn:{{other}}:iam::{{ACCOUNT}}:root"}}
        with pytest.raises(ClientError, match="invalid principals"):
            boto3.client("kms").put_key_policy(KeyId=kms_key.id, Policy=json.dumps(policy))
        iam.create_role(RoleName="r", AssumeRolePolicyDocument=json.dumps(ROLE))
        role = f"{{OWN}}iam::{{ACCOUNT}}:role/r"
        session = boto3.client("sts").assume_role(RoleArn=role, RoleSessionName="test")
        assert session["AssumedRoleUser"]["Arn"] == f"{{OWN}}sts::{{ACCOUNT}}:assumed-role/r/test"

    def test_dynamodb_asks_by_the_name_that_it_has_there(kmslab, kms_key, encrypted_table):
        import boto3
        grants = boto3.client("kms").list_grants(KeyId=kms_key.id)["Grants"]
        assert {{one["GranteePrincipal"] for one in grants}} == {{VIA}}
"""
HOME = "123456789012"


@pytest.mark.parametrize(
    ("region", "partition", "via"),
    [
        ("eu-west-1", "aws", "dynamodb.eu-west-1.amazonaws.com"),
        ("cn-north-1", "aws-cn", "dynamodb.cn-north-1.amazonaws.com.cn"),
        ("cn-northwest-1", "aws-cn", "dynamodb.cn-northwest-1.amazonaws.com.cn"),
        ("us-gov-west-1", "aws-us-gov", "dynamodb.us-gov-west-1.amazonaws.com"),
    ],
)
def test_the_lab_works_in_every_partition(
    project: pytest.Pytester, region: str, partition: str, via: str
) -> None:
    project.makepyfile(LAB.format(partition=partition, account=HOME, via=via))
    project.runpytest_subprocess(f"--kmslab-region={region}").assert_outcomes(passed=3)


@pytest.mark.parametrize("how", ["option", "environment", "both"])
def test_the_account_is_the_one_that_was_asked_for(
    project: pytest.Pytester, monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    account = "111122223333"
    if how != "option":
        monkeypatch.setenv("MOTO_ACCOUNT_ID", account if how == "environment" else "444455556666")
    project.makepyfile(LAB.format(partition="aws", account=account, via="dynamodb.us-east-1.amazonaws.com"))
    options = [] if how == "environment" else [f"--kmslab-account={account}"]
    project.runpytest_subprocess(*options).assert_outcomes(passed=3)


def test_a_partition_that_moto_lacks_is_named() -> None:
    with pytest.raises(BackendError, match="--kmslab-region is `eu-isoe-west-1`: moto has no partition"):
        MotoBackend("eu-isoe-west-1").start()


@pytest.mark.parametrize("account", ["abc", "1111-2222-3333", " 111122223333", "\u0661" * 12])
def test_an_account_of_motos_that_is_none_is_named(monkeypatch: pytest.MonkeyPatch, account: str) -> None:
    monkeypatch.setenv("MOTO_ACCOUNT_ID", account)
    with pytest.raises(BackendError, match=f"MOTO_ACCOUNT_ID is `{account}`: give the 12 digits"):
        MotoBackend("us-east-1").start()
