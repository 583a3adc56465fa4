"""Random requests with everything that bears on them, weighted to be near misses."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import count
from typing import Any

from hypothesis import strategies as st

from helpers.factories import (
    ACCOUNT,
    FEDERATED,
    KEY,
    OTHER,
    ROLE,
    ROOT,
    SERVICE,
    SESSION,
    STRANGER,
    TABLE,
    USER,
    allow,
    deny,
    named,
)
from pytest_kmslab.authz.authorize import authorize
from pytest_kmslab.authz.context import Context
from pytest_kmslab.authz.decision import Decision, Effect, PolicyType
from pytest_kmslab.authz.grant import Grant
from pytest_kmslab.authz.policy import NamedPolicy, Policies
from pytest_kmslab.authz.request import Request

NAMING = ("resource", "resource_control", "vpc_endpoint")
Statement = dict[str, Any]


@dataclass(frozen=True)
class World:
    """A request, and the statements of each policy: a list of policies, or levels of such lists."""

    request: Request
    identity: tuple[tuple[Statement, ...], ...] = ()
    resource: tuple[Statement, ...] | None = None
    permissions_boundary: tuple[Statement, ...] | None = None
    session: tuple[tuple[Statement, ...], ...] = ()
    service_control: tuple[tuple[Statement, ...], ...] = ()
    resource_control: tuple[tuple[Statement, ...], ...] = ()
    vpc_endpoint: tuple[Statement, ...] | None = None
    grants: tuple[Grant, ...] = ()

    @property
    def policies(self) -> Policies:
        def one(name: str, statements: tuple[Statement, ...] | None) -> NamedPolicy | None:
            return None if statements is None else named(*statements, name=name)

        def several(name: str, policies: tuple[tuple[Statement, ...], ...]) -> tuple[NamedPolicy, ...]:
            return tuple(named(*statements, name=name) for statements in policies)

        return Policies(
            identity=several("identity", self.identity),
            resource=one(self.request.resource, self.resource),
            permissions_boundary=one("boundary", self.permissions_boundary),
            session=several("session", self.session),
            service_control=tuple((policy,) for policy in several("scp", self.service_control)),
            resource_control=tuple((policy,) for policy in several("rcp", self.resource_control)),
            vpc_endpoint=one("endpoint", self.vpc_endpoint),
        )

    def decide(self) -> Decision:
        return authorize(self.request, self.policies, self.grants)

    @property
    def allowed(self) -> bool:
        return self.decide().allowed

    def places(self) -> list[tuple[str, int]]:
        """Every policy there is, by field and number."""
        places = []
        for field in ("identity", "session", "service_control", "resource_control"):
            places += [(field, number) for number in range(len(getattr(self, field)))]
        for field in ("resource", "permissions_boundary", "vpc_endpoint"):
            places += [(field, 0)] if getattr(self, field) is not None else []
        return places

    def adding(self, place: tuple[str, int], statement: Statement) -> World:
        """The same world with one statement more in a policy."""
        field, number = place
        policies = getattr(self, field)
        if field in _SINGLE:
            return replace(self, **{field: (*policies, statement)})
        more = (*policies[:number], (*policies[number], statement), *policies[number + 1 :])
        return replace(self, **{field: more})


_CALLERS = (USER, USER, SESSION, SESSION, FEDERATED, ROOT, STRANGER, SERVICE)
_ASKED = (
    ("kms:Decrypt", KEY),
    ("kms:Decrypt", KEY),
    ("kms:PutKeyPolicy", KEY),
    ("kms:RetireGrant", KEY),
    ("kms:ListKeys", "*"),
    ("kms:CreateAlias", f"arn:aws:kms:us-east-1:{ACCOUNT}:alias/a"),
    ("dynamodb:GetItem", TABLE),
    ("sts:AssumeRole", ROLE),
)
_ACTIONS = ("*", "kms:*", "kms:De*", "kms:Decrypt", "kms:Encrypt", "dynamodb:GetItem", "sts:*")
_RESOURCES = ("*", KEY, TABLE, "arn:aws:kms:*:*:key/*", "arn:aws:kms", ROLE, "arn:aws:s3:::${aws:username}")
_PRINCIPALS = (
    "*",
    {"AWS": "*"},
    {"AWS": [ROOT, USER]},
    {"AWS": ACCOUNT},
    {"AWS": ROLE},
    {"AWS": [ROOT, ROLE, SESSION]},
    {"AWS": [FEDERATED]},
    {"AWS": [OTHER, STRANGER]},
    {"Service": SERVICE},
)
_CONDITIONS: tuple[dict[str, Any], ...] = (
    {"StringEquals": {"kms:ViaService": "dynamodb.us-east-1.amazonaws.com"}},
    {"StringNotEquals": {"kms:ViaService": "s3.us-east-1.amazonaws.com"}},
    {"StringLikeIfExists": {"kms:ViaService": "dynamodb.*"}},
    {"ForAllValues:StringEquals": {"aws:TagKeys": ["a", "b"]}},
    {"ForAnyValue:StringNotEquals": {"aws:TagKeys": "a"}},
    {"StringEquals": {"aws:TagKeys": "a"}},
    {"Null": {"aws:username": "true"}},
    {"NumericLessThan": {"x:n": "5"}},
    {"StringEquals": {"aws:PrincipalTag/team": "${aws:username}"}},
)
_KEYS: dict[str, st.SearchStrategy[Any]] = {
    "kms:ViaService": st.sampled_from(["dynamodb.us-east-1.amazonaws.com", "s3.us-east-1.amazonaws.com"]),
    "aws:TagKeys": st.sampled_from([[], ["a"], ["a", "b"], ["c"], [""]]),
    "aws:username": st.just("ana"),
    "aws:PrincipalTag/team": st.sampled_from(["ana", "x"]),
    "aws:PrincipalArn": st.just(ROLE),
    "x:n": st.sampled_from(["1", "7", "many"]),
}
_sids = (f"s{number}" for number in count())


@st.composite
def statements(draw: st.DrawFn, kind: str, effect: str = "") -> Statement:
    """A statement fit for a policy of the kind, with a Sid of its own."""
    make = {"Allow": allow, "Deny": deny}[
        effect or draw(st.sampled_from(["Allow", "Allow", "Allow", "Deny"]))
    ]
    actions = draw(st.lists(st.sampled_from(_ACTIONS), min_size=1, max_size=2))
    resources = draw(st.lists(st.sampled_from(_RESOURCES), min_size=1, max_size=2))
    statement = make(actions, resources, Sid=next(_sids))
    for name in ("Action", "Resource"):
        if draw(st.integers(0, 9)) == 0:
            statement[f"Not{name}"] = statement.pop(name)
    if kind in NAMING:
        negate = make is deny and draw(st.booleans())
        statement["NotPrincipal" if negate else "Principal"] = draw(st.sampled_from(_PRINCIPALS))
    if draw(st.integers(0, 2)) == 0:
        statement["Condition"] = draw(st.sampled_from(_CONDITIONS))
    return statement


def policies(kind: str) -> st.SearchStrategy[tuple[Statement, ...]]:
    return st.lists(statements(kind), max_size=4).map(tuple)


@st.composite
def grants(draw: st.DrawFn) -> Grant:
    return Grant(
        draw(st.sampled_from(_CALLERS)),
        draw(st.frozensets(st.sampled_from(["Decrypt", "Encrypt", "RetireGrant"]))),
        grant_id=draw(st.sampled_from(["g1", "g2"])),
        retiring_principal=draw(st.sampled_from(["", USER, ROLE, ROOT])),
        encryption_context_subset=draw(st.sampled_from([None, None, {}, {"a": "1"}])),
        issuing_account=ROOT,
    )


@st.composite
def drawn(draw: st.DrawFn) -> World:
    action, resource = draw(st.sampled_from(_ASKED))
    keys = draw(st.fixed_dictionaries({}, optional=_KEYS))
    request = Request(draw(st.sampled_from(_CALLERS)), action, resource, Context(keys), grant_id="g1")

    def maybe(kind: str) -> Any:
        return draw(st.none() | policies(kind))

    def few(kind: str, most: int) -> Any:
        return tuple(draw(st.lists(policies(kind), max_size=most)))

    return World(
        request,
        identity=few("identity", 3),
        resource=draw(policies("resource")) if draw(st.integers(0, 9)) else None,
        permissions_boundary=maybe("permissions_boundary"),
        session=few("session", 2),
        service_control=few("service_control", 1),
        resource_control=few("resource_control", 1),
        vpc_endpoint=maybe("vpc_endpoint") if draw(st.integers(0, 3)) == 0 else None,
        grants=tuple(draw(st.lists(grants(), max_size=3))),
    )


FIELDS = {
    PolicyType.IDENTITY: "identity",
    PolicyType.RESOURCE: "resource",
    PolicyType.PERMISSIONS_BOUNDARY: "permissions_boundary",
    PolicyType.SESSION: "session",
    PolicyType.SERVICE_CONTROL: "service_control",
    PolicyType.RESOURCE_CONTROL: "resource_control",
    PolicyType.VPC_ENDPOINT: "vpc_endpoint",
}
_SINGLE = ("resource", "permissions_boundary", "vpc_endpoint")


def repaired(world: World) -> World:
    """The world with as little changed as lets the request through, where anything can: the Deny statements
    that denied it are out, and an Allow is in where one was lacking."""
    for _ in range(6):
        decision = world.decide()
        if decision.allowed:
            break
        for reason in decision.reasons:
            field = FIELDS[reason.policy_type]
            if reason.effect is Effect.DENY:
                world = replace(world, **{field: _without(getattr(world, field), reason.statement)})
            else:
                world = _allowing(world, field)
    return world


def _without(value: Any, sid: str) -> Any:
    if isinstance(value, dict):
        return value
    return tuple(
        _without(statement, sid)
        for statement in value
        if not (isinstance(statement, dict) and statement["Sid"] == sid)
    )


def _allowing(world: World, field: str) -> World:
    request = world.request
    statement = allow(request.action, request.resource, Sid=next(_sids))
    if field in NAMING:
        statement["Principal"] = {"AWS": "*"} if ":" in request.principal else {"Service": request.principal}
    if not getattr(world, field):
        return replace(world, **{field: (statement,) if field in _SINGLE else ((statement,),)})
    for place in world.places():
        world = world.adding(place, statement) if place[0] == field else world
    return world


def worlds() -> st.SearchStrategy[World]:
    """Worlds of which few allow their request, and as many that were repaired."""
    return drawn() | drawn().map(repaired)
