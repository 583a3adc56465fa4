"""The operations on one key, a row each, and the operations on no key.

Rows follow the KMS permissions reference and the Service Authorization Reference:
https://docs.aws.amazon.com/kms/latest/developerguide/kms-api-permissions-reference.html
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from pytest_kmslab.account.model import AccountView, Key
from pytest_kmslab.calls.api_call import (
    ApiCall,
    AuthorizationPlan,
    Authorizations,
    Params,
    ServiceError,
)
from pytest_kmslab.calls.context_keys import Keys
from pytest_kmslab.calls.kms import keys as kms_keys
from pytest_kmslab.calls.kms.context import (
    RequestKeys,
    account_authorization,
    from_member,
    key_authorization,
    of_algorithm,
    of_alias,
    of_direct_grant_call,
    of_encryption_context,
    of_grant,
    of_tag_keys,
    of_tags,
)
from pytest_kmslab.calls.kms.imports import (
    check_expiry,
    check_import_type,
    check_wrapping,
    refuse_made_by_kms,
)
from pytest_kmslab.calls.kms.keys import check_key_tags
from pytest_kmslab.calls.kms.specs import (
    AGREE,
    ENCAPSULATE,
    ENCRYPT,
    MAC,
    SIGN,
    SYMMETRIC,
    check_length,
    check_message,
    check_pair,
    check_plaintext_size,
    refuse_algorithm,
    refuse_encryption_context,
    refuse_material_list,
    refuse_rotation,
    refuse_symmetric,
    refuse_unrotatable,
    refuse_unrotatable_origin,
)

Check = Callable[[Params, Key], None]
"""Raises ServiceError for what the request cannot ask of the key."""


@dataclass(frozen=True, slots=True)
class KeyOperation:
    """An operation on the key that `KeyId` names.

    `request` makes its own condition keys, `refused` are the key states in which it fails, `usage`
    the KeyUsage that it needs, `checks` refuse what else does not go with the key.
    """

    request: tuple[RequestKeys, ...] = ()
    refused: frozenset[str] = frozenset()
    usage: str = ""
    checks: tuple[Check, ...] = ()


def _crypto(usage: str, checks: tuple[Check, ...], *request: RequestKeys) -> KeyOperation:
    return KeyOperation((of_alias, *request), kms_keys.NOT_USABLE_STATES, usage, checks)


def _algorithm(member: str) -> Check:
    # The algorithm that a parameter names is one of the key's.
    return lambda params, key: refuse_algorithm(key, params[member])


def _encryption(params: Params, key: Key) -> None:
    algorithm = params.get("EncryptionAlgorithm", SYMMETRIC)
    refuse_algorithm(key, algorithm)
    refuse_encryption_context(key, params.get("EncryptionContext"))
    check_plaintext_size(key.spec, algorithm, params.get("Plaintext", b""))


def _data_key(_params: Params, key: Key) -> None:
    # A data key is encrypted by a symmetric key, whatever else the request says.
    refuse_algorithm(key, SYMMETRIC)


def _one_grantee(params: Params, _key: Key) -> None:
    # Documented: API_ListGrants; the text is inferred.
    if params.get("GranteePrincipal") and params.get("GranteeServicePrincipal"):
        text = "Specify either GranteePrincipal or GranteeServicePrincipal, but not both."
        raise ServiceError("ValidationException", text)


_SYMMETRIC = (of_algorithm, of_encryption_context)
_PAIR = (*_SYMMETRIC, from_member("KeyPairSpec", condition_key="DataKeyPairSpec"))
_SIGNING = (from_member("SigningAlgorithm"), from_member("MessageType", "RAW"))
_MACS = (from_member("MacAlgorithm"),)
_AGREEMENT = (from_member("KeyAgreementAlgorithm"),)
_ENCAPSULATION = (from_member("EncapsulationAlgorithm"),)
_DATA_KEY: tuple[Check, ...] = (_data_key, check_length)
_KEY_PAIR: tuple[Check, ...] = (_data_key, check_pair)
_WRAPPING = (from_member("WrappingAlgorithm"), from_member("WrappingKeySpec"))
_IMPORT = (from_member("ExpirationModel"), from_member("ValidTo"))
_WINDOW = (from_member("PendingWindowInDays", 30, "ScheduleKeyDeletionPendingWindowInDays"),)
_UNROTATABLE = kms_keys.PENDING_DELETION_STATES | {"Disabled"}
_PERIOD = (from_member("RotationPeriodInDays", 365),)

KEY_OPERATIONS: Mapping[str, KeyOperation] = {
    # cryptography
    "Encrypt": _crypto(ENCRYPT, (_encryption,), *_SYMMETRIC),
    "GenerateDataKey": _crypto(ENCRYPT, _DATA_KEY, *_SYMMETRIC),
    "GenerateDataKeyWithoutPlaintext": _crypto(ENCRYPT, _DATA_KEY, *_SYMMETRIC),
    "GenerateDataKeyPair": _crypto(ENCRYPT, _KEY_PAIR, *_PAIR),
    "GenerateDataKeyPairWithoutPlaintext": _crypto(ENCRYPT, _KEY_PAIR, *_PAIR),
    "Sign": _crypto(SIGN, (_algorithm("SigningAlgorithm"), check_message), *_SIGNING),
    "Verify": _crypto(SIGN, (_algorithm("SigningAlgorithm"), check_message), *_SIGNING),
    "GenerateMac": _crypto(MAC, (_algorithm("MacAlgorithm"),), *_MACS),
    "VerifyMac": _crypto(MAC, (_algorithm("MacAlgorithm"),), *_MACS),
    "DeriveSharedSecret": _crypto(AGREE, (_algorithm("KeyAgreementAlgorithm"),), *_AGREEMENT),
    "Encapsulate": _crypto(ENCAPSULATE, (_algorithm("EncapsulationAlgorithm"),), *_ENCAPSULATION),
    "Decapsulate": _crypto(ENCAPSULATE, (_algorithm("EncapsulationAlgorithm"),), *_ENCAPSULATION),
    "GetPublicKey": _crypto("", (refuse_symmetric,)),
    # looking
    "DescribeKey": KeyOperation((of_alias,)),
    "GetKeyPolicy": KeyOperation(),
    "GetKeyRotationStatus": KeyOperation(checks=(refuse_unrotatable_origin,)),
    "GetKeyLastUsage": KeyOperation(),
    "ListKeyPolicies": KeyOperation(),
    "ListKeyRotations": KeyOperation(checks=(refuse_material_list,)),
    "ListResourceTags": KeyOperation(),
    # changing
    "EnableKey": KeyOperation(refused=kms_keys.NO_MATERIAL_STATES),
    "DisableKey": KeyOperation(refused=kms_keys.NO_MATERIAL_STATES),
    "UpdateKeyDescription": KeyOperation(refused=kms_keys.PENDING_DELETION_STATES),
    "TagResource": KeyOperation((of_tags,), kms_keys.PENDING_DELETION_STATES, checks=(check_key_tags,)),
    "UntagResource": KeyOperation((of_tag_keys,), kms_keys.PENDING_DELETION_STATES),
    "ScheduleKeyDeletion": KeyOperation(_WINDOW, kms_keys.PENDING_DELETION_STATES),
    "EnableKeyRotation": KeyOperation(_PERIOD, _UNROTATABLE, checks=(refuse_unrotatable,)),
    "DisableKeyRotation": KeyOperation(refused=_UNROTATABLE, checks=(refuse_unrotatable,)),
    "RotateKeyOnDemand": KeyOperation(
        refused=_UNROTATABLE | kms_keys.NO_MATERIAL_STATES, checks=(refuse_rotation,)
    ),
    "GetParametersForImport": KeyOperation(
        _WRAPPING, kms_keys.PENDING_DELETION_STATES, checks=(refuse_made_by_kms, check_wrapping)
    ),
    "ImportKeyMaterial": KeyOperation(
        _IMPORT,
        kms_keys.PENDING_DELETION_STATES,
        checks=(refuse_made_by_kms, check_expiry, check_import_type),
    ),
    "DeleteImportedKeyMaterial": KeyOperation(checks=(refuse_made_by_kms,)),
    # grants
    "CreateGrant": KeyOperation((of_grant,), kms_keys.NOT_GRANTABLE_STATES),
    "ListGrants": KeyOperation((of_direct_grant_call,), checks=(_one_grantee,)),
    "RevokeGrant": KeyOperation((of_direct_grant_call,)),
}

ACCOUNT_OPERATIONS: Mapping[str, bool] = {
    "ListKeys": False,
    "ListRetirableGrants": False,
    "CreateCustomKeyStore": True,
    "ConnectCustomKeyStore": True,
    "DescribeCustomKeyStores": True,
    "DisconnectCustomKeyStore": True,
    "DeleteCustomKeyStore": True,
    "UpdateCustomKeyStore": True,
}
"""Operations on no key (Resource `*`), and whether they set `kms:CallerAccount`."""


def key_plan(operation: str, row: KeyOperation) -> AuthorizationPlan:
    """Authorizations for an operation on one key, then refuses a key that is not fit for it."""
    action = f"kms:{operation}"

    # Of these operations alone the alias is a condition key too.
    find = kms_keys.find_key if of_alias in row.request else kms_keys.find_key_by_id

    def authorization(call: ApiCall, view: AccountView) -> Authorizations:
        params = call.params
        key = find(call, view, params["KeyId"], action)
        keys: Keys = {}
        for of_request in row.request:
            keys.update(of_request(params, key))
        yield key_authorization(call, action, key, keys)
        kms_keys.refuse_state(key, row.refused)
        kms_keys.refuse_usage(key, row.usage, operation)
        for check in row.checks:
            check(params, key)
        kms_keys.refuse_dry_run(call)

    return authorization


def account_plan(operation: str, says_account: bool) -> AuthorizationPlan:
    """Authorizations for an operation on no key."""

    def authorization(call: ApiCall, view: AccountView) -> Authorizations:
        keys: Keys = {"kms:CallerAccount": call.account} if says_account else {}
        yield account_authorization(call, f"kms:{operation}", keys)

    return authorization
