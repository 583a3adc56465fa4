from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from helpers.fake_client import FakeClient
from moto import mock_aws

from pytest_kmslab.lab.kinds.alarm import alarms_of, delete_alarms, put_alarm


@pytest.fixture
def cloudwatch() -> Iterator[Any]:
    with mock_aws():
        yield boto3.client("cloudwatch", region_name="us-east-1")


def put(cloudwatch: Any, name: str, namespace: str, dimension: str, value: str) -> None:
    cloudwatch.put_metric_alarm(
        AlarmName=name,
        Namespace=namespace,
        MetricName="m",
        Dimensions=[{"Name": dimension, "Value": value}],
        Statistic="Sum",
        Period=60,
        EvaluationPeriods=1,
        Threshold=0,
        ComparisonOperator="GreaterThanThreshold",
    )


def test_only_what_watches_the_table_is_found(cloudwatch: Any) -> None:
    put_alarm(cloudwatch, "ours", "t", {"kmslab:run": "1a2b3c4d"})
    put(cloudwatch, "also ours", "AWS/DynamoDB", "TableName", "t")
    put(cloudwatch, "another table", "AWS/DynamoDB", "TableName", "t2")
    put(cloudwatch, "another dimension", "AWS/DynamoDB", "Operation", "t")
    put(cloudwatch, "another service", "AWS/S3", "TableName", "t")
    assert sorted(alarms_of(cloudwatch, "t")) == ["also ours", "ours"]


def test_only_what_watches_the_table_is_deleted(cloudwatch: Any) -> None:
    put_alarm(cloudwatch, "ours", "t", {})
    put(cloudwatch, "another table", "AWS/DynamoDB", "TableName", "t2")
    delete_alarms(cloudwatch, "t")
    left = cloudwatch.describe_alarms()["MetricAlarms"]
    assert [alarm["AlarmName"] for alarm in left] == ["another table"]


class Pages:
    def __init__(self, *pages: list[dict[str, Any]]) -> None:
        self._pages = pages

    def paginate(self, **_: Any) -> list[dict[str, Any]]:
        return [{"MetricAlarms": page} for page in self._pages]


def watching(name: str, table: str) -> dict[str, Any]:
    dimensions = [{"Name": "TableName", "Value": table}]
    return {"AlarmName": name, "Namespace": "AWS/DynamoDB", "Dimensions": dimensions}


def test_an_alarm_on_a_formula_is_found_by_its_metrics() -> None:
    metric = {"Namespace": "AWS/DynamoDB", "Dimensions": [{"Name": "TableName", "Value": "t"}]}
    formula = {"AlarmName": "f", "Metrics": [{"Expression": "m1 * 2"}, {"MetricStat": {"Metric": metric}}]}
    other = {"AlarmName": "o", "Metrics": [{"Expression": "1"}]}
    cloudwatch: Any = FakeClient(get_paginator=[Pages([formula], [other])])
    assert alarms_of(cloudwatch, "t") == ["f"]


def test_many_alarms_are_deleted_a_hundred_at_a_time() -> None:
    alarms = [watching(str(number), "t") for number in range(250)]
    cloudwatch: Any = FakeClient(get_paginator=[Pages(alarms[:120], alarms[120:])])
    delete_alarms(cloudwatch, "t")
    deleted = [given["AlarmNames"] for operation, given in cloudwatch.calls if operation == "delete_alarms"]
    assert [len(names) for names in deleted] == [100, 100, 50]
    assert [name for names in deleted for name in names] == [str(number) for number in range(250)]


def test_where_there_is_none_nothing_is_deleted() -> None:
    cloudwatch: Any = FakeClient(get_paginator=[Pages([])])
    delete_alarms(cloudwatch, "t")
    assert cloudwatch.operations == ["get_paginator"]
