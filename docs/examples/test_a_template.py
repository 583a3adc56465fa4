import json

import boto3

from pytest_kmslab import denied

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


def test_the_template_keeps_an_outsider_out(kmslab, outsider):
    cloudformation = boto3.client("cloudformation")
    cloudformation.create_stack(StackName="app", TemplateBody=json.dumps(TEMPLATE))
    resource = cloudformation.describe_stack_resource(StackName="app", LogicalResourceId="Table")
    name = resource["StackResourceDetail"]["PhysicalResourceId"]

    with denied("kms:Decrypt", by=outsider):
        kmslab.as_(outsider).client("dynamodb").scan(TableName=name)
