"""Writes authorization cases in the form that `parse_case` reads."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from pytest_kmslab.authz.grant import Grant
from pytest_kmslab.authz.policy import NamedPolicy, Policies, document_of
from pytest_kmslab.authz.request import Request
from pytest_kmslab.cases.case import Case

Json = dict[str, Any]

_CONSTRAINTS = (
    ("EncryptionContextEquals", "encryption_context_equals"),
    ("EncryptionContextSubset", "encryption_context_subset"),
)
_TEXTS = (
    ("GrantId", "grant_id"),
    ("RetiringPrincipal", "retiring_principal"),
    ("Name", "name"),
    ("IssuingAccount", "issuing_account"),
)


def print_case(case: Case) -> str:
    """The text of a case, a JSON object over several lines; reading it again gives an equal case.

    Policies but identity-based ones get the names that reading gives them. A context with two keys that
    differ in case only is written as it is, and refused when it is read.
    """
    # A case is read by people: its first line ends in a bracket, by which a reader knows that it goes on.
    return json.dumps(case_as_json(case), indent=1, ensure_ascii=False) + "\n"


def case_as_json(case: Case) -> Json:
    """A case as `json.loads` would make it of its text."""
    printed: Json = {
        "name": case.name,
        "source": case.source,
        "verified": case.verified,
        "request": _request(case.request),
        "policies": _policies(case.policies),
    }
    if case.grants:
        printed["grants"] = [_grant(grant) for grant in case.grants]
    if case.expect is not None:
        matched = {} if case.expect.matched is None else {"matched": sorted(case.expect.matched)}
        printed["expect"] = {"decision": case.expect.decision.value, **matched}
    return printed


def _request(request: Request) -> Json:
    printed: Json = {
        "principal": request.principal,
        "action": request.action,
        "resource": request.resource,
    }
    if request.resource_account:
        printed["resource_account"] = request.resource_account
    # One value stands there as itself, none or several as a list.
    context = {
        name: values[0] if len(values) == 1 else list(values) for name, values in request.context.pairs()
    }
    if context:
        printed["context"] = context
    if request.grant_id:
        printed["grant_id"] = request.grant_id
    return printed


def _policies(policies: Policies) -> Json:
    printed: Json = {
        "identity": [
            {"name": named.name, "document": document_of(named.policy)} for named in policies.identity
        ],
        "session": [document_of(named.policy) for named in policies.session],
        "service_control": _levels(policies.service_control),
        "resource_control": _levels(policies.resource_control),
    }
    single = {
        "resource": policies.resource,
        "permissions_boundary": policies.permissions_boundary,
        "vpc_endpoint": policies.vpc_endpoint,
    }
    held = {kind: value for kind, value in printed.items() if value}
    return {**held, **{kind: document_of(one.policy) for kind, one in single.items() if one is not None}}


def _levels(levels: Sequence[Sequence[NamedPolicy]]) -> list[list[Any]]:
    return [[document_of(named.policy) for named in level] for level in levels]


def _grant(grant: Grant) -> Json:
    texts = {name: getattr(grant, field) for name, field in _TEXTS}
    constraints: dict[str, Mapping[str, str] | None] = {
        name: getattr(grant, field) for name, field in _CONSTRAINTS
    }
    constrained: Json = {name: dict(pairs) for name, pairs in constraints.items() if pairs is not None}
    if grant.source_arn:
        constrained["SourceArn"] = grant.source_arn
    return {
        "GranteePrincipal": grant.grantee_principal,
        "Operations": sorted(grant.operations),
        **{name: text for name, text in texts.items() if text},
        **({"Constraints": constrained} if constrained else {}),
    }
