import json

import boto3

from pytest_kmslab import allowed, denied


def trust(principal_arn):
    statement = {"Effect": "Allow", "Principal": {"AWS": principal_arn}, "Action": "sts:AssumeRole"}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


READ = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Action": "dynamodb:Scan", "Resource": "*"}],
}


def test_a_role_needs_the_key_too(kmslab, kms_key, encrypted_table):
    iam = boto3.client("iam")  # plain boto3 acts as the lab's administrator
    document = trust(kmslab.admin.arn)
    role = iam.create_role(RoleName="report", AssumeRolePolicyDocument=document)["Role"]["Arn"]
    iam.put_role_policy(RoleName="report", PolicyName="read", PolicyDocument=json.dumps(READ))
    session = boto3.client("sts").assume_role(RoleArn=role, RoleSessionName="test")["Credentials"]
    dynamodb = boto3.client(
        "dynamodb",
        aws_access_key_id=session["AccessKeyId"],
        aws_secret_access_key=session["SecretAccessKey"],
        aws_session_token=session["SessionToken"],
    )

    with denied("kms:Decrypt", by=role):
        dynamodb.scan(TableName=encrypted_table.name)
    kms_key.add_user(role)
    with allowed("kms:Decrypt", by=role):
        dynamodb.scan(TableName=encrypted_table.name)
