"""CancelKeyDeletion: the one operation that needs a key about to be deleted."""

from __future__ import annotations

from pytest_kmslab.account.model import AccountView
from pytest_kmslab.calls.authorization import ApiCall, Authorizations, ServiceError
from pytest_kmslab.calls.kms.context import key_authorization
from pytest_kmslab.calls.kms.keys import PENDING_DELETION_STATES, find_key_by_id


def cancel_key_deletion(call: ApiCall, view: AccountView) -> Authorizations:
    """kms:CancelKeyDeletion on the key, which must be pending deletion."""
    key = find_key_by_id(call, view, call.params["KeyId"], "kms:CancelKeyDeletion")
    yield key_authorization(call, "kms:CancelKeyDeletion", key, {})
    if key.state not in PENDING_DELETION_STATES:
        raise ServiceError("KMSInvalidStateException", f"{key.arn} is not pending deletion.")
