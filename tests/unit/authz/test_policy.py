from __future__ import annotations

import json
from typing import Any

import pytest
from helpers.factories import ROOT, USER, allow, deny, request_of, to
from helpers.strategies import policies
from hypothesis import given, settings
from hypothesis import strategies as st

from pytest_kmslab.authz.authorize import authorize
from pytest_kmslab.authz.policy import (
    NamedPolicy,
    Policies,
    named_policy,
    parse_policy,
    print_policy,
    read_policy,
)
from pytest_kmslab.errors import PolicyError


def document(*statements: Any, **more: Any) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements), **more})


def test_a_document_is_read_once_for_each_text() -> None:
    text = document(allow("kms:Decrypt"), Id="once")
    assert parse_policy(text) is parse_policy(text)


def test_a_document_has_a_version_an_id_and_statements() -> None:
    policy = parse_policy(document(allow("kms:Decrypt", Sid="A"), deny("kms:*"), Id="key-default-1"))
    assert (policy.version, policy.id, policy.error) == ("2012-10-17", "key-default-1", "")
    assert [statement.name for statement in policy.statements] == ["A", "Statement[1]"]


def test_a_policy_goes_by_its_name() -> None:
    text = document(allow("kms:Decrypt"))
    assert named_policy("p", text) == NamedPolicy("p", read_policy(text))
    assert named_policy("p", "{").policy.error


def test_one_statement_may_stand_without_a_list_and_the_version_may_be_missing() -> None:
    policy = parse_policy(json.dumps({"Statement": allow()}))
    assert (policy.version, len(policy.statements)) == ("2008-10-17", 1)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "not JSON"),
        ("{", "not JSON"),
        ("[]", "the document is not a JSON object"),
        ('"x"', "the document is not a JSON object"),
        ("{}", "Statement is missing"),
        pytest.param("[" * 100_000, "not JSON: nested too deeply", id="deep list"),
        pytest.param('{"a":' * 50_000, "nested too deeply", id="deep object"),
        pytest.param(" " * 262_145, "the document has 262145 characters", id="huge"),
        ('{"Statement": [], "Version": NaN}', "`NaN` is no number"),
        (
            '{"Version": "2012-10-17", "Statement": [], "Statement": []}',
            "ambiguous: `Statement` stands twice in one object",
        ),
        (
            document(Version="2020-01-01"),
            "Version: `2020-01-01` is not a version: write 2008-10-17 or 2012-10-17",
        ),
        (document(Version=["2012-10-17"]), "is not a version"),
        (document(Id=1), "Id is not text"),
        (document(Statements=[]), "Statements: unknown element: write one of Version, Id, Statement"),
        (document("x"), "Statement[0] is not an object"),
        (
            document(allow(), {**allow(), "Effekt": "x"}),
            "Statement[1].Effekt: unknown element: write one of Sid, Effect, Condition, ",
        ),
        (document({**allow(), "effect": "Allow"}), "Statement[0].effect: unknown element"),
        (document({**allow(), "Effect": "allow"}), "Statement[0].Effect is `allow`: write `Allow` or `Deny`"),
        (document({"Action": "*", "Resource": "*"}), "Statement[0].Effect is `None`"),
        (document({**allow(), "Effect": ["Deny"]}), "Statement[0].Effect"),
        (document({**allow(), "NotAction": "a:b"}), "Statement[0] has both Action and NotAction"),
        (document({**allow(), "NotResource": "*"}), "Statement[0] has both Resource and NotResource"),
        (document(deny(Principal="*", NotPrincipal="*")), "Statement[0] has both Principal and NotPrincipal"),
        (document(allow(NotPrincipal={"AWS": ROOT})), "Statement[0].NotPrincipal works with Deny only"),
        (document(allow(Sid=5)), "Statement[0].Sid is not text"),
        (document(allow("Decrypt")), "Statement[0].Action: `Decrypt` is not `service:Operation`"),
        (document(allow(["kms:"])), "Statement[0].Action: `kms:` is not"),
        (document(allow(":kms:Decrypt")), "Statement[0].Action: `:kms:Decrypt` is not"),
        (document(allow([""])), "Statement[0].Action: a value is not text"),
        (document(allow([5])), "Statement[0].Action: a value is not text"),  # type: ignore[list-item]
        (document({**allow(), "Action": {"a": "b"}}), "Statement[0].Action: a value is not text"),
        (document(allow(resource=[None])), "Statement[0].Resource: a value is not text"),  # type: ignore[list-item]
        (document(allow(resource="arn:aws:s3:::${x")), "Statement[0].Resource: malformed policy variable"),
        (document(allow(resource="arn:aws:${x")), "malformed policy variable in `arn:aws:${x`: write ${key}"),
        (document(deny(resource="arn:aws:${x")), "malformed policy variable in `arn:aws:${x`: write ${key}"),
        (
            document(allow(Condition={"StringEqualz": {"k": "v"}})),
            "Statement[0].Condition.StringEqualz.k: unknown",
        ),
        (document(allow(Condition="x")), "Statement[0].Condition: not an object"),
        (
            document(to({"Aws": ROOT})),
            "Statement[0].Principal.Aws: unknown kind of principal: write one of AWS, Service, Federated, ",
        ),
        (
            document(allow(Principal="ana")),
            'Statement[0].Principal not `"*"` and not an object such as {"AWS": …}',
        ),
        (document(to("ana")), "Statement[0].Principal.AWS: `ana` is not an ARN"),
        (document(to({"AWS": [5]})), "Statement[0].Principal.AWS: a principal is not text"),
        (document(to("arn:aws:iam::111122223333:user/*")), "has a wildcard inside"),
        (
            document(to({"Service": "*.amazonaws.com"})),
            "Statement[0].Principal.Service: `*.amazonaws.com` has",
        ),
    ],
)
def test_what_is_no_policy_says_where_and_why(text: str, message: str) -> None:
    with pytest.raises(PolicyError) as caught:
        parse_policy(text)
    assert message in str(caught.value)
    policy = read_policy(text)
    assert policy.error == str(caught.value)
    assert (policy.version, policy.id, policy.statements) == ("", "", ())


