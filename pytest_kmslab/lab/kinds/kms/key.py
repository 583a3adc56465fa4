"""Customer-managed KMS keys."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING, Any

from pytest_kmslab.arguments import ARN, HasArn, arn_of, check_text, check_whole_number, refusal_text
from pytest_kmslab.authz.arn import parts_of
from pytest_kmslab.calls.kms.policies import read_key_policy
from pytest_kmslab.errors import PolicyError
from pytest_kmslab.lab.arguments import naming_arguments
from pytest_kmslab.lab.kinds.kms import key_policy
from pytest_kmslab.lab.kinds.kms.grant import Grant, create_grant
from pytest_kmslab.lab.kinds.kms.key_policy_propagation import Probers, wait_until_effective
from pytest_kmslab.lab.naming import NAME_TAG, RUN_TAG
from pytest_kmslab.lab.policies.refused import Check, naming_policy
from pytest_kmslab.lab.policies.sources import PolicyDocument, PolicySource, read_document
from pytest_kmslab.lab.resource_kind import (
    Client,
    Found,
    ResourceKind,
    ResourceRef,
    Unseen,
    seen_if_ours,
    unless_gone,
)
from pytest_kmslab.lab.waiting.waiters import KEY_POLICY_PRINCIPAL_LIMIT, NOT_YET_A_PRINCIPAL, Waiter

if TYPE_CHECKING:
    from mypy_boto3_kms.client import KMSClient

    from pytest_kmslab.account.model import AccountView

POLICY_NAME = "default"
PRINCIPALS_SEEN = "KMS to see the principals of a key policy"

_PRINCIPAL = re.compile(r"arn:[^:]+:(iam|sts)::\d{12}:.+|\d{12}|\*|A[A-Z]{3}[A-Z0-9]{12,124}", re.ASCII)
"""An ARN, an account, everybody, or the id that is left of somebody who is gone.
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html"""

SYMMETRIC = "SYMMETRIC_DEFAULT"

ALIAS_PREFIX = "alias/"
DELETION_DAYS = 7
"""The shortest wait KMS accepts before it deletes a key."""

DELETED_STATES = frozenset({"PendingDeletion", "PendingReplicaDeletion"})
"""A key cannot be deleted faster than it is in one of these."""


Principal = HasArn | str
"""Somebody a key policy can name: an object with an ARN, or the ARN itself."""


class KmsKey:
    """A KMS key.

    Every method calls KMS as the lab's administrator and lets KMS's own error through. `probers` are those
    as whom KMS is asked whether a changed policy has taken effect; `view` tells who there is.
    """

    def __init__(
        self,
        kms: KMSClient,
        waiter: Waiter,
        key_id: str,
        arn: str,
        *,
        probers: Probers | None = None,
        view: AccountView | None = None,
    ) -> None:
        self._kms = kms
        self._waiter = waiter
        self._probers = probers
        self._view = view
        self.id = key_id
        self.arn = arn
        self.alias = ""
        """Its name with the `alias/` prefix; empty until it has one."""

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

    def put_policy(self, policy: PolicySource) -> None:
        """Replace the key policy, given parsed, as text, or as the file of it.

        Where a new principal takes time to be seen by KMS, it is asked again for two minutes. Where changes
        take time to act, it returns once the policy is read back and KMS was seen to decide by it, several
        times in a row; raises ResourceError where it is not read back.
        """
        if isinstance(policy, str):  # letter by letter as it was: KMS reads it
            document = PolicyDocument(policy, "", "`policy`")
        else:
            document = read_document("policy", policy)
        text = document.text
        # By what changes it is known whom KMS will answer otherwise.
        before = None if self._waiter.is_strongly_consistent else self.policy()
        check = None if self._view is None else key_policy_check(self._view, parts_of(self.arn).partition)
        with naming_arguments({"policy": "policy"}), naming_policy(document, check, self._view):
            self._waiter.while_refused(
                lambda: self._kms.put_key_policy(KeyId=self.arn, PolicyName=POLICY_NAME, Policy=text),
                NOT_YET_A_PRINCIPAL,
                PRINCIPALS_SEEN,
                KEY_POLICY_PRINCIPAL_LIMIT,
            )
        if before is not None:
            wait_until_effective(
                self._waiter, self._probers, self._kms, self.arn, before, dict(json.loads(text))
            )

    def users(self) -> list[str]:
        """The ARNs of the key users, as the console lists them."""
        return key_policy.users_of(self.policy())

    def add_user(self, principal: Principal) -> None:
        """Add a key user as the console does: to two statements of the key policy, and to nothing else.

        Raises PolicyError for a key policy that has lost the console's shape.
        """
        self.put_policy(key_policy.with_user(self.policy(), _key_user(principal)))

    def remove_user(self, principal: Principal) -> None:
        """Remove a key user as the console does, from the same two statements; raises as `add_user`."""
        self.put_policy(key_policy.without_user(self.policy(), _key_user(principal)))

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

    def grant(
        self,
        to: Principal,
        operations: str | Iterable[str],
        *,
        context_equals: Mapping[str, str] | None = None,
        context_subset: Mapping[str, str] | None = None,
        retiring: Principal | None = None,
    ) -> Grant:
        """Grant somebody operations on the key (`"Decrypt"`), one or several.

        With `context_equals` or `context_subset` only for that encryption context, or one that contains it.
        """
        return create_grant(
            self._kms,
            self.arn,
            arn_of("to", to),
            operations,
            context_equals=context_equals,
            context_subset=context_subset,
            retiring=None if retiring is None else arn_of("retiring", retiring),
        )

    def create_alias(self, alias: str) -> None:
        """Give the key an alias, with its `alias/` prefix."""
        check_text("alias", alias, f"an alias with its `{ALIAS_PREFIX}` prefix")
        with naming_arguments({"alias": "alias"}):
            self._kms.create_alias(AliasName=alias, TargetKeyId=self.id)
        self.alias = alias

    def schedule_deletion(self, days: int = DELETION_DAYS) -> datetime:
        """Schedule the key's deletion in 7 to 30 days, and return the time at which it is due."""
        check_whole_number("days", days, "days, 7 to 30")
        with naming_arguments({"days": "PendingWindowInDays"}):
            answer = self._kms.schedule_key_deletion(KeyId=self.arn, PendingWindowInDays=days)
        return answer["DeletionDate"]

    def remove(self) -> None:
        """Delete the alias and schedule the key's deletion; what is done already stays done."""
        remove_key(self._kms, self.arn, [self.alias] if self.alias else [])
        self.alias = ""

    def _policy_text(self) -> str:
        return self._kms.get_key_policy(KeyId=self.arn, PolicyName=POLICY_NAME)["Policy"]


