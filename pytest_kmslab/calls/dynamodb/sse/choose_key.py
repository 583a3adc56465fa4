"""A key newly chosen for a table: what DynamoDB asks of KMS as the caller, and its grants.

kms:DescribeKey, kms:CreateGrant and kms:Decrypt: missing each was seen to fail.
https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/encryption.usagenotes.html
"""

from __future__ import annotations

from typing import Any
from uuid import uuid4

from pytest_kmslab.account.model import AccountView, Key
from pytest_kmslab.authz.arn import service_host
from pytest_kmslab.calls.api_call import ApiCall, Authorization, Authorizations, ServiceError
from pytest_kmslab.calls.context_keys import Keys
from pytest_kmslab.calls.dynamodb.sse.key_use import (
    TableLocation,
    check_state,
    decrypt_authorization,
    key_authorization,
    kms_text,
    place_at,
    wrapped,
)
from pytest_kmslab.calls.dynamodb.sse.specification import OWN_ALIAS
from pytest_kmslab.calls.kms.context import alias_keys, encryption_context
from pytest_kmslab.calls.kms.keys import find_key
from pytest_kmslab.calls.kms.specs import SYMMETRIC


def choose_key(call: ApiCall, view: AccountView, key_id: str, arn: str) -> Authorizations:
    """Ask for what DynamoDB does with a key that a request names for the table `arn`.

    The AWS owned key (an empty `key_id`) needs nothing; `aws/dynamodb` is made where it is not there yet.
    Raises ServiceError for a key that cannot be used, in the words of CreateTable.
    """
    key = _named_key(call, view, key_id) if key_id else None
    if key is None:
        return
    yield from use_new_key(call, key, place_at(arn), alias_keys(key_id))


_SYMMETRIC_ONLY = (
    "EncryptionContext is supported only when creating a grant for a symmetric encryption KMS key."
)


def use_new_key(
    call: ApiCall, key: Key, place: TableLocation, named_by: Keys | None = None
) -> Authorizations:
    """Ask for what DynamoDB does with a key for a table that is made under it; `named_by` are the condition
    keys of how the request names the key."""
    yield key_authorization(call, "DescribeKey", key, place, named_by or {})
    # Whether AWS manages the key: its manager says so, an alias does not.
    if key.manager == "AWS" and OWN_ALIAS not in key.aliases:
        raise _another_service(call, key)
    yield _create_grant(call, key, place)
    check_state(key)
    # A grant for a table has its encryption context as a constraint, which KMS takes for no other key.
    if key.spec != SYMMETRIC:
        text = kms_text("AWSKMSException", "ValidationException", _SYMMETRIC_ONLY)
        raise ServiceError("InternalServerError", f"KMS internal error: {text}", 500)
    yield decrypt_authorization(call, key, place)


def _named_key(call: ApiCall, view: AccountView, key_id: str) -> Key | None:
    if key_id == OWN_ALIAS:
        return view.key(key_id, call.region, call.account)
    try:
        return find_key(call, view, key_id, "kms:DescribeKey")
    except ServiceError as error:
        raise wrapped(error) from None


def _create_grant(call: ApiCall, key: Key, place: TableLocation) -> Authorization:
    service = service_host("dynamodb", place.region)
    keys = encryption_context(place.encryption_context) | {
        "kms:GrantIsForAWSResource": True,
        "kms:GrantOperations": GRANT_OPERATIONS,
        "kms:GrantConstraintType": "EncryptionContextSubset",
        "kms:GranteePrincipal": service,
        "kms:RetiringPrincipal": service,
    }
    return key_authorization(call, "CreateGrant", key, place, keys)


def _another_service(call: ApiCall, key: Key) -> ServiceError:
    """The key that AWS manages for another service lets nobody make a grant through DynamoDB."""
    return wrapped(
        ServiceError(
            "AccessDeniedException",
            f"User: {call.caller.arn} is not authorized to perform: kms:CreateGrant on resource: {key.arn} "
            "because no resource-based policy allows the kms:CreateGrant action",
        )
    )


# The grants that DynamoDB makes for itself on the key of a table.
# https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/encryption.usagenotes.html

GRANTS_A_TABLE = 2
GRANT_OPERATIONS = (
    "Decrypt",
    "Encrypt",
    "GenerateDataKey",
    "ReEncryptFrom",
    "ReEncryptTo",
    "RetireGrant",
    "DescribeKey",
)


def grant_of_table(table_arn: str) -> dict[str, Any]:
    """The parameters of CreateGrant for one of them, save for the key."""
    service, pairs = _whom_and_for_what(table_arn)
    return {
        "Name": str(uuid4()),
        "GranteePrincipal": service,
        "RetiringPrincipal": service,
        "Operations": list(GRANT_OPERATIONS),
        "Constraints": {"EncryptionContextSubset": pairs},
    }


def is_of_table(grantee: str, subset: Any, table_arn: str) -> bool:
    """Whether a grant with this grantee and EncryptionContextSubset is one of the table's."""
    return (grantee, subset) == _whom_and_for_what(table_arn)


def _whom_and_for_what(table_arn: str) -> tuple[str, dict[str, str]]:
    place = place_at(table_arn)
    return service_host("dynamodb", place.region), place.encryption_context
