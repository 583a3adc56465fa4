"""The CloudWatch alarms of a table.

DeleteTable leaves them; the console's "Delete all CloudWatch alarms for this table" looks for them
and deletes them: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/getting-started-step-8.html
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mypy_boto3_cloudwatch.client import CloudWatchClient
    from mypy_boto3_cloudwatch.type_defs import DimensionTypeDef, MetricAlarmTypeDef

NAMESPACE = "AWS/DynamoDB"
DIMENSION = "TableName"
DELETED_AT_ONCE = 100
"""DeleteAlarms takes no more names in one call."""


def create_alarm(cloudwatch: CloudWatchClient, name: str, table: str, tags: Mapping[str, str]) -> None:
    """An alarm for a table: its reads were throttled in the last minute."""
    cloudwatch.put_metric_alarm(
        AlarmName=name,
        Namespace=NAMESPACE,
        MetricName="ReadThrottleEvents",
        Dimensions=[{"Name": DIMENSION, "Value": table}],
        Statistic="Sum",
        Period=60,
        EvaluationPeriods=1,
        Threshold=0,
        ComparisonOperator="GreaterThanThreshold",
        Tags=[{"Key": key, "Value": value} for key, value in tags.items()],
    )


def alarms_of(cloudwatch: CloudWatchClient, table: str) -> list[str]:
    """The names of the alarms that watch a table, alone or in a formula over several metrics."""
    return [alarm["AlarmName"] for alarm in every_alarm(cloudwatch) if _watches(alarm, table)]


def every_alarm(cloudwatch: CloudWatchClient) -> Iterator[MetricAlarmTypeDef]:
    """Every metric alarm of the account in this Region."""
    for page in cloudwatch.get_paginator("describe_alarms").paginate(AlarmTypes=["MetricAlarm"]):
        yield from page["MetricAlarms"]


def delete_alarms(cloudwatch: CloudWatchClient, table: str) -> None:
    """Delete every alarm that watches a table."""
    names = alarms_of(cloudwatch, table)
    for start in range(0, len(names), DELETED_AT_ONCE):
        cloudwatch.delete_alarms(AlarmNames=names[start : start + DELETED_AT_ONCE])


def _watches(alarm: MetricAlarmTypeDef, table: str) -> bool:
    if alarm.get("Namespace") == NAMESPACE and _names(alarm.get("Dimensions", []), table):
        return True
    metrics = [query["MetricStat"]["Metric"] for query in alarm.get("Metrics", []) if "MetricStat" in query]
    return any(
        one.get("Namespace") == NAMESPACE and _names(one.get("Dimensions", []), table) for one in metrics
    )


def _names(dimensions: list[DimensionTypeDef], table: str) -> bool:
    return any(one["Name"] == DIMENSION and one["Value"] == table for one in dimensions)
