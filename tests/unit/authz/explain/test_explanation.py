from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from helpers.factories import (
    ACCOUNT,
    KEY,
    ROOT,
    SESSION,
    STRANGER,
    TABLE,
    USER,
    allow,
    deny,
    named,
    request_of,
    to,
    unreadable,
)
from helpers.strategies import World, worlds
from hypothesis import given, settings

from pytest_kmslab.authz.authorize import authorize
from pytest_kmslab.authz.context import Context
from pytest_kmslab.authz.decision import Effect, PolicyType
from pytest_kmslab.authz.evaluation import Evaluation
from pytest_kmslab.authz.explain.explanation import explain
from pytest_kmslab.authz.explain.suggestions import suggestions
from pytest_kmslab.authz.grant import Grant
from pytest_kmslab.authz.policy import Policies
from pytest_kmslab.authz.request import Request

VIA = "dynamodb.us-east-1.amazonaws.com"
ADMIN = f"arn:aws:iam::{ACCOUNT}:user/admin"
TRUST = to(ROOT, Sid="Trust")


def told(request: Request, grants: tuple[Grant, ...] = (), **policies: Any) -> str:
    everything = Policies(**policies)
    return explain(request, everything, grants, authorize(request, everything, grants))


def key(*statements: dict[str, Any]) -> Any:
    return named(*statements, name=KEY)


def test_the_user_without_the_key() -> None:
    request = request_of(kms__ViaService=VIA, kms__ResourceAliases=["alias/MY-kms-key"])
    users = to(ADMIN, ["kms:Encrypt", "kms:Decrypt"], Sid="Allow use of the key")
    table = named(allow(["dynamodb:*", "kms:DescribeKey"], Sid="Dynamo"), name="AmazonDynamoDBFullAccess")
    grants = (Grant(VIA, frozenset(["Decrypt"]), "g1"), Grant(USER, frozenset(["Encrypt"]), "g2"))
    wanted = json.dumps({"Effect": "Allow", "Action": "kms:Decrypt", "Resource": KEY})
    assert told(request, grants, resource=key(TRUST, users), identity=(table,)).splitlines() == [
        "denied: kms:Decrypt",
        f"  by  {USER}",
        f"  on  {KEY} (alias/MY-kms-key)",
        f"  via {VIA}",
        "because",
        "  no identity-based policy allows it, and the key policy delegates to IAM policies",
        "looked at",
        "  key policy: 2 statements, 2 about kms:Decrypt",
        "  identity-based policy `AmazonDynamoDBFullAccess`: 1 statement, 0 about kms:Decrypt",
        "  2 grants on the key, 1 to the caller",
        "nearly",
        f"  `Allow use of the key` of key policy: Principal: names {ADMIN}, not {USER}",
        "  grant `g2`: Operations: allows Encrypt, asked Decrypt",
        "  `Dynamo` of identity-based policy `AmazonDynamoDBFullAccess`: Action: wanted kms:DescribeKey,"
        " asked kms:Decrypt",
        "to allow it",
        f"  add to an identity-based policy of the caller: {wanted}",
        "  or name the caller in the Principal of `Allow use of the key` of the key policy",
    ]


def test_an_allowed_request() -> None:
    assert told(request_of(), resource=key(TRUST), identity=(named(allow(Sid="A"), name="p1"),)).splitlines()[
        1:
    ] == [
        f"  by  {USER}",
        f"  on  {KEY}",
        "  via no service: a direct call",
        "because",
        "  `A` of identity-based policy `p1` allows it",
        "  `Trust` of key policy allows it",
        "looked at",
        "  key policy: 1 statement, 1 about kms:Decrypt",
        "  identity-based policy `p1`: 1 statement, 1 about kms:Decrypt",
    ]


DIRECT = (
    "`Allow` of key policy: Condition StringEquals kms:ViaService: wanted {}, the request has none:"
    " this is a direct call"
)


