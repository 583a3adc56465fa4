"""Operations that may be asked of the whole account, and look at what the request says."""

from __future__ import annotations

from pytest_kmslab.account.model import AccountView
from pytest_kmslab.calls.authorization import ApiCall, Authorizations, ServiceError
from pytest_kmslab.calls.kms.context import account_authorization
from pytest_kmslab.calls.kms.keys import find_key_by_id


def list_aliases(call: ApiCall, view: AccountView) -> Authorizations:
    """kms:ListAliases on no key; then the key whose aliases alone are wanted, if any.

    https://docs.aws.amazon.com/kms/latest/APIReference/API_ListAliases.html
    """
    yield account_authorization(call, "kms:ListAliases", {})
    key_id = call.params.get("KeyId")
    if key_id is not None:
        find_key_by_id(call, view, key_id, "kms:ListAliases")


def generate_random(call: ApiCall, view: AccountView) -> Authorizations:
    """kms:GenerateRandom on no key; then how many bytes.

    https://docs.aws.amazon.com/kms/latest/APIReference/API_GenerateRandom.html
    """
    yield account_authorization(call, "kms:GenerateRandom", {})
    if "NumberOfBytes" not in call.params:
        raise ServiceError("ValidationException", "NumberOfBytes is required.")
