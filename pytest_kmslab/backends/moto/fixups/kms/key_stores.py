"""Custom key stores, of which moto has none: each that is named is not found.

https://docs.aws.amazon.com/kms/latest/APIReference/API_DescribeCustomKeyStores.html
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from pytest_kmslab.calls.api_call import ApiCall
from pytest_kmslab.calls.kms.key_stores import missing_store

NAMES = ("CustomKeyStoreId", "CustomKeyStoreName")


def check_store_is_there(call: ApiCall) -> None:
    """Raise CustomKeyStoreNotFoundException where a call names a key store."""
    named = next((call.params[member] for member in NAMES if call.params.get(member) is not None), None)
    if named is not None:
        raise missing_store(named)


def describe_stores(call: ApiCall) -> dict[str, Any]:
    """DescribeCustomKeyStores: there are none."""
    check_store_is_there(call)
    return {"CustomKeyStores": [], "Truncated": False}


def _change_store(call: ApiCall) -> dict[str, Any] | None:
    check_store_is_there(call)
    return None


KEY_STORES: Mapping[str, Callable[[ApiCall], dict[str, Any] | None]] = {
    "kms:DescribeCustomKeyStores": describe_stores,
    **dict.fromkeys(
        (
            "kms:ConnectCustomKeyStore",
            "kms:DeleteCustomKeyStore",
            "kms:DisconnectCustomKeyStore",
            "kms:UpdateCustomKeyStore",
        ),
        _change_store,
    ),
}
"""The operations on key stores but the one that makes one, which is not made here."""
