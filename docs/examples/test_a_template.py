import pytest

from pytest_kmslab import access_matrix, denied

TABLE = {
    "AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "S"}],
    "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}],
    "BillingMode": "PAY_PER_REQUEST",
    "SSESpecification": {
        "SSEEnabled": True,
        "SSEType": "KMS",
        "KMSMasterKeyId": {"Fn::GetAtt": ["Key", "Arn"]},
    },
}
STATEMENT = {
    "Sid": "Delegate to IAM policies",
    "Effect": "Allow",
    "Principal": {"AWS": {"Fn::Sub": "arn:aws:iam::${AWS::AccountId}:root"}},
    "Action": "kms:*",
    "Resource": "*",
}
KEY = {"KeyPolicy": {"Version": "2012-10-17", "Statement": [STATEMENT]}}
TEMPLATE = {
    "Resources": {
        "Key": {"Type": "AWS::KMS::Key", "Properties": KEY},
        "Table": {"Type": "AWS::DynamoDB::Table", "Properties": TABLE},
    }
}


@pytest.fixture
def stack(kmslab):
    return kmslab.deploy(TEMPLATE)


@pytest.fixture
def kms_key(stack):
    return stack.resources["Key"]


@pytest.fixture
def encrypted_table(stack):
    return stack.resources["Table"]


def test_the_template_keeps_an_outsider_out(kmslab, encrypted_table, outsider):
    with denied("kms:Decrypt", by=outsider):
        kmslab.as_(outsider).client("dynamodb").scan(TableName=encrypted_table.name)


def test_who_may_read(iam_admin, outsider, encrypted_table):
    matrix = access_matrix([iam_admin, outsider], ["dynamodb:GetItem"], [encrypted_table])
    matrix.assert_equals({iam_admin.name: {"dynamodb:GetItem": [encrypted_table.name]}})
