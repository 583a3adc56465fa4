"""Whose a policy is: the test's, the lab's, or AWS's. The lab's and AWS's are not under test.

A key policy that the lab wrote is the test's as far as a test had a hand in it: where it names somebody of
the test's as key user or administrator, or says something else than the console.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from pytest_kmslab.authz.arn import name_in
from pytest_kmslab.authz.decision import PolicyType
from pytest_kmslab.authz.policy import NamedPolicy, Policy, parse_policy
from pytest_kmslab.authz.statement import Statement
from pytest_kmslab.lab.kinds.kms.key_policy import (
    POLICY_ID,
    USE_ACTIONS,
    USE_ACTIONS_OF_OTHERS,
    console_policy,
)
from pytest_kmslab.lab.naming import KEY_USER_NAME, SUFFIX

RUN_SUFFIX = re.compile(rf"{SUFFIX}(?![0-9A-Za-z])")
KEY_ID = re.compile(r"(?<=key/)(?:mrk-[0-9a-f]{32}|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})")


def without_ids(text: str) -> str:
    """A text without what differs from run to run: the suffix of a name that the lab gave, a key's id."""
    return KEY_ID.sub("KEY-ID", RUN_SUFFIX.sub("", text))


@dataclass(frozen=True, slots=True)
class Share:
    """What of a policy is the lab's."""

    statements: tuple[bool, ...]
    """For each statement whether the lab wrote it, for nobody but its own users."""
    named: tuple[str, ...] = ()
    """The names of those whom a test made key users or administrators."""


def share_of_lab(policy: Policy, administrator: str) -> Share:
    """What of a key policy is the lab's, whose administrator has this name."""
    whose = [_named(statement) for statement in policy.statements]
    if policy.id != POLICY_ID or not any(RUN_SUFFIX.search(arn) for arns in whose for arn in arns):
        # Who copies the console's policy names users of no lab.
        return Share((False,) * len(whose))
    own = {administrator, KEY_USER_NAME}
    others = [sorted({RUN_SUFFIX.sub("", name_in(arn)) for arn in arns} - own) for arns in whose]
    is_labs = tuple(
        _without_principal(statement.source) in _CONSOLES and not names
        for statement, names in zip(policy.statements, others, strict=True)
    )
    return Share(is_labs, tuple(dict.fromkeys(name for other in others for name in other)))


def owner_of(kind: PolicyType, named: NamedPolicy, principal: str, administrator: str) -> str:
    """`test`, `lab` or `AWS`, for a policy that was asked when this principal made a request."""
    if kind is not PolicyType.RESOURCE:
        name = name_in(principal)
        # By its suffix: a test may have an administrator of this name too.
        if RUN_SUFFIX.sub("", name) == administrator != name:
            return "lab"
    if kind not in (PolicyType.IDENTITY, PolicyType.PERMISSIONS_BOUNDARY):
        return "test"
    from pytest_kmslab.backends.moto.managed_policies import document

    # By its text too: a policy of one's own may have the name of one of AWS's.
    record = document(name_in(named.name))
    is_awss = record is not None and parse_policy(json.dumps(record["Document"])) == named.policy
    return "AWS" if is_awss else "test"


def _named(statement: Statement) -> list[str]:
    """The users and roles that a statement names. Who is gone has no ARN any more, and a root user stands
    for its account."""
    names = statement.principals.names if statement.principals else ()
    return [arn for arn in names if arn.startswith("arn:") and not arn.endswith(":root")]


def _without_principal(statement: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in statement.items() if name != "Principal"}


def _consoles() -> Iterator[dict[str, Any]]:
    account = "123456789012"  # whose does not matter: who is named is left out
    anybody = [f"arn:aws:iam::{account}:user/anybody"]
    for use in (USE_ACTIONS, *USE_ACTIONS_OF_OTHERS.values()):
        document = console_policy(account, anybody, anybody, use=use)
        yield from map(_without_principal, document["Statement"])


_CONSOLES = list(_consoles())
"""The statements that the console writes, without whom they name."""
