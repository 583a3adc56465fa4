"""A failing case is made small, and goes on failing."""

from __future__ import annotations

import json
from itertools import islice

from deep.differential.generator import Case, cases
from deep.differential.ours import decide
from deep.differential.shrink import shrink

DENY = {"Effect": "Deny", "Action": "kms:Decrypt", "Resource": "*"}


def bulky() -> Case:
    allow = {"Effect": "Allow", "Action": ["kms:*", "dynamodb:*"], "Resource": "*"}
    condition = {"StringEquals": {"kms:ViaService": ["a", "b"]}, "Bool": {"aws:SecureTransport": "true"}}
    documents = [{"Version": "2012-10-17", "Statement": [allow, {**DENY, "Condition": condition}, allow]}] * 2
    return {
        "name": "bulky",
        "request": {
            "principal": "arn:aws:iam::111122223333:user/ana",
            "action": "kms:Decrypt",
            "resource": "arn:aws:kms:us-east-1:111122223333:key/1",
            "context": {"kms:ViaService": "a", "aws:SecureTransport": "true", "aws:username": "ana"},
        },
        "policies": {
            "identity": [
                {"name": f"p{number}", "document": document} for number, document in enumerate(documents)
            ],
            "service_control": [[documents[0]]],
        },
    }


def test_what_does_not_matter_is_left_out() -> None:
    small = shrink(bulky(), lambda case: "Deny" in json.dumps(case))
    assert json.dumps(small).count("Effect") == 1
    assert "Condition" not in json.dumps(small)
    assert "context" not in small["request"]


def test_what_matters_stays() -> None:
    small = shrink(bulky(), lambda case: decide(case) == "explicitDeny")
    assert decide(small) == "explicitDeny"
    (policies,) = small["policies"].values()
    assert json.dumps(policies).count("Effect") == 1


def test_the_case_given_is_left_as_it_is() -> None:
    given = bulky()
    shrink(given, lambda case: "Deny" in json.dumps(case))
    assert given == bulky()


def test_a_shrunk_case_is_still_a_case() -> None:
    for case in islice(cases(3), 60):
        decided = decide(case)

        def fails(tried: Case, decided: str = decided) -> bool:
            return decide(tried) == decided  # raises CaseError where the shrinker broke the form

        assert decide(shrink(case, fails)) == decided
