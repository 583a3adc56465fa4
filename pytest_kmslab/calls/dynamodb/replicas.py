"""Replicas of a table (global tables of version 2019): in other Regions, made and removed by UpdateTable; in
other accounts, made by CreateTable there.

https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/globaltables-security.html
https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/globaltables_MA_security.html
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pytest_kmslab.account.model import AccountView, Table
from pytest_kmslab.authz.arn import in_region
from pytest_kmslab.calls.api_call import ApiCall, Authorizations, ServiceError
from pytest_kmslab.calls.dynamodb.context import authorization
from pytest_kmslab.calls.dynamodb.names import named_table, required_text
from pytest_kmslab.calls.dynamodb.sse.choose_key import choose_key
from pytest_kmslab.calls.dynamodb.sse.key_use import key_of_table, use_keys
from pytest_kmslab.calls.dynamodb.sse.specification import OWN_ALIAS
from pytest_kmslab.calls.rules.replica_updates import each_replica
from pytest_kmslab.calls.validation_messages import invalid, refused

_REPLICA_ACTIONS: Mapping[str, tuple[str, ...]] = {
    "Create": (
        "CreateTable",
        "CreateTableReplica",
        "Query",
        "Scan",
        "UpdateItem",
        "PutItem",
        "GetItem",
        "DeleteItem",
        "BatchWriteItem",
    ),
    "Update": (),
    "Delete": ("DeleteTable", "DeleteTableReplica"),
}
_WITNESS_ACTIONS: Mapping[str, tuple[str, ...]] = {
    "Create": ("CreateGlobalTableWitness",),
    "Delete": ("DeleteGlobalTableWitness",),
}


def replica_updates(call: ApiCall, view: AccountView, table: Table) -> Authorizations:
    """Ask for what each replica needs, on the table of the same name in the replica's Region.

    A replica that names a key asks for it as a new table does, in that Region. A new one is filled with
    the items of the table, whose own key is asked for as reading them does (docs/fidelity.md).
    """
    arn, copied = table.arn, False
    for update in call.params.get("ReplicaUpdates") or ():
        for kind, replica in update.items():
            # Who manages the table's key, `CUSTOMER` or `AWS`; of the key that AWS owns nothing is told.
            key = key_of_table(view, table)
            _check_key(kind, replica.get("KMSMasterKeyId"), "" if key is None else key.manager)
            yield from _in_region(call, view, arn, _REPLICA_ACTIONS[kind], replica)
            copied = copied or kind == "Create"
    if copied:
        yield from use_keys(call, view, (table,))
    for update in call.params.get("GlobalTableWitnessUpdates") or ():
        for kind, witness in update.items():
            yield from _in_region(call, view, arn, _WITNESS_ACTIONS[kind], witness)


def joining(call: ApiCall, view: AccountView, arn: str) -> Authorizations:
    """Ask for what a new table needs that joins another as its replica: the other has to let it, and the new
    one is filled. That it takes the same actions as a replica of one's own is inferred (docs/fidelity.md)."""
    source = named_table(call, "GlobalTableSourceArn")
    table = view.table(source, call.region, call.account)
    yield authorization(call, "AssociateTableReplica", source, None, table)
    for action in _REPLICA_ACTIONS["Create"]:
        if action != call.operation:
            yield authorization(call, action, arn)


def _check_key(kind: str, key_id: str | None, manager: str) -> None:
    # Raise what DynamoDB answers to a replica whose key is not of the kind that the table's is.
    # Recorded: a table under a customer's key wants one for each replica, AWS's is none of them (ACK-313); a
    # table under the key that AWS owns takes none (ACK-295). For a table under `aws/dynamodb` the same is
    # inferred.
    of_customer = manager == "CUSTOMER"
    if kind != "Create" or (not key_id and not of_customer):
        return
    if not key_id or not manager:
        raise each_replica()
    if of_customer is key_id.endswith(OWN_ALIAS):
        raise refused("All replica keys must either be Customer Managed CMK or AWS Managed CMK.")


def _in_region(
    call: ApiCall, view: AccountView, arn: str, actions: tuple[str, ...], replica: Any
) -> Authorizations:
    region = required_text(replica, "RegionName")
    there = call._replace(region=region)
    table_there = in_region(arn, region)
    # One that goes is there, and has tags of its own.
    known = view.table(table_there, region, call.account)
    for action in actions:
        yield authorization(there, action, table_there, None, known)
    try:
        yield from choose_key(there, view, replica.get("KMSMasterKeyId") or "", table_there)
    except ServiceError as error:
        raise _of_replica(error, region) from None


def _of_replica(error: ServiceError, region: str) -> ServiceError:
    # Recorded of a replica's key: one that is off (ACK-312), one that is not there (ACK-309, 313).
    if error.message.startswith(_KEY_OFF):
        return invalid(
            "Operation cannot be performed while replica server-side encryption status is in UPDATING state. "
            "Please retry the request after the status is updated to ENABLED."
        )
    text = error.message.replace("KMS validation error:", f"KMS validation error for region {region}:", 1)
    return ServiceError(error.code, text, error.status)


_KEY_OFF = "KMS key disabled error"
