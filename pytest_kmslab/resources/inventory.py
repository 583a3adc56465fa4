"""What carries the tags of a run and worker, asked of the account itself."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from pytest_kmslab.resources.alarms import every_alarm
from pytest_kmslab.resources.naming import Naming

if TYPE_CHECKING:
    from mypy_boto3_cloudwatch.client import CloudWatchClient
    from mypy_boto3_dynamodb.client import DynamoDBClient
    from mypy_boto3_iam.client import IAMClient
    from mypy_boto3_kms.client import KMSClient

    from pytest_kmslab.resources.sessions import PrincipalSession

DELETED_STATES = frozenset({"PendingDeletion", "PendingReplicaDeletion"})
"""A key cannot be deleted faster than it is in one of these."""


def inventory(session: PrincipalSession, naming: Naming) -> list[str]:
    """The ARNs of everything of this run and worker that still is there, sorted.

    A key that is scheduled for deletion counts as gone. The account's tables, users and alarms are
    gone through by name first; the tags decide.
    """
    return sorted(
        [
            *_keys(session.client("kms"), naming),
            *_tables(session.client("dynamodb"), naming),
            *_users(session.client("iam"), naming),
            *_alarms(session.client("cloudwatch"), naming),
        ]
    )


def _keys(kms: KMSClient, naming: Naming) -> Iterator[str]:
    for page in kms.get_paginator("list_keys").paginate():
        for key in page["Keys"]:
            metadata = kms.describe_key(KeyId=key["KeyArn"])["KeyMetadata"]
            if metadata.get("KeyManager") == "AWS" or metadata.get("KeyState") in DELETED_STATES:
                continue
            tags = {
                tag["TagKey"]: tag["TagValue"]
                for more in kms.get_paginator("list_resource_tags").paginate(KeyId=key["KeyArn"])
                for tag in more["Tags"]
            }
            if naming.owns(tags):
                yield key["KeyArn"]


def _tables(dynamodb: DynamoDBClient, naming: Naming) -> Iterator[str]:
    for page in dynamodb.get_paginator("list_tables").paginate():
        for name in page["TableNames"]:
            if naming.mark in name and (arn := _table_arn(dynamodb, name)):
                pages = dynamodb.get_paginator("list_tags_of_resource").paginate(ResourceArn=arn)
                tags = {tag["Key"]: tag["Value"] for more in pages for tag in more["Tags"]}
                if naming.owns(tags):
                    yield arn


def _table_arn(dynamodb: DynamoDBClient, name: str) -> str:
    try:
        return dynamodb.describe_table(TableName=name)["Table"]["TableArn"]
    except dynamodb.exceptions.ResourceNotFoundException:
        return ""


def _users(iam: IAMClient, naming: Naming) -> Iterator[str]:
    for page in iam.get_paginator("list_users").paginate():
        for user in page["Users"]:
            if naming.mark in user["UserName"]:
                pages = iam.get_paginator("list_user_tags").paginate(UserName=user["UserName"])
                if naming.owns({tag["Key"]: tag["Value"] for more in pages for tag in more["Tags"]}):
                    yield user["Arn"]


def _alarms(cloudwatch: CloudWatchClient, naming: Naming) -> Iterator[str]:
    for alarm in every_alarm(cloudwatch):
        if naming.mark in alarm["AlarmName"]:
            tags = cloudwatch.list_tags_for_resource(ResourceARN=alarm["AlarmArn"])["Tags"]
            if naming.owns({tag["Key"]: tag["Value"] for tag in tags}):
                yield alarm["AlarmArn"]
