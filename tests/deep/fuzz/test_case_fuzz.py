"""An authorization case that was mutated is read, or refused by name of what is wrong, and can be decided."""

from __future__ import annotations

import json
from itertools import islice

from deep.differential.generator import Case as Drawn
from deep.differential.generator import cases
from deep.fuzz.hunt import hunt
from deep.fuzz.profile import fuzzed

from pytest_kmslab.authz.explain.explanation import explain
from pytest_kmslab.cases.read import parse_case
from pytest_kmslab.errors import CaseError

GRANTS = [
    {
        "GranteePrincipal": "arn:aws:iam::111122223333:user/ana",
        "Operations": ["Decrypt", "CreateGrant"],
        "Constraints": {"EncryptionContextSubset": {"aws:dynamodb:tableName": "my_table_kms"}},
        "GrantId": "g1",
    }
]


def _completed(case: Drawn, number: int) -> str:
    more = {"source": "", "verified": "2026-11-23", "grants": GRANTS, "expect": {"decision": "allowed"}}
    return json.dumps({**case, **(more if number % 2 else {})})


GOOD = [_completed(case, number) for number, case in enumerate(islice(cases(2), 60))]


@fuzzed
def test_a_case_is_decided_or_refused_with_a_case_error(seed: int) -> None:
    def check(text: str) -> None:
        try:
            case = parse_case(text)
        except CaseError as error:
            if not str(error):
                raise
            return
        explain(case.request, case.policies, case.grants, case.decide())

    hunt(seed, GOOD, check)


@fuzzed
def test_a_case_whose_policy_is_a_broken_text_is_not_allowed(seed: int) -> None:
    def check(text: str) -> None:
        bare = json.loads(GOOD[0])
        everything = {
            "Version": "2012-10-17",
            "Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"},
        }
        bare["policies"] = {
            "identity": [{"name": "p", "document": everything}, {"name": "q", "document": text}]
        }
        case = parse_case(bare)
        if case.policies.identity[1].policy.error:
            assert not case.decide().allowed

    hunt(seed, [json.dumps(case["policies"].get("resource", {})) for case in islice(cases(3), 30)], check)
