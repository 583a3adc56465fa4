"""Imported key material: whose it can be, how it is wrapped, and what is said of it.

https://docs.aws.amazon.com/kms/latest/APIReference/API_ImportKeyMaterial.html
"""

from __future__ import annotations

from pytest_kmslab.account.model import Key
from pytest_kmslab.calls.api_call import Params, ServiceError
from pytest_kmslab.calls.kms.specs import RSA_BYTES, is_symmetric, origin_error, refuse_foreign_spec

EXPIRES = "KEY_MATERIAL_EXPIRES"
NEW, EXISTING = "NEW_KEY_MATERIAL", "EXISTING_KEY_MATERIAL"
_OF_SYMMETRIC = ("ImportType", "KeyMaterialDescription", "KeyMaterialId")
"""Members that only a symmetric encryption key can be given."""


def refuse_made_by_kms(_params: Params, key: Key) -> None:
    """Raise UnsupportedOperationException for a key that has no imported material."""
    # Recorded by LocalStack.
    if key.origin != "EXTERNAL":
        raise origin_error(key)


def check_wrapping(params: Params, key: Key) -> None:
    """Raise UnsupportedOperationException for an algorithm that the material of the key cannot be wrapped
    by.

    https://docs.aws.amazon.com/kms/latest/APIReference/API_GetParametersForImport.html
    """
    algorithm, spec = params["WrappingAlgorithm"], params["WrappingKeySpec"]
    refuse_foreign_spec("WrappingKeySpec", spec, key.region)
    # The rules are documented, code and texts are inferred.
    by_aes = algorithm.startswith("RSA_AES_KEY_WRAP_")
    is_long = key.spec == "ECC_NIST_P521" and spec == "RSA_2048"
    if (
        algorithm == "RSAES_PKCS1_V1_5"
        or (by_aes and not key.spec.startswith(("RSA_", "ECC_")))
        or (algorithm == "SM2PKE") is not (spec == "SM2")
        or (not by_aes and (key.spec in RSA_BYTES or is_long))
    ):
        text = (
            f"Wrapping algorithm {algorithm} with wrapping key spec {spec} is not supported for {key.spec}."
        )
        raise ServiceError("UnsupportedOperationException", text)


def check_expiry(params: Params, _key: Key) -> None:
    """Raise ValidationException where ValidTo and ExpirationModel do not go together."""
    expires = params.get("ExpirationModel", EXPIRES) == EXPIRES
    dated = params.get("ValidTo") is not None
    if expires and not dated:
        text = f"A validTo date must be set if the ExpirationModel is {EXPIRES}"
        raise ServiceError("ValidationException", text)
    if dated and not expires:
        text = f"A validTo date must not be set if the ExpirationModel is not {EXPIRES}"
        raise ServiceError("ValidationException", text)


def check_import_type(params: Params, key: Key) -> None:
    """Raise ServiceError for members of an import that do not go with the key or each other."""
    # The rules are documented, codes and texts are inferred.
    foreign = [member for member in _OF_SYMMETRIC if params.get(member) is not None]
    if foreign and not is_symmetric(key):
        text = f"{foreign[0]} is supported only for symmetric encryption KMS keys."
        raise ServiceError("ValidationException", text)
    is_new = params.get("ImportType") == NEW
    if is_new and params.get("KeyMaterialId") is not None:
        text = f"KeyMaterialId must not be set if the ImportType is {NEW}"
        raise ServiceError("ValidationException", text)
    # New material comes to the primary key first.
    if is_new and key.multi_region_type == "REPLICA":
        text = f"{key.arn} is not a multi-region primary key."
        raise ServiceError("UnsupportedOperationException", text)
