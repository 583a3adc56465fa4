"""Choosing a key for a table: CreateTable, UpdateTable, ImportTable and the two restores.

https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/encryption.usagenotes.html
"""

from __future__ import annotations

from pytest_kmslab.account.model import AccountView, Table
from pytest_kmslab.authz.arn import table_arn_of
from pytest_kmslab.calls.api_call import ApiCall, Authorizations
from pytest_kmslab.calls.context_keys import request_tags
from pytest_kmslab.calls.dynamodb.context import authorization
from pytest_kmslab.calls.dynamodb.names import (
    backup_arn,
    missing_table,
    named_table,
    new_table,
    required,
    required_text,
    target_table,
)
from pytest_kmslab.calls.dynamodb.replicas import joining, replica_updates
from pytest_kmslab.calls.dynamodb.sse.choose_key import choose_key
from pytest_kmslab.calls.dynamodb.sse.key_use import key_of_table, use_keys
from pytest_kmslab.calls.dynamodb.sse.specification import SseMode, check_change, read_specification
from pytest_kmslab.calls.dynamodb.table_policy.operations import new_table_policy
from pytest_kmslab.calls.rules.new_tables import check_new_table
from pytest_kmslab.calls.rules.restores import check_moment, check_overrides, check_source
from pytest_kmslab.calls.rules.table_tags import check_added
from pytest_kmslab.calls.rules.table_updates import check_update, check_update_of

RESTORING = ("BatchWriteItem", "DeleteItem", "GetItem", "PutItem", "Query", "Scan", "UpdateItem")
"""Restoring needs these on the new table too.
https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/backuprestore_IAM.html"""


def create_table(call: ApiCall, view: AccountView) -> Authorizations:
    """CreateTable: on the table to be, then on the key it is to be encrypted with.

    An empty list of tags needs dynamodb:TagResource too, and a replica of another account's table what every
    replica needs.
    """
    arn = new_table(call)
    tags = request_tags(call.params.get("Tags") or ())
    yield authorization(call, call.operation, arn, tags)
    if "Tags" in call.params:
        yield authorization(call, "TagResource", arn, tags)
    if call.params.get("GlobalTableSourceArn"):
        yield from joining(call, view, arn)
    yield from new_table_policy(call, view, arn)
    check_new_table(call.params)
    check_added(call.params.get("Tags") or ())
    yield from choose_key(call, view, read_specification(call.params.get("SSESpecification")).named, arn)


def import_table(call: ApiCall, view: AccountView) -> Authorizations:
    """ImportTable: on the table to be, then on the key it is to be encrypted with."""
    wanted = required(call.params, "TableCreationParameters")
    arn = target_table(call, required_text(wanted, "TableName"), "tableCreationParameters.tableName")
    yield authorization(call, call.operation, arn)
    check_new_table(wanted)
    yield from choose_key(call, view, read_specification(wanted.get("SSESpecification")).named, arn)


def update_table(call: ApiCall, view: AccountView) -> Authorizations:
    """UpdateTable: on the table; where it changes the encryption, on the present key and the new one."""
    arn = named_table(call)
    table = view.table(arn, call.region, call.account)
    yield authorization(call, call.operation, arn, None, table)
    check_update(call.params)
    if table is None:
        raise missing_table(arn)
    check_update_of(call.params, table)
    yield from replica_updates(call, view, table)
    encryption = read_specification(call.params.get("SSESpecification"))
    if "SSESpecification" not in call.params:
        return
    check_change(encryption, table)
    if encryption.mode is SseMode.NOTHING:
        return
    yield from use_keys(call, view, (table,))
    yield from choose_key(call, view, encryption.named, arn)


def restore_from_backup(call: ApiCall, view: AccountView) -> Authorizations:
    """RestoreTableFromBackup: on the backup and the new table, then on the keys of both."""
    backup = backup_arn(call)
    target = target_table(call, required_text(call.params, "TargetTableName"))
    yield authorization(call, call.operation, backup)
    yield authorization(call, call.operation, target)
    yield from _restored(
        call, view, view.backup(backup) or view.table(table_arn_of(backup), *_home(call)), target
    )


def restore_to_point_in_time(call: ApiCall, view: AccountView) -> Authorizations:
    """RestoreTableToPointInTime: on the source and the new table, then on the keys of both."""
    check_source(call.params)
    member = "SourceTableArn" if call.params.get("SourceTableArn") else "SourceTableName"
    source = named_table(call, member)
    target = target_table(call, required_text(call.params, "TargetTableName"))
    yield authorization(call, call.operation, source, None, view.table(source, call.region, call.account))
    yield authorization(call, call.operation, target)
    check_moment(call.params)
    yield from _restored(call, view, view.table(source, *_home(call)), target)


def _home(call: ApiCall) -> tuple[str, str]:
    return call.region, call.account


def _restored(call: ApiCall, view: AccountView, source: Table | None, target: str) -> Authorizations:
    for action in RESTORING:
        yield authorization(call, action, target)
    check_overrides(call.params, source)
    # A backup stays under the key that its table had when it was made.
    # https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/encryption.usagenotes.html
    encryption = read_specification(call.params.get("SSESpecificationOverride"))
    yield from use_keys(call, view, (source,))
    key_id = encryption.named
    if encryption.mode is SseMode.NOTHING and source is not None:
        key = key_of_table(view, source)
        key_id = key.arn if key is not None else ""
    yield from choose_key(call, view, key_id, target)
