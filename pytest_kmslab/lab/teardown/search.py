"""Finds what labs have made, in the account itself: a row a kind.

A thing is ours if its tags say so, whatever its name. Names are looked at first where a service lists
them, which saves a call for each thing of somebody else's.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING, Any, Protocol

from botocore.exceptions import ClientError

from pytest_kmslab.lab.kinds.alarm import every_alarm
from pytest_kmslab.lab.kinds.key import DELETED_STATES, aliases_of, remove_key
from pytest_kmslab.lab.kinds.table import Clients, DynamoDBTable
from pytest_kmslab.lab.kinds.user_removal import delete_user
from pytest_kmslab.lab.naming import EXPIRES_TAG, LIFETIME, NAME_TAG, OURS, RUN_TAG
from pytest_kmslab.lab.resource_ref import ALARM, ALIAS_PREFIX, KMS_KEY, TABLE, USER, ResourceRef
from pytest_kmslab.lab.teardown.ledger_files import parse_time
from pytest_kmslab.lab.waiting.waiters import Waiter, error_code

if TYPE_CHECKING:
    from mypy_boto3_kms.client import KMSClient

Client = Callable[[str], Any]
"""Gives the client of a service, in one Region."""

GONE = frozenset(
    {
        "NotFoundException",
        "ResourceNotFoundException",
        "ResourceNotFound",
        "NoSuchEntity",
        "TableNotFoundException",
    }
)


@dataclass(frozen=True, slots=True)
class Found:
    """A thing that carries a run's tags. `created` is None where the service does not tell.

    `going` says of a key that it is scheduled for deletion, and only its alias has to go.
    """

    ref: ResourceRef
    tags: Mapping[str, str]
    created: datetime | None = None
    going: bool = False


@dataclass(frozen=True, slots=True)
class Unseen:
    """Something that could not be looked at, and may be a run's. `others` of its kind could be, or not."""

    what: str
    error: Exception
    others: bool = False


class ResourceKind(Protocol):
    """How things of one kind are found and removed. Errors are boto3's own."""

    def every(self, client: Client, region: str) -> Iterator[Found | Unseen]:
        """All that carry a run's tags."""

    def one(self, client: Client, ref: ResourceRef) -> Found | None:
        """The one of this name or ARN, whoever made it; None where there is none."""

    def remove(self, client: Client, waiter: Waiter, ref: ResourceRef) -> None:
        """Remove one, with what goes with it; one that is gone is no error."""


class Keys:
    """Keys by their tags. One that is scheduled for deletion and has no alias any more counts as gone."""

    def every(self, client: Client, region: str) -> Iterator[Found | Unseen]:
        """All that carry a run's tags."""
        kms: KMSClient = client("kms")
        keys = [key["KeyArn"] for page in kms.get_paginator("list_keys").paginate() for key in page["Keys"]]
        unseen: list[Unseen] = []
        for arn in keys:
            for one in _ours(f"KMS key `{arn}`", partial(self._look, kms, arn, region)):
                if isinstance(one, Unseen):
                    unseen.append(one)
                else:
                    yield one
        yield from (replace(one, others=len(unseen) < len(keys)) for one in unseen)

    def one(self, client: Client, ref: ResourceRef) -> Found | None:
        """By its ARN, otherwise by its alias."""
        kms: KMSClient = client("kms")
        named = ref.arn or ALIAS_PREFIX + ref.name

        def look() -> Found | None:
            return self._look(kms, kms.describe_key(KeyId=named)["KeyMetadata"]["Arn"], ref.region, ref.name)

        return _unless_gone(look)

    def remove(self, client: Client, waiter: Waiter, ref: ResourceRef) -> None:
        """Its aliases and the key."""
        kms: KMSClient = client("kms")
        remove_key(kms, ref.arn, aliases_of(kms, ref.arn))

    def _look(self, kms: KMSClient, arn: str, region: str, name: str = "") -> Found | None:
        pages = kms.get_paginator("list_resource_tags").paginate(KeyId=arn)
        tags = {tag["TagKey"]: tag["TagValue"] for page in pages for tag in page["Tags"]}
        if RUN_TAG not in tags and not name:
            return None
        metadata = kms.describe_key(KeyId=arn)["KeyMetadata"]
        going = metadata.get("KeyState") in DELETED_STATES
        if going and not list(aliases_of(kms, arn)):
            return None
        ref = ResourceRef(KMS_KEY, name or tags.get(NAME_TAG, metadata["KeyId"]), region, arn)
        return Found(ref, tags, metadata.get("CreationDate"), going)


