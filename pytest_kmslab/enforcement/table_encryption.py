"""Keeps what the emulators drop: which key a table is encrypted with, and DynamoDB's grants on it.

https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/encryption.usagenotes.html
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from pytest_kmslab.account.model import Key, Table
from pytest_kmslab.authz.arn import in_region
from pytest_kmslab.authz.values import timestamp
from pytest_kmslab.backends.protocol import Backend
from pytest_kmslab.calls.api_call import ApiCall, ServiceError
from pytest_kmslab.calls.dynamodb.sse.specification import OWN_ALIAS, SseMode, read_specification
from pytest_kmslab.calls.rules.replica_updates import replicas_in

Response = dict[str, Any]
AfterCall = Callable[[Backend, ApiCall, Response, float], None]


def keep_table_encryption(backend: Backend, call: ApiCall, response: Response, now: float) -> None:
    """After a DynamoDB call that succeeded: make its SSESpecification stick, and show it.

    `now` is in epoch seconds: changes of encryption are counted.
    """
    keep = AFTER_CALL.get(call.name)
    if keep is not None:
        keep(backend, call, response, now)


def _created(backend: Backend, call: ApiCall, response: Response, _now: float) -> None:
    key = _chosen(backend, call, call.params.get("SSESpecification"))
    # CreateTable answers the encryption at once, with the key's ARN whatever form the key was given in.
    _encrypt_new(backend, response["TableDescription"], key)


def _imported(backend: Backend, call: ApiCall, response: Response, _now: float) -> None:
    description = response["ImportTableDescription"]
    key = _chosen(backend, call, call.params["TableCreationParameters"].get("SSESpecification"))
    _change(backend, description["TableArn"], None, key)


def _restored_from_backup(backend: Backend, call: ApiCall, response: Response, _now: float) -> None:
    source = backend.view.backup(call.params["BackupArn"])
    _encrypt_new(backend, response["TableDescription"], _of_restored(backend, call, source))


def _restored_to_point_in_time(backend: Backend, call: ApiCall, response: Response, _now: float) -> None:
    name = call.params.get("SourceTableArn") or call.params.get("SourceTableName")
    source = backend.view.table(str(name), call.region, call.account)
    _encrypt_new(backend, response["TableDescription"], _of_restored(backend, call, source))


def _updated(backend: Backend, call: ApiCall, response: Response, now: float) -> None:
    _encrypt_replicas(backend, call, response["TableDescription"]["TableArn"])
    specification = call.params.get("SSESpecification")
    if read_specification(specification).mode is SseMode.NOTHING:
        return
    description = response["TableDescription"]
    known = backend.encryption_changes(description["TableArn"])
    if known is not None:
        known.changes.append(now)
    before = backend.view.table(description["TableArn"], call.region, call.account)
    chosen = _chosen(backend, call, specification)
    _change(backend, description["TableArn"], before, chosen)
    _encrypt_alike(backend, before, chosen)
    # UpdateTable answers with the key that is being left, if any.
    left = before is not None and before.key_arn is not None and _shown(before.key_arn)
    description["SSEDescription"] = {**(left or {}), "Status": "UPDATING"}


def _encrypt_replicas(backend: Backend, call: ApiCall, arn: str) -> None:
    """A replica is under a key of its own Region: the one that is named for it, or of the table's kind."""
    updates = call.params.get("ReplicaUpdates") or ()
    for region in replicas_in(call.params, "Delete"):
        backend.retire_table_grants(in_region(arn, region))
    # Made twice in one request it is made once.
    named = {update["Create"]["RegionName"]: update["Create"] for update in updates if "Create" in update}
    for region, replica in named.items():
        key_id = replica.get("KMSMasterKeyId") or _kind_of_key(backend, call, arn)
        key = backend.view.key(key_id, region, call.account) if key_id else None
        _change(backend, in_region(arn, region), None, key)


def _encrypt_alike(backend: Backend, table: Table | None, key: Key | None) -> None:
    """Replicas are under keys of one kind; which of a customer's keys is said for each (docs/fidelity.md)."""
    regions = () if table is None or table.global_table is None else table.global_table.regions
    if table is None or (key is not None and key.manager == "CUSTOMER"):
        return
    for region in regions:
        there = in_region(table.arn, region)
        theirs = None if key is None else backend.view.key(OWN_ALIAS, region, table.account)
        _change(backend, there, backend.view.table(there, region, table.account), theirs)


