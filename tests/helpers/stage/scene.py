"""What was set up for a case, and what the case says of the call to make."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from pytest_kmslab.cases.case import Case

PAIR = "kms:EncryptionContext:"


@dataclass(frozen=True, slots=True)
class Scene:
    """What was set up for a case: `case` names what is really there, `grant_ids` the real ids by the
    case's own, `policy` the text of the key policy, `open_key` the ARN of a second key
    that everybody may use."""

    case: Case
    key_id: str = ""
    ciphertext: bytes = b""
    policy: str = ""
    shard_iterator: str = ""
    open_key: str = ""
    grant_ids: Mapping[str, str] = field(default_factory=dict)

    def values(self, name: str) -> tuple[str, ...]:
        """The values of a condition key; none where the case's request has no such key."""
        return self.case.request.context.get(name) or ()

    def value(self, name: str, default: str = "") -> str:
        return next(iter(self.values(name)), default)

    @property
    def key(self) -> str:
        """The key as the call names it: by its alias where the case says so."""
        return self.value("kms:RequestAlias", self.case.request.resource)

    @property
    def key_arn(self) -> str:
        resource = self.case.request.resource
        return resource if ":key/" in resource else self.key_id

    @property
    def pairs(self) -> dict[str, str]:
        """The encryption context; a case that says only the keys leaves the values to us."""
        context = dict.fromkeys(self.values("kms:EncryptionContextKeys"), "x")
        for name, values in self.case.request.context.pairs():
            if name.startswith(PAIR):
                context[name.removeprefix(PAIR)] = values[0]
        return context

    @property
    def encryption_context(self) -> dict[str, Any]:
        return {"EncryptionContext": self.pairs} if self.pairs else {}

    @property
    def algorithm(self) -> dict[str, str]:
        return self.given(EncryptionAlgorithm="kms:EncryptionAlgorithm")

    def given(self, **members: str) -> dict[str, str]:
        """The parameters whose condition keys the case's request has."""
        return {member: self.value(name) for member, name in members.items() if self.values(name)}

    @property
    def table(self) -> str:
        """The table as the call names it: by its ARN, which serves callers of other accounts too."""
        return self.case.request.resource.split("/index/")[0].split("/stream/")[0]

    @property
    def table_name(self) -> str:
        if self.case.request.resource.partition(":table/")[1]:
            return self.table.rpartition("/")[2]
        return self.value(f"{PAIR}aws:dynamodb:tableName", "my_table_kms")

    @property
    def table_in_statement(self) -> str:
        """By its name, but for another account's."""
        request = self.case.request
        own = request.principal.split(":")[4] == request.resource.split(":")[4]
        return self.table_name if own else self.table

    @property
    def ids(self) -> list[str]:
        return list(self.values("dynamodb:LeadingKeys")) or ["1"]


Invocation = tuple[str, str, dict[str, Any]]
"""The service, the method of its client, and the parameters."""
Caller = Callable[[Scene], Invocation]