class Tables:
    """Tables by name first. One that is being deleted counts as gone."""

    def every(self, client: Client, region: str) -> Iterator[Found | Unseen]:
        """All that carry a run's tags."""
        for page in client("dynamodb").get_paginator("list_tables").paginate():
            for name in filter(_is_named_by_us, page["TableNames"]):
                yield from _ours(f"table `{name}`", partial(self._look, client, name, region))

    def one(self, client: Client, ref: ResourceRef) -> Found | None:
        """By its name."""
        return _unless_gone(lambda: self._look(client, ref.name, ref.region))

    def remove(self, client: Client, waiter: Waiter, ref: ResourceRef) -> None:
        """The table, protected or not, and its alarms; a change of its encryption is waited for."""
        clients = Clients(client("dynamodb"), client("kms"), client("cloudwatch"))
        table = DynamoDBTable(clients, waiter, ref.name)
        with suppress(clients.dynamodb.exceptions.ResourceNotFoundException):
            table.unprotect()
        table.delete()

    def _look(self, client: Client, name: str, region: str) -> Found | None:
        dynamodb = client("dynamodb")
        table = dynamodb.describe_table(TableName=name)["Table"]
        if table["TableStatus"] == "DELETING":
            return None
        pages = dynamodb.get_paginator("list_tags_of_resource").paginate(ResourceArn=table["TableArn"])
        ref = ResourceRef(TABLE, name, region, table["TableArn"])
        return Found(ref, _tags(pages), table.get("CreationDateTime"))


class Users:
    """IAM users by name first. They are in no Region."""

    def every(self, client: Client, region: str) -> Iterator[Found | Unseen]:
        """All that carry a run's tags."""
        for page in client("iam").get_paginator("list_users").paginate():
            for user in page["Users"]:
                if _is_named_by_us(user["UserName"]):
                    what = f"IAM user `{user['UserName']}`"
                    yield from _ours(what, partial(self._look, client, user, region))

    def one(self, client: Client, ref: ResourceRef) -> Found | None:
        """By its name."""
        iam = client("iam")
        return _unless_gone(lambda: self._look(client, iam.get_user(UserName=ref.name)["User"], ref.region))

    def remove(self, client: Client, waiter: Waiter, ref: ResourceRef) -> None:
        """The user and all that blocks it."""
        delete_user(client("iam"), ref.name)

    def _look(self, client: Client, user: Any, region: str) -> Found:
        pages = client("iam").get_paginator("list_user_tags").paginate(UserName=user["UserName"])
        return Found(
            ResourceRef(USER, user["UserName"], region, user["Arn"]), _tags(pages), user.get("CreateDate")
        )


class Alarms:
    """CloudWatch alarms by name first. When one was made is told by its tags alone."""

    def every(self, client: Client, region: str) -> Iterator[Found | Unseen]:
        """All that carry a run's tags."""
        for alarm in every_alarm(client("cloudwatch")):
            if _is_named_by_us(alarm["AlarmName"]):
                what = f"alarm `{alarm['AlarmName']}`"
                yield from _ours(what, partial(self._look, client, alarm, region))

    def one(self, client: Client, ref: ResourceRef) -> Found | None:
        """By its name."""
        pages = client("cloudwatch").get_paginator("describe_alarms")
        for page in pages.paginate(AlarmNames=[ref.name], AlarmTypes=["MetricAlarm"]):
            for alarm in page["MetricAlarms"]:
                return _unless_gone(partial(self._look, client, alarm, ref.region))
        return None

    def remove(self, client: Client, waiter: Waiter, ref: ResourceRef) -> None:
        """The alarm."""
        client("cloudwatch").delete_alarms(AlarmNames=[ref.name])

    def _look(self, client: Client, alarm: Any, region: str) -> Found:
        tags = _tags([client("cloudwatch").list_tags_for_resource(ResourceARN=alarm["AlarmArn"])])
        return Found(ResourceRef(ALARM, alarm["AlarmName"], region, alarm["AlarmArn"]), tags, _made(tags))


KINDS: Mapping[str, ResourceKind] = {ALARM: Alarms(), TABLE: Tables(), KMS_KEY: Keys(), USER: Users()}
"""In the order in which they are removed: the users last, for a key may leave its deletion to one of them."""


def called(client: Client, ref: ResourceRef) -> list[Found]:
    """All that have a thing's kind and are it: by name, and for a key, which has none, by the tag.

    A create call that was sent twice may have made two keys. Raises what kept a key from being looked at
    where none was found.
    """
    kind = KINDS[ref.kind]
    if ref.kind == KMS_KEY:
        every = list(kind.every(client, ref.region))
        named = [one for one in every if isinstance(one, Found) and one.tags.get(NAME_TAG) == ref.name]
        unseen = next((one for one in every if isinstance(one, Unseen)), None)
        if not named and unseen is not None:
            raise unseen.error
        return named
    found = kind.one(client, ref)
    return [] if found is None else [found]


def _is_named_by_us(name: str) -> bool:
    return OURS.search(name) is not None


def _ours(what: str, look: Callable[[], Found | None]) -> Iterator[Found | Unseen]:
    """What was seen if it carries a run's tags; nothing where it went meanwhile."""
    try:
        found = look()
    except ClientError as error:
        if error_code(error) not in GONE:
            yield Unseen(what, error)
        return
    if found is not None and RUN_TAG in found.tags:
        yield found


def _unless_gone(look: Callable[[], Found | None]) -> Found | None:
    try:
        return look()
    except ClientError as error:
        if error_code(error) in GONE:
            return None
        raise


def _tags(pages: Any) -> dict[str, str]:
    return {tag["Key"]: tag["Value"] for page in pages for tag in page["Tags"]}


def _made(tags: Mapping[str, str]) -> datetime | None:
    try:
        return parse_time(tags.get(EXPIRES_TAG, "")) - LIFETIME
    except ValueError:
        return None
