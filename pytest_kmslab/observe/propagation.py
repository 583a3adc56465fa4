"""When a change has reached all of AWS: until then AWS may decide by what was before.

Every window is what was seen or documented, and not a promise: AWS gives none. Sources: KMS's
https://docs.aws.amazon.com/kms/latest/developerguide/programming-eventual-consistency.html, DynamoDB's
https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/encryption.usagenotes.html, and times
that people have measured.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from threading import Lock
from typing import Any

from pytest_kmslab.calls.api_call import ApiCall
from pytest_kmslab.calls.operations import changes_account

IAM_SECONDS = 120.0
"""An attached policy took effect after about 8 s; Terraform waits 2 minutes for IAM to be seen elsewhere."""

KMS_SECONDS = 300.0
"""Grants, tags and aliases: "usually under 5 minutes"."""

DYNAMODB_SECONDS = 300.0
"""A table policy that was removed went on denying for 226 s."""

TABLE_KEY_SECONDS = 360.0
"""After DisableKey items could be read for 332 s: a connection keeps a table's key for five minutes."""

WINDOWS = {"iam": IAM_SECONDS, "kms": KMS_SECONDS, "dynamodb": DYNAMODB_SECONDS}
"""By the service that was changed."""

NAMING = ("UserName", "RoleName", "NewUserName", "KeyId", "TargetKeyId", "TableName", "ResourceArn")
"""The parameters that name what is changed; a change that has none of them is one of everything."""

NEW_KEY = "kms:CreateKey"
"""Its answer names what was made: until then nobody can use it."""

UNUSED = frozenset({"iam:CreateGroup", "iam:CreateInstanceProfile", "iam:CreatePolicy"})
"""What these make bears on nobody until it is attached."""


@dataclass(frozen=True, slots=True)
class Change:
    """One change: when it was asked for, of which service, and of what (empty: of everything)."""

    at: float
    service: str
    names: frozenset[str] = field(default_factory=frozenset)

    def bears_on(self, arns: Iterable[str]) -> bool:
        """Whether it may bear on a decision about these principals and resources."""
        if not self.names:
            return True
        return any(not self.names.isdisjoint(re.split(r"[:/]", arn.lower())) for arn in arns)


class Changes:
    """The changes that passed the seam; safe for several threads."""

    def __init__(self) -> None:
        self._changes: list[Change] = []
        self._lock = Lock()

    def begin(self, call: ApiCall, now: float) -> Change | None:
        """A call is about to be made: the change that it is, None where it changes nothing."""
        if not changes_account(call) or call.service not in WINDOWS or call.name in UNUSED:
            return None
        # Empty names would make it a change of everything until the answer tells the key's id.
        names = frozenset({NEW_KEY}) if call.name == NEW_KEY else _names(call.params)
        change = Change(now, call.service, names)
        with self._lock:
            # Older ones bear on nothing any more, however long the run is.
            self._changes = [kept for kept in self._changes if now - kept.at < TABLE_KEY_SECONDS]
            self._changes.append(change)
        return change

    def end(
        self, change: Change, now: float, *, refused: bool = False, answer: Mapping[str, Any] | None = None
    ) -> None:
        """The call was answered: one that was refused has changed nothing."""
        key = str(((answer or {}).get("KeyMetadata") or {}).get("KeyId", "")).lower()
        names = frozenset({key}) if key and NEW_KEY in change.names else change.names
        with self._lock:
            self._changes = [kept for kept in self._changes if kept is not change]
            if not refused:
                self._changes.append(Change(now, change.service, names))

    def settled(self, arns: Iterable[str], now: float, *, table_key: bool = False) -> bool:
        """Whether nothing that bears on these was changed so lately that AWS may not know it.

        `table_key`: a connection may hold the key of a table.
        """
        about = tuple(arns)
        with self._lock:
            return not any(
                now - change.at < (TABLE_KEY_SECONDS if table_key else WINDOWS[change.service])
                and change.bears_on(about)
                for change in self._changes
            )


def _names(params: Mapping[str, Any]) -> frozenset[str]:
    """The last part of each name: an ARN's own."""
    names = [str(params[name]) for name in NAMING if params.get(name)]
    # An alias does not say of which key it is: the change is one of everything.
    if any(":alias/" in name or name.startswith("alias/") for name in names):
        return frozenset()
    return frozenset(re.split(r"[:/]", name.lower())[-1] for name in names)
