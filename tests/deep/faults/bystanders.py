"""What is in the account before: other people's, a run's that lives; and the account as root sees it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime, timedelta, timezone
from typing import Any
from urllib.parse import urlsplit

from deep.faults.account import REGION

from pytest_kmslab.lab.kinds.kms.key import DELETED_STATES

STRANGER = "0a0a0a0a"
"""A run of another machine, which has just begun for all that anybody here knows."""

LIVING = "0b0b0b0b"
"""A run of this machine, which lives."""

THEIRS: tuple[tuple[str, Mapping[str, str]], ...] = (
    ("theirs", {}),
    ("my_table_kms-1a2b3c4d-main-3", {"team": "red"}),
    ("my_table_kms-0c0c0c0c-main-3", {"kmslab:name": "my_table_kms-0c0c0c0c-main-3", "kmslab:expires": "x"}),
    (f"my_table_kms-{STRANGER}-gw0-1", {"kmslab:run": STRANGER, "kmslab:worker": "gw0"}),
    (f"my_table_kms-{LIVING}-main-1", {"kmslab:run": LIVING, "kmslab:worker": "main"}),
)
"""Names and tags of what is not to be touched: a key with an alias, a table, a user and an alarm of each."""


def make_bystanders(client: Any) -> None:
    """Make them; `client` gives the client of a service."""
    for name, tags in THEIRS:
        given = dict(tags)
        if "kmslab:run" in given:
            later = datetime.now(timezone.utc) + timedelta(hours=2)
            given |= {"kmslab:name": name, "kmslab:expires": later.strftime("%Y-%m-%dT%H:%M:%SZ")}
        listed = [{"Key": key, "Value": value} for key, value in given.items()]
        kms = client("kms")
        key = kms.create_key(Tags=[{"TagKey": tag["Key"], "TagValue": tag["Value"]} for tag in listed])
        kms.create_alias(AliasName=f"alias/{name}", TargetKeyId=key["KeyMetadata"]["KeyId"])
        client("dynamodb").create_table(
            TableName=name,
            KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
            AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
            BillingMode="PAY_PER_REQUEST",
            Tags=listed,
        )
        iam = client("iam")
        iam.create_user(UserName=name, Tags=listed)
        iam.create_access_key(UserName=name)
        iam.attach_user_policy(UserName=name, PolicyArn="arn:aws:iam::aws:policy/AmazonDynamoDBFullAccess")
        client("cloudwatch").put_metric_alarm(
            AlarmName=name,
            Namespace="AWS/DynamoDB",
            MetricName="ReadThrottleEvents",
            Dimensions=[{"Name": "TableName", "Value": name}],
            Statistic="Sum",
            Period=60,
            EvaluationPeriods=1,
            Threshold=0,
            ComparisonOperator="GreaterThanThreshold",
            Tags=listed,
        )


def everything(client: Any) -> set[str]:
    """All that is in the account, a line a thing; a key that is to be deleted, and has no alias, is not."""
    return {
        *_keys(client("kms")),
        *_tables(client("dynamodb")),
        *_users(client("iam")),
        *_other_iam(client("iam")),
        *_alarms(client),
        *_stacks(client("cloudformation")),
    }


def _keys(kms: Any) -> list[str]:
    found = [
        f"alias {alias['AliasName']} of {alias.get('TargetKeyId')}"
        for page in kms.get_paginator("list_aliases").paginate()
        for alias in page["Aliases"]
        if not alias["AliasName"].startswith("alias/aws/")
    ]
    for page in kms.get_paginator("list_keys").paginate():
        for key in page["Keys"]:
            metadata = kms.describe_key(KeyId=key["KeyId"])["KeyMetadata"]
            if metadata["KeyState"] not in DELETED_STATES and metadata["KeyManager"] != "AWS":
                policy = kms.get_key_policy(KeyId=key["KeyId"], PolicyName="default")["Policy"]
                grants = kms.list_grants(KeyId=key["KeyId"])["Grants"]
                state = metadata["KeyState"]
                found.append(f"key {key['KeyId']} {state} {json.loads(policy)} {len(grants)} grants")
    return found


def _tables(dynamodb: Any) -> list[str]:
    names = [name for page in dynamodb.get_paginator("list_tables").paginate() for name in page["TableNames"]]
    return [
        f"table {name} {dynamodb.describe_table(TableName=name)['Table']['TableStatus']}" for name in names
    ]


def _users(iam: Any) -> list[str]:
    found = []
    for page in iam.get_paginator("list_users").paginate():
        for user in page["Users"]:
            name = user["UserName"]
            keys = [key["AccessKeyId"] for key in iam.list_access_keys(UserName=name)["AccessKeyMetadata"]]
            policies = [
                one["PolicyName"]
                for one in iam.list_attached_user_policies(UserName=name)["AttachedPolicies"]
            ]
            found.append(f"user {name} {keys} {policies}")
    return found


def _alarms(client: Any) -> list[str]:
    pages = client("cloudwatch").get_paginator("describe_alarms").paginate()
    return [f"alarm {alarm['AlarmName']}" for page in pages for alarm in page["MetricAlarms"]]


def _stacks(cloudformation: Any) -> list[str]:
    stacks = cloudformation.describe_stacks()["Stacks"]
    return [f"stack {stack['StackName']} {stack['StackStatus']}" for stack in stacks]


def direct_client(application: Any) -> Any:
    """Gives the client of a service that asks an application in this process, without a connection."""
    import botocore.session
    from moto.core.models import botocore_stubber

    session, send, made = botocore.session.get_session(), _sender(application), {}

    def client(service: str) -> Any:
        if service not in made:
            keys = {"aws_access_key_id": "test", "aws_secret_access_key": "test"}
            made[service] = session.create_client(service, REGION, **keys)
            # Every handler is called, and the first answer counts: moto must not act a second time.
            made[service].meta.events.unregister("before-send", botocore_stubber)
            made[service].meta.events.register("before-send", send)
        return made[service]

    return client


def _sender(application: Any) -> Any:
    from botocore.awsrequest import AWSResponse
    from werkzeug.test import Client

    asked = Client(application)

    def send(request: Any, **_: Any) -> Any:
        headers = {name: _text(value) for name, value in request.headers.items()}
        path = urlsplit(request.url).path
        got = asked.open(path, method=request.method, headers=headers, data=request.body)
        return AWSResponse(request.url, got.status_code, got.headers, _Raw(got.data))

    return send


def _text(value: str | bytes) -> str:
    return value.decode() if isinstance(value, bytes) else value


class _Raw:
    """A body that was read already."""

    def __init__(self, body: bytes) -> None:
        self._body = body

    def stream(self, **_: Any) -> Any:
        """All at once."""
        yield self._body


def _other_iam(iam: Any) -> list[str]:
    """Roles, groups, and policies of a customer's own."""
    found = [f"role {role['RoleName']}" for role in iam.list_roles()["Roles"]]
    found += [f"group {group['GroupName']}" for group in iam.list_groups()["Groups"]]
    policies = iam.list_policies(Scope="Local")["Policies"]
    return [*found, *(f"policy {policy['PolicyName']}" for policy in policies)]
