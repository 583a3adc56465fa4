from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from pytest_kmslab.cases.case import Case
from pytest_kmslab.cases.read import parse_case
from pytest_kmslab.cases.write import print_case
from pytest_kmslab.errors import CaseError
from pytest_kmslab.observe.anonymize import anonymize
from pytest_kmslab.observe.observed_cases import digest

CORPUS = sorted((Path(__file__).parents[2] / "corpus").rglob("*.json"))
REQUEST_ID = "0a1b2c3d-aaaa-4bbb-8ccc-ddddeeeeffff"
ACCOUNT, OTHER = "987654321098", "135791357913"
KEY = "c0ffee00-1111-4222-8333-123456789012"
KEY_ARN = f"arn:aws:kms:us-east-1:{ACCOUNT}:key/{KEY}"
USER = f"arn:aws:iam::{ACCOUNT}:user/payroll/jane.doe@example.org"
ROLE = f"arn:aws:iam::{OTHER}:role/break-glass"
SESSION = f"arn:aws:sts::{ACCOUNT}:assumed-role/break-glass/jane"


def case(principal: str = USER, statements: Any = None, **more: Any) -> Case:
    request = {"principal": principal, "action": "kms:Decrypt", "resource": KEY_ARN, **more}
    return parse_case(
        {
            "name": "a case",
            "source": f"recorded: User: {principal} is not authorized (Request ID: {REQUEST_ID})",
            "request": request,
            "policies": {
                "identity": [{"name": "JanesPolicy", "document": {"Statement": statements or []}}],
                "resource": {
                    "Statement": [
                        {
                            "Effect": "Allow",
                            "Principal": {"AWS": [USER, ROLE]},
                            "Action": "*",
                            "Resource": "*",
                        }
                    ]
                },
            },
            "grants": [
                {
                    "GranteePrincipal": USER,
                    "Operations": ["Decrypt"],
                    "GrantId": "ab" * 32,
                    "Name": "janes-grant",
                }
            ],
        }
    )


def anonymized(given: Case) -> dict[str, Any]:
    read: dict[str, Any] = json.loads(print_case(anonymize(given)))
    return read


def test_accounts_ids_and_names_become_examples() -> None:
    after = anonymized(case())
    assert after["request"]["principal"] == "arn:aws:iam::111122223333:user/team/ana"
    assert after["request"]["resource"] == (
        "arn:aws:kms:us-east-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab"
    )
    assert after["policies"]["resource"]["Statement"][0]["Principal"]["AWS"] == [
        "arn:aws:iam::111122223333:user/team/ana",
        "arn:aws:iam::444455556666:role/reader",
    ]
    assert after["policies"]["identity"][0]["name"] == "policy-1"
    assert after["grants"][0]["GranteePrincipal"] == "arn:aws:iam::111122223333:user/team/ana"


def test_nothing_of_anybody_is_left() -> None:
    context = {
        "aws:username": "jane.doe@example.org",
        "aws:userid": "AROAJQABLZS4A3QDU576Q:oncall@example.org",
        "aws:PrincipalTag/squad": "Falcons",
        "aws:PrincipalTag/unit": "Falcons North",
        "kms:ResourceAliases": ["alias/payroll-key"],
        "kms:EncryptionContext:aws:dynamodb:tableName": "salaries",
        "kms:EncryptionContext:patient": "Erika M.",
        "dynamodb:LeadingKeys": ["emp-4711"],
        "aws:VpcSourceIp": "10.1.2.3",
    }
    statements = [
        {"Effect": "Allow", "Action": "s3:*", "Resource": "arn:aws:s3:::payroll-exports/*"},
        {
            "Effect": "Allow",
            "Action": "dynamodb:*",
            "Resource": f"arn:aws:dynamodb:*:{ACCOUNT}:table/salaries",
        },
        {"Effect": "Deny", "Action": "*", "Resource": "*", "Condition": {"Null": {"aws:username": "true"}}},
    ]
    text = print_case(anonymize(case(statements=statements, context=context)))
    gone = (
        ACCOUNT,
        OTHER,
        KEY,
        "jane",
        "payroll",
        "glass",
        "AROAJQ",
        "oncall",
        "Falcons",
        "North",
        "salaries",
        "Erika",
        "4711",
    )
    assert [word for word in (*gone, "10.1.2.3", REQUEST_ID, "ab" * 32, "Janes") if word in text] == []