@pytest.mark.parametrize(
    ("text", "message"),
    [(document(Id=1), "Id is not text"), ("[" * 100_000, "not JSON: nested too deeply")],
    ids=["id", "deep list"],
)
def test_an_error_of_the_whole_document_begins_with_what_it_is(text: str, message: str) -> None:
    assert read_policy(text).error == message


def test_relevant_statements_are_those_about_the_action() -> None:
    policy = parse_policy(
        document(allow("kms:De*", Sid="A"), deny("KMS:DECRYPT", Sid="B"), allow("kms:Encrypt", Sid="C"))
    )
    relevant = policy.relevant("kms:decrypt")
    assert [statement.name for statement in relevant.allows] == ["A"]
    assert [statement.name for statement in relevant.denies] == ["B"]
    assert policy.relevant("kms:decrypt") is relevant


def test_what_is_kept_for_each_action_is_bounded() -> None:
    policy = parse_policy(document(allow("kms:*", Sid="bounded")))
    kept = set()
    for number in range(5_000):
        policy.relevant(f"kms:operation{number}")
        kept.add(len(policy._by_action))
    assert max(kept) == 2_048


def test_the_largest_document_is_read() -> None:
    assert parse_policy(document().ljust(262_144)).statements == ()


def test_a_policy_that_cannot_be_read_is_printed_as_its_text() -> None:
    assert print_policy(read_policy('{"Version":')) == '{"Version":'


@pytest.mark.parametrize("more", [{}, {"Id": "key-default-1"}], ids=["no id", "an id"])
def test_a_policy_is_printed_as_it_was_written(more: dict[str, str]) -> None:
    written = {"Version": "2012-10-17", **more, "Statement": [allow("kms:Decrypt", Sid="A"), deny("kms:*")]}
    assert json.loads(print_policy(parse_policy(json.dumps(written)))) == written


@settings(max_examples=100, deadline=None)
@given(policies("resource"), st.sampled_from(["2008-10-17", "2012-10-17"]), st.text(max_size=3))
def test_a_printed_policy_reads_as_itself(
    statements: tuple[dict[str, Any], ...], version: str, id_: str
) -> None:
    policy = parse_policy(document(*statements, Version=version, Id=id_))
    again = parse_policy(print_policy(policy))
    assert again == policy
    assert [statement.source for statement in again.statements] == list(statements)


VOCABULARY = (
    "Version Statement Effect Allow Deny Action NotAction Resource Principal AWS Condition StringLike Sid"
    " * kms:* aws:username ${aws:username} ${ 2012-10-17"
)
WORDS = st.sampled_from([*VOCABULARY.split(), USER, ""])
JSON = st.recursive(
    WORDS | st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(WORDS, inner, max_size=5),
)
STATEMENT = st.fixed_dictionaries(
    {"Effect": st.sampled_from(["Allow", "Deny"])},
    optional=dict.fromkeys(("Action", "Resource", "Principal", "NotPrincipal", "Condition"), JSON),
)


@settings(max_examples=150, deadline=None)
@given(JSON | st.fixed_dictionaries({"Statement": st.lists(STATEMENT, max_size=3) | JSON}))
def test_whatever_a_document_holds_it_is_read_or_denies(anything: Any) -> None:
    policy = NamedPolicy("p", read_policy(json.dumps(anything)))
    decision = authorize(request_of(), Policies(identity=(policy,), resource=policy))
    if policy.policy.error:
        assert not decision.allowed
