"""The smallest policies allow all that was done, and less with each part taken out; random requests too."""

from __future__ import annotations

import json
from itertools import combinations
from typing import Any

import pytest
from helpers.factories import (
    ACCOUNT,
    KEY,
    OTHER,
    ROLE,
    ROOT,
    SESSION,
    STRANGER,
    TABLE,
    USER,
    allow,
    named,
    to,
)
from helpers.fake_account import FakeAccount
from helpers.strategies import World, worlds
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pytest_kmslab.authz.context import Context
from pytest_kmslab.authz.grant import Grant
from pytest_kmslab.authz.policy import Policies
from pytest_kmslab.authz.request import Request
from pytest_kmslab.calls.dynamodb.table_policy.document import read_table_policy
from pytest_kmslab.calls.kms.policies import read_key_policy
from pytest_kmslab.calls.rules.identity_documents import check_identity_document
from pytest_kmslab.calls.rules.trust_documents import check_trust_document
from pytest_kmslab.privilege.least import LeastPrivilege, least_privilege
from pytest_kmslab.privilege.use import PolicySet, Use

TRUST = named(to(ROOT, "kms:*"))
EVERYTHING = Policies(identity=(named(allow("*")),), resource=TRUST)
VIA = "dynamodb.us-east-1.amazonaws.com"
INDEX = f"{TABLE}/index/by-author"


def use(
    action: str = "dynamodb:GetItem",
    resource: str = TABLE,
    principal: str = USER,
    policies: Policies = EVERYTHING,
    grants: tuple[Grant, ...] = (),
    **context: Any,
) -> Use:
    keys = {name.replace("__", ":"): value for name, value in context.items()}
    if principal == SESSION:
        keys["aws:PrincipalArn"] = ROLE
    return Use(Request(principal, action, resource, Context(keys)), policies, grants)


def through(table: str, action: str = "kms:Decrypt", key: str = KEY) -> Use:
    context = {
        "kms:ViaService": VIA,
        "kms:EncryptionContext:aws:dynamodb:tableName": table,
        "kms:EncryptionContext:aws:dynamodb:subscriberId": ACCOUNT,
    }
    return Use(Request(USER, action, key, Context(context)), EVERYTHING)


def least(*uses: Use, principal: str = USER) -> LeastPrivilege:
    found = least_privilege(principal, uses)
    assert found.proof.holds, found.proof
    return found


def statements(found: LeastPrivilege, place: str = "") -> list[dict[str, Any]]:
    document = found.resource_policies[place] if place else found.identity_policy
    assert document is not None
    assert document["Version"] == "2012-10-17"
    listed: list[dict[str, Any]] = document["Statement"]
    return listed


def test_actions_and_resources_are_just_those_that_were_used() -> None:
    found = least(use(), use(), use("dynamodb:PutItem"), use("dynamodb:Query", INDEX))
    assert statements(found) == [
        {"Effect": "Allow", "Action": ["dynamodb:GetItem", "dynamodb:PutItem"], "Resource": TABLE},
        {"Effect": "Allow", "Action": "dynamodb:Query", "Resource": INDEX},
    ]
    assert found.resource_policies == {}
    assert (found.proof.decisions, found.proof.removals) == (4, 4)


def test_resources_that_need_the_same_share_a_statement() -> None:
    actions, tables = ["dynamodb:GetItem", "dynamodb:PutItem"], [TABLE, f"{TABLE}2"]
    found = least(*(use(action, table) for action in actions for table in tables))
    assert statements(found) == [{"Effect": "Allow", "Action": actions, "Resource": tables}]


def test_a_key_is_used_by_its_key_policy_through_the_service_and_for_the_table() -> None:
    found = least(through("books"), through("books"))
    assert found.identity_policy is None
    assert statements(found, KEY) == [
        {
            "Effect": "Allow",
            "Principal": {"AWS": USER},
            "Action": "kms:Decrypt",
            "Resource": "*",
            "Condition": {
                "StringEquals": {
                    "kms:EncryptionContext:aws:dynamodb:subscriberId": ACCOUNT,
                    "kms:EncryptionContext:aws:dynamodb:tableName": "books",
                    "kms:ViaService": VIA,
                }
            },
        }
    ]


def test_a_key_of_two_tables_names_both() -> None:
    (statement,) = statements(least(through("books"), through("loans")), KEY)
    pairs = statement["Condition"]["StringEquals"]
    assert pairs["kms:EncryptionContext:aws:dynamodb:tableName"] == ["books", "loans"]


