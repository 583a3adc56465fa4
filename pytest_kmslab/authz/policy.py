"""Policy documents, parsed: `parse_policy` reads text, `Policies` holds all that apply to a request."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, NamedTuple

from pytest_kmslab.authz.json_text import as_list, read_json
from pytest_kmslab.authz.statement import Statement, parse_statement
from pytest_kmslab.authz.variables import VERSION
from pytest_kmslab.errors import PolicyError

_ELEMENTS = ("Version", "Id", "Statement")
_VERSIONS = ("2008-10-17", VERSION)
_LARGEST = 262_144
"""Characters of a document; AWS's own limits are 32,768 bytes and less."""
_ACTIONS_KEPT = 2048
_PARSES_KEPT = 2048


class Relevant(NamedTuple):
    """The statements of a policy that are about one action."""

    denies: tuple[Statement, ...]
    allows: tuple[Statement, ...]


@dataclass(frozen=True, slots=True)
class Policy:
    """A parsed policy document."""

    version: str
    """The version of the policy language, of which only 2012-10-17 has policy variables."""
    id: str
    """The document's Id; empty where it has none."""
    statements: tuple[Statement, ...]
    """Its statements in order."""
    error: str = ""
    """Why it could not be read. Such a policy denies every request it applies to: it may hold a Deny."""
    unread: str = field(default="", repr=False, compare=False)
    """The text that could not be read."""
    has_no_deny: bool = field(init=False, repr=False, compare=False)
    """Whether it was read and holds no Deny."""
    _by_action: dict[str, Relevant] = field(default_factory=dict, init=False, repr=False, compare=False)
    """The statements about each action that was asked for so far."""

    def __post_init__(self) -> None:
        denies = any(statement.denies for statement in self.statements)
        object.__setattr__(self, "has_no_deny", not self.error and not denies)

    def __hash__(self) -> int:
        # Decisions are cached by the policies they rest on: a hash of every statement would cost more than
        # the decision.
        return hash((self.version, self.id, len(self.statements)))

    def relevant(self, action: str) -> Relevant:
        """The statements about an action, given in lower case. Found once for each action, then kept."""
        known = self._by_action.get(action)
        if known is None:
            # A run asks for far fewer; made-up actions must not fill the memory.
            if len(self._by_action) >= _ACTIONS_KEPT:
                self._by_action.clear()
            about = [statement for statement in self.statements if statement.covers_action(action)]
            known = Relevant(
                tuple(statement for statement in about if statement.denies),
                tuple(statement for statement in about if not statement.denies),
            )
            self._by_action[action] = known
        return known


class NamedPolicy(NamedTuple):
    """A policy and its name."""

    name: str
    """How reasons name it: by its name, or by the ARN of the resource it is attached to."""
    policy: Policy
    """The document."""


class Policies(NamedTuple):
    """Every policy that applies to one request; what is None or empty does not exist."""

    identity: tuple[NamedPolicy, ...] = ()
    """The policies of the user with its groups, or of the role."""
    resource: NamedPolicy | None = None
    """The key policy, the table's resource policy, or for `sts:AssumeRole` the role's trust policy. A KMS key
    or a role without it lets nobody in."""
    permissions_boundary: NamedPolicy | None = None
    """The user's or role's permissions boundary."""
    session: tuple[NamedPolicy, ...] = ()
    """The session policies passed, which together allow what one of them allows."""
    service_control: tuple[tuple[NamedPolicy, ...], ...] = ()
    """The SCPs of each level of the organization, root first. Each level has to allow the request; AWS
    attaches `FullAWSAccess` by itself."""
    resource_control: tuple[tuple[NamedPolicy, ...], ...] = ()
    """The RCPs, likewise; AWS attaches `RCPFullAWSAccess` by itself."""
    vpc_endpoint: NamedPolicy | None = None
    """The policy of the VPC endpoint that the request comes through."""


@lru_cache(maxsize=_PARSES_KEPT)
def parse_policy(text: str) -> Policy:
    """Read a policy document; raises PolicyError saying where and why. Parses are cached by text.

    An element written twice is an error: the grammar forbids it, and one of the two would be lost.
    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_grammar.html
    """
    # What AWS could never have stored is not worth the time that parsing it takes.
    if len(text) > _LARGEST:
        raise PolicyError(f"the document has {len(text)} characters: at most {_LARGEST} are read")
    try:
        return _parse_document(read_json(text, PolicyError))
    except RecursionError:
        raise PolicyError("the document is nested too deeply") from None


@lru_cache(maxsize=_PARSES_KEPT)
def read_policy(text: str) -> Policy:
    """Like `parse_policy`, but of a document that cannot be read a Policy with `error` set, which denies."""
    try:
        return parse_policy(text)
    except PolicyError as error:
        # It may hold a Deny, which must not count for nothing because nobody can read it.
        return Policy(version="", id="", statements=(), error=str(error), unread=text)


@lru_cache(maxsize=_PARSES_KEPT)
def named_policy(name: str, text: str) -> NamedPolicy:
    """A policy by its name and text, as `read_policy` reads it; the same one for the same two."""
    return NamedPolicy(name, read_policy(text))


def print_policy(policy: Policy) -> str:
    """The text of a policy: reading it again gives an equal policy."""
    document = document_of(policy)
    return document if isinstance(document, str) else json.dumps(document)


def document_of(policy: Policy) -> dict[str, Any] | str:
    """The document of a policy as a JSON object; of one that could not be read its text."""
    if policy.error:
        return policy.unread
    identified = {"Id": policy.id} if policy.id else {}
    statements = [dict(statement.source) for statement in policy.statements]
    return {"Version": policy.version, **identified, "Statement": statements}


def _parse_document(document: Any) -> Policy:
    if not isinstance(document, dict):
        raise PolicyError("the document is not a JSON object")
    unknown = [name for name in document if name not in _ELEMENTS]
    if unknown:
        raise PolicyError(f"{unknown[0]}: unknown element: write one of {', '.join(_ELEMENTS)}")
    # A document without Version is of the old version, which has no policy variables.
    version = document.get("Version", _VERSIONS[0])
    if version not in _VERSIONS:
        raise PolicyError(f"Version: `{version}` is not a version: write {' or '.join(_VERSIONS)}")
    identifier = document.get("Id", "")
    if not isinstance(identifier, str):
        raise PolicyError("Id is not text")
    if "Statement" not in document:
        raise PolicyError("Statement is missing")
    return Policy(version, identifier, _parse_statements(document["Statement"], version))


def _parse_statements(element: Any, version: str) -> tuple[Statement, ...]:
    statements = []
    for index, item in enumerate(as_list(element)):
        try:
            statements.append(parse_statement(item, index, version))
        except PolicyError as error:
            raise PolicyError(f"Statement[{index}]{error}") from None
    return tuple(statements)
