from __future__ import annotations

from typing import Any

import pytest
from helpers.factories import ACCOUNT, KEY, ROLE, ROOT, SESSION, USER, allow, deny, named, request_of, to

from pytest_kmslab.authz.authorize import authorize
from pytest_kmslab.authz.deciding import deciding_statements
from pytest_kmslab.authz.decision import PolicyType
from pytest_kmslab.authz.grant import Grant
from pytest_kmslab.authz.policy import Policies

ACCOUNTS = to(ROOT, "kms:*", Sid="Account")
DECRYPT = allow("kms:Decrypt", Sid="Decrypts")
OTHER = allow("kms:Encrypt", Sid="Encrypts")


def deciding(**policies: Any) -> list[tuple[str, str, int]]:
    held, request = Policies(**policies), request_of()
    decision = authorize(request, held)
    found = deciding_statements(request, held, (), decision)
    return sorted((one.policy_type.value, one.statement.name, one.index) for one in found)


def test_an_allowed_request_rests_on_what_gave_the_permission() -> None:
    found = deciding(identity=(named(OTHER, DECRYPT),), resource=named(ACCOUNTS, to(USER, "kms:Encrypt")))
    assert found == [("identity-based policy", "Decrypts", 1), ("resource-based policy", "Account", 0)]


def test_two_statements_of_one_sid_are_told_apart() -> None:
    first, second = {**OTHER, "Sid": "Same"}, {**DECRYPT, "Sid": "Same"}
    found = deciding(identity=(named(first, second),), resource=named(ACCOUNTS))
    assert ("identity-based policy", "Same", 1) in found
    assert ("identity-based policy", "Same", 0) not in found


def test_a_denied_request_rests_on_the_deny_alone() -> None:
    boundary = named(allow("kms:*", Sid="All"), deny("kms:Decrypt", Sid="Never"))
    found = deciding(identity=(named(DECRYPT),), resource=named(ACCOUNTS), permissions_boundary=boundary)
    assert found == [("permissions boundary", "Never", 1)]


def test_a_deny_of_all_but_the_caller_counts_where_the_caller_has_a_boundary() -> None:
    """https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_notprincipal.html"""
    but_ana = deny("kms:*", NotPrincipal={"AWS": [USER, ROOT]}, Sid="Others")
    held: dict[str, Any] = {"identity": (named(DECRYPT),), "resource": named(ACCOUNTS, but_ana)}
    assert deciding(**held, permissions_boundary=named(DECRYPT)) == [("resource-based policy", "Others", 1)]
    assert ("identity-based policy", "Decrypts", 0) in deciding(**held)


def test_what_is_missing_rests_on_no_statement() -> None:
    assert deciding(identity=(named(OTHER),), resource=named(ACCOUNTS)) == []


@pytest.mark.parametrize("kind", ["permissions_boundary", "session"])
def test_a_limit_counts_where_it_had_to_allow_the_request(kind: str) -> None:
    limit = named(OTHER, DECRYPT)
    held: dict[str, Any] = {kind: (limit,) if kind == "session" else limit}
    found = deciding(identity=(named(DECRYPT),), resource=named(ACCOUNTS), **held)
    assert (getattr(PolicyType, kind.upper()).value, "Decrypts", 1) in found
    assert len(found) == 3


def test_a_boundary_does_not_count_where_the_key_policy_names_the_user() -> None:
    key_policy = named(to(USER, "kms:Decrypt", Sid="Named"))
    found = deciding(resource=key_policy, permissions_boundary=named(DECRYPT))
    assert found == [("resource-based policy", "Named", 0)]


def test_an_identity_based_policy_that_the_key_policy_does_not_trust_does_not_count() -> None:
    request = request_of(SESSION)
    key_policy, limit = named(to(ROLE, "kms:Decrypt", Sid="Named")), named(DECRYPT)
    held = Policies(identity=(limit,), resource=key_policy, permissions_boundary=limit)
    found = deciding_statements(request, held, (), authorize(request, held))
    kinds = [one.policy_type for one in found]
    assert kinds == [PolicyType.RESOURCE, PolicyType.PERMISSIONS_BOUNDARY]


def test_every_level_of_an_organization_had_to_allow_it() -> None:
    levels = ((named(allow("*", Sid="Root")),), (named(OTHER), named(DECRYPT)))
    found = deciding(identity=(named(DECRYPT),), resource=named(ACCOUNTS), service_control=levels)
    limits = [name for kind, name, _ in found if kind == "service control policy"]
    assert limits == ["Decrypts", "Root"]
    assert KEY.split(":")[4] == ACCOUNT


def test_the_policy_of_an_endpoint_counts_where_it_had_to_allow_the_request() -> None:
    endpoint = named(to("*", "kms:Encrypt"), to("*", "kms:Decrypt", Sid="Through"))
    found = deciding(identity=(named(DECRYPT),), resource=named(ACCOUNTS), vpc_endpoint=endpoint)
    assert (PolicyType.VPC_ENDPOINT.value, "Through", 1) in found
    assert len(found) == 3


@pytest.mark.parametrize("kind", ["service_control", "resource_control"])
def test_the_policies_of_an_organization_count_where_they_had_to_allow_the_request(kind: str) -> None:
    everybody = {} if kind == "service_control" else {"Principal": "*"}
    levels: dict[str, Any] = {kind: ((named({**OTHER, **everybody}, {**DECRYPT, **everybody}),),)}
    found = deciding(identity=(named(DECRYPT),), resource=named(ACCOUNTS), **levels)
    assert (getattr(PolicyType, kind.upper()).value, "Decrypts", 1) in found
    assert len(found) == 3


def test_a_boundary_does_not_count_where_a_grant_allows_without_it() -> None:
    request, grants = request_of(), (Grant(USER, frozenset({"Decrypt"}), "g1"),)
    held = Policies(resource=named(ACCOUNTS), permissions_boundary=named(OTHER, DECRYPT))
    decision = authorize(request, held, grants)
    assert decision.allowed
    assert deciding_statements(request, held, grants, decision) == []
