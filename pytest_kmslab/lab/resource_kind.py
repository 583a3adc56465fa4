"""What every kind of resource offers: how one is found, kept, removed, by hand too, and what it costs.

A new kind is a file of its own in `kinds`, with its object in `kinds.registry`.
"""

from __future__ import annotations

import shlex
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any

from botocore.exceptions import ClientError

from pytest_kmslab.calls.context_keys import tags_by_key
from pytest_kmslab.calls.error_codes import error_code
from pytest_kmslab.lab.cost.prices import HOURS_A_MONTH, Prices
from pytest_kmslab.lab.naming import KEPT_TAG, OF_A_STACK, RUN_TAG
from pytest_kmslab.lab.waiting.waiters import Waiter

Client = Callable[[str], Any]
"""Gives the client of a service, in one Region."""

GONE = frozenset(
    {
        "NotFoundException",
        "ResourceNotFoundException",
        "ResourceNotFound",
        "NoSuchEntity",
        "NoSuchEntityException",
        "TableNotFoundException",
    }
)
"""What services say of what is not there."""


@dataclass(frozen=True, slots=True)
class ResourceRef:
    """One resource of a kind, by the name that nothing else has."""

    kind: ResourceKind
    name: str
    """A key's is that of its alias without the prefix, a file's is its path."""
    region: str = ""
    """Empty for a file."""
    arn: str = ""
    """Empty for what was to be made and may not exist. For a file that of the key it is about, if any."""
    unique_id: str = ""
    """What the service gives no second one of: it tells a table from a later one of the same name. Empty
    where it is not known."""

    def __str__(self) -> str:
        return f"{self.kind.title} `{self.name}`"


@dataclass(frozen=True, slots=True)
class Found:
    """A resource that carries a run's tags."""

    ref: ResourceRef
    tags: Mapping[str, str]
    created: datetime | None = None
    """None where the service does not tell."""
    going: bool = False
    """Whether it is a key that is scheduled for deletion, and only its alias has to go."""


@dataclass(frozen=True, slots=True)
class Unseen:
    """Something that could not be looked at, and may be a run's."""

    what: str
    error: Exception
    others: bool = False
    """Whether others of its kind could be looked at."""


class ResourceKind:
    """A kind of resource that outlives the lab if nobody removes it. Errors are boto3's own."""

    name = ""
    """What the ledger and `kmslab sweep` call it."""
    title = ""
    """What a person calls it."""
    create_operation = ""
    """The API operation that makes one; empty for a file."""
    is_regional = True
    """Whether each Region has its own."""
    is_file = False
    """Whether it is on this machine and not in the account: only the ledger knows of it."""
    is_rare = False
    """Whether a lab looks for them only if it made one: to ask takes a permission that few runs need."""
    may_remove: tuple[str, ...] = ()
    """The kinds whose resources may leave their removal to one of this: it stays while one of them does."""
    monthly_price = ""
    """The name in `Prices` of what one costs a month, which AWS prorates by the hour; empty for none."""
    removal_commands: tuple[str, ...] = ()
    """The commands of the AWS CLI that remove one, what is in its way first; `{name}` is its own, quoted."""

    def every(self, client: Client, region: str) -> Iterator[Found | Unseen]:
        """All that carry a run's tags."""
        raise NotImplementedError

    def find(self, client: Client, ref: ResourceRef) -> Found | None:
        """The one of this name or ARN, whoever made it; None where there is none."""
        raise NotImplementedError

    def find_all(self, client: Client, ref: ResourceRef) -> list[Found]:
        """All that a create call for this resource may have made: a call that was sent twice may make two."""
        resource = self.find(client, ref)
        return [] if resource is None else [resource]

    def tag(self, client: Client, ref: ResourceRef, tags: Mapping[str, str]) -> None:
        """Give one tags beside those that it has, as far as the service keeps any."""
        raise NotImplementedError

    def keep(self, client: Client, ref: ResourceRef, until: str) -> None:
        """Tag one as kept until a time: a sweep from a machine without its ledger then leaves it alone."""
        self.tag(client, ref, {KEPT_TAG: until})

    def remove(self, client: Client, waiter: Waiter, ref: ResourceRef) -> None:
        """Remove one, with what goes with it; one that is gone is no error."""
        raise NotImplementedError

    def hourly_price(self, prices: Prices) -> float:
        """What one costs for each begun hour; 0 where only its use costs."""
        return getattr(prices, self.monthly_price) / HOURS_A_MONTH if self.monthly_price else 0.0

    def commands(self, ref: ResourceRef) -> tuple[str, ...]:
        """The commands of the AWS CLI that remove one, without `aws` and without Region."""
        return tuple(command.format(name=shlex.quote(ref.name)) for command in self.removal_commands)


