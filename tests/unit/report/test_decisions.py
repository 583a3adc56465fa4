from __future__ import annotations

import pytest

from pytest_kmslab.authz.context import Context
from pytest_kmslab.authz.decision import Decision, Effect, Outcome, PolicyType, Reason
from pytest_kmslab.authz.policy import NamedPolicy, Policies, parse_policy
from pytest_kmslab.authz.request import Request
from pytest_kmslab.enforcement.entry import Origin, TrailEntry
from pytest_kmslab.report.decisions import (
    describe,
    failure_text,
    fold,
    headline,
    own_decisions,
    reason_text,
)

KEY = "arn:aws:kms:us-east-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab"
SHORT_KEY = "key/1234abcd-12ab-34cd-56ef-1234567890ab"
ANA = "arn:aws:iam::111122223333:user/team/ana"
MISSING = Reason(PolicyType.IDENTITY, Effect.MISSING)
DENIED = Decision(Outcome.IMPLICIT_DENY, (MISSING,))
ALLOWED = Decision(
    Outcome.ALLOWED, (Reason(PolicyType.RESOURCE, Effect.ALLOW, KEY, "Allow use of the key"), MISSING)
)


def entry(
    decision: Decision,
    operation: str = "dynamodb:GetItem",
    via: str = "dynamodb",
    principal: str = ANA,
    policies: Policies | None = None,
) -> TrailEntry:
    context = Context({"kms:ViaService": "dynamodb.us-east-1.amazonaws.com"})
    return TrailEntry(1, operation, Request(principal, "kms:Decrypt", KEY, context), decision, via, policies)


def test_no_decisions_have_no_text() -> None:
    assert describe([]) == ""


def test_an_allowed_decision_is_one_line_with_the_statement_that_decided() -> None:
    assert describe([entry(ALLOWED)]) == (
        f"allowed kms:Decrypt on {SHORT_KEY} for user/team/ana (in dynamodb:GetItem, via dynamodb): "
        "`Allow use of the key` of its resource-based policy allows it"
    )


def test_a_denied_decision_has_every_reason_where_its_policies_are_not_known() -> None:
    boundary = Reason(PolicyType.PERMISSIONS_BOUNDARY, Effect.MISSING)
    lines = describe([entry(Decision(Outcome.IMPLICIT_DENY, (MISSING, boundary)))]).splitlines()
    assert lines[1:] == ["    no identity-based policy allows it", "    no permissions boundary allows it"]


def test_a_denied_decision_is_explained_from_its_policies() -> None:
    document = '{"Statement": {"Sid": "Read", "Effect": "Allow", "Action": "dynamodb:*", "Resource": "*"}}'
    policies = Policies(identity=(NamedPolicy("reading", parse_policy(document)),))
    text = describe([entry(DENIED, policies=policies)])
    assert text.splitlines()[0] == (
        f"implicitDeny kms:Decrypt on {SHORT_KEY} for user/team/ana (in dynamodb:GetItem, via dynamodb)"
    )
    assert "identity-based policy `reading`" in text
    assert all(line.startswith("    ") for line in text.splitlines()[1:])


def test_what_is_denied_many_times_is_explained_once() -> None:
    policies = Policies(identity=())
    other = entry(DENIED, policies=policies, principal=f"{ANA}2")
    lines = describe([entry(DENIED, policies=policies), other, entry(DENIED, policies=policies)]).splitlines()
    heads = [line for line in lines if not line.startswith(" ")]
    assert [head.endswith(": as explained above") for head in heads] == [False, False, True]
    assert lines[-1] == heads[-1]


def test_the_newest_are_kept_and_the_others_counted() -> None:
    text = describe([entry(ALLOWED, operation=f"dynamodb:Call{number}") for number in range(4)], shown=2)
    lines = text.splitlines()
    assert lines[0] == "(2 earlier ones are left out)"
    assert ["Call2" in lines[1], "Call3" in lines[2], len(lines)] == [True, True, 3]


