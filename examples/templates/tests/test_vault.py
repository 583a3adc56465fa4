"""A vault, written by hand: its key decrypts nothing but what comes by way of DynamoDB."""

from pathlib import Path

import pytest

from pytest_kmslab import ResourceError, allowed, denied

TEMPLATE = Path(__file__).parent.parent / "vault.yaml"


@pytest.fixture(scope="module")
def vault(kmslab):
    return kmslab.deploy(TEMPLATE, parameters={"Stage": "test", "Teams": ["red", "blue"]})


def test_the_reader_reads_the_vault(kmslab, vault):
    reader = vault.resources["Reader"]
    with allowed("kms:Decrypt", by=reader, via="dynamodb"):
        kmslab.as_(reader).client("dynamodb").scan(TableName=vault.outputs["VaultName"])


def test_nobody_decrypts_with_the_key_itself(kmslab, vault):
    key, admin = vault.resources["Key"], kmslab.as_(kmslab.admin).client("kms")
    secret = admin.encrypt(KeyId=key.arn, Plaintext=b"secret")["CiphertextBlob"]
    for who in (kmslab.admin, vault.resources["Reader"]):
        with denied("kms:Decrypt", by=who, because="Nobody reads but by DynamoDB"):
            kmslab.as_(who).client("kms").decrypt(KeyId=key.arn, CiphertextBlob=secret)


def test_parameters_decide_what_is_made(vault):
    assert vault.outputs["Owner"] == "red"
    assert vault.resources["Key"].describe()["Description"] == "vault of test"


def test_what_is_retained_goes_with_the_lab_and_not_with_the_stack(kmslab):
    with kmslab.nested() as lab:
        stack = lab.deploy(TEMPLATE, parameters={"Stage": "prod", "Teams": "red"})
        key, table = stack.resources["Key"], stack.resources["Vault"]
        stack.delete()
        assert (key.state(), table.status()) == ("Enabled", "ACTIVE")
    assert key.state() == "PendingDeletion"
    assert not table.exists()


def test_a_key_policy_that_locks_everybody_out_fails_the_stack(kmslab):
    before = kmslab.inventory()
    text = TEMPLATE.read_text().replace("${AWS::AccountId}:root", "${AWS::AccountId}:user/nobody")
    with pytest.raises(ResourceError, match=r"`Key` \(AWS::KMS::Key\)"):
        kmslab.deploy(text, parameters={"Stage": "test", "Teams": "red"})
    assert kmslab.inventory() == before
