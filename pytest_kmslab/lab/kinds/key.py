"""A customer-managed KMS key of the lab."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import datetime
from typing import TYPE_CHECKING, Any, Protocol

from pytest_kmslab.lab import key_policy
from pytest_kmslab.lab.resource_ref import DELETION_DAYS
from pytest_kmslab.lab.waiting.key_policy_propagation import Probers, wait_until_effective
from pytest_kmslab.lab.waiting.waiters import KEY_POLICY_PRINCIPAL_LIMIT, NOT_YET_A_PRINCIPAL, Waiter

if TYPE_CHECKING:
    from mypy_boto3_kms.client import KMSClient
    from mypy_boto3_kms.type_defs import CreateKeyRequestTypeDef

POLICY_NAME = "default"
PRINCIPALS_SEEN = "KMS to see the principals of a key policy"


DELETED_STATES = frozenset({"PendingDeletion", "PendingReplicaDeletion"})
"""A key cannot be deleted faster than it is in one of these."""


class HasArn(Protocol):
    """Anything with an ARN: a user of the lab, or something of your own."""

    @property
    def arn(self) -> str:
        """The ARN."""


Principal = HasArn | str
"""Somebody a key policy can name: an object with an ARN, or the ARN itself."""


def arn_of(principal: Principal) -> str:
    """The ARN of a principal."""
    return principal if isinstance(principal, str) else principal.arn


class KmsKey:
    """A symmetric key for encrypting and decrypting.

    `alias` is its name with the `alias/` prefix, empty until it has one. `retried` says that botocore
    sent CreateKey more than once, which may have made a second key. `witnesses` are those by whom is seen
    that a changed policy acts. Every method calls KMS as the lab's administrator and lets KMS's own error
    through.
    """

    def __init__(
        self, kms: KMSClient, waiter: Waiter, key_id: str, arn: str, *, retried: bool = False
    ) -> None:
        self._kms = kms
        self._waiter = waiter
        self.id = key_id
        self.arn = arn
        self.alias = ""
        self.retried = retried
        self.probers: Probers | None = None

    def __repr__(self) -> str:
        return f"KmsKey({self.alias or self.arn!r})"

    def state(self) -> str:
        """KMS's KeyState: `Enabled`, `Disabled`, `PendingDeletion` …"""
        return str(self.describe()["KeyState"])

    def describe(self) -> dict[str, Any]:
        """KeyMetadata, as DescribeKey answers it."""
        return dict(self._kms.describe_key(KeyId=self.arn)["KeyMetadata"])

    def policy(self) -> dict[str, Any]:
        """The key policy, parsed."""
        return dict(json.loads(self._policy_text()))

    def put_policy(self, policy: Mapping[str, Any] | str) -> None:
        """Replace the key policy, given parsed or as text.

        Where a new principal takes time to be seen by KMS, it is asked again for two minutes. Where changes
        take time to act, it returns once the policy is read back and KMS was seen to decide by it, several
        times in a row; raises ResourceError where it is not read back.
        """
        text = policy if isinstance(policy, str) else json.dumps(policy)
        before = None if self._waiter.is_strongly_consistent else self.policy()
        self._waiter.while_refused(
            lambda: self._kms.put_key_policy(KeyId=self.arn, PolicyName=POLICY_NAME, Policy=text),
            NOT_YET_A_PRINCIPAL,
            PRINCIPALS_SEEN,
            KEY_POLICY_PRINCIPAL_LIMIT,
        )
        if before is not None:
            wait_until_effective(
                self._waiter, self.probers, self._kms, self.arn, before, dict(json.loads(text))
            )

    def users(self) -> list[str]:
        """The ARNs of the key users, as the console lists them."""
        return key_policy.users_of(self.policy())

    def add_user(self, principal: Principal) -> None:
        """Add a key user as the console does: to two statements of the key policy, and to nothing else.

        Raises PolicyError for a key policy that has lost the console's shape.
        """
        self.put_policy(key_policy.with_user(self.policy(), arn_of(principal)))

    def remove_user(self, principal: Principal) -> None:
        """Remove a key user as the console does, from the same two statements; raises as `add_user`."""
        self.put_policy(key_policy.without_user(self.policy(), arn_of(principal)))

    @contextmanager
    def added_user(self, principal: Principal) -> Iterator[None]:
        """Have somebody as key user for as long as the block lasts."""
        with self.kept_policy():
            self.add_user(principal)
            yield

    @contextmanager
    def kept_policy(self) -> Iterator[None]:
        """Put the key policy back at the end of the block as it was, letter by letter."""
        before = self._policy_text()
        try:
            yield
        finally:
            self.put_policy(before)

    def create_alias(self, alias: str) -> None:
        """Give the key an alias, with its `alias/` prefix."""
        self._kms.create_alias(AliasName=alias, TargetKeyId=self.id)
        self.alias = alias

    def schedule_deletion(self, days: int = DELETION_DAYS) -> datetime:
        """Schedule the key's deletion in 7 to 30 days, and return the time at which it is due."""
        answer = self._kms.schedule_key_deletion(KeyId=self.arn, PendingWindowInDays=days)
        return answer["DeletionDate"]

    def remove(self) -> None:
        """Delete the alias and schedule the key's deletion; what is done already stays done."""
        remove_key(self._kms, self.arn, [self.alias] if self.alias else [])
        self.alias = ""

    def _policy_text(self) -> str:
        return self._kms.get_key_policy(KeyId=self.arn, PolicyName=POLICY_NAME)["Policy"]


