"""Finding the key that a call names, and refusing a key that is not fit for the call.

Texts: the KMS API's own errors, as recorded; key states after
https://docs.aws.amazon.com/kms/latest/developerguide/key-state.html.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from pytest_kmslab.account.model import AccountView, Key
from pytest_kmslab.authz.arn import parts_of
from pytest_kmslab.calls.api_call import ApiCall, Params, ServiceError
from pytest_kmslab.calls.kms.specs import SYMMETRIC

BY_ALIAS = "Key Aliases are not supported for this operation."
KEY_ID = re.compile(r"mrk-[0-9a-f-]{32,36}|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
ALIAS = "alias/"

_STATES: Mapping[str, tuple[str, str]] = {
    "Disabled": ("DisabledException", "is disabled."),
    "PendingDeletion": ("KMSInvalidStateException", "is pending deletion."),
    "PendingReplicaDeletion": ("KMSInvalidStateException", "is pending deletion."),
    "PendingImport": ("KMSInvalidStateException", "is pending import."),
    "Unavailable": ("KMSInvalidStateException", "is unavailable."),
    "Creating": ("KMSInvalidStateException", "is creating."),
}
PENDING_DELETION_STATES = frozenset({"PendingDeletion", "PendingReplicaDeletion"})
"""States in which a key can only be looked at, or saved."""
NO_MATERIAL_STATES = PENDING_DELETION_STATES | {"PendingImport"}
"""These, and the state of a key without material."""
NOT_GRANTABLE_STATES = NO_MATERIAL_STATES | {"Disabled"}
"""States in which no grant can be made."""
NOT_USABLE_STATES = frozenset(_STATES)
"""States in which a key cannot do cryptography."""


def kms_arn(call: ApiCall, resource: str) -> str:
    """The ARN of a `key/…` or `alias/…` of the caller's account and Region."""
    return f"arn:{call.partition}:kms:{call.region}:{call.account}:{resource}"


def find_key(call: ApiCall, view: AccountView, key_id: str, action: str) -> Key:
    """The key that `key_id` (id, key ARN, alias name or alias ARN) names.

    Whether `action` can be allowed on another account's key at all is decided like everything else.
    Raises ServiceError: NotFoundException, or AccessDeniedException for a key of another account, since
    AWS does not tell whether it exists.
    """
    owner = _owner(call, key_id)
    key = view.key(key_id, call.region, call.account)
    if key is not None:
        return key
    if owner != call.account:
        raise _hidden(call, action)
    raise ServiceError("NotFoundException", _not_found(call, key_id))


def find_key_by_id(call: ApiCall, view: AccountView, key_id: str, action: str) -> Key:
    """The key that a key id or key ARN names. Raises as `find_key` does, and InvalidArnException for an
    alias.

    https://docs.aws.amazon.com/kms/latest/developerguide/kms-alias.html
    """
    # Only cryptographic operations, DescribeKey and GetPublicKey take an alias.
    if request_alias(key_id):
        raise ServiceError("InvalidArnException", BY_ALIAS)
    return find_key(call, view, key_id, action)


def key_of_ciphertext(call: ApiCall, view: AccountView, ciphertext: bytes) -> Key:
    """The key that made a ciphertext; raises InvalidCiphertextException (which has no message).

    https://docs.aws.amazon.com/kms/latest/APIReference/API_Decrypt.html
    """
    key = view.key_of_ciphertext(ciphertext, call.region, call.account)
    # The ciphertext of an asymmetric key does not say whose it is, whatever the backend wrote into it.
    if key is None or key.spec != SYMMETRIC:
        raise ServiceError("InvalidCiphertextException", "")
    return key


def request_alias(key_id: str) -> str:
    """The alias name by which a request names a key, empty where it does not use one."""
    # What is no whole ARN may still end in an alias, and is refused as one.
    name = key_id.split(":", 5)[-1] if key_id.startswith("arn:") else key_id
    return name if name.startswith(ALIAS) else ""