def test_a_key_that_is_used_directly_is_used_so_through_a_service_too() -> None:
    found = least(through("books"), use("kms:Decrypt", KEY), through("books", "kms:GenerateDataKey"))
    first, second = statements(found, KEY)
    assert (first["Action"], "Condition" in first) == ("kms:Decrypt", False)
    assert (second["Action"], "Condition" in second) == ("kms:GenerateDataKey", True)


def test_wildcards_are_only_where_a_call_has_one() -> None:
    new = f"arn:aws:kms:us-east-1:{ACCOUNT}:key/*"
    found = least(use("dynamodb:ListTables", "*"), use("kms:CreateKey", "*"), use("kms:TagResource", new))
    assert statements(found) == [
        {"Effect": "Allow", "Action": ["dynamodb:ListTables", "kms:CreateKey"], "Resource": "*"},
        {"Effect": "Allow", "Action": "kms:TagResource", "Resource": new},
    ]


def test_a_name_with_a_wildcard_or_a_variable_in_it_means_itself() -> None:
    odd = f"arn:aws:iam::{ACCOUNT}:user/a*b?c${{d}}/ana"
    found = least(use("iam:GetUser", odd))
    other = odd.replace("*", "x")
    policies = PolicySet.of(found.identity_policy, {})
    assert use("iam:GetUser", odd).is_allowed_by(policies)
    assert not use("iam:GetUser", other).is_allowed_by(policies)


def test_a_role_is_named_by_itself_and_not_by_its_session() -> None:
    found = least(use(principal=SESSION), use("kms:Decrypt", KEY, SESSION), principal=ROLE)
    assert statements(found, KEY)[0]["Principal"] == {"AWS": ROLE}


def test_what_limits_a_caller_stays() -> None:
    limited = EVERYTHING._replace(permissions_boundary=named(allow("dynamodb:*")))
    found = least(use(policies=limited))
    assert not use("kms:ListKeys", "*", policies=limited).is_allowed_by(
        PolicySet.of({"Version": "2012-10-17", "Statement": [allow("kms:*")]}, {})
    )
    assert len(statements(found)) == 1


def test_across_accounts_both_sides_are_needed() -> None:
    table = TABLE.replace(ACCOUNT, OTHER)
    policies = EVERYTHING._replace(resource=named(to(USER, "dynamodb:*")))
    found = least(use("dynamodb:GetItem", table, policies=policies))
    assert statements(found)[0]["Resource"] == table
    assert statements(found, table)[0]["Principal"] == {"AWS": USER}


def test_a_role_is_assumed_by_its_trust_policy() -> None:
    policies = EVERYTHING._replace(resource=named(to(USER, "sts:AssumeRole")))
    found = least(use("sts:AssumeRole", ROLE, policies=policies))
    assert found.identity_policy is None
    assert statements(found, ROLE)[0]["Action"] == "sts:AssumeRole"


def test_services_take_the_policies() -> None:
    table, role = TABLE.replace(ACCOUNT, OTHER), ROLE.replace(ACCOUNT, OTHER)
    other = EVERYTHING._replace(resource=named(to(USER, "*")))
    used = [use("dynamodb:GetItem", table, policies=other), use("sts:AssumeRole", role, policies=other)]
    found = least(*used, through("books"), granting("Decrypt", "Encrypt", "Verify"))
    check_identity_document(json.dumps(found.identity_policy), "aws", managed=True)
    read_key_policy(json.dumps(found.resource_policies[KEY]), FakeAccount(), "aws")
    read_table_policy(json.dumps(found.resource_policies[table]), table, FakeAccount())
    check_trust_document(json.dumps(found.resource_policies[role]), FakeAccount(), "aws")


def test_what_a_grant_allows_needs_no_policy_and_the_grant_is_named() -> None:
    grant = Grant(USER, frozenset({"Decrypt"}), "g1")
    found = least(use("kms:Decrypt", KEY, policies=Policies(resource=TRUST), grants=(grant,)))
    assert (found.identity_policy, found.resource_policies, found.grants) == (None, {}, ("g1",))