def remove_key(kms: KMSClient, arn: str, aliases: Iterable[str]) -> None:
    """Delete a key's aliases and schedule its deletion; what is done already stays done.

    The deletion is scheduled even where an alias cannot be told or deleted, whose error is raised then.
    """
    try:
        for alias in aliases:
            with suppress(kms.exceptions.NotFoundException):
                kms.delete_alias(AliasName=alias)
    finally:
        _schedule(kms, arn)


def aliases_of(kms: KMSClient, arn: str) -> Iterator[str]:
    """The names of a key's aliases, with their `alias/` prefix; KMS is asked when the first is taken."""
    pages = kms.get_paginator("list_aliases").paginate(KeyId=arn)
    yield from [alias["AliasName"] for page in pages for alias in page["Aliases"]]


def _schedule(kms: KMSClient, arn: str) -> None:
    try:
        kms.schedule_key_deletion(KeyId=arn, PendingWindowInDays=DELETION_DAYS)
    except kms.exceptions.KMSInvalidStateException:
        if kms.describe_key(KeyId=arn)["KeyMetadata"]["KeyState"] not in DELETED_STATES:
            raise
    except kms.exceptions.NotFoundException:
        return


def create_key(
    kms: KMSClient, waiter: Waiter, policy: Mapping[str, Any] | str, description: str, tags: Mapping[str, str]
) -> KmsKey:
    """Create a symmetric key for encrypting and decrypting, without an alias.

    The policy is given parsed or as text; a principal that KMS does not see yet is waited for as in
    `KmsKey.put_policy`.
    """
    request: CreateKeyRequestTypeDef = {
        "Policy": policy if isinstance(policy, str) else json.dumps(policy),
        "Description": description,
        "KeyUsage": "ENCRYPT_DECRYPT",
        "KeySpec": "SYMMETRIC_DEFAULT",
        "Tags": [{"TagKey": name, "TagValue": value} for name, value in tags.items()],
    }
    answer = waiter.while_refused(
        lambda: kms.create_key(**request), NOT_YET_A_PRINCIPAL, PRINCIPALS_SEEN, KEY_POLICY_PRINCIPAL_LIMIT
    )
    retried = answer.get("ResponseMetadata", {}).get("RetryAttempts", 0) > 0
    made = answer["KeyMetadata"]
    return KmsKey(kms, waiter, made["KeyId"], made["Arn"], retried=retried)
