"""The operations on one key, a row each, and the operations on no key.

Rows follow the KMS permissions reference and the Service Authorization Reference:
https://docs.aws.amazon.com/kms/latest/developerguide/kms-api-permissions-reference.html
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from pytest_kmslab.calls.base import ApiCall, Asker, Asks
from pytest_kmslab.calls.context_keys import Keys
from pytest_kmslab.calls.kms import keys as kms_keys
from pytest_kmslab.calls.kms.context import (
    RequestKeys,
    account_ask,
    from_member,
    key_ask,
    of_algorithm,
    of_alias,
    of_direct_grant_call,
    of_encryption_context,
    of_grant,
    of_tag_keys,
    of_tags,
)
from pytest_kmslab.facts import Facts

ENCRYPT = "ENCRYPT_DECRYPT"
SIGN = "SIGN_VERIFY"
MAC = "GENERATE_VERIFY_MAC"


@dataclass(frozen=True, slots=True)
class KeyOperation:
    """An operation on the key that `KeyId` names.

    `request` makes its own condition keys, `refused` are the key states in which it fails, `usage`
    the KeyUsage that it needs.
    """

    request: tuple[RequestKeys, ...] = ()
    refused: frozenset[str] = frozenset()
    usage: str = ""


def _crypto(usage: str, *request: RequestKeys) -> KeyOperation:
    return KeyOperation((of_alias, *request), kms_keys.UNUSABLE, usage)


_SYMMETRIC = (of_algorithm, of_encryption_context)
_PAIR = (*_SYMMETRIC, from_member("KeyPairSpec", condition_key="DataKeyPairSpec"))
_SIGNING = (from_member("SigningAlgorithm"), from_member("MessageType", "RAW"))
_MACS = (from_member("MacAlgorithm"),)
_ENCAPSULATION = (from_member("EncapsulationAlgorithm"),)
_WRAPPING = (from_member("WrappingAlgorithm"), from_member("WrappingKeySpec"))
_IMPORT = (from_member("ExpirationModel"), from_member("ValidTo"))
_WINDOW = (from_member("PendingWindowInDays", 30, "ScheduleKeyDeletionPendingWindowInDays"),)
_PERIOD = (from_member("RotationPeriodInDays", 365),)

KEY_OPERATIONS: Mapping[str, KeyOperation] = {
    # cryptography
    "Encrypt": _crypto(ENCRYPT, *_SYMMETRIC),
    "GenerateDataKey": _crypto(ENCRYPT, *_SYMMETRIC),
    "GenerateDataKeyWithoutPlaintext": _crypto(ENCRYPT, *_SYMMETRIC),
    "GenerateDataKeyPair": _crypto(ENCRYPT, *_PAIR),
    "GenerateDataKeyPairWithoutPlaintext": _crypto(ENCRYPT, *_PAIR),
    "Sign": _crypto(SIGN, *_SIGNING),
    "Verify": _crypto(SIGN, *_SIGNING),
    "GenerateMac": _crypto(MAC, *_MACS),
    "VerifyMac": _crypto(MAC, *_MACS),
    "DeriveSharedSecret": _crypto("KEY_AGREEMENT", from_member("KeyAgreementAlgorithm")),
    "Encapsulate": _crypto("ENCAPSULATE_DECAPSULATE", *_ENCAPSULATION),
    "Decapsulate": _crypto("ENCAPSULATE_DECAPSULATE", *_ENCAPSULATION),
    "GetPublicKey": _crypto(""),
    # looking
    "DescribeKey": KeyOperation((of_alias,)),
    "GetKeyPolicy": KeyOperation(),
    "GetKeyRotationStatus": KeyOperation(),
    "GetKeyLastUsage": KeyOperation(),
    "ListKeyPolicies": KeyOperation(),
    "ListKeyRotations": KeyOperation(),
    "ListResourceTags": KeyOperation(),
    # changing
    "EnableKey": KeyOperation(refused=kms_keys.EMPTY),
    "DisableKey": KeyOperation(refused=kms_keys.EMPTY),
    "UpdateKeyDescription": KeyOperation(refused=kms_keys.DOOMED),
    "TagResource": KeyOperation((of_tags,), kms_keys.DOOMED),
    "UntagResource": KeyOperation((of_tag_keys,), kms_keys.DOOMED),
    "ScheduleKeyDeletion": KeyOperation(_WINDOW, kms_keys.DOOMED),
    "EnableKeyRotation": KeyOperation(_PERIOD, kms_keys.DOOMED | {"Disabled"}),
    "DisableKeyRotation": KeyOperation(refused=kms_keys.DOOMED | {"Disabled"}),
    "RotateKeyOnDemand": KeyOperation(refused=kms_keys.DOOMED | {"Disabled"}),
    "GetParametersForImport": KeyOperation(_WRAPPING, kms_keys.DOOMED),
    "ImportKeyMaterial": KeyOperation(_IMPORT, kms_keys.DOOMED),
    "DeleteImportedKeyMaterial": KeyOperation(),
    # grants
    "CreateGrant": KeyOperation((of_grant,), kms_keys.GRANTABLE),
    "ListGrants": KeyOperation((of_direct_grant_call,)),
    "RevokeGrant": KeyOperation((of_direct_grant_call,)),
}

ACCOUNT_OPERATIONS: Mapping[str, bool] = {
    "ListKeys": False,
    "ListAliases": False,
    "ListRetirableGrants": False,
    "GenerateRandom": False,
    "CreateCustomKeyStore": True,
    "ConnectCustomKeyStore": True,
    "DescribeCustomKeyStores": True,
    "DisconnectCustomKeyStore": True,
    "DeleteCustomKeyStore": True,
    "UpdateCustomKeyStore": True,
}
"""Operations on no key (Resource `*`), and whether they set `kms:CallerAccount`."""


def key_asker(operation: str, row: KeyOperation) -> Asker:
    """Asks for an operation on one key, then refuses a key that is not fit for it."""
    action = f"kms:{operation}"

    def ask(call: ApiCall, facts: Facts) -> Asks:
        params = call.params
        key = kms_keys.find_key(call, facts, params["KeyId"], action)
        keys: Keys = {}
        for of_request in row.request:
            keys.update(of_request(params, key))
        yield key_ask(call, action, key, keys)
        kms_keys.refuse_state(key, row.refused)
        kms_keys.refuse_usage(key, row.usage, operation)
        kms_keys.refuse_dry_run(call)

    return ask


def account_asker(operation: str, says_account: bool) -> Asker:
    """Asks for an operation on no key."""

    def ask(call: ApiCall, facts: Facts) -> Asks:
        keys: Keys = {"kms:CallerAccount": call.account} if says_account else {}
        yield account_ask(call, f"kms:{operation}", keys)

    return ask
