"""What a lab makes that outlives it, if nobody removes it: kinds, names, and how one is removed by hand."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Mapping
from dataclasses import dataclass

KMS_KEY = "kms-key"
TABLE = "dynamodb-table"
USER = "iam-user"
ALARM = "cloudwatch-alarm"
CREDENTIALS_FILE = "credentials-file"
KEY_POLICY = "key-policy"
"""A change of the policy of somebody's own key: what it was stands in a file beside the ledger."""

WORDS: Mapping[str, str] = {
    KMS_KEY: "KMS key",
    TABLE: "table",
    USER: "IAM user",
    ALARM: "alarm",
    CREDENTIALS_FILE: "credentials file",
    KEY_POLICY: "key policy to put back, kept in",
}
"""Every kind, and what a person calls it."""

ALIAS_PREFIX = "alias/"
DELETION_DAYS = 7
"""The shortest wait KMS accepts before it deletes a key."""


@dataclass(frozen=True, slots=True)
class ResourceRef:
    """One thing: of a kind, with the name that nothing else has.

    A key's name is that of its alias without the prefix, a credentials file's is its path, a key policy's
    that of the file it is kept in (with the key's `arn`). `region` is empty for a credentials file. `arn`
    is empty for that too, and for what was to be made and may not exist.
    """

    kind: str
    name: str
    region: str = ""
    arn: str = ""

    def __str__(self) -> str:
        return f"{WORDS.get(self.kind, self.kind)} `{self.name}`"


def manual_commands(ref: ResourceRef, endpoint: str = "", profile: str = "") -> tuple[str, ...]:
    """The commands that remove a thing where there is no `kmslab`: the AWS CLI's, to copy into a shell."""
    if ref.kind == CREDENTIALS_FILE:
        return (f"rm {shlex.quote(ref.name)}",)
    place = {"--region": ref.region, "--endpoint-url": endpoint, "--profile": profile}
    options = "".join(f" {name} {shlex.quote(value)}" for name, value in place.items() if value)
    return tuple(f"aws {command}{options}" for command in COMMANDS[ref.kind](ref))


def _key(ref: ResourceRef) -> tuple[str, ...]:
    alias = shlex.quote(ALIAS_PREFIX + ref.name)
    key = shlex.quote(ref.arn) if ref.arn else "KEY-ID"
    schedule = f"kms schedule-key-deletion --key-id {key} --pending-window-in-days {DELETION_DAYS}"
    named = () if ref.arn else (f"kms describe-key --query KeyMetadata.KeyId --key-id {alias}",)
    return (*named, f"kms delete-alias --alias-name {alias}", schedule)


def _table(ref: ResourceRef) -> tuple[str, ...]:
    return (f"dynamodb delete-table --table-name {shlex.quote(ref.name)}",)


def _user(ref: ResourceRef) -> tuple[str, ...]:
    user = f"--user-name {shlex.quote(ref.name)}"
    return (
        f"iam list-access-keys {user}",
        f"iam delete-access-key --access-key-id ACCESS-KEY-ID {user}",
        f"iam list-attached-user-policies {user}",
        f"iam detach-user-policy --policy-arn POLICY-ARN {user}",
        f"iam delete-login-profile {user}",
        f"iam delete-user {user}",
    )


def _alarm(ref: ResourceRef) -> tuple[str, ...]:
    return (f"cloudwatch delete-alarms --alarm-names {shlex.quote(ref.name)}",)


def _policy(ref: ResourceRef) -> tuple[str, ...]:
    kept = shlex.quote(f"file://{ref.name}")
    return (f"kms put-key-policy --policy-name default --key-id {shlex.quote(ref.arn)} --policy {kept}",)


COMMANDS: Mapping[str, Callable[[ResourceRef], tuple[str, ...]]] = {
    KMS_KEY: _key,
    TABLE: _table,
    USER: _user,
    ALARM: _alarm,
    KEY_POLICY: _policy,
}
