"""`kmslab.adopt` takes what other processes made through the run's gateway."""

from __future__ import annotations

import boto3
import pytest

from pytest_kmslab import Lab, ResourceError


def test_what_is_made_through_the_gateway_can_be_adopted(kmslab: Lab, kmslab_endpoint: str) -> None:
    keys = kmslab.admin.credentials
    kms = boto3.client(
        "kms",
        region_name=kmslab.region,
        endpoint_url=kmslab_endpoint,
        aws_access_key_id=keys.access_key_id,
        aws_secret_access_key=keys.secret_access_key,
    )
    arn = kms.create_key()["KeyMetadata"]["Arn"]
    with kmslab.nested() as lab:
        assert lab.adopt(arn).arn == arn
    assert kms.describe_key(KeyId=arn)["KeyMetadata"]["KeyState"] == "PendingDeletion"
    with pytest.raises(ResourceError, match="this run was not seen to make it"):
        kmslab.adopt(arn[:-12] + "0" * 12)


def test_an_alarm_and_a_stack_of_another_process_are_adopted(kmslab: Lab, kmslab_endpoint: str) -> None:
    keys = kmslab.admin.credentials
    cloudwatch, cloudformation = (
        boto3.client(
            service,
            region_name=kmslab.region,
            endpoint_url=kmslab_endpoint,
            aws_access_key_id=keys.access_key_id,
            aws_secret_access_key=keys.secret_access_key,
        )
        for service in ("cloudwatch", "cloudformation")
    )
    cloudwatch.put_metric_alarm(
        AlarmName="slow",
        Namespace="AWS/DynamoDB",
        MetricName="Latency",
        Statistic="Sum",
        Period=60,
        EvaluationPeriods=1,
        Threshold=1,
        ComparisonOperator="GreaterThanThreshold",
    )
    alarm = cloudwatch.describe_alarms()["MetricAlarms"][0]["AlarmArn"]
    with kmslab.nested() as lab:
        assert lab.adopt(alarm).arn == alarm
    assert cloudwatch.describe_alarms()["MetricAlarms"] == []
    pytest.importorskip("cfnlint")
    body = '{"Resources": {"Key": {"Type": "AWS::KMS::Key"}}}'
    stack = cloudformation.create_stack(StackName="app", TemplateBody=body)["StackId"]
    with kmslab.nested() as lab:
        assert lab.adopt(stack).resources["Key"].state() == "Enabled"
    assert cloudformation.describe_stacks()["Stacks"] == []
