import boto3
from moto import mock_aws

from pytest_kmslab import denied


@mock_aws
def test_without_a_lab_moto_is_as_before():
    key = boto3.client("kms", "us-east-1").create_key()["KeyMetadata"]
    assert key["Enabled"]


@mock_aws
def test_with_a_lab_calls_are_decided(kmslab, encrypted_table, outsider):
    with kmslab.environ(outsider), denied("kms:Decrypt"):
        boto3.client("dynamodb").scan(TableName=encrypted_table.name)
