"""Backups: moto looks for one by its whole ARN, and lists all of them whatever is asked for.

What AWS does is measured: findings DDB-BACKUP-003, 012 and 014 of aws-controllers-k8s/dynamodb-controller.
https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_ListBackups.html
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any

from moto.dynamodb.models import dynamodb_backends

from pytest_kmslab.authz.arn import in_region, parts_of
from pytest_kmslab.calls.api_call import ApiCall
from pytest_kmslab.calls.dynamodb.names import NO_BACKUP, named_table
from pytest_kmslab.calls.validation_messages import invalid, refused

if TYPE_CHECKING:
    from pytest_kmslab.backends.moto.reader import MotoAccountReader

Response = dict[str, Any]
_FIRST = datetime.min.replace(tzinfo=timezone.utc)
_LAST = datetime.max.replace(tzinfo=timezone.utc)
_MOST = 100
"""Backups of a page, unless the request says less."""


def look_here(_reader: MotoAccountReader, call: ApiCall) -> Mapping[str, Any]:
    """DescribeBackup and DeleteBackup: the Region in the ARN does not count, if it is one."""
    arn = str(call.params["BackupArn"])
    if parts_of(arn).region not in dynamodb_backends[call.account].regions:
        raise invalid(NO_BACKUP)
    return {"BackupArn": in_region(arn, call.region)}


def show_as_named(_reader: MotoAccountReader, call: ApiCall, response: Response) -> None:
    """The answer has the ARN that the request had."""
    response["BackupDescription"]["BackupDetails"]["BackupArn"] = call.params["BackupArn"]


def show_made(_reader: MotoAccountReader, _call: ApiCall, response: Response) -> None:
    """CreateBackup answers before the backup is there."""
    response["BackupDetails"]["BackupStatus"] = "CREATING"


def list_backups(call: ApiCall) -> Response:
    """ListBackups: of one table or all, of a type, made within a time, by pages."""
    start = _start(call)
    rows = [row for row in _wanted(call) if start is None or row["BackupArn"] > start]
    end = int(call.params.get("Limit") or _MOST)
    more = {"LastEvaluatedBackupArn": rows[end - 1]["BackupArn"]} if len(rows) > end else {}
    return {"BackupSummaries": rows[:end], **more}


def _start(call: ApiCall) -> str | None:
    start = call.params.get("ExclusiveStartBackupArn")
    if start is not None and parts_of(start).region != call.region:
        raise invalid("Invalid Request: The supplied ExclusiveStartBackupArn does not match the region")
    return start


def _wanted(call: ApiCall) -> list[dict[str, Any]]:
    params = call.params
    table = named_table(call) if params.get("TableName") else None
    kind, (since, until) = params.get("BackupType", "USER"), _times(params)
    rows = [backup.summary for backup in list(dynamodb_backends[call.account][call.region].backups.values())]
    return sorted(
        (
            row
            for row in rows
            if table in (None, row["TableArn"])
            and kind in ("ALL", row["BackupType"])
            and since <= _moment(row["BackupCreationDateTime"]) < until
        ),
        # Of one table that is by time, with which an ARN ends.
        key=lambda row: str(row["BackupArn"]),
    )


def _times(params: Mapping[str, Any]) -> tuple[datetime, datetime]:
    since = _moment(params.get("TimeRangeLowerBound", _FIRST))
    until = _moment(params.get("TimeRangeUpperBound", _LAST))
    if since > until:
        raise refused("Time range lower bound must be less than or equal to upper bound")
    return since, until


def _moment(time: Any) -> datetime:
    # As a call has it, or as moto does: without its time zone, which is UTC.
    if not isinstance(time, datetime):
        return datetime.fromtimestamp(float(time), timezone.utc)
    return time if time.tzinfo else time.replace(tzinfo=timezone.utc)
