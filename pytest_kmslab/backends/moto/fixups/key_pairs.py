"""Data key pairs, which moto lacks: made as moto makes its own keys, the private one encrypted by moto.

https://docs.aws.amazon.com/kms/latest/APIReference/API_GenerateDataKeyPair.html
"""

from __future__ import annotations

from typing import Any

from moto.kms.models import kms_backends
from moto.kms.utils import KeySpec, generate_private_key

from pytest_kmslab.backends.moto.lookup import key_of
from pytest_kmslab.calls.api_call import ApiCall, ServiceError

WITHOUT_PLAINTEXT = "GenerateDataKeyPairWithoutPlaintext"
SPECS = frozenset(("RSA_2048", "RSA_3072", "RSA_4096", *KeySpec.ecc_key_specs()))


def generate(call: ApiCall) -> dict[str, Any]:
    """The response of GenerateDataKeyPair, and of the operation that leaves the plaintext out."""
    from cryptography.hazmat.primitives import serialization as form

    spec = str(call.params["KeyPairSpec"])
    if spec not in SPECS:
        raise ServiceError("UnsupportedOperationException", f"pytest-kmslab makes no key pair of `{spec}`")
    key = key_of(str(call.params["KeyId"]), call.region, call.account)
    pair: Any = generate_private_key(spec)
    plaintext = pair.private_key.private_bytes(
        form.Encoding.DER, form.PrivateFormat.PKCS8, form.NoEncryption()
    )
    context = call.params.get("EncryptionContext") or {}
    ciphertext, _ = kms_backends[key.account_id][key.region].encrypt(key.id, plaintext, context)
    shown = {} if call.operation == WITHOUT_PLAINTEXT else {"PrivateKeyPlaintext": plaintext}
    return {
        **shown,
        "PrivateKeyCiphertextBlob": ciphertext,
        "PublicKey": pair.public_key(),
        "KeyId": key.arn,
        "KeyPairSpec": spec,
    }
