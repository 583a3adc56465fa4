"""The CloudWatch alarms of a table.

DeleteTable leaves them; the console's "Delete all CloudWatch alarms for this table" looks for them
and deletes them: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/getting-started-step-8.html
"""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError, ClientError

from pytest_kmslab.authz.arn import parse_arn
from pytest_kmslab.enforcement.entry import for_the_lab
from pytest_kmslab.lab.naming import time_of_tags
from pytest_kmslab.lab.resource_kind import (
    Client,
    Found,
    ResourceKind,
    ResourceRef,
    Unseen,
    is_named_by_us,
    seen_if_ours,
    tag_list,
    tags_of_pages,
    unless_gone,
)
from pytest_kmslab.lab.waiting.waiters import Waiter

if TYPE_CHECKING:
    from mypy_boto3_cloudwatch.client import CloudWatchClient
    from mypy_boto3_cloudwatch.type_defs import MetricAlarmTypeDef

    from pytest_kmslab.lab.cost.prices import Prices
    from pytest_kmslab.lab.creation import Creation

NAMESPACE = "AWS/DynamoDB"
DIMENSION = "TableName"
DELETED_AT_ONCE = 100
"""DeleteAlarms takes no more names in one call."""


def create_alarm(creation: Creation, table_name: str, table_arn: str) -> str:
    """Make an alarm that watches a table, and return its name."""
    cloudwatch = creation.client("cloudwatch")
    with creation.of(ALARM, table_name) as made:
        put_alarm(cloudwatch, made.name, table_name, made.tags)
    partition = parse_arn(table_arn).partition
    made.confirm(f"arn:{partition}:cloudwatch:{creation.region}:{creation.account}:alarm:{made.name}")
    return made.name


def put_alarm(cloudwatch: CloudWatchClient, name: str, table: str, tags: Mapping[str, str]) -> None:
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
        Tags=tag_list(tags),
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


@for_the_lab
def exists(cloudwatch: CloudWatchClient, name: str) -> bool:
    """Whether there is an alarm of this name, or it cannot be told."""
    try:
        alarms = cloudwatch.describe_alarms(AlarmNames=[name], AlarmTypes=["MetricAlarm", "CompositeAlarm"])
    except (BotoCoreError, ClientError):
        return True
    return bool(alarms["MetricAlarms"] or alarms.get("CompositeAlarms"))


def _watches(alarm: MetricAlarmTypeDef, table: str) -> bool:
    """By its own metric, or by one of those that its formula is about."""
    queries = alarm.get("Metrics", [])
    metrics: list[Any] = [
        alarm,
        *(query["MetricStat"]["Metric"] for query in queries if "MetricStat" in query),
    ]
    dimension = {"Name": DIMENSION, "Value": table}
    return any(
        metric.get("Namespace") == NAMESPACE and dimension in metric.get("Dimensions", [])
        for metric in metrics
    )


class AlarmKind(ResourceKind):
    """CloudWatch alarms by name first. When one was made is told by its tags alone."""

    name = "cloudwatch-alarm"
    title = "alarm"
    create_operation = "PutMetricAlarm"

    def every(self, client: Client, region: str) -> Iterator[Found | Unseen]:
        """All that carry a run's tags."""
        for alarm in every_alarm(client("cloudwatch")):
            if is_named_by_us(alarm["AlarmName"]):
                what = f"alarm `{alarm['AlarmName']}`"
                yield from seen_if_ours(what, partial(self._look, client, alarm, region))

    def find(self, client: Client, ref: ResourceRef) -> Found | None:
        """By its name."""
        pages = client("cloudwatch").get_paginator("describe_alarms")
        for page in pages.paginate(AlarmNames=[ref.name], AlarmTypes=["MetricAlarm"]):
            for alarm in page["MetricAlarms"]:
                return unless_gone(partial(self._look, client, alarm, ref.region))
        return None

    def tag(self, client: Client, ref: ResourceRef, tags: Mapping[str, str]) -> None:
        """By its ARN."""
        client("cloudwatch").tag_resource(ResourceARN=ref.arn, Tags=tag_list(tags))

    def remove(self, client: Client, waiter: Waiter, ref: ResourceRef) -> None:
        """The alarm."""
        client("cloudwatch").delete_alarms(AlarmNames=[ref.name])

    def hourly_price(self, prices: Prices) -> float:
        """A month's, by the hour."""
        return prices.cloudwatch_alarm_hour

    def commands(self, ref: ResourceRef) -> tuple[str, ...]:
        """One."""
        return (f"cloudwatch delete-alarms --alarm-names {shlex.quote(ref.name)}",)

    def _look(self, client: Client, alarm: Any, region: str) -> Found:
        tags = tags_of_pages([client("cloudwatch").list_tags_for_resource(ResourceARN=alarm["AlarmArn"])])
        # CloudWatch gives no id: the time of the last change tells an alarm from a later one of its name.
        changed = alarm.get("AlarmConfigurationUpdatedTimestamp")
        unique_id = f"{alarm['AlarmArn']} {changed.isoformat()}" if changed else ""
        ref = ResourceRef(self, alarm["AlarmName"], region, alarm["AlarmArn"], unique_id)
        return Found(ref, tags, time_of_tags(tags))


ALARM = AlarmKind()
