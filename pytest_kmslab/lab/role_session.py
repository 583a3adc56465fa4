"""Sessions of roles: what they are, and who asks for them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from pytest_kmslab.backends.protocol import Credentials

AssumeAsService = Callable[[str, Mapping[str, Any], Mapping[str, str]], Mapping[str, Any]]
"""Assumes a role as a service: its principal, AssumeRole's parameters, the condition keys that the service
sets; answers AssumeRole's response, or raises ServiceError."""


@dataclass(frozen=True, slots=True)
class Assumer:
    """Who is to assume a role, where that was said."""

    via: Any = None
    """A principal of the lab, or whoever can be acted as."""
    service: str | None = None
    """The principal of a service (`lambda.amazonaws.com`)."""
    source_arn: str | None = None
    """`aws:SourceArn`, the resource in whose name the service acts."""


@dataclass(frozen=True, slots=True)
class RoleSession:
    """A session of a role: somebody to act as, with the credentials that STS gave out."""

    arn: str
    """The session's, as `sts:GetCallerIdentity` answers it."""
    name: str
    """The RoleSessionName."""
    credentials: Credentials = field(repr=False)
    """What to sign with, the session token among it."""
    expires: datetime
    """When STS lets it end."""
