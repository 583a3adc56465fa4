"""KMS grants: they only ever allow.

https://docs.aws.amazon.com/kms/latest/developerguide/grants.html
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Grant:
    """One grant on a KMS key, with the fields of `ListGrants`."""

    grantee_principal: str
    operations: frozenset[str]
    grant_id: str = ""
    retiring_principal: str = ""
    encryption_context_equals: Mapping[str, str] | None = None
    encryption_context_subset: Mapping[str, str] | None = None
    name: str = ""
    issuing_account: str = ""
    token: str = field(default="", repr=False)
