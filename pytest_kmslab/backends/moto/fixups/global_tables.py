"""Global tables of 2017, which moto lacks: the Regions of each are kept, nothing is replicated.

https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_CreateGlobalTable.html
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime, timezone
from typing import Any

from moto.dynamodb.models import dynamodb_backends

from pytest_kmslab.backends.moto.lookup import backend_of
from pytest_kmslab.calls.api_call import ApiCall, ServiceError

Response = dict[str, Any]
GlobalTable = dict[str, Any]


def create(call: ApiCall) -> Response:
    """CreateGlobalTable of tables that are there in each of its Regions."""
    name, regions = _name(call), [group["RegionName"] for group in call.params["ReplicationGroup"]]
    if name in _global_tables(call):
        raise ServiceError("GlobalTableAlreadyExistsException", f"Global table already exists: {name}")
    _check_tables(call, name, regions)
    made = {
        "GlobalTableName": name,
        "GlobalTableArn": f"arn:{call.partition}:dynamodb::{call.account}:global-table/{name}",
        "CreationDateTime": datetime.now(timezone.utc),
        "Regions": regions,
    }
    _global_tables(call)[name] = made
    return {"GlobalTableDescription": _description(made, "CREATING")}


def update(call: ApiCall) -> Response:
    """UpdateGlobalTable: Regions come and go."""
    shown = _existing(call)
    regions: list[str] = shown["Regions"]
    added, removed = _changed(call, "Create"), _changed(call, "Delete")
    for region in added:
        if region in regions:
            raise ServiceError("ReplicaAlreadyExistsException", f"Replica already exists: {region}")
    for region in removed:
        if region not in regions:
            raise ServiceError("ReplicaNotFoundException", f"Replica not found: {region}")
    _check_tables(call, shown["GlobalTableName"], added)
    regions[:] = [region for region in (*regions, *added) if region not in removed]
    return {"GlobalTableDescription": _description(shown, "UPDATING")}


def _changed(call: ApiCall, action: str) -> list[str]:
    changes = (change.get(action) for change in call.params["ReplicaUpdates"])
    return [change["RegionName"] for change in changes if change]


def describe(call: ApiCall) -> Response:
    """DescribeGlobalTable."""
    return {"GlobalTableDescription": _description(_existing(call), "ACTIVE")}


def list_all(call: ApiCall) -> Response:
    """ListGlobalTables: those with a replica in a Region, or all."""
    wanted = call.params.get("RegionName")
    tables = [shown for shown in _global_tables(call).values() if wanted in (None, *shown["Regions"])]
    return {
        "GlobalTables": [
            {"GlobalTableName": shown["GlobalTableName"], "ReplicationGroup": _group(shown)}
            for shown in tables
        ]
    }


def settings(call: ApiCall) -> Response:
    """DescribeGlobalTableSettings and UpdateGlobalTableSettings: what the tables have is told."""
    shown = _existing(call)
    replicas = [
        {"RegionName": region, "ReplicaStatus": "ACTIVE", **_capacity(call, shown["GlobalTableName"], region)}
        for region in shown["Regions"]
    ]
    return {"GlobalTableName": shown["GlobalTableName"], "ReplicaSettings": replicas}


def _capacity(call: ApiCall, name: str, region: str) -> dict[str, Any]:
    table: Any = dynamodb_backends[call.account][region].tables.get(name)
    units = getattr(table, "throughput", None) or {}
    return {
        "ReplicaProvisionedReadCapacityUnits": units.get("ReadCapacityUnits", 0),
        "ReplicaProvisionedWriteCapacityUnits": units.get("WriteCapacityUnits", 0),
    }


def _check_tables(call: ApiCall, name: str, regions: Iterable[str]) -> None:
    for region in regions:
        backend = backend_of(dynamodb_backends, call.account, region)
        if backend is None or name not in backend.tables:
            raise ServiceError("TableNotFoundException", f"Table not found: {name} in Region {region}")


def _existing(call: ApiCall) -> GlobalTable:
    shown = _global_tables(call).get(_name(call))
    if shown is None:
        text = f"Global table not found: Global table with name: '{_name(call)}' does not exist."
        raise ServiceError("GlobalTableNotFoundException", text)
    return shown


def _global_tables(call: ApiCall) -> dict[str, GlobalTable]:
    """By name, of the account, in moto's own state, so that they go with it."""
    everywhere: Any = dynamodb_backends[call.account]
    kept: dict[str, GlobalTable] = everywhere[everywhere.regions[0]].__dict__.setdefault(
        "kmslab_global_tables", {}
    )
    return kept


def _name(call: ApiCall) -> str:
    return str(call.params["GlobalTableName"])


def _group(shown: GlobalTable) -> list[dict[str, str]]:
    return [{"RegionName": region} for region in shown["Regions"]]


def _description(shown: GlobalTable, status: str) -> Response:
    described = {member: value for member, value in shown.items() if member != "Regions"}
    return {**described, "GlobalTableStatus": status, "ReplicationGroup": _group(shown)}


GLOBAL_TABLES: Mapping[str, Callable[[ApiCall], Response]] = {
    "dynamodb:CreateGlobalTable": create,
    "dynamodb:DescribeGlobalTable": describe,
    "dynamodb:DescribeGlobalTableSettings": settings,
    "dynamodb:ListGlobalTables": list_all,
    "dynamodb:UpdateGlobalTable": update,
    "dynamodb:UpdateGlobalTableSettings": settings,
}
