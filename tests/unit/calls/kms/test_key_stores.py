"""Which members of CreateKey go together for a key in a custom key store."""

from __future__ import annotations

from typing import Any

import pytest

from pytest_kmslab.calls.api_call import ServiceError
from pytest_kmslab.calls.kms.key_stores import check_key_store

CLOUD = {"Origin": "AWS_CLOUDHSM", "CustomKeyStoreId": "cks-1234567890abcdef0"}
EXTERNAL = {**CLOUD, "Origin": "EXTERNAL_KEY_STORE", "XksKeyId": "one"}


def test_what_goes_together() -> None:
    for params in ({}, {"Origin": "AWS_KMS"}, {"Origin": "EXTERNAL", "MultiRegion": True}, CLOUD, EXTERNAL):
        check_key_store(params)
    check_key_store({**CLOUD, "KeySpec": "SYMMETRIC_DEFAULT", "MultiRegion": False})


@pytest.mark.parametrize(
    ("params", "said"),
    [
        ({"Origin": "AWS_CLOUDHSM"}, "CustomKeyStoreId is required for Origin AWS_CLOUDHSM"),
        ({"Origin": "EXTERNAL_KEY_STORE", "XksKeyId": "one"}, "CustomKeyStoreId is required"),
        ({**CLOUD, "Origin": "EXTERNAL"}, "CustomKeyStoreId is not valid for Origin EXTERNAL"),
        ({"CustomKeyStoreId": "cks-1"}, "CustomKeyStoreId is not valid for Origin AWS_KMS"),
        ({**EXTERNAL, "XksKeyId": None}, "XksKeyId is required for Origin EXTERNAL_KEY_STORE"),
        ({**CLOUD, "XksKeyId": "one"}, "XksKeyId is not valid for Origin AWS_CLOUDHSM"),
        ({"XksKeyId": "one"}, "XksKeyId is not valid for Origin AWS_KMS"),
        ({**CLOUD, "KeySpec": "RSA_2048"}, "UnsupportedOperationException: Only symmetric"),
        ({**CLOUD, "CustomerMasterKeySpec": "HMAC_256"}, "UnsupportedOperationException: Only symmetric"),
        ({**EXTERNAL, "MultiRegion": True}, "UnsupportedOperationException: Only symmetric"),
    ],
)
def test_what_does_not_is_refused(params: dict[str, Any], said: str) -> None:
    with pytest.raises(ServiceError, match=said):
        check_key_store(params)
