"""Restored tables: moto looks at no moment and no override, and restores within a Region alone.

What AWS refuses, and in which order, is measured: findings DDB-TABLE-086, 100 and 215 to 282 of
aws-controllers-k8s/dynamodb-controller.
https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_RestoreTableFromBackup.html
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from copy import deepcopy
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any

from moto.core.utils import unix_time
from moto.dynamodb.models import dynamodb_backends
from moto.dynamodb.models.table import RestoredPITTable, RestoredTable

from pytest_kmslab.authz.values import timestamp
from pytest_kmslab.backends.moto.lookup import backend_of, place_of
from pytest_kmslab.backends.moto.reader import table_of
from pytest_kmslab.calls.api_call import ApiCall, ServiceError
from pytest_kmslab.calls.dynamodb.names import arn_of_table
from pytest_kmslab.calls.rules.throughput import ON_DEMAND_WARM
from pytest_kmslab.calls.validation_messages import invalid, refused

if TYPE_CHECKING:
    from pytest_kmslab.backends.moto.reader import MotoAccountReader

Response = dict[str, Any]
# moto's models do not make all of what its base for CloudFormation wants, as mypy sees it.
_BACKED_UP: Any = RestoredTable
_AT_A_TIME: Any = RestoredPITTable
_BEHIND = 300
"""How many seconds the latest moment is behind, once the table can be restored for as long."""
_LATEST = "LatestRestorableDateTime"
_EARLIEST = "EarliestRestorableDateTime"


def from_backup(call: ApiCall) -> Response:
    """RestoreTableFromBackup."""
    arn = str(call.params["BackupArn"])
    place = place_of(arn)
    _check_region(call, place.region)
    backend = backend_of(dynamodb_backends, call.account, place.region)
    backup = None if backend is None else backend.backups.get(arn)
    if backup is None:
        raise ServiceError("BackupNotFoundException", f"Backup not found: {arn}")
    _check_new(call)
    name = call.params["TargetTableName"]
    return _made(call, backup.table, _BACKED_UP(name, call.account, call.region, backup))


def to_point_in_time(call: ApiCall) -> Response:
    """RestoreTableToPointInTime, of the items as they are now."""
    named = str(call.params.get("SourceTableArn") or call.params.get("SourceTableName"))
    arn = (
        named if named.startswith("arn:") else arn_of_table(named, call.partition, call.region, call.account)
    )
    _check_region(call, place_of(arn).region)
    source = table_of(arn)
    if source is None:
        raise ServiceError("TableNotFoundException", f"Table not found: {place_of(arn).name}")
    _check_moment(call, source)
    _check_new(call)
    name = call.params["TargetTableName"]
    return _made(call, source, _AT_A_TIME(name, call.account, call.region, source))


def check_days(_view: MotoAccountReader, call: ApiCall) -> Mapping[str, Any]:
    """UpdateContinuousBackups: nothing is kept for days where nothing is kept (DDB-TABLE-084)."""
    recovery = call.params["PointInTimeRecoverySpecification"]
    if "RecoveryPeriodInDays" in recovery and not recovery["PointInTimeRecoveryEnabled"]:
        text = "Cannot specify RecoveryPeriodInDays when disabling point-in-time recovery."
        raise invalid(f"Invalid Request: {text}")
    return {}


def show_latest(_reader: MotoAccountReader, _call: ApiCall, response: Response) -> None:
    """DescribeContinuousBackups and UpdateContinuousBackups: the latest moment goes on with the time."""
    shown = response["ContinuousBackupsDescription"]["PointInTimeRecoveryDescription"]
    if _LATEST in shown:
        shown[_LATEST] = datetime.fromtimestamp(_latest(shown[_LATEST].timestamp()), timezone.utc)


def _check_region(call: ApiCall, region: str) -> None:
    # DDB-TABLE-274.
    if region != call.region and not call.params.get("SSESpecificationOverride"):
        raise invalid("Invalid Request: sseSpecificationOverride must be provided for cross-region restores")


def _check_moment(call: ApiCall, source: Any) -> None:
    recovery = source.continuous_backups["PointInTimeRecoveryDescription"]
    if _EARLIEST not in recovery:
        text = f"Point in time recovery is not enabled for table '{source.name}'"
        raise ServiceError("PointInTimeRecoveryUnavailableException", text)
    if "RestoreDateTime" not in call.params:
        return
    earliest, latest = int(recovery[_EARLIEST]), int(_latest(recovery[_LATEST]))
    asked = _seconds(call.params["RestoreDateTime"])
    # A client sends whole seconds.
    if not earliest <= asked <= latest:
        raise ServiceError(
            "InvalidRestoreTimeException",
            f"RestoreDateTime '{timestamp(asked)}' must be within {_EARLIEST} '{timestamp(earliest)}' and "
            f"{_LATEST} '{timestamp(latest)}'",
        )


def _latest(enabled: float) -> float:
    return max(enabled, float(unix_time()) - _BEHIND)


def _seconds(moment: Any) -> int:
    return int(moment.timestamp() if isinstance(moment, datetime) else float(moment))


def _check_new(call: ApiCall) -> None:
    name = call.params["TargetTableName"]
    if name in dynamodb_backends[call.account][call.region].tables:
        raise ServiceError("TableAlreadyExistsException", f"Table already exists: {name}")


def _made(call: ApiCall, source: Any, table: Any) -> Response:
    """The table with its overrides, now there."""
    mode = call.params.get("BillingModeOverride") or source.billing_mode
    table.billing_mode = mode
    units = call.params.get("ProvisionedThroughputOverride")
    if mode == "PAY_PER_REQUEST":
        units = {"ReadCapacityUnits": 0, "WriteCapacityUnits": 0}
        table.warm_throughput = {**table.warm_throughput, **ON_DEMAND_WARM}
    if units:
        table.throughput = {**table.throughput, **units}
    for member in ("global", "local"):
        _choose_indexes(call.params, source, table, member)
    dynamodb_backends[call.account][call.region].tables[table.name] = table
    described: Response = _in_utc(table.describe()["TableDescription"])
    summary = {**described["RestoreSummary"], "RestoreInProgress": True}
    return {"TableDescription": {**described, "TableStatus": "CREATING", "RestoreSummary": summary}}


def _in_utc(shown: Any) -> Any:
    """What moto says of a table, with the zone of its times: moto keeps them without."""
    if isinstance(shown, dict):
        return {name: _in_utc(value) for name, value in shown.items()}
    return shown.replace(tzinfo=timezone.utc) if isinstance(shown, datetime) else shown


def _choose_indexes(params: Mapping[str, Any], source: Any, table: Any, kind: str) -> None:
    """Of the source's indexes, those that are wanted, by the names that they are to have."""
    # DDB-TABLE-279, 280: no list is all of them, and an empty one is none.
    wanted: Sequence[Mapping[str, Any]] | None = params.get(f"{kind.title()}SecondaryIndexOverride")
    if wanted is None:
        return
    member = "global_indexes" if kind == "global" else "indexes"
    chosen = []
    for asked in wanted:
        found = [i for i in getattr(source, member) if _alike(asked, i)]
        if not found:
            raise refused(
                f"Index {asked['IndexName']} does not match a secondary index that existed in the source "
                "table and cannot be created during the restore operation"
            )
        index = deepcopy(found[0])
        index.name = asked["IndexName"]
        index.throughput = asked.get("ProvisionedThroughput") or getattr(index, "throughput", None)
        chosen.append(index)
    setattr(table, member, chosen)


def _alike(asked: Mapping[str, Any], index: Any) -> bool:
    return (asked.get("KeySchema"), asked.get("Projection")) == (index.schema, index.projection)