def _key_user(principal: Principal) -> str:
    """The ARN of a key user; raises TypeError or PolicyError for what a key policy cannot name."""
    arn = arn_of("principal", principal)
    if not _PRINCIPAL.fullmatch(arn):
        raise PolicyError(refusal_text("principal", ARN, arn))
    return arn


def remove_key(kms: KMSClient, arn: str, aliases: Iterable[str]) -> None:
    """Delete a key's aliases and schedule its deletion; what is done already stays done.

    The deletion is scheduled even where an alias cannot be told or deleted, whose error is raised then.
    """
    try:
        for alias in aliases:
            with suppress(kms.exceptions.NotFoundException):
                kms.delete_alias(AliasName=alias)
    finally:
        try:
            kms.schedule_key_deletion(KeyId=arn, PendingWindowInDays=DELETION_DAYS)
        except kms.exceptions.KMSInvalidStateException:
            # KMS says so of a key that is scheduled already, and of others that it cannot delete now.
            if kms.describe_key(KeyId=arn)["KeyMetadata"]["KeyState"] not in DELETED_STATES:
                raise
        except kms.exceptions.NotFoundException:
            pass


def aliases_of(kms: KMSClient, arn: str) -> Iterator[str]:
    """The names of a key's aliases, with their `alias/` prefix; KMS is asked when the first is taken."""
    pages = kms.get_paginator("list_aliases").paginate(KeyId=arn)
    yield from [alias["AliasName"] for page in pages for alias in page["Aliases"]]


