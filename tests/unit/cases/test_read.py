from __future__ import annotations

import json
from typing import Any

import pytest

from pytest_kmslab.authz.decision import Decision, Effect, Outcome, PolicyType, Reason
from pytest_kmslab.cases.case import Case, Expectation, matched_statements
from pytest_kmslab.cases.read import parse_case
from pytest_kmslab.errors import CaseError

ANA = "arn:aws:iam::111122223333:user/ana"
KEY = "arn:aws:kms:us-east-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab"
ALL: dict[str, Any] = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}],
}
NAMING_ANA: dict[str, Any] = {
    "Statement": [
        {"Sid": "Use", "Effect": "Allow", "Principal": {"AWS": ANA}, "Action": "kms:*", "Resource": "*"}
    ]
}


def given(**more: Any) -> dict[str, Any]:
    request = {"principal": ANA, "action": "kms:Decrypt", "resource": KEY}
    return {"name": "a case", "request": request, "policies": {}, **more}


def asking(**more: Any) -> dict[str, Any]:
    case = given()
    case["request"] |= more
    return case


def test_request_is_read_whole() -> None:
    request = parse_case(
        asking(
            resource_account="444455556666",
            grant_id="g1",
            context={"kms:ViaService": "x", "aws:TagKeys": ["a"]},
        )
    ).request
    assert (request.principal, request.action, request.resource) == (ANA, "kms:Decrypt", KEY)
    assert (request.resource_account, request.grant_id) == ("444455556666", "g1")
    assert request.context["kms:viaservice"] == ("x",)
    assert request.context["aws:TagKeys"] == ("a",)


def test_context_takes_numbers_and_booleans() -> None:
    context = parse_case(asking(context={"a:b": True, "a:n": 7, "a:l": [1, False]})).request.context
    assert (context["a:b"], context["a:n"], context["a:l"]) == (("true",), ("7",), ("1", "false"))


def test_every_policy_has_its_place_and_its_name() -> None:
    policies = parse_case(
        given(
            policies={
                "identity": [{"name": "p1", "document": ALL}],
                "resource": NAMING_ANA,
                "permissions_boundary": ALL,
                "session": [ALL, ALL],
                "service_control": [[ALL], [ALL, ALL]],
                "resource_control": [[ALL]],
                "vpc_endpoint": NAMING_ANA,
            }
        )
    ).policies
    assert [policy.name for policy in policies.identity] == ["p1"]
    assert policies.resource is not None
    assert policies.resource.name == KEY
    assert policies.permissions_boundary is not None
    assert policies.permissions_boundary.name == "permissions boundary"
    assert [policy.name for policy in policies.session] == ["session[0]", "session[1]"]
    assert [[policy.name for policy in level] for level in policies.service_control] == [
        ["service_control[0][0]"],
        ["service_control[1][0]", "service_control[1][1]"],
    ]
    assert policies.resource_control[0][0].name == "resource_control[0][0]"
    assert policies.vpc_endpoint is not None
    assert policies.vpc_endpoint.name == "VPC endpoint policy"


def test_what_is_left_out_does_not_exist() -> None:
    case = parse_case(given())
    assert case.policies.resource is None
    assert (case.policies.identity, case.grants, case.expect) == ((), (), None)
    assert (case.source, case.verified) == ("", None)


def test_grant_is_read_as_list_grants_shows_it() -> None:
    constraints = {"EncryptionContextSubset": {"Department": "Finance"}}
    (grant,) = parse_case(
        given(
            grants=[
                {
                    "GrantId": "g1",
                    "Name": "n",
                    "GranteePrincipal": ANA,
                    "RetiringPrincipal": KEY,
                    "IssuingAccount": "arn:aws:iam::111122223333:root",
                    "Operations": ["Decrypt", "Encrypt"],
                    "Constraints": constraints,
                }
            ]
        )
    ).grants
    assert (grant.grant_id, grant.name, grant.grantee_principal) == ("g1", "n", ANA)
    assert (grant.retiring_principal, grant.issuing_account) == (KEY, "arn:aws:iam::111122223333:root")
    assert grant.operations == {"Decrypt", "Encrypt"}
    assert grant.encryption_context_subset == {"Department": "Finance"}
    assert grant.encryption_context_equals is None


