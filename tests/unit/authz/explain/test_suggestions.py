"""What is offered as the change that allows a denied request."""

from __future__ import annotations

from typing import Any

import pytest
from helpers.factories import (
    FEDERATED,
    KEY,
    ROLE,
    ROOT,
    SERVICE,
    SESSION,
    TABLE,
    USER,
    allow,
    deny,
    named,
    request_of,
    to,
    unreadable,
)

from pytest_kmslab.authz.authorize import authorize
from pytest_kmslab.authz.decision import PolicyType
from pytest_kmslab.authz.evaluation import Evaluation
from pytest_kmslab.authz.explain.suggestions import Suggestion, suggestions
from pytest_kmslab.authz.policy import Policies
from pytest_kmslab.authz.request import Request


def offered(request: Request, **policies: Any) -> list[Suggestion]:
    held = Policies(**policies)
    evaluation = Evaluation(request, bounded=held.permissions_boundary is not None)
    return suggestions(evaluation, held, authorize(request, held))


def statements(request: Request, **policies: Any) -> list[tuple[str, Any]]:
    return [(suggestion.place, suggestion.statement) for suggestion in offered(request, **policies)]


@pytest.mark.parametrize(
    ("caller", "limits", "named_as"),
    [
        (USER, {}, {"AWS": USER}),
        (SESSION, {}, {"AWS": ROLE}),
        (SESSION, {"permissions_boundary": named(allow())}, {"AWS": SESSION}),
        (SESSION, {"session": (named(allow()),)}, {"AWS": SESSION}),
        (FEDERATED, {"session": (named(allow()),)}, {"AWS": FEDERATED}),
        (SERVICE, {}, {"Service": SERVICE}),
    ],
    ids=["user", "session", "bounded session", "session with a policy", "federated user", "service"],
)
def test_a_key_policy_names_the_caller_as_far_as_nothing_limits_it(
    caller: str, limits: dict[str, Any], named_as: dict[str, str]
) -> None:
    key = named(name=KEY)
    wanted = {"Effect": "Allow", "Principal": named_as, "Action": "kms:Decrypt", "Resource": "*"}
    ((_, statement),) = statements(request_of(caller), resource=key, **limits)
    assert statement == wanted


def test_a_trust_policy_needs_no_resource() -> None:
    request = request_of(USER, "sts:AssumeRole", ROLE)
    ((_, statement),) = statements(request, resource=named(name=ROLE))
    assert statement == {"Effect": "Allow", "Principal": {"AWS": USER}, "Action": "sts:AssumeRole"}


def test_a_service_is_let_to_a_table_by_its_arn() -> None:
    ((_, statement),) = statements(request_of(SERVICE, "dynamodb:GetItem", TABLE), resource=named(name=TABLE))
    assert statement == {
        "Effect": "Allow",
        "Principal": {"Service": SERVICE},
        "Action": "dynamodb:GetItem",
        "Resource": TABLE,
    }


def test_everything_that_lacks_an_allow_is_offered() -> None:
    nothing = named()
    request = request_of(SESSION)
    found = statements(
        request,
        identity=(nothing,),
        resource=named(to(ROOT), name=KEY),
        permissions_boundary=named(name="edge"),
        session=(nothing,),
        service_control=((nothing,),),
        resource_control=((nothing,),),
        vpc_endpoint=nothing,
    )
    own = allow("kms:Decrypt", KEY)
    anybody = {"Effect": "Allow", "Principal": "*", "Action": "kms:Decrypt", "Resource": KEY}
    assert found == [
        ("a resource control policy at each level that does not allow it", anybody),
        ("a service control policy at each level that does not allow it", own),
        ("the VPC endpoint policy", anybody),
        ("an identity-based policy of the caller", own),
        ("the permissions boundary `edge`", own),
        ("the session policy, when the session is made", own),
    ]


def test_an_allowed_request_needs_no_change() -> None:
    assert offered(request_of(), resource=named(to(USER), name=KEY)) == []


def test_a_deny_has_to_go() -> None:
    policies = {"identity": (named(deny(Sid="No"), name="p"),), "resource": named(to(USER), name=KEY)}
    place = "take `No` out of identity-based policy `p`, or narrow it: no Allow overrides a Deny"
    assert offered(request_of(), **policies) == [Suggestion(PolicyType.IDENTITY, place)]


def test_what_cannot_be_read_has_to_be_corrected() -> None:
    found = offered(request_of(), permissions_boundary=unreadable("edge"), resource=named(to(USER), name=KEY))
    assert found == [Suggestion(PolicyType.PERMISSIONS_BOUNDARY, "correct permissions boundary `edge`")]


def test_where_no_statement_helps_it_is_said_why() -> None:
    why = "`ana` is not a principal: write its ARN or a service principal"
    assert offered(request_of("ana", "dynamodb:GetItem", TABLE)) == [Suggestion(PolicyType.IDENTITY, why)]