@pytest.mark.parametrize(
    ("context", "condition"),
    [
        (
            {"kms__GrantIsForAWSResource": True, "kms__ViaService": VIA},
            {"Bool": {"kms:GrantIsForAWSResource": "true"}, "StringEquals": {"kms:ViaService": VIA}},
        ),
        (
            {"kms__GranteePrincipal": STRANGER, "kms__GrantOperations": ["Encrypt", "Decrypt"]},
            {
                "ForAllValues:StringEquals": {"kms:GrantOperations": ["Decrypt", "Encrypt"]},
                "ForAnyValue:StringEquals": {"kms:GrantOperations": "Decrypt"},
                "ForAnyValue:StringLike": {"kms:GrantOperations": "Encrypt"},
                "StringEquals": {"kms:GranteePrincipal": STRANGER},
            },
        ),
        (
            {
                "kms__GranteeServicePrincipal": "rds.amazonaws.com",
                "kms__RetiringServicePrincipal": "rds.amazonaws.com",
                "kms__GrantConstraintSourceArn": "arn:aws:rds:us-east-1:111122223333:db:one",
                "kms__GrantOperations": ["Decrypt"],
            },
            {
                "ForAllValues:StringEquals": {"kms:GrantOperations": "Decrypt"},
                "StringEquals": {
                    "kms:GrantConstraintSourceArn": "arn:aws:rds:us-east-1:111122223333:db:one",
                    "kms:GranteeServicePrincipal": "rds.amazonaws.com",
                    "kms:RetiringServicePrincipal": "rds.amazonaws.com",
                },
            },
        ),
        (
            {
                "kms__GranteePrincipal": STRANGER,
                "kms__RetiringPrincipal": USER,
                "kms__GrantConstraintType": ["EncryptionContextEquals"],
                "kms__EncryptionContext:department": "it",
                "kms__GrantOperations": ["Decrypt"],
            },
            {
                "ForAllValues:StringEquals": {"kms:GrantOperations": "Decrypt"},
                "StringEquals": {
                    "kms:EncryptionContext:department": "it",
                    "kms:GrantConstraintType": "EncryptionContextEquals",
                    "kms:GranteePrincipal": STRANGER,
                    "kms:RetiringPrincipal": USER,
                },
            },
        ),
    ],
    ids=["DynamoDB's own", "direct", "to a service", "constrained"],
)
def test_a_grant_is_held_to_its_purpose(context: dict[str, Any], condition: dict[str, Any]) -> None:
    (statement,) = statements(least(use("kms:CreateGrant", KEY, **context)), KEY)
    assert statement["Condition"] == condition


def granting(*operations: str, to_whom: str = STRANGER) -> Use:
    keys = {"kms__GranteePrincipal": to_whom, "kms__GrantOperations": list(operations)}
    return use("kms:CreateGrant", KEY, **keys)


@pytest.mark.parametrize(
    "operations", [("Decrypt",), ("Decrypt", "Encrypt"), ("Decrypt", "Encrypt", "Verify")]
)
def test_a_grant_of_fewer_operations_is_another_grant(operations: tuple[str, ...]) -> None:
    found = least(granting(*operations))
    policies = PolicySet.of(found.identity_policy, found.resource_policies)
    for number in range(1, len(operations)):
        for fewer in combinations(operations, number):
            assert not granting(*fewer).is_allowed_by(policies)
    assert not granting(*operations, "Sign").is_allowed_by(policies)
    assert not granting(*operations, to_whom=USER).is_allowed_by(policies)
    assert found.proof.wider == ()


def test_where_no_policy_can_hold_a_grant_to_all_its_operations_it_is_said() -> None:
    found = least(granting("Decrypt", "DescribeKey", "Encrypt", "Verify"))
    assert found.proof.wider == (f"a grant without Verify of {KEY}",)
    assert found.as_json()["proof"]["wider"] == list(found.proof.wider)
    both = least(
        granting("Decrypt", "DescribeKey", "Encrypt", "Verify"), granting("Decrypt", "DescribeKey", "Encrypt")
    )
    assert both.proof.wider == ()


def test_nothing_done_needs_nothing_and_proves_nothing() -> None:
    found = least_privilege(USER, ())
    assert not found.proof.holds
    assert (found.identity_policy, found.resource_policies, found.proof.removals) == (None, {}, 0)


def test_the_policy_does_not_depend_on_the_order() -> None:
    uses = [through("books"), through("loans"), use(), use("dynamodb:PutItem"), use("kms:Decrypt", KEY)]
    assert least(*uses).as_json() == least(*reversed(uses)).as_json()


def allowed_uses(world: World) -> Use:
    return Use(world.request, world.policies, world.grants)


@settings(max_examples=40, suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much])
@given(st.lists(worlds(), max_size=4))
def test_of_random_requests_everything_is_allowed_again_and_no_part_is_idle(found: list[World]) -> None:
    by_actor: dict[str, list[Use]] = {}
    for one in (allowed_uses(world) for world in found if world.allowed):
        by_actor.setdefault(one.actor, []).append(one)
    for actor, uses in by_actor.items():
        proof = least_privilege(actor, uses).proof
        assert proof.holds, proof
