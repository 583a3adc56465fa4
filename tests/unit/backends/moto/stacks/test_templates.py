"""Templates as CDK and SAM make them, and one written by hand: who may do what in what they make."""

from __future__ import annotations

import json
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from .conftest import Stacks, template

ITEM = {"id": {"S": "1"}}


def refused(call: Any, text: str, **params: Any) -> None:
    with pytest.raises(ClientError) as raised:
        call(**params)
    assert text in str(raised.value)


def get(who: boto3.Session, table: str) -> Any:
    return who.client("dynamodb").get_item(TableName=table, Key=ITEM)


def test_a_cdk_application(stacks: Stacks) -> None:
    made = stacks.deploy(template("cdk_orders.json"))
    assert made.status == "CREATE_COMPLETE", made
    table = made.outputs["TableName"]
    stacks.account.root.client("dynamodb").put_item(TableName=table, Item=ITEM)
    reader, outsider = (stacks.user(made.outputs, name) for name in ("Reader", "Outsider"))
    assert get(reader, table)["Item"] == ITEM
    refused(
        outsider.client("dynamodb").get_item,
        "because no identity-based policy allows the kms:Decrypt action",
        TableName=table,
        Key=ITEM,
    )
    outsider.client("dynamodb").describe_table(TableName=table)


def test_a_cdk_application_as_it_is_synthesized_by_default(stacks: Stacks) -> None:
    """It asks the parameter store for the version of CDK's bootstrap stack."""
    made = stacks.deploy(template("cdk_default.json"))
    assert made.status == "CREATE_COMPLETE", made
    table = stacks.client.describe_stack_resources(StackName="s")["StackResources"][1]
    described = stacks.account.root.client("dynamodb").describe_table(TableName=table["PhysicalResourceId"])
    assert described["Table"]["SSEDescription"]["KMSMasterKeyArn"] == made.outputs["KeyArn"]


def test_a_role_of_a_cdk_application(stacks: Stacks) -> None:
    """Its inline policy, CDK's default policy and its boundary count, and whom it trusts."""
    made = stacks.deploy(template("cdk_orders.json"))
    table, role = made.outputs["TableName"], made.outputs["RoleArn"]
    reader, outsider = (stacks.user(made.outputs, name) for name in ("Reader", "Outsider"))
    assumed = reader.client("sts").assume_role(RoleArn=role, RoleSessionName="run")
    session = stacks.account.temporary(assumed)
    get(session, table)
    refused(session.client("dynamodb").scan, "dynamodb:Scan", TableName=table)
    refused(outsider.client("sts").assume_role, "sts:AssumeRole", RoleArn=role, RoleSessionName="run")


def test_a_global_table_of_cdk(stacks: Stacks) -> None:
    """Its resource policy lets the clerk in, its key only through DynamoDB."""
    made = stacks.deploy(template("cdk_ledger.json"))
    assert made.status == "CREATE_COMPLETE", made
    clerk, table = stacks.user(made.outputs, "Clerk"), made.outputs["TableName"]
    clerk.client("dynamodb").put_item(TableName=table, Item=ITEM)
    assert get(clerk, table)["Item"] == ITEM
    refused(clerk.client("dynamodb").scan, "dynamodb:Scan", TableName=table)
    refused(clerk.client("kms").encrypt, "kms:Encrypt", KeyId=made.outputs["KeyArn"], Plaintext=b"text")


def test_what_sam_expands(stacks: Stacks) -> None:
    """A function whose policies name the key reads, one whose policies do not is denied for the key."""
    made = stacks.deploy(template("sam_expanded.json"), Capabilities=["CAPABILITY_IAM"])
    assert made.status == "CREATE_COMPLETE", made
    table = made.outputs["TableName"]
    tester = stacks.account.user("tester", {"Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}})
    iam, sts = stacks.account.root.client("iam"), tester.client("sts")
    trust = {"Effect": "Allow", "Principal": {"AWS": "123456789012"}, "Action": "sts:AssumeRole"}
    sessions = {}
    for name in ("Reader", "Blind"):
        arn = made.outputs[f"{name}Role"]
        refused(sts.assume_role, "sts:AssumeRole", RoleArn=arn, RoleSessionName="run")
        document = json.dumps({"Version": "2012-10-17", "Statement": [trust]})
        iam.update_assume_role_policy(RoleName=arn.rpartition("/")[2], PolicyDocument=document)
        assumed = sts.assume_role(RoleArn=arn, RoleSessionName="run")
        sessions[name] = stacks.account.temporary(assumed)
    get(sessions["Reader"], table)
    refused(
        sessions["Blind"].client("dynamodb").get_item,
        "because no identity-based policy allows the kms:Decrypt action",
        TableName=table,
        Key=ITEM,
    )


@pytest.mark.parametrize("audited", ["true", "false"])
def test_a_template_written_by_hand(stacks: Stacks, audited: str) -> None:
    parameters = [{"ParameterKey": "Audited", "ParameterValue": audited}]
    made = stacks.deploy(template("hand_written.yaml"), Parameters=parameters)
    assert made.status == "CREATE_COMPLETE", made
    table, key = made.outputs["TableName"], made.outputs["KeyArn"]
    ana, bob = (stacks.user(made.outputs, name) for name in ("Ana", "Bob"))
    get(ana, table)
    get(bob, table)
    refused(ana.client("dynamodb").scan, "no permissions boundary allows the dynamodb:Scan", TableName=table)
    refused(bob.client("dynamodb").scan, "explicit deny in a resource-based policy", TableName=table)
    query = {
        "TableName": table,
        "KeyConditionExpression": "id = :i",
        "ExpressionAttributeValues": {":i": ITEM["id"]},
    }
    if audited == "true":
        refused(bob.client("dynamodb").query, "explicit deny in an identity-based policy", **query)
    else:
        bob.client("dynamodb").query(**query)
    refused(ana.client("kms").describe_key, "kms:DescribeKey", KeyId=key)


def test_what_is_read_back(stacks: Stacks) -> None:
    """AWS shows what a template made as it shows what the API made."""
    made = stacks.deploy(template("hand_written.yaml"))
    iam, kms = (stacks.account.root.client(service) for service in ("iam", "kms"))
    ana = iam.get_user(UserName="ana-prod")["User"]
    assert ana["Path"] == "/people/"
    assert ana["PermissionsBoundary"]["PermissionsBoundaryArn"].endswith(":policy/s-limit")
    assert ana["Tags"] == [{"Key": "team", "Value": "red"}]
    assert iam.get_login_profile(UserName="ana-prod")["LoginProfile"]["UserName"] == "ana-prod"
    policy = json.loads(kms.get_key_policy(KeyId=made.outputs["KeyArn"], PolicyName="default")["Policy"])
    assert policy["Version"] == "2012-10-17"
    assert policy["Statement"][1]["Principal"]["AWS"] in (ana["Arn"], [ana["Arn"]])
