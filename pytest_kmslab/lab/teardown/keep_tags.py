"""Marks what is kept, so that a sweep from another machine, which has no ledger of it, leaves it alone."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from pytest_kmslab.lab.naming import KEPT_TAG
from pytest_kmslab.lab.resource_ref import ALARM, KMS_KEY, TABLE, USER, ResourceRef
from pytest_kmslab.lab.teardown.ledger import timestamp
from pytest_kmslab.lab.teardown.search import Client

Tag = Callable[[Client, ResourceRef, str], Any]

TAGS: Mapping[str, Tag] = {
    KMS_KEY: lambda client, ref, until: client("kms").tag_resource(
        KeyId=ref.arn, Tags=[{"TagKey": KEPT_TAG, "TagValue": until}]
    ),
    TABLE: lambda client, ref, until: client("dynamodb").tag_resource(
        ResourceArn=ref.arn, Tags=[{"Key": KEPT_TAG, "Value": until}]
    ),
    USER: lambda client, ref, until: client("iam").tag_user(
        UserName=ref.name, Tags=[{"Key": KEPT_TAG, "Value": until}]
    ),
    ALARM: lambda client, ref, until: client("cloudwatch").tag_resource(
        ResourceARN=ref.arn, Tags=[{"Key": KEPT_TAG, "Value": until}]
    ),
}
"""How a thing of each kind in the account is tagged."""


def keep_by_tag(client: Client, refs: Iterable[ResourceRef], until: datetime) -> list[str]:
    """Tag things as kept until a time; answers what could not be, to be told."""
    failures = []
    for ref in refs:
        try:
            if ref.kind in TAGS:
                TAGS[ref.kind](client, ref, timestamp(until))
        except (BotoCoreError, ClientError) as error:
            failures.append(f"{ref} could not be tagged as kept: {type(error).__name__}: {error}")
    return failures
