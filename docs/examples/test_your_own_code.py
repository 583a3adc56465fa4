import boto3

from pytest_kmslab import allowed, denied


def report(table_name):  # stands for your code: it makes its own client
    return boto3.client("dynamodb").scan(TableName=table_name)["Count"]


def test_the_report_needs_the_key(kmslab, kms_key, encrypted_table):
    user = kmslab.create_user("reporter", policies=["AmazonDynamoDBReadOnlyAccess"])
    with kmslab.environ(user):
        with denied("kms:Decrypt"):
            report(encrypted_table.name)
        kms_key.add_user(user)
        with allowed():
            assert report(encrypted_table.name) == 0