def refuse_state(key: Key, states: frozenset[str]) -> None:
    """Raise DisabledException or KMSInvalidStateException where the key is in one of these states."""
    if key.state in states:
        code, text = _STATES[key.state]
        raise ServiceError(code, f"{key.arn} {text}")


def refuse_living(key: Key) -> None:
    """Raise KMSInvalidStateException where the key is not about to be deleted."""
    if key.state not in PENDING_DELETION_STATES:
        raise ServiceError("KMSInvalidStateException", f"{key.arn} is not pending deletion.")


def refuse_usage(key: Key, usage: str, operation: str) -> None:
    """Raise InvalidKeyUsageException where the key is for another use than the operation's."""
    if usage and key.usage != usage:
        text = f"{key.arn} key usage is {key.usage} which is not valid for {operation}."
        raise ServiceError("InvalidKeyUsageException", text)


def refuse_dry_run(call: ApiCall) -> None:
    """Raise DryRunOperationException where the call only asked whether it would succeed."""
    # The last of all checks: everything else was found in order.
    if call.params.get("DryRun"):
        text = "The request would have succeeded, but the DryRun option is set."
        raise ServiceError("DryRunOperationException", text)


def show_deletion(key: Key | None, call: ApiCall, response: dict[str, Any]) -> None:
    """Put into the response of ScheduleKeyDeletion or CancelKeyDeletion what KMS answers: the key's ARN, and
    of a scheduled deletion the key's state and the waiting period."""
    # Somebody may have deleted the key meanwhile, where a test moves the clock on.
    if key is None:
        return
    response["KeyId"] = key.arn
    if call.operation == "ScheduleKeyDeletion":
        response["KeyState"] = key.state
        response["PendingWindowInDays"] = call.params.get("PendingWindowInDays") or 30


def _owner(call: ApiCall, key_id: str) -> str:
    if not key_id.startswith("arn:"):
        return call.account
    arn = parts_of(key_id)
    if arn.service != "kms" or not arn.resource.startswith(("key/", ALIAS)):
        raise ServiceError("NotFoundException", f"Invalid keyId '{key_id}'")
    # KMS looks in its own Region only.
    if arn.region != call.region:
        raise ServiceError("NotFoundException", f"Invalid arn {arn.region}")
    return arn.account


def _not_found(call: ApiCall, key_id: str) -> str:
    alias = request_alias(key_id)
    if alias:
        return f"Alias {kms_arn(call, alias)} is not found."
    if key_id.startswith("arn:"):
        return f"Key '{key_id}' does not exist"
    if KEY_ID.fullmatch(key_id):
        return f"Key '{kms_arn(call, f'key/{key_id}')}' does not exist"
    return f"Invalid keyId '{key_id}'"


def _hidden(call: ApiCall, action: str) -> ServiceError:
    return ServiceError(
        "AccessDeniedException",
        f"User: {call.caller.arn} is not authorized to perform: {action} on this resource because the "
        "resource does not exist in this Region, no resource-based policies allow access, or a "
        "resource-based policy explicitly denies access",
    )


# Tags about to be put on a key: https://docs.aws.amazon.com/kms/latest/developerguide/tagging-keys.html.

MOST_TAGS = 50
RESERVED = "aws:"


def check_key_tags(params: Params, key: Key) -> None:
    """Raise TagException for tags that a key cannot be given besides those that it has."""
    check_tags(params, key.tags)


def check_tags(params: Params, present: Mapping[str, str]) -> None:
    """The same, where `present` are the tags that are there already; a new key has none."""
    names = [tag["TagKey"] for tag in params.get("Tags") or ()]
    if len(set(names)) < len(names):
        raise ServiceError("TagException", "Duplicate tag keys")
    if any(name.lower().startswith(RESERVED) for name in names):
        raise ServiceError("TagException", "Tags beginning with aws: are reserved")
    if len({*names, *present}) > MOST_TAGS:
        raise ServiceError("TagException", "Too many tags")
