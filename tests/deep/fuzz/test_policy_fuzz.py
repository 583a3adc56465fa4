"""A policy document that was mutated is read, or refused and denies; being odd never lets anybody in."""

from __future__ import annotations

import json
from itertools import islice

from deep.differential.generator import cases
from deep.fuzz.hunt import hunt
from deep.fuzz.profile import fuzzed

from pytest_kmslab.authz.authorize import authorize
from pytest_kmslab.authz.context import Context
from pytest_kmslab.authz.explain.explanation import explain
from pytest_kmslab.authz.policy import NamedPolicy, Policies, Policy, parse_policy, read_policy
from pytest_kmslab.authz.request import Request
from pytest_kmslab.errors import PolicyError

DENIES = {"Effect": "Deny", "Principal": "*", "Action": "*", "Resource": "*"}
ALLOWS = {"Effect": "Allow", "Principal": "*", "Action": "*", "Resource": "*"}
EVERYTHING = NamedPolicy(
    "everything", parse_policy(json.dumps({"Version": "2012-10-17", "Statement": [ALLOWS]}))
)
EVERYTHING_OWN = NamedPolicy(
    "everything",
    parse_policy(
        '{"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}}'
    ),
)
REQUEST = Request(
    "arn:aws:sts::111122223333:assumed-role/reader/s1",
    "kms:Decrypt",
    "arn:aws:kms:us-east-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab",
    Context(
        {"aws:PrincipalArn": "arn:aws:iam::111122223333:role/reader", "kms:EncryptionContextKeys": ["a", "b"]}
    ),
)


def _documents() -> list[str]:
    written = []
    for case in islice(cases(1), 60):
        policies = case["policies"]
        written += [policy["document"] for policy in policies.get("identity", [])]
        written += [policies[kind] for kind in ("resource", "permissions_boundary") if kind in policies]
    return [json.dumps(document) for document in written]


GOOD = _documents()
DENYING = [
    json.dumps({"Version": "2012-10-17", "Id": "i", "Statement": statements})
    for statements in (DENIES, [DENIES], [ALLOWS, DENIES], [{"Sid": "s", **DENIES}, {"Sid": "t", **ALLOWS}])
]


def _with(policy: Policy) -> list[Policies]:
    """The policy in every place where one can stand, with everything allowed by the others."""
    odd = NamedPolicy("odd", policy)
    own, everything = (EVERYTHING_OWN,), EVERYTHING
    return [
        Policies(identity=(*own, odd), resource=everything),
        Policies(identity=own, resource=odd),
        Policies(identity=own, resource=everything, permissions_boundary=odd),
        Policies(identity=own, resource=everything, session=(odd, *own)),
        Policies(identity=own, resource=everything, service_control=((everything, odd),)),
        Policies(identity=own, resource=everything, resource_control=((everything, odd),)),
        Policies(identity=own, resource=everything, vpc_endpoint=odd),
    ]


def _readable(text: str) -> bool:
    try:
        parse_policy(text)
    except PolicyError as error:
        if not str(error):
            raise
        return False
    return True


@fuzzed
def test_a_document_is_read_or_refused_with_a_policy_error(seed: int) -> None:
    def check(text: str) -> None:
        policy = read_policy(text)
        assert (policy.error == "") is _readable(text)

    hunt(seed, GOOD, check)


@fuzzed
def test_an_unreadable_document_denies_wherever_it_stands(seed: int) -> None:
    def check(text: str) -> None:
        policy = read_policy(text)
        for policies in _with(policy):
            decision = authorize(REQUEST, policies)
            assert not (policy.error and decision.allowed)
            explain(REQUEST, policies, (), decision)

    hunt(seed, GOOD, check)


@fuzzed
def test_a_deny_that_is_still_there_denies_or_its_document_is_unreadable(seed: int) -> None:
    def check(text: str) -> None:
        if _holds_the_deny(text):
            for policies in _with(read_policy(text)):
                assert not authorize(REQUEST, policies).allowed

    hunt(seed, DENYING, check)


@fuzzed
def test_a_document_without_the_word_allow_allows_nothing(seed: int) -> None:
    def check(text: str) -> None:
        if "Allow" not in text and "\\u" not in text:
            odd = NamedPolicy("odd", read_policy(text))
            assert not authorize(REQUEST, Policies(identity=(odd,), resource=odd)).allowed

    hunt(seed, [text.replace("Allow", "Deny") for text in GOOD], check)


def _holds_the_deny(text: str) -> bool:
    """Whether the text is JSON that has the Deny of everything as a statement, untouched."""
    try:
        document = json.loads(text)
    except (ValueError, RecursionError):
        return False
    statements = document.get("Statement") if isinstance(document, dict) else None
    listed = statements if isinstance(statements, list) else [statements]
    return any(isinstance(one, dict) and {**one, "Sid": ""} == {**DENIES, "Sid": ""} for one in listed)
