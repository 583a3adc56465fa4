"""CancelKeyDeletion: the one operation that needs a key about to be deleted."""

from __future__ import annotations

from pytest_kmslab.calls.base import ApiCall, Asks, ServiceError
from pytest_kmslab.calls.kms.context import key_ask
from pytest_kmslab.calls.kms.keys import DOOMED, find_key_by_id
from pytest_kmslab.facts import Facts


def cancel_key_deletion(call: ApiCall, facts: Facts) -> Asks:
    """kms:CancelKeyDeletion on the key, which must be pending deletion."""
    key = find_key_by_id(call, facts, call.params["KeyId"], "kms:CancelKeyDeletion")
    yield key_ask(call, "kms:CancelKeyDeletion", key, {})
    if key.state not in DOOMED:
        raise ServiceError("KMSInvalidStateException", f"{key.arn} is not pending deletion.")
