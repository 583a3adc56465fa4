"""The CloudWatch alarms of a table.

DeleteTable leaves them; the console's "Delete all CloudWatch alarms for this table" looks for them
and deletes them: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/getting-started-step-8.html
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError, ClientError

from pytest_kmslab.authz.arn import Arn, parse_arn
from pytest_kmslab.enforcement.entry import for_the_lab
from pytest_kmslab.lab.naming import time_of_tags
from pytest_kmslab.lab.resource_kind import (
    Client,
    Found,
    NamedKind,
    ResourceRef,
    tag_list,
    tags_of_pages,
)
from pytest_kmslab.lab.waiting.waiters import Waiter

if TYPE_CHECKING:
    from mypy_boto3_cloudwatch.client import CloudWatchClient
    from mypy_boto3_cloudwatch.type_defs import MetricAlarmTypeDef

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
    # PutMetricAlarm answers nothing: the ARN is put together, as CloudWatch does it.
    partition = parse_arn(table_arn).partition
    arn = Arn(partition, "cloudwatch", creation.region, creation.account, f"alarm:{made.name}")
    made.confirm(str(arn))
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
    dimension = {"Name": DIMENSION, "Value": table}
    names = []
    for alarm in every_alarm(cloudwatch):
        queries = alarm.get("Metrics", [])
        metrics: list[Any] = [alarm]
        metrics += (query["MetricStat"]["Metric"] for query in queries if "MetricStat" in query)
        # Metrics of one's own may have a dimension of this name: the namespace counts too.
        of_tables = (metric for metric in metrics if metric.get("Namespace") == NAMESPACE)
        if any(dimension in metric.get("Dimensions", []) for metric in of_tables):
            names.append(alarm["AlarmName"])
    return names


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
        # What may be there is taken to be there already: nothing of somebody else's is adopted for want of a
        # permission.
        return True
    return bool(alarms["MetricAlarms"] or alarms.get("CompositeAlarms"))


class AlarmKind(NamedKind):
    """CloudWatch alarms. When one was made is told by its tags alone."""

    name = "cloudwatch-alarm"
    title = "alarm"
    create_operation = "PutMetricAlarm"
    monthly_price = "cloudwatch_alarm_month"
    removal_commands = ("cloudwatch delete-alarms --alarm-names {name}",)

    def listed(self, client: Client) -> Iterator[tuple[str, Any]]:
        """The metric alarms."""
        return ((alarm["AlarmName"], alarm) for alarm in every_alarm(client("cloudwatch")))

    def record_of(self, client: Client, ref: ResourceRef) -> Any:
        """By its name."""
        pages = client("cloudwatch").get_paginator("describe_alarms")
        named = pages.paginate(AlarmNames=[ref.name], AlarmTypes=["MetricAlarm"])
        return next((alarm for page in named for alarm in page["MetricAlarms"]), None)

    def tag(self, client: Client, ref: ResourceRef, tags: Mapping[str, str]) -> None:
        """By its ARN."""
        client("cloudwatch").tag_resource(ResourceARN=ref.arn, Tags=tag_list(tags))

    def remove(self, client: Client, waiter: Waiter, ref: ResourceRef) -> None:
        """The alarm."""
        client("cloudwatch").delete_alarms(AlarmNames=[ref.name])

    def look(self, client: Client, record: Any, region: str) -> Found:
        """With its tags."""
        arn = record["AlarmArn"]
        tags = tags_of_pages([client("cloudwatch").list_tags_for_resource(ResourceARN=arn)])
        # CloudWatch gives no id: the time of the last change tells an alarm from a later one of its name.
        changed = record.get("AlarmConfigurationUpdatedTimestamp")
        unique_id = f"{arn} {changed.isoformat()}" if changed else ""
        ref = ResourceRef(self, record["AlarmName"], region, arn, unique_id)
        return Found(ref, tags, time_of_tags(tags))


ALARM = AlarmKind()