def test_a_name_becomes_the_same_word_everywhere() -> None:
    statements = [
        {
            "Effect": "Deny",
            "Action": "*",
            "Resource": "*",
            "Condition": {"StringNotEquals": {"aws:username": "jane.doe@example.org"}},
        }
    ]
    given = case(statements=statements, context={"aws:username": "jane.doe@example.org"})
    assert given.decide().allowed
    after = anonymized(given)
    condition = after["policies"]["identity"][0]["document"]["Statement"][0]["Condition"]
    assert condition == {"StringNotEquals": {"aws:username": "ana"}}
    assert anonymize(given).decide().allowed


def test_a_name_within_a_longer_one_is_another_name() -> None:
    given = case(
        f"arn:aws:iam::{ACCOUNT}:user/jane",
        [{"Effect": "Allow", "Action": "*", "Resource": f"arn:aws:dynamodb:*:{ACCOUNT}:table/jane-2"}],
    )
    (statement,) = anonymized(given)["policies"]["identity"][0]["document"]["Statement"]
    assert statement["Resource"] == "arn:aws:dynamodb:*:111122223333:table/books"


@pytest.mark.parametrize("name", ["kms", "Decrypt", "Allow", "allowed", "2012-10-17"])
def test_who_is_called_like_a_word_of_aws_changes_no_policy(name: str) -> None:
    statements = [{"Effect": "Allow", "Action": "kms:Decrypt", "Resource": "*"}]
    given = case(f"arn:aws:iam::{ACCOUNT}:user/{name}", statements)
    (statement,) = anonymized(given)["policies"]["identity"][0]["document"]["Statement"]
    assert statement == statements[0]
    assert anonymize(given).request.action == "kms:Decrypt"


def test_a_session_keeps_its_form() -> None:
    after = anonymized(
        case(SESSION, context={"aws:PrincipalArn": f"arn:aws:iam::{ACCOUNT}:role/break-glass"})
    )
    assert after["request"]["principal"] == "arn:aws:sts::111122223333:assumed-role/reader/session-one"
    assert after["request"]["context"]["aws:PrincipalArn"] == "arn:aws:iam::111122223333:role/reader"


def test_what_a_policy_tells_by_a_part_of_a_name_is_refused() -> None:
    statements = [
        {
            "Effect": "Deny",
            "Action": "*",
            "Resource": "*",
            "Condition": {"StringLike": {"aws:username": "jane*"}},
        }
    ]
    with pytest.raises(CaseError, match="`a case`: without its names it is decided otherwise"):
        anonymize(case(statements=statements, context={"aws:username": "jane.doe@example.org"}))


def test_aws_s_own_names_stay() -> None:
    given = case(
        statements=[{"Effect": "Allow", "Action": "*", "Resource": "arn:aws:iam::aws:policy/ReadOnlyAccess"}]
    )
    text = print_case(anonymize(given))
    assert "arn:aws:iam::aws:policy/ReadOnlyAccess" in text


def test_scrubbing_again_changes_nothing() -> None:
    once = anonymize(case())
    assert anonymize(once) == once


def test_two_runs_of_the_same_come_to_the_same_case() -> None:
    one = case()
    other = parse_case(print_case(case()).replace("jane.doe", "june.smith").replace(ACCOUNT, "246802468024"))
    assert digest(one) != digest(other)
    assert digest(anonymize(one)) == digest(anonymize(other))


def test_every_case_of_the_corpus_is_decided_as_before_or_refused() -> None:
    refused = 0
    for path in CORPUS:
        given = parse_case(path.read_text("utf-8"))
        try:
            after = anonymize(given)
        except CaseError:
            refused += 1
            continue
        assert after.decide().decision is given.decide().decision
        ids = set(re.findall(r"\b\d{12}\b", print_case(after)))
        assert {one for one in ids if not one.startswith("9999")} <= {
            "111122223333",
            "444455556666",
            "777788889999",
        }
    assert refused < len(CORPUS) / 10
