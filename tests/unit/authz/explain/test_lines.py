"""Single lines of what is told of a decision."""

from __future__ import annotations

from typing import Any

import pytest
from helpers.decisions import TRUST, key
from helpers.factories import STRANGER, TABLE, USER, allow, named, request_of, to

from pytest_kmslab.authz.authorize import authorize
from pytest_kmslab.authz.explain.explanation import explain
from pytest_kmslab.authz.grant import Grant
from pytest_kmslab.authz.policy import NamedPolicy, Policies, read_policy
from pytest_kmslab.authz.request import Request


def told(request: Request, grants: tuple[Grant, ...] = (), **policies: Any) -> list[str]:
    held = Policies(**policies)
    return explain(request, held, grants, authorize(request, held, grants)).splitlines()


@pytest.mark.parametrize(("several", "more"), [(5, []), (6, ["  and 1 more"])])
def test_how_many_more_near_misses_there_are_is_said_where_there_are(several: int, more: list[str]) -> None:
    many = key(*(to(STRANGER, Sid=f"s{number}") for number in range(several)))
    text = told(request_of(), resource=many)
    assert text[text.index("nearly") + 6 : text.index("to allow it")] == more


def test_the_services_that_a_request_comes_by_are_told() -> None:
    text = told(request_of(kms__ViaService=["a.amazonaws.com", "b.amazonaws.com"]), resource=key(TRUST))
    assert text[3] == "  via a.amazonaws.com, b.amazonaws.com"


def test_letters_stay_as_they_are() -> None:
    table = TABLE.replace("books", "bücher")
    text = told(request_of(USER, "dynamodb:GetItem", table))
    assert text[2] == f"  on  {table}"
    assert text[-1].endswith(f'"Resource": "{table}"}}')


def test_a_grant_that_allows() -> None:
    grant = Grant(USER, frozenset(["Decrypt"]), "g1", name="n")
    assert "  grant `g1` (n) allows it" in told(request_of(), (grant,), resource=key())


def test_each_policy_that_cannot_be_read_is_told_with_its_own_error() -> None:
    policies = {
        "resource": NamedPolicy("p", read_policy("{}")),
        "identity": (NamedPolicy("p", read_policy("[]")), named(allow(), name="p")),
        "session": (named(allow(), name="p"),),
    }
    text = told(request_of(), **policies)
    because = text[text.index("because") + 1 : text.index("looked at")]
    assert because == [
        "  key policy `p` cannot be read and may hold a Deny: Statement is missing",
        "  identity-based policy `p` cannot be read and may hold a Deny: the document is not a JSON object",
    ]