@pytest.mark.parametrize(
    ("request_", "policies", "lines"),
    [
        (
            request_of(),
            {"resource": key(to(USER, Sid="Allow", Condition={"StringEquals": {"kms:ViaService": VIA}}))},
            [DIRECT.format(VIA)],
        ),
        (
            request_of(a__k=["x", "y"]),
            {
                "resource": key(
                    to(USER, Sid="A", Condition={"StringNotEquals": {"a:k": ["1", "2", "3", "4"]}})
                )
            },
            [
                "`A` of key policy: Condition StringNotEquals a:k: wanted none of 1 or 2 or 3 or 1 more,"
                " the request has x or y: a key of several values needs ForAllValues or ForAnyValue"
            ],
        ),
        (
            request_of(),
            {"resource": key(to(USER, Sid="A", Condition={"Null": {"a:k": "false"}}))},
            ["`A` of key policy: Condition Null a:k: wanted it present, the request has none"],
        ),
        (
            request_of(),
            {"resource": key(to(USER, Sid="A") | {"Resource": TABLE})},
            [f"`A` of key policy: Resource: wanted {TABLE}, asked {KEY}"],
        ),
        (
            request_of(),
            {
                "resource": key(
                    {"Sid": "A", "Effect": "Allow", "Principal": "*", "NotAction": "kms:*", "Resource": "*"}
                )
            },
            ["`A` of key policy: Action: wanted anything but kms:*, asked kms:Decrypt"],
        ),
        (
            request_of(),
            {"resource": key(), "identity": (named(allow(Sid="A"), name="p1"),)},
            [
                "`A` of identity-based policy `p1` matches but has no effect: the key policy does not"
                " delegate this to IAM policies"
            ],
        ),
        (
            request_of(STRANGER),
            {"resource": key(TRUST), "identity": (named(allow(Sid="A"), name="p1"),)},
            [
                "`A` of identity-based policy `p1` matches but has no effect: across accounts the key"
                " policy must allow it too",
                f"`Trust` of key policy: Principal: names {ROOT}, not {STRANGER}",
            ],
        ),
    ],
)
def test_near_misses_name_the_one_element(
    request_: Request, policies: dict[str, Any], lines: list[str]
) -> None:
    text = told(request_, **policies).splitlines()
    nearly = text[text.index("nearly") + 1 : text.index("to allow it")] if "nearly" in text else []
    assert nearly == [f"  {line}" for line in lines]


@pytest.mark.parametrize(
    ("request_", "policies", "first", "last"),
    [
        (
            request_of(),
            {"resource": key(to(USER), deny(Principal="*", Sid="No"))},
            "denied by an explicit Deny: kms:Decrypt",
            "  take `No` out of key policy, or narrow it: no Allow overrides a Deny",
        ),
        (
            request_of(USER, "dynamodb:GetItem", TABLE),
            {"identity": (unreadable(),)},
            "denied: dynamodb:GetItem",
            "  correct identity-based policy `broken`",
        ),
        (
            request_of(STRANGER, "kms:PutKeyPolicy"),
            {"resource": key(to(STRANGER)), "identity": (named(allow()),)},
            "denied: kms:PutKeyPolicy",
            "  kms:PutKeyPolicy cannot be used on a key of another account",
        ),
        (
            request_of("ana"),
            {"resource": key(TRUST)},
            "denied: kms:Decrypt",
            "  `ana` is not a principal: write its ARN or a service principal",
        ),
        (
            request_of(),
            {},
            "denied: kms:Decrypt",
            f"  the policy of {KEY} is not known: every one has a policy",
        ),
        (
            request_of(USER, "kms:RetireGrant"),
            {"resource": key(TRUST)},
            "denied: kms:RetireGrant",
            "  only those whom the grant names may retire it; an administrator may revoke it",
        ),
        (
            request_of(SESSION),
            {
                "resource": key(TRUST),
                "identity": (named(allow()),),
                "permissions_boundary": named(name="edge"),
            },
            "denied: kms:Decrypt",
            f"  add to the permissions boundary `edge`: {json.dumps(allow('kms:Decrypt', KEY))}",
        ),
        (
            request_of(SESSION),
            {
                "resource": key(TRUST),
                "identity": (named(allow()),),
                "permissions_boundary": named(name="arn:aws:iam::aws:policy/ReadOnlyAccess"),
            },
            "denied: kms:Decrypt",
            "  add to a permissions boundary of your own, in place of AWS's "
            "`arn:aws:iam::aws:policy/ReadOnlyAccess`, which nobody can change: "
            f"{json.dumps(allow('kms:Decrypt', KEY))}",
        ),
    ],
)
def test_what_would_allow_it(request_: Request, policies: dict[str, Any], first: str, last: str) -> None:
    lines = told(request_, **policies).splitlines()
    assert (lines[0], lines[-1]) == (first, last)


