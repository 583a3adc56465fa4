"""Grants on a key of the lab. They go with their key: nothing has to remove them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from pytest_kmslab.arguments import check_texts, several_texts, wrong_type
from pytest_kmslab.lab.arguments import naming_arguments

if TYPE_CHECKING:
    from mypy_boto3_kms.client import KMSClient


@dataclass(frozen=True, slots=True)
class Grant:
    """A grant on a KMS key; the methods call KMS as the lab's administrator."""

    id: str
    """The GrantId."""
    token: str = field(repr=False)
    """The grant token, by which the grant acts at once: `GrantTokens=[grant.token]`."""
    key_arn: str
    _kms: KMSClient = field(repr=False, compare=False)

    def revoke(self) -> None:
        """Take the permissions back, as the key's administrator."""
        self._kms.revoke_grant(KeyId=self.key_arn, GrantId=self.id)

    def retire(self, kms: KMSClient | None = None) -> None:
        """Give the permissions back; `kms` is the client of the retiring principal or the grantee.

        Without, it is the administrator's, who may where they are the retiring principal.
        """
        if kms is not None and not hasattr(kms, "retire_grant"):
            raise wrong_type("kms", "the KMS client of whoever retires the grant", kms)
        (kms or self._kms).retire_grant(KeyId=self.key_arn, GrantId=self.id)


def create_grant(
    kms: KMSClient,
    key_arn: str,
    grantee: str,
    operations: str | Iterable[str],
    *,
    context_equals: Mapping[str, str] | None = None,
    context_subset: Mapping[str, str] | None = None,
    retiring: str | None = None,
) -> Grant:
    """Make a grant; KMS takes one of the two constraints."""
    contexts = {"context_equals": context_equals, "context_subset": context_subset}
    for argument, context in contexts.items():
        check_texts(argument, context)
    by_kind = {"EncryptionContextEquals": context_equals, "EncryptionContextSubset": context_subset}
    constraints = {name: dict(context) for name, context in by_kind.items() if context is not None}
    more: dict[str, Any] = {"Constraints": constraints} if constraints else {}
    if retiring is not None:
        more["RetiringPrincipal"] = retiring
    names = several_texts("operations", operations, "operations such as `Decrypt`")
    # KMS speaks of the members of its own request, and a person gave arguments.
    words = {
        "to": f"granteePrincipal|{re.escape(grantee)}",
        "operations": "operation",
        "context_equals": "EncryptionContextEquals",
        "context_subset": "EncryptionContextSubset",
        "retiring": f"retiringPrincipal|{re.escape(str(retiring))}",
    }
    with naming_arguments(words):
        answer = kms.create_grant(KeyId=key_arn, GranteePrincipal=grantee, Operations=names, **more)
    return Grant(answer["GrantId"], answer["GrantToken"], key_arn, kms)