class NamedKind(ResourceKind):
    """A kind whose resources are listed by their names; only what has a name of a lab's is looked at."""

    def listed(self, client: Client) -> Iterator[tuple[str, Any]]:
        """The name of each that there is, and the record by which `look` knows it."""
        raise NotImplementedError

    def record_of(self, client: Client, ref: ResourceRef) -> Any:
        """The record of one; None where there is none, unless the service raises that."""
        raise NotImplementedError

    def look(self, client: Client, record: Any, region: str) -> Found | None:
        """The resource of a record, with its tags; None where it counts as gone."""
        raise NotImplementedError

    def every(self, client: Client, region: str) -> Iterator[Found | Unseen]:
        """All that carry a run's tags."""
        for name, record in self.listed(client):
            # The tags decide. The name saves asking for those of all others: an account may have thousands.
            if is_named_by_us(name):
                look = partial(self.look, client, record, region)
                yield from seen_if_ours(f"{self.title} `{name}`", look)

    def find(self, client: Client, ref: ResourceRef) -> Found | None:
        """The one of this name or ARN, whoever made it; None where there is none."""

        def look() -> Found | None:
            record = self.record_of(client, ref)
            return None if record is None else self.look(client, record, ref.region)

        return unless_gone(look)


def manual_commands(ref: ResourceRef, endpoint: str = "", profile: str = "") -> tuple[str, ...]:
    """The commands that remove a resource where there is no `kmslab`, to copy into a shell."""
    place = {"--region": ref.region, "--endpoint-url": endpoint, "--profile": profile}
    options = "".join(f" {name} {shlex.quote(value)}" for name, value in place.items() if value)
    return tuple(
        # A file is removed by the shell, which knows no Region.
        f"aws {command}{options}" if not command.startswith("rm ") else command
        for command in ref.kind.commands(ref)
    )


def is_named_by_us(name: str) -> bool:
    """Whether a name is one that a lab gives, or a stack of its."""
    return OF_A_STACK.search(name) is not None


def seen_if_ours(what: str, look: Callable[[], Found | None]) -> Iterator[Found | Unseen]:
    """What was seen if it carries a run's tags; nothing where it went meanwhile."""
    try:
        resource = look()
    except ClientError as error:
        if error_code(error) not in GONE:
            yield Unseen(what, error)
        return
    if resource is not None and RUN_TAG in resource.tags:
        yield resource


def unless_gone(look: Callable[[], Found | None]) -> Found | None:
    """What was seen; None where it is not there."""
    try:
        return look()
    except ClientError as error:
        if error_code(error) in GONE:
            return None
        raise


def is_same(one: ResourceRef, other: ResourceRef) -> bool:
    """Whether two are known to be the very same, and not one that came after the other."""
    return one.kind is other.kind and bool(one.unique_id) and one.unique_id == other.unique_id


def tags_of_pages(pages: Any) -> dict[str, str]:
    """The tags that a service lists, by key."""
    return tags_by_key(tag for page in pages for tag in page["Tags"])


def tag_list(tags: Mapping[str, str]) -> list[Any]:
    """Tags as most services take them."""
    return [{"Key": key, "Value": value} for key, value in tags.items()]
