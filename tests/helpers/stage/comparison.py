"""Whether what was really asked, and of which policies, is what the case says."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime

from pytest_kmslab.authz.policy import NamedPolicy, Policies, Policy, parse_policy
from pytest_kmslab.authz.request import Request
from pytest_kmslab.cases.case import Case, matched_statements
from pytest_kmslab.enforcement.entry import TrailEntry

EXTRA = "extra-of-the-stage"
"""The name of the inline policy that lets a caller get as far as the case's own question."""
_VARIABLE = re.compile(r"\$\{([^}*?$,\s]+)")
_DATE = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")
_NOTHING = parse_policy('{"Version":"2012-10-17","Statement":[]}')
_GRANT_KEYS = ("kms:encryptioncontext", "kms:grantoperations", "kms:grantconstrainttype")


def caller_policies(policies: Policies) -> Iterator[NamedPolicy]:
    """The policies that can be set up in one account."""
    yield from policies.identity
    yield from policies.session
    yield from filter(None, (policies.resource, policies.permissions_boundary))


def mentioned(case: Case) -> set[str]:
    """The condition keys, in lower case, on which the decision can depend: those that a statement about
    the action tests or takes the value of, and for grants the encryption context and the source."""
    names: set[str] = set()
    for caller_policy in caller_policies(case.policies):
        for statement in caller_policy.policy.statements:
            if statement.covers_action(case.request.action.lower()):
                names |= {condition.folded_key for condition in statement.conditions}
                names |= {name.lower() for name in _VARIABLE.findall(json.dumps(statement.source))}
    if case.grants:
        names |= {name.lower() for name in case.request.context if name.lower().startswith(_GRANT_KEYS)}
        names |= {"aws:sourcearn"} if any(grant.source_arn for grant in case.grants) else set()
    return names


def differences(case: Case, entry: TrailEntry, grant_ids: Mapping[str, str]) -> list[str]:
    """What the case says and the trail's entry does not, one line each; empty for a faithful set-up."""
    return [
        *_of_request(case, entry.request),
        *(_of_policies(case.policies, entry.policies) if entry.policies else ["no policies were looked at"]),
        *_of_reasons(case, entry, grant_ids),
    ]


def _of_request(case: Case, request: Request) -> Iterator[str]:
    wanted = case.request
    if request.principal != wanted.principal:
        yield f"asked by {request.principal}, not {wanted.principal}"
    for name in sorted(mentioned(case)):
        said, real = wanted.context.get(name), request.context.get(name)
        if (said is None) != (real is None) or _sorted(said) != _sorted(real):
            yield f"{name}: the case says {said}, the request {real}"


def _sorted(values: Sequence[str] | None) -> list[str]:
    """Values as a set, an instant by its number of seconds."""
    return sorted(_instant(value) for value in values or ())


def _instant(value: str) -> str:
    if not _DATE.fullmatch(value):
        return value
    return str(int(datetime.fromisoformat(value.replace("Z", "+00:00")).timestamp()))


def _of_policies(wanted: Policies, real: Policies) -> Iterator[str]:
    identity = [policy for policy in real.identity if policy.name != EXTRA]
    pairs: Mapping[str, tuple[list[Policy], list[Policy]]] = {
        "identity": (_read(*wanted.identity), _read(*identity)),
        "resource": (_read(wanted.resource), [one for one in _read(real.resource) if one.statements]),
        "boundary": (_read(wanted.permissions_boundary), _read(real.permissions_boundary)),
        "session": (_read(*wanted.session) or [_NOTHING], _read(*real.session) or [_NOTHING]),
    }
    for kind, (said, made) in pairs.items():
        if len(said) != len(made) or any(policy not in made for policy in said):
            yield f"{kind} policies: the case says {said}, there are {made}"


def _read(*policies: NamedPolicy | None) -> list[Policy]:
    return [one.policy for one in policies if one is not None]


def _of_reasons(case: Case, entry: TrailEntry, grant_ids: Mapping[str, str]) -> Iterator[str]:
    """Where the decision is the expected one, it must rest on the expected statements."""
    expect = case.expect
    if expect is None or expect.matched is None or entry.decision.decision is not expect.decision:
        return
    wanted = {grant_ids.get(name, name) for name in expect.matched}
    if matched_statements(entry.decision) != wanted:
        yield f"decided by {sorted(matched_statements(entry.decision))}, not {sorted(wanted)}"
