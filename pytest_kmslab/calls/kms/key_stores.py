"""Keys in custom key stores: which members of CreateKey go together.

https://docs.aws.amazon.com/kms/latest/APIReference/API_CreateKey.html#KMS-CreateKey-request-CustomKeyStoreId
"""

from __future__ import annotations

from pytest_kmslab.calls.api_call import Params, ServiceError
from pytest_kmslab.calls.kms.specs import SYMMETRIC

EXTERNAL_STORE = "EXTERNAL_KEY_STORE"
STORES = ("AWS_CLOUDHSM", EXTERNAL_STORE)
"""The origins of keys in custom key stores."""


def check_key_store(params: Params) -> None:
    """Raise ServiceError for a key whose origin and key store do not go together, or that no store takes.

    The rules are documented, codes and texts are inferred.
    """
    origin, store = params.get("Origin", "AWS_KMS"), params.get("CustomKeyStoreId")
    if origin in STORES and store is None:
        raise ServiceError("ValidationException", f"CustomKeyStoreId is required for Origin {origin}")
    if store is not None and origin not in STORES:
        raise ServiceError("ValidationException", f"CustomKeyStoreId is not valid for Origin {origin}")
    named = params.get("XksKeyId") is not None
    if named is not (origin == EXTERNAL_STORE):
        text = "not valid" if named else "required"
        raise ServiceError("ValidationException", f"XksKeyId is {text} for Origin {origin}")
    spec = params.get("KeySpec") or params.get("CustomerMasterKeySpec") or SYMMETRIC
    if store is not None and (spec != SYMMETRIC or params.get("MultiRegion")):
        text = "Only symmetric encryption keys of a single Region can be in a custom key store."
        raise ServiceError("UnsupportedOperationException", text)


def missing_store(name: str) -> ServiceError:
    """What KMS answers to the id or name of a key store that is not there."""
    # The text is inferred.
    return ServiceError("CustomKeyStoreNotFoundException", f"Custom key store {name} does not exist.")
