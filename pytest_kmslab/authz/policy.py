"""Policy documents, parsed: `parse_policy` reads text, `Policies` holds all that bears on a request."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Policy:
    """A parsed policy document. `error` is set where it could not be read: such a policy denies."""

    version: str
    id: str
    statements: tuple[Any, ...]
    error: str = ""


@dataclass(frozen=True, slots=True)
class NamedPolicy:
    """A policy and the name it goes by in reasons (its name, or the ARN of what it hangs on)."""

    name: str
    policy: Policy


@dataclass(frozen=True, slots=True)
class Policies:
    """Every policy that bears on one request; what is None or empty does not exist.

    `session` has one entry for each session policy passed, `service_control` and
    `resource_control` one tuple of policies for each level of the organization, root first.
    """

    identity: tuple[NamedPolicy, ...] = ()
    resource: NamedPolicy | None = None
    permissions_boundary: NamedPolicy | None = None
    session: tuple[NamedPolicy, ...] = ()
    service_control: tuple[tuple[NamedPolicy, ...], ...] = ()
    resource_control: tuple[tuple[NamedPolicy, ...], ...] = ()
    vpc_endpoint: NamedPolicy | None = None


def parse_policy(text: str) -> Policy:
    """Read a policy document; raises PolicyError saying where and why. Parses are cached by text."""
    raise NotImplementedError


def read_policy(text: str) -> Policy:
    """Like `parse_policy`, but a document that cannot be read answers a Policy with `error` set,
    which denies every request that it bears on (it may hold a Deny)."""
    raise NotImplementedError
