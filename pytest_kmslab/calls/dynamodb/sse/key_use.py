"""The KMS requests that DynamoDB makes as the caller, for a table under a customer managed key.

https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/encryption.usagenotes.html
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime
from functools import partial
from typing import NamedTuple

from pytest_kmslab.account.model import AccountView, Caller, Key, Table
from pytest_kmslab.authz.arn import parts_of, service_host
from pytest_kmslab.calls.api_call import ApiCall, Authorization, Authorizations, ServiceError
from pytest_kmslab.calls.context_keys import Keys, through_service
from pytest_kmslab.calls.kms.context import encryption_context, key_keys
from pytest_kmslab.calls.kms.keys import NOT_USABLE_STATES, refuse_state
from pytest_kmslab.calls.kms.specs import SYMMETRIC

VIA = "dynamodb"
_MODEL = "com.amazonaws.services.kms.model."
_INSIDE = re.compile(rf"{re.escape(_MODEL)}\w+: (?P<text>.*) \(Service: AWSKMS; ", re.DOTALL)
_INSIDE_WHOLE = re.compile(rf"{_INSIDE.pattern}[^()]*\)", re.DOTALL)

_WRAPPED = {
    "DisabledException": ("ValidationException", "KMS key disabled error"),
    "KMSInvalidStateException": ("ValidationException", "KMS validation error"),
    "NotFoundException": ("ValidationException", "KMS validation error"),
    "AccessDeniedException": ("AccessDeniedException", "KMS key access denied error"),
}
"""KMS's code to DynamoDB's, and the prefix of its message."""


class TableLocation(NamedTuple):
    """The table that a key is used for: what DynamoDB puts into the encryption context."""

    name: str
    region: str
    account: str

    @property
    def encryption_context(self) -> dict[str, str]:
        """The pairs that DynamoDB sends with every use of the key."""
        return {"aws:dynamodb:tableName": self.name, "aws:dynamodb:subscriberId": self.account}


def place_of(table: Table) -> TableLocation:
    """The place of a table that exists."""
    return TableLocation(table.name, table.region, table.account)


def place_at(arn: str) -> TableLocation:
    """The place of a table by its ARN, which may be still to be made."""
    table = parts_of(arn)
    return TableLocation(table.name, table.region, table.account)


def kms_text(exception: str, code: str, message: str) -> str:
    """A KMS error inside one of DynamoDB's, in the words of the SDK that DynamoDB is built with."""
    return (
        f"{_MODEL}{exception}: {message} (Service: AWSKMS; Status Code: 400; Error Code: {code}; "
        f"Request ID: {uuid.uuid4()}; Proxy: null)"
    )


def text_of_kms(message: str) -> str:
    """What KMS said, of one of DynamoDB's messages around it; any other message as it is."""
    match = _INSIDE.search(message)
    return match["text"] if match else message


def without_sdk_words(message: str) -> str:
    """One of DynamoDB's messages with KMS's own text in place of the SDK's around it."""
    return _INSIDE_WHOLE.sub(lambda match: match["text"], message)


def wrapped(error: ServiceError) -> ServiceError:
    """What DynamoDB answers where KMS answered `error`."""
    code, prefix = _WRAPPED[error.code]
    exception = "AWSKMSException" if error.code == "AccessDeniedException" else error.code
    return ServiceError(code, f"{prefix}: {kms_text(exception, error.code, error.message)}")


def check_state(key: Key) -> None:
    """Raise what DynamoDB answers where the key cannot be used in its present state."""
    try:
        refuse_state(key, NOT_USABLE_STATES)
    # DynamoDB hands on what KMS says, in words of its own around it.
    except ServiceError as error:
        raise wrapped(error) from None


def key_of_table(view: AccountView, table: Table) -> Key | None:
    """The key of a table in KMS, None where it is under the AWS owned key; raises ServiceError where it
    is gone."""
    if table.key_arn is None:
        return None
    # `aws/dynamodb` is asked for as every other: its fixed policy lets everybody of its account in through
    # DynamoDB, save whom a Deny keeps out, and nobody of another.
    key = view.key(table.key_arn, table.region, table.account)
    if key is None:
        raise wrapped(ServiceError("NotFoundException", f"Key '{table.key_arn}' does not exist"))
    return key


def key_authorization(
    call: ApiCall, operation: str, key: Key, place: TableLocation, keys: Keys
) -> Authorization:
    """Ask for a KMS operation on a key as DynamoDB does it in the caller's name."""
    own = {**_through_dynamodb(call.caller, place.region), **keys}
    make = partial(key_keys, _from_dynamodb(call.caller), call.region, call.time, key, own)
    return call.requires(f"kms:{operation}", key.arn, make, key.account, via=VIA)


def decrypt_authorization(call: ApiCall, key: Key, place: TableLocation) -> Authorization:
    """Ask for kms:Decrypt of a table's key, as the caller: the right that reading and writing need."""
    make = partial(_decrypting, call.caller, call.region, call.time, key, place)
    return call.requires("kms:Decrypt", key.arn, make, key.account, via=VIA, from_ciphertext=True)


def _from_dynamodb(caller: Caller) -> Caller:
    # DynamoDB asks from an address of its own and by TLS, however its caller came.
    # https://docs.aws.amazon.com/kms/latest/developerguide/conditions-aws.html
    if not caller.address and caller.secure_transport:
        return caller
    return replace(caller, address="", secure_transport=True)


def _through_dynamodb(caller: Caller, region: str) -> Keys:
    via = service_host("dynamodb", region)
    return {**through_service(caller, "dynamodb.amazonaws.com"), "kms:ViaService": via}


def _decrypting(caller: Caller, region: str, time: datetime | None, key: Key, place: TableLocation) -> Keys:
    own = {
        **_through_dynamodb(caller, place.region),
        **encryption_context(place.encryption_context),
        "kms:EncryptionAlgorithm": SYMMETRIC,
    }
    return key_keys(_from_dynamodb(caller), region, time, key, own)


def use_keys(call: ApiCall, view: AccountView, tables: Iterable[Table | None]) -> Authorizations:
    """Ask for the use of every table's key, once a table; a table that does not exist asks nothing.
    Raises ServiceError where a key cannot be used."""
    seen: set[str] = set()
    for table in tables:
        if table is None or table.arn in seen:
            continue
        seen.add(table.arn)
        use = use_of_key(call, view, table)
        if use is not None:
            yield use


def use_of_key(call: ApiCall, view: AccountView, table: Table | None) -> Authorization | None:
    """What `use_keys` asks for one table; None where there is nothing to ask."""
    key = None if table is None else key_of_table(view, table)
    if table is None or key is None:
        return None
    # Whether AWS looks at a key's state or at the caller's rights first is not known; state comes first here.
    if key.state in NOT_USABLE_STATES:
        check_state(key)
    return decrypt_authorization(call, key, TableLocation(table.name, table.region, table.account))