def _kind_of_key(backend: Backend, call: ApiCall, arn: str) -> str:
    table = backend.view.table(arn, call.region, call.account)
    # Only the table of a customer's key has to name one; the key that AWS manages is there in each Region.
    return OWN_ALIAS if table is not None and table.key_arn is not None else ""


def _deleted(backend: Backend, _call: ApiCall, response: Response, _now: float) -> None:
    # DynamoDB retires its grants when a table goes.
    backend.retire_table_grants(response["TableDescription"]["TableArn"])


def _chosen(backend: Backend, call: ApiCall, specification: Any) -> Key | None:
    """The key an SSESpecification chooses: none for the AWS owned key, AWS managed where no key is named."""
    encryption = read_specification(specification)
    if encryption.mode is not SseMode.KMS:
        return None
    # By an alias the key that it names now, as DynamoDB keeps the key and not the alias.
    return backend.view.key(encryption.named, call.region, call.account)


def _of_restored(backend: Backend, call: ApiCall, source: Table | None) -> Key | None:
    """The key of a restored table: its override's, otherwise the one that its source was under."""
    override = call.params.get("SSESpecificationOverride")
    if read_specification(override).mode is not SseMode.NOTHING:
        return _chosen(backend, call, override)
    if source is None or source.key_arn is None:
        return None
    return backend.view.key(source.key_arn, call.region, call.account)


def _encrypt_new(backend: Backend, description: dict[str, Any], key: Key | None) -> None:
    description.pop("SSEDescription", None)
    _change(backend, description["TableArn"], None, key)
    if key is not None:
        description["SSEDescription"] = _shown(key.arn)


def _shown(key_arn: str) -> dict[str, str]:
    return {"Status": "ENABLED", "SSEType": "KMS", "KMSMasterKeyArn": key_arn}


def _change(backend: Backend, table_arn: str, before: Table | None, key: Key | None) -> None:
    if before is not None and before.key_arn is not None:
        backend.retire_table_grants(table_arn)
    backend.set_table_key(table_arn, None if key is None else key.arn)
    # On its own and on AWS managed keys DynamoDB needs no grants.
    if key is not None and key.manager == "CUSTOMER":
        backend.add_table_grants(table_arn, key.arn)


AFTER_CALL: Mapping[str, AfterCall] = {
    "dynamodb:CreateTable": _created,
    "dynamodb:DeleteTable": _deleted,
    "dynamodb:ImportTable": _imported,
    "dynamodb:RestoreTableFromBackup": _restored_from_backup,
    "dynamodb:RestoreTableToPointInTime": _restored_to_point_in_time,
    "dynamodb:UpdateTable": _updated,
}
"""The calls that make or remove a table, or encrypt it anew, and what is kept of each."""


# Four changes in a window of 24 hours counted from the table's creation, then one every six hours, eight in
# a window at most.
# https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/ServiceQuotas.html

WINDOW = 86_400
FREE_CHANGES = 4
MOST_CHANGES = 8
PAUSE = 21_600


def check_quota(changes: list[float], created: float, now: float) -> None:
    """Raise LimitExceededException where one more change at `now` is too many; all in epoch seconds.

    The wording is the recorded one but for the form of its times, which is not known.
    """
    # The windows follow one another from the table's creation on: they do not slide.
    window_end = created + (int((now - created) // WINDOW) + 1) * WINDOW
    recent = [change for change in changes if change >= window_end - WINDOW]
    if len(recent) < FREE_CHANGES or (len(recent) < MOST_CHANGES and now - recent[-1] >= PAUSE):
        return
    raise ServiceError(
        "LimitExceededException",
        "Subscriber limit exceeded: Encryption mode changes are limited in the 24h window ending at "
        f"{timestamp(window_end)}. After the first {FREE_CHANGES} change, each subsequent change in the same "
        f"window can be performed at most once every {PAUSE} seconds. Number of updates today: "
        f"{len(recent)}. Last change at {timestamp(recent[-1])}",
    )