@pytest.mark.parametrize(
    ("operation", "via", "tail"),
    [
        ("kms:Decrypt", "", ""),
        ("kms:ReEncrypt", "", " (in kms:ReEncrypt)"),
        ("dynamodb:Scan", "dynamodb", " (in dynamodb:Scan, via dynamodb)"),
    ],
)
def test_a_headline_says_in_which_call_it_was_asked(operation: str, via: str, tail: str) -> None:
    assert headline(entry(DENIED, operation, via)).endswith(f"for user/team/ana{tail}")


def test_a_principal_that_is_no_arn_stays_whole() -> None:
    assert "for dynamodb.amazonaws.com" in headline(entry(DENIED, principal="dynamodb.amazonaws.com"))


@pytest.mark.parametrize(
    ("reason", "text"),
    [
        (
            Reason(PolicyType.IDENTITY, Effect.DENY, "reading", "Statement[0]"),
            "`Statement[0]` of identity-based policy `reading` denies it",
        ),
        (Reason(PolicyType.RESOURCE, Effect.DENY, KEY, "No"), "`No` of its resource-based policy denies it"),
        (Reason(PolicyType.SESSION, Effect.MISSING), "no session policy allows it"),
        (
            Reason(PolicyType.IDENTITY, Effect.UNREADABLE, "broken"),
            "identity-based policy `broken` cannot be read, so it may deny",
        ),
        (Reason(PolicyType.GRANT, Effect.ALLOW, KEY, "abc"), "grant `abc` allows it"),
        (
            Reason(PolicyType.IDENTITY, Effect.ALLOW, "arn:aws:iam::111122223333:root"),
            "the root user needs no policy",
        ),
    ],
)
def test_a_reason_is_a_clause(reason: Reason, text: str) -> None:
    assert reason_text(reason, KEY) == text


@pytest.mark.parametrize(
    ("principal", "name"),
    [
        (ANA, "ana"),
        ("arn:aws:iam::111122223333:user/mounika-1a2b3c4d-gw0-3", "mounika"),
        ("arn:aws:sts::111122223333:assumed-role/orders-1a2b3c4d-main-12/handler", "orders"),
        ("arn:aws:iam::111122223333:root", "root"),
        ("dynamodb.amazonaws.com", "dynamodb.amazonaws.com"),
    ],
)
def test_a_failure_is_one_line_with_a_persons_name(principal: str, name: str) -> None:
    text = failure_text(entry(DENIED, principal=principal))
    assert text == f"kms:Decrypt denied to {name}: no identity-based policy allows it"


@pytest.mark.parametrize(
    ("when", "shown"), [("setup", "fdtL"), ("call", "dtL"), ("teardown", "fdtL")], ids=str
)
def test_the_body_of_a_test_shows_its_own_decisions_and_every_denial(when: str, shown: str) -> None:
    made = {
        "l": (ALLOWED, Origin.LAB),
        "f": (ALLOWED, Origin.FIXTURE),
        "d": (DENIED, Origin.FIXTURE),
        "t": (ALLOWED, Origin.TEST),
        "L": (DENIED, Origin.LAB),
    }
    entries = [entry(decision, name)._replace(origin=origin) for name, (decision, origin) in made.items()]
    assert "".join(one.operation for one in own_decisions(entries, when)) == shown


def test_what_is_folded_keeps_its_indent_and_its_words() -> None:
    text = "    " + "word " * 20 + "x" * 70
    folded = fold(text, 60).splitlines()
    assert " ".join(folded).split() == text.split()
    assert all(line.startswith("    ") for line in folded)
    assert [line for line in folded if len(line) > 60] == ["        " + "x" * 70]
    assert fold("short\n  lines", 60) == "short\n  lines"
    assert fold(f"  by  {'x' * 70} z", 60).splitlines() == [f"  by  {'x' * 70}", "      z"]