def test_text_and_mapping_are_the_same_case() -> None:
    case = given(policies={"resource": NAMING_ANA}, expect={"decision": "allowed", "matched": ["Use"]})
    assert parse_case(json.dumps(case)) == parse_case(case)


def test_expectation_is_read_whole() -> None:
    assert parse_case(given(expect={"decision": "allowed"})).expect == Expectation(Outcome.ALLOWED)
    expected = {"decision": "explicitDeny", "matched": ["A", "B"]}
    assert parse_case(given(expect=expected)).expect == Expectation(Outcome.EXPLICIT_DENY, frozenset("AB"))


def test_decides_itself() -> None:
    case = parse_case(given(policies={"resource": NAMING_ANA}))
    assert case.decide().decision is Outcome.ALLOWED


def test_document_given_as_text_is_read_as_aws_would_hold_it() -> None:
    readable = parse_case(given(policies={"resource": json.dumps(NAMING_ANA)}))
    assert readable.decide().decision is Outcome.ALLOWED


def test_document_given_as_unreadable_text_denies() -> None:
    policies = {"resource": NAMING_ANA, "identity": [{"name": "p1", "document": "{"}]}
    assert parse_case(given(policies=policies)).decide().decision is Outcome.IMPLICIT_DENY


def test_source_and_date_of_verification_are_kept() -> None:
    case = parse_case(given(verified="2026-11-23", source="here"))
    assert (case.verified, case.source) == ("2026-11-23", "here")


def test_expectation_is_asked_for_only_where_required() -> None:
    assert isinstance(parse_case(given()), Case)
    with pytest.raises(CaseError, match="`expect` is missing"):
        parse_case(given(), expectation_required=True)


WRONG: dict[str, tuple[Any, str]] = {
    "no name": ({"request": {}, "policies": {}}, "the case: `name` is missing"),
    "no request": ({"name": "x", "policies": {}}, "the case: `request` is missing"),
    "no policies": ({"name": "x", "request": {}}, "the case: `policies` is missing"),
    "blank name": (given(name=" "), "name: is empty"),
    "unknown key": (given(grant=[]), "the case: unknown key `grant`"),
    "unknown key of the request": (asking(Action="x"), "request: unknown key `Action`"),
    "unknown kind of policy": (given(policies={"key": {}}), "policies: unknown key `key`"),
    "request without action": (
        given(request={"principal": ANA, "resource": KEY}),
        "request: `action` is missing",
    ),
    "request that is a list": (given(request=[]), "request: expected a JSON object, got `[]`"),
    "empty principal": (asking(principal=""), "request.principal: is empty"),
    "blank action": (asking(action=" "), "request.action: is empty"),
    "empty resource": (asking(resource=""), "request.resource: is empty"),
    "principal that is a number": (asking(principal=7), "request.principal: expected a string, got `7`"),
    "context value null": (asking(context={"a:b": None}), "request.context.a:b: `null` is not a string"),
    "context value object": (asking(context={"a:b": [{}]}), "request.context.a:b: `{}` is not a string"),
    "context key twice by case": (
        asking(context={"a:b": "1", "A:B": "2"}),
        "request.context: two keys differ only by case",
    ),
    "identity without name": (
        given(policies={"identity": [{"document": ALL}]}),
        "policies.identity[0]: `name` is missing",
    ),
    "identity that is an object": (
        given(policies={"identity": ALL}),
        "policies.identity: expected a JSON list",
    ),
    "resource null": (given(policies={"resource": None}), "policies.resource: a policy document is"),
    "session that is an object": (given(policies={"session": ALL}), "policies.session: expected a JSON list"),
    "level that is an object": (
        given(policies={"service_control": [ALL]}),
        "policies.service_control[0]: expected a JSON list",
    ),
    "unreadable document of a level": (
        given(policies={"service_control": [[ALL], [ALL, {}]]}),
        "policies.service_control[1][1]: ",
    ),
    "unreadable document": (
        given(policies={"resource": {"Statement": [{"Effect": "Maybe"}]}}),
        "policies.resource: ",
    ),
    "grant without grantee": (given(grants=[{"Operations": []}]), "grants[0]: `GranteePrincipal` is missing"),
    "grant with an unknown key": (
        given(grants=[{"GranteePrincipal": ANA, "Operations": [], "Constraint": {}}]),
        "grants[0]: unknown key `Constraint`",
    ),
    "grant with an unknown constraint": (
        given(grants=[{"GranteePrincipal": ANA, "Operations": [], "Constraints": {"Equals": {}}}]),
        "grants[0].Constraints: unknown key `Equals`",
    ),
    "grant whose constraint holds a number": (
        given(
            grants=[
                {
                    "GranteePrincipal": ANA,
                    "Operations": [],
                    "Constraints": {"EncryptionContextEquals": {"a": 1}},
                }
            ]
        ),
        "grants[0].Constraints.EncryptionContextEquals.a: expected a string",
    ),
    "grant whose constraint is a list": (
        given(
            grants=[
                {"GranteePrincipal": ANA, "Operations": [], "Constraints": {"EncryptionContextEquals": []}}
            ]
        ),
        "grants[0].Constraints.EncryptionContextEquals: expected a JSON object",
    ),
    "grant with one operation as text": (
        given(grants=[{"GranteePrincipal": ANA, "Operations": "Decrypt"}]),
        "grants[0].Operations: expected a JSON list",
    ),
    "expectation of nothing": (given(expect={}), "expect: `decision` is missing"),
    "expectation of statements alone": (given(expect={"matched": ["Use"]}), "expect: `decision` is missing"),
    "expectation misspelt": (
        given(expect={"decision": "denied"}),
        "expect.decision: `denied` is none of allowed, explicitDeny, implicitDeny",
    ),
    "expectation with an unknown key": (
        given(expect={"decision": "allowed", "match": []}),
        "expect: unknown key `match`",
    ),
    "verified that is no date": (given(verified="yesterday"), "verified: `yesterday` is not a date"),
    "verified that is a number": (given(verified=2026), "verified: expected a string, got `2026`"),
    "verified in another form": (given(verified="20261123"), "verified: `20261123` is not a date"),
}


