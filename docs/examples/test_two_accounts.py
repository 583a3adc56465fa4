import json

import pytest

from pytest_kmslab import allowed, denied

APPLICATIONS = "444455556666"  # the other account; the key and the table are in the lab's own


def document(**statement):
    return {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", **statement}]}


@pytest.fixture
def iam(kmslab):
    return kmslab.as_(kmslab.root_of(APPLICATIONS)).client("iam")


@pytest.fixture
def billing(kmslab, iam):  # the ARN of a role over there, which the lab's administrator may assume
    trust = document(Principal={"AWS": kmslab.admin.arn}, Action="sts:AssumeRole")
    role = iam.create_role(RoleName="billing", AssumeRolePolicyDocument=json.dumps(trust))
    return role["Role"]["Arn"]


def test_both_accounts_must_allow_the_key(kmslab, iam, billing):
    use = document(Principal={"AWS": billing}, Action=["kms:Decrypt", "kms:Encrypt"], Resource="*")
    own = document(Principal={"AWS": kmslab.admin.arn}, Action="kms:*", Resource="*")
    key = kmslab.create_key(policy={**own, "Statement": own["Statement"] + use["Statement"]})
    sts = kmslab.as_(kmslab.admin).client("sts")
    kms = kmslab.as_(sts.assume_role(RoleArn=billing, RoleSessionName="billing")).client("kms")

    with denied("kms:Encrypt", by=billing, because="identity-based policy"):
        kms.encrypt(KeyId=key.arn, Plaintext=b"4111")
    policy = document(Action=["kms:Decrypt", "kms:Encrypt"], Resource=key.arn)
    iam.put_role_policy(RoleName="billing", PolicyName="key", PolicyDocument=json.dumps(policy))
    with allowed("kms:Encrypt", by=billing, on=key):
        kms.encrypt(KeyId=key.arn, Plaintext=b"4111")
