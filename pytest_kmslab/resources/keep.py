"""Marks what is kept, so that a sweep from another machine, which has no ledger of it, leaves it alone."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from pytest_kmslab.resources.ledger import timestamp
from pytest_kmslab.resources.naming import KEPT_TAG
from pytest_kmslab.resources.search import Client
from pytest_kmslab.resources.things import ALARM, KMS_KEY, TABLE, USER, Thing

Tag = Callable[[Client, Thing, str], Any]

TAGS: Mapping[str, Tag] = {
    KMS_KEY: lambda client, thing, until: client("kms").tag_resource(
        KeyId=thing.arn, Tags=[{"TagKey": KEPT_TAG, "TagValue": until}]
    ),
    TABLE: lambda client, thing, until: client("dynamodb").tag_resource(
        ResourceArn=thing.arn, Tags=[{"Key": KEPT_TAG, "Value": until}]
    ),
    USER: lambda client, thing, until: client("iam").tag_user(
        UserName=thing.name, Tags=[{"Key": KEPT_TAG, "Value": until}]
    ),
    ALARM: lambda client, thing, until: client("cloudwatch").tag_resource(
        ResourceARN=thing.arn, Tags=[{"Key": KEPT_TAG, "Value": until}]
    ),
}
"""How a thing of each kind in the account is tagged."""


def keep_by_tag(client: Client, things: Iterable[Thing], until: datetime) -> list[str]:
    """Tag things as kept until a time; answers what could not be, to be told."""
    failures = []
    for thing in things:
        try:
            if thing.kind in TAGS:
                TAGS[thing.kind](client, thing, timestamp(until))
        except (BotoCoreError, ClientError) as error:
            failures.append(f"{thing} could not be tagged as kept: {type(error).__name__}: {error}")
    return failures
