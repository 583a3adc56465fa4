"""The moments of an export, at which moto does not look.

What AWS refuses is measured: findings DDB-EXPORT-001, 004 and 019 of aws-controllers-k8s/dynamodb-controller.
https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/S3DataExport_Requesting.html
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any

from pytest_kmslab.authz.values import timestamp
from pytest_kmslab.backends.moto.reader import table_of
from pytest_kmslab.calls.api_call import ApiCall, ServiceError

if TYPE_CHECKING:
    from pytest_kmslab.backends.moto.reader import MotoAccountReader

_SHORTEST, _LONGEST = 900, 86_400
"""How many seconds of changes an incremental export has."""
_EARLIEST = "EarliestRestorableDateTime"


def begin(_reader: MotoAccountReader, call: ApiCall) -> Mapping[str, Any]:
    """ExportTableToPointInTime: moments that can be; and the optional prefix, without which moto fails."""
    table = table_of(str(call.params["TableArn"]))
    if table is not None:
        for text in _refusals(call, table):
            raise ServiceError("InvalidExportTimeException", text)
    return {} if "S3Prefix" in call.params else {"S3Prefix": ""}


def _refusals(call: ApiCall, table: Any) -> Iterator[str]:
    increment = call.params.get("IncrementalExportSpecification")
    if increment is not None:
        # moto keeps the time without its zone, which is UTC.
        made = table.created_at.replace(tzinfo=timezone.utc).timestamp()
        yield from _period(increment, made, _now(call))
    recovery = table.continuous_backups["PointInTimeRecoveryDescription"]
    asked = call.params.get("ExportTime")
    # Without recovery moto says so.
    if (
        asked is not None
        and _EARLIEST in recovery
        and not (int(recovery[_EARLIEST]) <= _seconds(asked) <= _now(call))
    ):
        yield "Export Time is invalid"


def _period(increment: Mapping[str, Any], made: float, now: float) -> Iterator[str]:
    since, until = _seconds(increment["ExportFromTime"]), _seconds(increment.get("ExportToTime", now))
    # A client sends whole seconds.
    period = "Incremental export period"
    if since < int(made):
        yield f"{period} from time cannot be less than the table creation time : {timestamp(since)}"
    if until > now:
        yield f"{period} to time cannot be greater than the current time : {timestamp(until)}"
    difference = "Difference between export period from time and export period to time is"
    if until - since < _SHORTEST:
        yield f"{difference} less than 15 minutes"
    if until - since > _LONGEST:
        # The limit is documented, the text inferred.
        yield f"{difference} greater than 24 hours"


def _now(call: ApiCall) -> float:
    return time.time() if call.time is None else call.time.timestamp()


def _seconds(moment: Any) -> float:
    return float(moment.timestamp() if isinstance(moment, datetime) else moment)
