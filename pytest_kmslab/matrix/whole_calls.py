"""What a whole call requires of which the action and one resource are known; the request says nothing else.

What it leaves out has the default that a request has. Of a call that makes a table of another (a restore),
the new table is taken to have the ARN and the key of the old one; an alias that is made, moved or removed is
taken to be one that the key has.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from pytest_kmslab.account.model import Key, Table
from pytest_kmslab.authz.arn import in_region, parse_arn
from pytest_kmslab.calls.api_call import ApiCall, Authorization
from pytest_kmslab.calls.context_keys import Keys, caller_context
from pytest_kmslab.calls.dynamodb.context import READS, RETURNING, item_context
from pytest_kmslab.calls.dynamodb.context import authorization as table_authorization
from pytest_kmslab.calls.dynamodb.encrypted_tables import RESTORING
from pytest_kmslab.calls.dynamodb.names import global_table_arn
from pytest_kmslab.calls.dynamodb.sse.choose_key import use_new_key
from pytest_kmslab.calls.dynamodb.sse.key_use import check_state, decrypt_authorization, place_of
from pytest_kmslab.calls.dynamodb.tables import ON_GLOBAL_TABLE, ON_GLOBAL_TABLE_AND_REPLICAS, ON_NO_TABLE
from pytest_kmslab.calls.kms.aliases import alias_authorization
from pytest_kmslab.calls.kms.context import account_authorization, key_authorization, property_keys
from pytest_kmslab.calls.kms.creation import (
    CLUSTER_WATCH,
    new_key_keys,
    refuse_other_than_primary,
    service_linked_role_authorization,
)
from pytest_kmslab.calls.kms.key_operations import ACCOUNT_OPERATIONS, KEY_OPERATIONS
from pytest_kmslab.calls.kms.keys import (
    NOT_USABLE_STATES,
    PENDING_DELETION_STATES,
    refuse_living,
    refuse_state,
    refuse_usage,
)
from pytest_kmslab.calls.kms.specs import ENCRYPT, SYMMETRIC
from pytest_kmslab.matrix.subjects import ResourceSubject

RequiredAuthorization = tuple[Authorization, ResourceSubject]
"""What is asked, and the resource whose policies it is asked under."""

USES_TABLE_KEY = frozenset(
    {
        "BatchGetItem",
        "BatchWriteItem",
        "ConditionCheckItem",
        "CreateBackup",
        "DeleteItem",
        "ExportTableToPointInTime",
        "GetItem",
        "GetRecords",
        "PartiQLDelete",
        "PartiQLInsert",
        "PartiQLSelect",
        "PartiQLUpdate",
        "PutItem",
        "Query",
        "RestoreTableFromBackup",
        "RestoreTableToPointInTime",
        "Scan",
        "SearchVectors",
        "StartBulkPutItems",
        "UpdateContributorInsights",
        "UpdateItem",
        "UpdateTimeToLive",
    }
)
"""The actions for which DynamoDB asks KMS to decrypt the table's key, as the caller.
https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/encryption.usagenotes.html
"""
OF_ITEMS = READS | RETURNING | {"BatchWriteItem"}
"""The actions whose requests have condition keys of their own, though they say nothing."""
RESTORES = frozenset({"RestoreTableFromBackup", "RestoreTableToPointInTime"})
CHOOSES_KEY = frozenset({"CreateTable", "ImportTable", *RESTORES})
"""The calls that make a table, for which DynamoDB makes a grant on its key, as the caller."""
ON_PART_OF_TABLE = {
    "DeleteBackup": "backup",
    "DescribeBackup": "backup",
    "RestoreTableFromBackup": "backup",
    "DescribeExport": "export",
    "DescribeImport": "import",
    "DescribeStream": "stream",
    "GetRecords": "stream",
    "GetShardIterator": "stream",
    "SearchVectors": "index",
}
"""The actions that are about something of a table, and what it is."""
ON_NEITHER_TABLE_NOR_STREAM = ON_NO_TABLE | {"ListStreams"}
ON_NO_KEY = frozenset({*ACCOUNT_OPERATIONS, "CreateKey", "GenerateRandom", "ListAliases"})
ON_ALIAS = frozenset({"CreateAlias", "DeleteAlias", "UpdateAlias"})
CIPHERS = frozenset({"Decrypt", "ReEncryptFrom", "ReEncryptTo"})
REFUSED_STATES = {
    **{name: row.refused for name, row in KEY_OPERATIONS.items()},
    **dict.fromkeys(("DeleteAlias", "PutKeyPolicy", "RetireGrant", "CancelKeyDeletion"), frozenset[str]()),
    **dict.fromkeys(("CreateAlias", "UpdateAlias", "UpdatePrimaryRegion"), PENDING_DELETION_STATES),
}
"""The states of a key in which a call fails; of others those in which a key cannot be used."""


def questions(call: ApiCall, action: str, resource: ResourceSubject) -> Iterator[RequiredAuthorization]:
    """Everything that a call asks for, in order; raises ServiceError for what stands in its way besides."""
    if call.service == "kms" and resource.key is not None:
        yield from _about_key(call, action, resource, resource.key)
    elif call.service == "dynamodb" and resource.table is not None:
        yield from _about_table(call, resource, resource.table)
    else:
        owner = parse_arn(resource.arn).account or call.account
        context = {**caller_context(call.caller, call.region), "aws:ResourceAccount": owner}
        yield call.requires(action, resource.arn, context, owner), resource


def _about_key(
    call: ApiCall, action: str, resource: ResourceSubject, key: Key
) -> Iterator[RequiredAuthorization]:
    if call.operation in ON_NO_KEY:
        yield account_authorization(call, action, _said_of_no_key(call)), ResourceSubject("*")
        if call.operation == "CreateCustomKeyStore":
            asked = service_linked_role_authorization(call, *CLUSTER_WATCH)
            yield asked, ResourceSubject(asked.request.resource)
        return
    if call.operation in ON_ALIAS:
        # On the alias and on the key:
        # https://docs.aws.amazon.com/kms/latest/developerguide/alias-access.html
        asked = alias_authorization(call, key.aliases[0] if key.aliases else "alias/*")
        yield asked, ResourceSubject(asked.request.resource)
    yield key_authorization(call, action, key, _said_of_key(call, key)), resource
    if call.operation == "ReplicateKey":
        # The replica is a key to be made in another Region:
        # https://docs.aws.amazon.com/kms/latest/developerguide/multi-region-keys-auth.html
        keys = property_keys(key.spec, key.usage, key.origin, True, "REPLICA")
        keys["kms:CallerAccount"] = call.account
        yield account_authorization(call, "kms:CreateKey", keys), ResourceSubject("*")
    # Last: KMS tells a key's state only to who may use it.
    if resource.is_known:
        _refuse(call, key)


def _said_of_no_key(call: ApiCall) -> Keys:
    if call.operation == "CreateKey":
        return new_key_keys(call)
    return {"kms:CallerAccount": call.account} if ACCOUNT_OPERATIONS.get(call.operation) else {}


def _said_of_key(call: ApiCall, key: Key) -> Keys:
    """The condition keys that a request sets which names the key by its ARN and nothing else."""
    if call.operation in CIPHERS:
        return {"kms:EncryptionAlgorithm": SYMMETRIC}
    row, keys = KEY_OPERATIONS.get(call.operation), {}
    for of_request in () if row is None else row.request:
        # The rows read members that every real request has; an empty list makes a key without values.
        keys.update(of_request({"KeyId": key.arn, "Operations": (), "TagKeys": ()}, key))
    return {name: value for name, value in keys.items() if value != ()}


def _refuse(call: ApiCall, key: Key) -> None:
    """Raise what KMS answers where the key is not fit for the call."""
    operation = call.operation
    refuse_state(key, REFUSED_STATES.get(operation, NOT_USABLE_STATES))
    row = KEY_OPERATIONS.get(operation)
    refuse_usage(key, ENCRYPT if operation in CIPHERS else "" if row is None else row.usage, operation)
    if operation in ("ReplicateKey", "UpdatePrimaryRegion"):
        refuse_other_than_primary(key)
    if operation == "CancelKeyDeletion":
        refuse_living(key)


def _about_table(call: ApiCall, resource: ResourceSubject, table: Table) -> Iterator[RequiredAuthorization]:
    operation = call.operation
    keys = item_context(operation, {}, table) if operation in OF_ITEMS else None
    for subject in _asked_on(call, resource, table):
        yield table_authorization(call, operation, subject.arn, keys, table), subject
    for action in RESTORING if operation in RESTORES else ():
        yield table_authorization(call, action, table.arn), resource
    if operation == "UpdateTimeToLive" and table.global_table is not None:
        yield from _on_replicas(call, table, table.global_table.regions)
    if operation == "UpdateGlobalTableSettings":
        for subject in _asked_on(call, resource, table):
            yield table_authorization(call, "UpdateGlobalTable", subject.arn, keys, table), subject
        yield table_authorization(call, "DescribeLimits", "*"), ResourceSubject("*")
    if resource.table_key is not None and resource.table_key.key is not None:
        yield from _about_table_key(call, table, resource.table_key, resource.table_key.key)


def _on_replicas(call: ApiCall, table: Table, regions: Iterable[str]) -> Iterator[RequiredAuthorization]:
    # Their own policies are not known.
    for region in regions:
        there = call._replace(region=region)
        arn = in_region(table.arn, region)
        yield table_authorization(there, call.operation, arn), ResourceSubject(arn)


def _about_table_key(
    call: ApiCall, table: Table, subject: ResourceSubject, key: Key
) -> Iterator[RequiredAuthorization]:
    if call.operation in USES_TABLE_KEY:
        check_state(key)
        yield decrypt_authorization(call, key, place_of(table)), subject
    if call.operation in CHOOSES_KEY:
        for authorization in use_new_key(call, key, place_of(table)):
            yield authorization, subject


def _asked_on(call: ApiCall, resource: ResourceSubject, table: Table) -> Iterator[ResourceSubject]:
    """What a call that names a table is asked about."""
    operation, is_table = call.operation, resource.arn == table.arn
    if operation in ON_NEITHER_TABLE_NOR_STREAM:
        yield ResourceSubject("*")
    elif operation == "ListTables":
        yield ResourceSubject(f"{table.arn.rpartition('/')[0]}/*")
    elif is_table and operation in ON_PART_OF_TABLE:
        yield _part_of(resource, table, ON_PART_OF_TABLE[operation])
    elif is_table and operation in ON_GLOBAL_TABLE | ON_GLOBAL_TABLE_AND_REPLICAS:
        yield ResourceSubject(global_table_arn(call._replace(params={"GlobalTableName": table.name})))
    else:
        yield resource
    if is_table and operation in ("RestoreTableFromBackup", *ON_GLOBAL_TABLE_AND_REPLICAS):
        yield resource


def _part_of(resource: ResourceSubject, table: Table, kind: str) -> ResourceSubject:
    """The table's stream, or any one of its backups, exports and so on."""
    if kind == "stream" and resource.stream is not None:
        return resource.stream
    # A table's policy is not asked about what was made of the table: a backup or an export has none.
    return replace(resource, arn=f"{table.arn}/{kind}/*", policy=None)