@pytest.mark.parametrize(("case", "message"), WRONG.values(), ids=WRONG)
def test_wrong_form_is_an_error_that_names_the_place(case: Any, message: str) -> None:
    with pytest.raises(CaseError) as raised:
        parse_case(case)
    assert str(raised.value).startswith(message)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{", "the case is not JSON: "),
        ("", "the case is not JSON: "),
        ("[]", "the case: expected a JSON object, got `[]`"),
        ('{"name": "a", "name": "b"}', "the case is ambiguous: `name` stands twice in one object"),
        ('{"name": NaN}', "the case is not JSON: `NaN` is no number"),
        ("[" * 100_000, "the case is not JSON: nested too deeply"),
    ],
    ids=["cut short", "empty", "a list", "a key twice", "not a number", "a deep nest"],
)
def test_text_that_is_no_case(text: str, message: str) -> None:
    with pytest.raises(CaseError) as raised:
        parse_case(text)
    assert str(raised.value).startswith(message)


def reason(effect: Effect, statement: str) -> Reason:
    return Reason(PolicyType.IDENTITY, effect, "p", statement)


ALLOWED = Decision(Outcome.ALLOWED, (reason(Effect.ALLOW, "A"), reason(Effect.ALLOW, "B")))
DENIED = Decision(Outcome.EXPLICIT_DENY, (reason(Effect.DENY, "D"), reason(Effect.UNREADABLE, "")))
LACKING = Decision(Outcome.IMPLICIT_DENY, (Reason(PolicyType.IDENTITY, Effect.MISSING),))


def test_matched_statements_are_those_that_decided() -> None:
    assert matched_statements(ALLOWED) == {"A", "B"}
    assert matched_statements(DENIED) == {"D"}
    assert matched_statements(LACKING) == frozenset()


@pytest.mark.parametrize(
    ("expected", "holds"),
    [
        (Expectation(Outcome.ALLOWED), True),
        (Expectation(Outcome.ALLOWED, frozenset("AB")), True),
        (Expectation(Outcome.ALLOWED, frozenset("A")), False),
        (Expectation(Outcome.ALLOWED, frozenset()), False),
        (Expectation(Outcome.IMPLICIT_DENY), False),
    ],
    ids=["decision", "statements", "fewer statements", "no statement", "another decision"],
)
def test_expectation_holds_for_its_decision_and_statements(expected: Expectation, holds: bool) -> None:
    assert expected.holds_for(ALLOWED) is holds
