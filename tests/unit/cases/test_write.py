from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from helpers.strategies import World, worlds
from hypothesis import given

from pytest_kmslab.authz.context import Context
from pytest_kmslab.authz.decision import Outcome
from pytest_kmslab.authz.grant import Grant
from pytest_kmslab.authz.policy import NamedPolicy, Policies, read_policy
from pytest_kmslab.authz.request import Request
from pytest_kmslab.cases.case import Case, Expectation
from pytest_kmslab.cases.read import parse_case
from pytest_kmslab.cases.write import case_as_json, print_case

CORPUS = sorted((Path(__file__).parents[2] / "corpus").rglob("*.json"))
ANA = "arn:aws:iam::111122223333:user/ana"
KEY = "arn:aws:kms:us-east-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab"


def of_world(world: World) -> Case:
    return Case("a world", world.request, world.policies, world.grants, Expectation(Outcome.ALLOWED))


@given(worlds())
def test_a_printed_case_reads_as_an_equal_one(world: World) -> None:
    read = parse_case(print_case(of_world(world)))
    assert parse_case(print_case(read)) == read


@given(worlds())
def test_a_printed_case_is_decided_as_it_was(world: World) -> None:
    read = parse_case(print_case(of_world(world)))
    assert read.request == world.request
    assert read.grants == world.grants
    assert read.decide().decision is world.decide().decision


def test_every_case_of_the_corpus_survives_printing() -> None:
    cases = [parse_case(path.read_text("utf-8")) for path in CORPUS]
    assert [case.name for case in cases if parse_case(print_case(case)) != case] == []


def test_a_policy_that_cannot_be_read_stays_one() -> None:
    broken = NamedPolicy("broken", read_policy('{"Version":'))
    case = Case("broken", Request(ANA, "kms:Decrypt", KEY), Policies(identity=(broken,)))
    printed = case_as_json(case)
    assert printed["policies"]["identity"] == [{"name": "broken", "document": '{"Version":'}]
    assert parse_case(print_case(case)) == case


def test_what_is_expected_is_printed() -> None:
    request = Request(ANA, "kms:Decrypt", KEY)
    for matched, more in (
        (None, {}),
        (frozenset(), {"matched": []}),
        (frozenset({"B", "A", "C"}), {"matched": ["A", "B", "C"]}),
    ):
        case = Case("c", request, Policies(), expect=Expectation(Outcome.ALLOWED, matched))
        assert case_as_json(case)["expect"] == {"decision": "allowed", **more}
        assert parse_case(print_case(case)) == case


def test_values_stand_as_they_were_given() -> None:
    context = Context({"aws:TagKeys": ["a", "b"], "kms:ViaService": "x", "dynamodb:Attributes": []})
    printed = case_as_json(Case("c", Request(ANA, "kms:Decrypt", KEY, context), Policies()))
    assert printed["request"]["context"] == {
        "aws:TagKeys": ["a", "b"],
        "kms:ViaService": "x",
        "dynamodb:Attributes": [],
    }


def test_a_grant_has_the_fields_of_list_grants() -> None:
    entry: dict[str, Any] = {
        "GranteePrincipal": ANA,
        "Operations": ["Decrypt", "Encrypt"],
        "GrantId": "g1",
        "RetiringPrincipal": ANA,
        "Name": "n",
        "IssuingAccount": "arn:aws:iam::111122223333:root",
        "Constraints": {"EncryptionContextSubset": {}, "SourceArn": "arn:aws:dynamodb:us-east-1:1:table/t"},
    }
    case = Case("c", Request(ANA, "kms:Decrypt", KEY), Policies(), (Grant.from_json(entry),))
    assert json.loads(print_case(case))["grants"] == [entry]
    del entry["Constraints"]
    bare = Case("c", Request(ANA, "kms:Decrypt", KEY), Policies(), (Grant.from_json(entry),))
    assert json.loads(print_case(bare))["grants"] == [entry]


def test_a_case_is_printed_over_several_lines_and_its_letters_stay() -> None:
    printed = print_case(Case("straße", Request(ANA, "kms:Decrypt", KEY), Policies()))
    assert printed.splitlines()[:2] == ["{", ' "name": "straße",']
    assert printed.endswith("\n}\n")


def test_a_grant_that_says_only_what_it_must() -> None:
    entry = {"GranteePrincipal": ANA, "Operations": ["Decrypt"]}
    grant = Grant(ANA, frozenset(["Decrypt"]))
    assert Grant.from_json(entry) == grant
    bare = {
        "name": "c",
        "request": {"principal": ANA, "action": "kms:Decrypt", "resource": KEY},
        "policies": {},
    }
    assert parse_case({**bare, "grants": [entry]}).grants == (grant,)


def test_a_request_has_the_account_and_the_grant_that_it_was_given() -> None:
    request = Request(ANA, "kms:RetireGrant", KEY, resource_account="444455556666", grant_id="g1")
    assert case_as_json(Case("c", request, Policies()))["request"] == {
        "principal": ANA,
        "action": "kms:RetireGrant",
        "resource": KEY,
        "resource_account": "444455556666",
        "grant_id": "g1",
    }
