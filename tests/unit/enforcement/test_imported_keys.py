"""Keys whose material is imported: of no use before, and after it is taken away again."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.serialization import load_der_public_key
from support.account import TABLE, Account, allow

MATERIAL = b"m" * 32
WRAPPING = {"WrappingAlgorithm": "RSAES_OAEP_SHA_256", "WrappingKeySpec": "RSA_2048"}
FOREVER = {"ExpirationModel": "KEY_MATERIAL_DOES_NOT_EXPIRE"}
KEY = {"id": {"S": "1"}}


def code(act: Any, **params: Any) -> str:
    try:
        act(**params)
    except ClientError as error:
        return str(error.response["Error"]["Code"])
    return "allowed"


def wrapped(kms: Any, key: str, material: bytes) -> dict[str, Any]:
    """The parameters of ImportKeyMaterial for some material."""
    given = kms.get_parameters_for_import(KeyId=key, **WRAPPING)
    public: Any = load_der_public_key(given["PublicKey"])
    way = padding.OAEP(padding.MGF1(hashes.SHA256()), hashes.SHA256(), None)
    sent = public.encrypt(material, way)
    return {"KeyId": key, "ImportToken": given["ImportToken"], "EncryptedKeyMaterial": sent, **FOREVER}


@pytest.fixture
def key(account: Account) -> str:
    return account.key(Origin="EXTERNAL")


def test_a_key_can_be_used_while_it_has_its_material(account: Account, key: str) -> None:
    kms, dynamodb = account.root.client("kms"), account.root.client("dynamodb")
    table = {**TABLE, "SSESpecification": {"Enabled": True, "SSEType": "KMS", "KMSMasterKeyId": key}}
    assert code(kms.encrypt, KeyId=key, Plaintext=b"x") == "KMSInvalidStateException"
    assert code(dynamodb.create_table, **table) == "ValidationException"
    kms.import_key_material(**wrapped(kms, key, MATERIAL))
    blob = kms.encrypt(KeyId=key, Plaintext=b"x")["CiphertextBlob"]
    dynamodb.create_table(**table)
    kms.delete_imported_key_material(KeyId=key)
    assert kms.describe_key(KeyId=key)["KeyMetadata"]["KeyState"] == "PendingImport"
    assert code(kms.decrypt, CiphertextBlob=blob) == "KMSInvalidStateException"
    assert code(dynamodb.get_item, TableName="t", Key=KEY) == "ValidationException"
    kms.import_key_material(**wrapped(kms, key, MATERIAL))
    assert kms.decrypt(CiphertextBlob=blob)["Plaintext"] == b"x"
    assert code(dynamodb.get_item, TableName="t", Key=KEY) == "allowed"


def test_what_is_not_the_keys_is_not_imported(account: Account, key: str) -> None:
    kms = account.root.client("kms")
    right = wrapped(kms, key, MATERIAL)
    assert code(kms.import_key_material, **right | {"ImportToken": b"x"}) == "InvalidImportTokenException"
    broken = right | {"EncryptedKeyMaterial": b"x" * 256}
    assert code(kms.import_key_material, **broken) == "InvalidCiphertextException"
    assert code(kms.import_key_material, **wrapped(kms, key, b"short")) == "IncorrectKeyMaterialException"
    kms.import_key_material(**wrapped(kms, key, MATERIAL))
    assert code(kms.import_key_material, **wrapped(kms, key, b"o" * 32)) == "IncorrectKeyMaterialException"
    own = account.key()
    assert code(kms.get_parameters_for_import, KeyId=own, **WRAPPING) == "UnsupportedOperationException"


def test_importing_needs_its_right(account: Account, key: str) -> None:
    kms = account.root.client("kms")
    ana = account.user("ana", allow("kms:GetParametersForImport")).client("kms")
    assert code(ana.import_key_material, **wrapped(ana, key, MATERIAL)) == "AccessDeniedException"
    assert code(ana.delete_imported_key_material, KeyId=key) == "AccessDeniedException"
    assert kms.describe_key(KeyId=key)["KeyMetadata"]["KeyState"] == "PendingImport"


@pytest.mark.parametrize(("spec", "length"), [("HMAC_224", 28), ("HMAC_384", 48), ("HMAC_512", 64)])
def test_the_material_of_an_hmac_key_is_as_long_as_its_spec_says(
    account: Account, spec: str, length: int
) -> None:
    kms = account.root.client("kms")
    key = account.key(Origin="EXTERNAL", KeySpec=spec, KeyUsage="GENERATE_VERIFY_MAC")
    assert code(kms.import_key_material, **wrapped(kms, key, MATERIAL)) == "IncorrectKeyMaterialException"
    assert code(kms.import_key_material, **wrapped(kms, key, b"m" * length)) == "allowed"
