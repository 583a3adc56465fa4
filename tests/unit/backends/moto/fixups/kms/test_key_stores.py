"""Custom key stores, of which moto has none.

https://docs.aws.amazon.com/kms/latest/APIReference/API_CreateKey.html
"""

from __future__ import annotations

from typing import Any

import pytest
from helpers.account import Account
from helpers.asserts import code

STORE = "cks-1234567890abcdef0"
MISSING = "CustomKeyStoreNotFoundException"


@pytest.fixture
def kms(account: Account) -> Any:
    return account.root.client("kms")


@pytest.mark.parametrize(
    "params",
    [
        {"Origin": "AWS_CLOUDHSM", "CustomKeyStoreId": STORE},
        {"Origin": "EXTERNAL_KEY_STORE", "CustomKeyStoreId": STORE, "XksKeyId": "one"},
    ],
)
def test_no_key_is_made_in_a_store_that_is_not_there(kms: Any, params: dict[str, Any]) -> None:
    assert code(kms.create_key, **params) == MISSING
    assert kms.list_keys()["Keys"] == []


def test_a_store_that_is_named_is_not_found(kms: Any) -> None:
    assert kms.describe_custom_key_stores()["CustomKeyStores"] == []
    for named in ({"CustomKeyStoreId": STORE}, {"CustomKeyStoreName": "one"}):
        assert code(kms.describe_custom_key_stores, **named) == MISSING
    for act in (
        kms.connect_custom_key_store,
        kms.delete_custom_key_store,
        kms.disconnect_custom_key_store,
        kms.update_custom_key_store,
    ):
        assert code(act, CustomKeyStoreId=STORE) == MISSING
