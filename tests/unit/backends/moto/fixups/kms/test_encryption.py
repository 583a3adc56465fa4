"""Cryptography through moto: by the key's algorithms, for keys of two accounts, and wrong signatures."""

from __future__ import annotations

from typing import Any

import boto3
import pytest
from helpers.account import ACCOUNT, EVERYTHING, Account, allow
from helpers.asserts import code
from helpers.other_account import OTHER, other_account

OAEP = "RSAES_OAEP_SHA_256"
OTHER_OAEP = "RSAES_OAEP_SHA_1"


@pytest.fixture
def kms(account: Account) -> Any:
    return account.root.client("kms")


def test_a_policy_that_leaves_symmetric_algorithms_only_is_not_evaded(account: Account) -> None:
    """https://docs.aws.amazon.com/kms/latest/developerguide/conditions-kms.html, kms:EncryptionAlgorithm"""
    rsa = account.key(KeySpec="RSA_2048", KeyUsage="ENCRYPT_DECRYPT")
    only = {"StringEquals": {"kms:EncryptionAlgorithm": "SYMMETRIC_DEFAULT"}}
    ana = account.user("ana", allow("kms:Encrypt", Condition=only)).client("kms")
    assert code(ana.encrypt, KeyId=rsa, Plaintext=b"x") == "InvalidKeyUsageException"
    by_oaep = {"KeyId": rsa, "Plaintext": b"x", "EncryptionAlgorithm": OAEP}
    assert code(ana.encrypt, **by_oaep) == "AccessDeniedException"


def test_what_one_algorithm_encrypted_no_other_decrypts(account: Account, kms: Any) -> None:
    rsa, own = account.key(KeySpec="RSA_2048", KeyUsage="ENCRYPT_DECRYPT"), account.key()
    blob = kms.encrypt(KeyId=rsa, Plaintext=b"x", EncryptionAlgorithm=OAEP)["CiphertextBlob"]
    sealed = {"KeyId": rsa, "CiphertextBlob": blob}
    assert kms.decrypt(**sealed, EncryptionAlgorithm=OAEP)["Plaintext"] == b"x"
    assert code(kms.decrypt, **sealed, EncryptionAlgorithm=OTHER_OAEP) == "InvalidCiphertextException"
    from_rsa = {"SourceKeyId": rsa, "CiphertextBlob": blob, "DestinationKeyId": own}
    moved = kms.re_encrypt(**from_rsa, SourceEncryptionAlgorithm=OAEP)
    assert kms.decrypt(CiphertextBlob=moved["CiphertextBlob"])["Plaintext"] == b"x"
    wrong = {**from_rsa, "SourceEncryptionAlgorithm": OTHER_OAEP}
    assert code(kms.re_encrypt, **wrong) == "InvalidCiphertextException"


def test_re_encryption_to_an_asymmetric_key_and_between_encryption_contexts(
    account: Account, kms: Any
) -> None:
    rsa, own = account.key(KeySpec="RSA_2048", KeyUsage="ENCRYPT_DECRYPT"), account.key()
    blob = kms.encrypt(KeyId=own, Plaintext=b"x", EncryptionContext={"a": "1"})["CiphertextBlob"]
    source = {"CiphertextBlob": blob, "SourceEncryptionContext": {"a": "1"}}
    moved = kms.re_encrypt(**source, DestinationKeyId=rsa, DestinationEncryptionAlgorithm=OAEP)
    assert (moved["SourceKeyId"], moved["KeyId"]) == (own, rsa)
    assert moved["DestinationEncryptionAlgorithm"] == OAEP
    by_rsa = {"KeyId": rsa, "CiphertextBlob": moved["CiphertextBlob"], "EncryptionAlgorithm": OAEP}
    assert kms.decrypt(**by_rsa)["Plaintext"] == b"x"
    again = kms.re_encrypt(**source, DestinationKeyId=own, DestinationEncryptionContext={"b": "2"})
    bound = {"CiphertextBlob": again["CiphertextBlob"], "EncryptionContext": {"b": "2"}}
    assert kms.decrypt(**bound)["Plaintext"] == b"x"
    assert code(kms.re_encrypt, CiphertextBlob=blob, DestinationKeyId=own) == "InvalidCiphertextException"


def _opened_to(arn: str) -> dict[str, Any]:
    """A key policy that lets another account in, besides its own."""
    statements = [
        {"Effect": "Allow", "Principal": {"AWS": one}, "Action": "kms:*", "Resource": "*"}
        for one in (f"arn:aws:iam::{ACCOUNT}:root", arn)
    ]
    return {"Version": "2012-10-17", "Statement": statements}


@pytest.fixture
def elsewhere(account: Account) -> boto3.Session:
    return other_account(account)


def test_re_encryption_between_two_accounts(account: Account, kms: Any, elsewhere: boto3.Session) -> None:
    theirs = account.key(_opened_to(f"arn:aws:iam::{OTHER}:root"))
    ben = account.user_in(elsewhere, "ben", EVERYTHING).client("kms")
    own = ben.create_key()["KeyMetadata"]["Arn"]
    blob = kms.encrypt(KeyId=theirs, Plaintext=b"x")["CiphertextBlob"]
    moved = ben.re_encrypt(CiphertextBlob=blob, DestinationKeyId=own)
    assert (moved["SourceKeyId"], moved["KeyId"]) == (theirs, own)
    assert ben.decrypt(CiphertextBlob=moved["CiphertextBlob"])["Plaintext"] == b"x"
    back = ben.re_encrypt(CiphertextBlob=moved["CiphertextBlob"], DestinationKeyId=theirs)
    assert kms.decrypt(CiphertextBlob=back["CiphertextBlob"])["Plaintext"] == b"x"


def test_re_encryption_between_two_accounts_needs_both(
    account: Account, kms: Any, elsewhere: boto3.Session
) -> None:
    theirs, closed = account.key(_opened_to(f"arn:aws:iam::{OTHER}:root")), account.key()
    ben = account.user_in(elsewhere, "ben", EVERYTHING).client("kms")
    sealed = kms.encrypt(KeyId=theirs, Plaintext=b"x")["CiphertextBlob"]
    shut = kms.encrypt(KeyId=closed, Plaintext=b"x")["CiphertextBlob"]
    for blob, target in ((sealed, closed), (shut, theirs)):
        text = "AccessDeniedException"
        assert code(ben.re_encrypt, CiphertextBlob=blob, DestinationKeyId=target) == text


@pytest.mark.parametrize(
    ("spec", "algorithm"), [("RSA_2048", "RSASSA_PSS_SHA_256"), ("ECC_NIST_P256", "ECDSA_SHA_256")]
)
def test_a_wrong_signature_is_an_error(account: Account, kms: Any, spec: str, algorithm: str) -> None:
    key = account.key(KeySpec=spec, KeyUsage="SIGN_VERIFY")
    signed = {"KeyId": key, "Message": b"text", "SigningAlgorithm": algorithm}
    signature = kms.sign(**signed)["Signature"]
    assert kms.verify(**signed, Signature=signature)["SignatureValid"] is True
    for wrong in ({"Message": b"another"}, {"Signature": b"none"}):
        given = {**signed, "Signature": signature, **wrong}
        assert code(kms.verify, **given) == "KMSInvalidSignatureException"
