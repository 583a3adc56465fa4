"""Choosing a key for a table: CreateTable, UpdateTable, ImportTable and the two restores.

As the caller DynamoDB asks kms:DescribeKey, kms:CreateGrant and kms:Decrypt.
https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/encryption.usagenotes.html
"""

from __future__ import annotations

from pytest_kmslab.calls.base import ApiCall, Ask, Asks, ServiceError
from pytest_kmslab.calls.context_keys import request_tags
from pytest_kmslab.calls.dynamodb_names import (
    SERVICE_PRINCIPAL,
    named_table,
    required,
    required_text,
    sub_arn,
    table_arn,
    table_of,
)
from pytest_kmslab.calls.dynamodb_request import ask
from pytest_kmslab.calls.kms_context import alias_keys, encryption_context
from pytest_kmslab.calls.kms_keys import find_key
from pytest_kmslab.calls.table_key import (
    Place,
    check_state,
    customer_key,
    decrypt_ask,
    key_ask,
    kms_text,
    use_keys,
    wrapped,
)
from pytest_kmslab.calls.table_validation import Encryption, Wish, check_change, read_specification
from pytest_kmslab.facts import Facts, Key, Table

GRANT_OPERATIONS = (
    "Decrypt",
    "Encrypt",
    "GenerateDataKey",
    "ReEncryptFrom",
    "ReEncryptTo",
    "RetireGrant",
    "DescribeKey",
)
"""The operations of the grants that DynamoDB makes for a table."""

_RESTORING = ("BatchWriteItem", "DeleteItem", "GetItem", "PutItem", "Query", "Scan", "UpdateItem")
"""Restoring needs these on the new table too.
https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/backuprestore_IAM.html"""


def create_table(call: ApiCall, facts: Facts) -> Asks:
    """CreateTable: on the table to be, then on the key it is to be encrypted with."""
    arn = named_table(call)
    yield ask(call, call.operation, arn, request_tags(call.params.get("Tags") or ()))
    yield from _chosen(call, facts, read_specification(call.params.get("SSESpecification")), arn)


def import_table(call: ApiCall, facts: Facts) -> Asks:
    """ImportTable: on the table to be, then on the key it is to be encrypted with."""
    wanted = required(call.params, "TableCreationParameters")
    arn = table_arn(call, required_text(wanted, "TableName"))
    yield ask(call, call.operation, arn)
    yield from _chosen(call, facts, read_specification(wanted.get("SSESpecification")), arn)


def update_table(call: ApiCall, facts: Facts) -> Asks:
    """UpdateTable: on the table; where it changes the encryption, on the present key and the new one."""
    arn = named_table(call)
    table = facts.table(arn, call.region, call.account)
    yield ask(call, call.operation, arn, None, table)
    encryption = read_specification(call.params.get("SSESpecification"))
    if table is None or encryption.wish is Wish.NOTHING:
        return
    check_change(call.params, encryption, table)
    yield from use_keys(call, facts, (table,))
    yield from _chosen(call, facts, encryption, arn)


def restore_from_backup(call: ApiCall, facts: Facts) -> Asks:
    """RestoreTableFromBackup: on the backup and the new table, then on the keys of both."""
    backup = sub_arn(required_text(call.params, "BackupArn"), "backup")
    target = table_arn(call, required_text(call.params, "TargetTableName"))
    yield ask(call, call.operation, backup)
    yield ask(call, call.operation, target)
    yield from _restored(call, facts, table_of(backup), target)


def restore_to_point_in_time(call: ApiCall, facts: Facts) -> Asks:
    """RestoreTableToPointInTime: on the source and the new table, then on the keys of both."""
    member = "SourceTableArn" if call.params.get("SourceTableArn") else "SourceTableName"
    source = named_table(call, member)
    target = table_arn(call, required_text(call.params, "TargetTableName"))
    yield ask(call, call.operation, source, None, facts.table(source, call.region, call.account))
    yield ask(call, call.operation, target)
    yield from _restored(call, facts, source, target)


def _restored(call: ApiCall, facts: Facts, source_arn: str, target: str) -> Asks:
    for action in _RESTORING:
        yield ask(call, action, target)
    override = call.params.get("SSESpecificationOverride")
    encryption = read_specification(override)
    source = facts.table(source_arn, call.region, call.account)
    yield from use_keys(call, facts, (source,))
    if encryption.wish is Wish.NOTHING and source is not None:
        encryption = _same_key(facts, source)
    yield from _chosen(call, facts, encryption, target)


def _same_key(facts: Facts, source: Table) -> Encryption:
    key = customer_key(facts, source)
    return Encryption(Wish.NOTHING) if key is None else Encryption(Wish.KMS, key.arn)


def _chosen(call: ApiCall, facts: Facts, encryption: Encryption, arn: str) -> Asks:
    """Ask for what DynamoDB does with a newly chosen key; the key of AWS needs nothing."""
    if not encryption.key_id:
        return
    key = _named_key(call, facts, encryption.key_id)
    if key.manager == "AWS":
        return
    place = _place(arn)
    yield key_ask(call, "DescribeKey", key, place, alias_keys(encryption.key_id))
    yield _create_grant(call, key, place)
    check_state(key)
    _check_symmetric(key)
    yield decrypt_ask(call, key, place)


def _named_key(call: ApiCall, facts: Facts, key_id: str) -> Key:
    try:
        return find_key(call, facts, key_id, "kms:DescribeKey", foreign=True)
    except ServiceError as error:
        raise wrapped(error) from None


def _place(arn: str) -> Place:
    region, account, path = arn.split(":", 5)[3:]
    return Place(path.split("/")[1], region, account)


def _create_grant(call: ApiCall, key: Key, place: Place) -> Ask:
    service = SERVICE_PRINCIPAL.format(region=place.region)
    keys = encryption_context(place.encryption_context) | {
        "kms:GrantIsForAWSResource": True,
        "kms:GrantOperations": GRANT_OPERATIONS,
        "kms:GrantConstraintType": "EncryptionContextSubset",
        "kms:GranteePrincipal": service,
        "kms:RetiringPrincipal": service,
    }
    return key_ask(call, "CreateGrant", key, place, keys)


def _check_symmetric(key: Key) -> None:
    if key.spec == "SYMMETRIC_DEFAULT":
        return
    message = "EncryptionContext is supported only when creating a grant for a symmetric encryption KMS key."
    text = kms_text("AWSKMSException", "ValidationException", message)
    raise ServiceError("InternalServerError", f"KMS internal error: {text}", 500)