def key_policy_check(view: AccountView, partition: str) -> Check:
    """What KMS looks at before it takes a key policy."""
    return partial(read_key_policy, view=view, partition=partition)


def key_tags(tags: Mapping[str, str]) -> list[Any]:
    """Tags as KMS takes them, which has its own words for their members."""
    return [{"TagKey": name, "TagValue": value} for name, value in tags.items()]


class KeyKind(ResourceKind):
    """Keys by their tags. One that is scheduled for deletion and has no alias any more counts as gone."""

    name = "kms-key"
    title = "KMS key"
    create_operation = "CreateKey"
    monthly_price = "kms_key_month"

    def every(self, client: Client, region: str) -> Iterator[Found | Unseen]:
        """All that carry a run's tags."""
        kms: KMSClient = client("kms")
        keys = [key["KeyArn"] for page in kms.get_paginator("list_keys").paginate() for key in page["Keys"]]
        unseen: list[Unseen] = []
        for arn in keys:
            for key in seen_if_ours(f"KMS key `{arn}`", partial(self._look, kms, arn, region)):
                if isinstance(key, Unseen):
                    unseen.append(key)
                else:
                    yield key
        # Only now it is known whether others could be looked at: then it is this key's policy that forbids
        # it.
        yield from (replace(key, others=len(unseen) < len(keys)) for key in unseen)

    def find(self, client: Client, ref: ResourceRef) -> Found | None:
        """By its ARN, otherwise by its alias."""
        kms: KMSClient = client("kms")
        key_id = ref.arn or ALIAS_PREFIX + ref.name
        # ListResourceTags takes no alias: the key's ARN is asked for first.
        return unless_gone(
            lambda: self._look(
                kms, kms.describe_key(KeyId=key_id)["KeyMetadata"]["Arn"], ref.region, ref.name
            )
        )

    def find_all(self, client: Client, ref: ResourceRef) -> list[Found]:
        """By the tag, since a key has no name; raises what kept one from being seen where none was found."""
        every = list(self.every(client, ref.region))
        keys = [key for key in every if isinstance(key, Found) and key.tags.get(NAME_TAG) == ref.name]
        unseen = next((key for key in every if isinstance(key, Unseen)), None)
        if not keys and unseen is not None:
            raise unseen.error
        return keys

    def tag(self, client: Client, ref: ResourceRef, tags: Mapping[str, str]) -> None:
        """By its ARN."""
        client("kms").tag_resource(KeyId=ref.arn, Tags=key_tags(tags))

    def remove(self, client: Client, waiter: Waiter, ref: ResourceRef) -> None:
        """Its aliases and the key."""
        kms: KMSClient = client("kms")
        remove_key(kms, ref.arn, aliases_of(kms, ref.arn))

    def commands(self, ref: ResourceRef) -> tuple[str, ...]:
        """Where the key id is not known, a command that asks for it comes first."""
        alias = shlex.quote(ALIAS_PREFIX + ref.name)
        key = shlex.quote(ref.arn) if ref.arn else "KEY-ID"
        ask = () if ref.arn else (f"kms describe-key --query KeyMetadata.KeyId --key-id {alias}",)
        schedule = f"kms schedule-key-deletion --key-id {key} --pending-window-in-days {DELETION_DAYS}"
        return (*ask, f"kms delete-alias --alias-name {alias}", schedule)

    def _look(self, kms: KMSClient, arn: str, region: str, name: str = "") -> Found | None:
        pages = kms.get_paginator("list_resource_tags").paginate(KeyId=arn)
        tags = {tag["TagKey"]: tag["TagValue"] for page in pages for tag in page["Tags"]}
        # An account may have thousands of keys: only those of a run are described.
        if RUN_TAG not in tags and not name:
            return None
        metadata = kms.describe_key(KeyId=arn)["KeyMetadata"]
        going = metadata.get("KeyState") in DELETED_STATES
        if going and not list(aliases_of(kms, arn)):
            return None
        ref = ResourceRef(self, name or tags.get(NAME_TAG, metadata["KeyId"]), region, arn, arn)
        return Found(ref, tags, metadata.get("CreationDate"), going)


KMS_KEY = KeyKind()