def test_near_misses_are_few() -> None:
    many = key(*(to(STRANGER, Sid=f"s{number}") for number in range(9)))
    text = told(request_of(), resource=many).splitlines()
    assert "  and 4 more" in text
    assert sum(" Principal: names" in line for line in text) == 5


def test_a_grant_that_is_constrained_otherwise() -> None:
    grant = Grant(
        USER, frozenset(["Decrypt"]), "g1", encryption_context_equals={"b": "2", "a": "1"}, name="n"
    )
    text = told(request_of(), (grant,), resource=key())
    assert (
        '  grant `g1` (n): Constraints: wanted exactly {"a": "1", "b": "2"} in the encryption context' in text
    )


@settings(max_examples=100, deadline=None)
@given(worlds())
def test_the_same_arguments_give_the_same_text(world: World) -> None:
    decision = world.decide()
    text = explain(world.request, world.policies, world.grants, decision)
    again = world.request._replace(context=Context(dict(reversed(list(world.request.context.items())))))
    assert explain(again, world.policies, world.grants, decision) == text
    assert world.request.action in text
    assert ("to allow it" in text) is not decision.allowed


def mended(world: World) -> World:
    """The world after every change that the remedies ask for."""
    evaluation = Evaluation(world.request, bounded=world.permissions_boundary is not None)
    for suggestion in suggestions(evaluation, world.policies, world.decide()):
        assert suggestion.statement is not None, suggestion.place
        statement = dict(suggestion.statement)
        kind = suggestion.policy_type
        if kind is PolicyType.IDENTITY:
            world = replace(world, identity=(*world.identity, (statement,)))
        elif kind is PolicyType.SESSION:
            world = replace(world, session=(*world.session, (statement,)))
        elif kind is PolicyType.RESOURCE:
            world = replace(world, resource=(*(world.resource or ()), statement))
        elif kind is PolicyType.PERMISSIONS_BOUNDARY:
            world = replace(world, permissions_boundary=(*(world.permissions_boundary or ()), statement))
        elif kind is PolicyType.VPC_ENDPOINT:
            world = replace(world, vpc_endpoint=(*(world.vpc_endpoint or ()), statement))
        else:
            field = "service_control" if kind is PolicyType.SERVICE_CONTROL else "resource_control"
            levels = tuple((*level, statement) for level in getattr(world, field))
            world = replace(world, **{field: levels})
    return world


@settings(max_examples=150, deadline=None)
@given(worlds())
def test_what_is_said_to_allow_a_request_does(world: World) -> None:
    reasons = world.decide().reasons
    evaluation = Evaluation(world.request, bounded=False)
    hopeless = (
        evaluation.action == "kms:retiregrant"
        or not evaluation.cross_account_allowed
        or (evaluation.requires_resource_trust and world.resource is None)
    )
    if not hopeless and {reason.effect for reason in reasons} == {Effect.MISSING}:
        assert mended(world).allowed
