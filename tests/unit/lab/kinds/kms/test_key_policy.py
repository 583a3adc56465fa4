from __future__ import annotations

import copy
import json
from typing import Any

import pytest

from pytest_kmslab.errors import PolicyError
from pytest_kmslab.lab.kinds.kms.key_policy import (
    ATTACHMENT_SID,
    USE_SID,
    changed_statements,
    console_policy,
    same_meaning,
    users_of,
    with_user,
    without_user,
)

ACCOUNT = "111122223333"
ADMIN = f"arn:aws:iam::{ACCOUNT}:user/admin"
ANA = f"arn:aws:iam::{ACCOUNT}:user/ana"
BEN = f"arn:aws:iam::{ACCOUNT}:user/ben"

# https://docs.aws.amazon.com/kms/latest/developerguide/key-policy-default.html
CONSOLE = json.loads(
    """
{"Version":"2012-10-17","Id":"key-consolepolicy-3","Statement":[
 {"Sid":"Enable IAM User Permissions","Effect":"Allow",
  "Principal":{"AWS":"arn:aws:iam::111122223333:root"},"Action":"kms:*","Resource":"*"},
 {"Sid":"Allow access for Key Administrators","Effect":"Allow",
  "Principal":{"AWS":["arn:aws:iam::111122223333:user/admin"]},
  "Action":["kms:Create*","kms:Describe*","kms:Enable*","kms:List*","kms:Put*","kms:Update*","kms:Revoke*",
   "kms:Disable*","kms:Get*","kms:Delete*","kms:TagResource","kms:UntagResource","kms:ScheduleKeyDeletion",
   "kms:CancelKeyDeletion","kms:RotateKeyOnDemand"],"Resource":"*"},
 {"Sid":"Allow use of the key","Effect":"Allow","Principal":{"AWS":["arn:aws:iam::111122223333:user/ana"]},
  "Action":["kms:Encrypt","kms:Decrypt","kms:ReEncrypt*","kms:GenerateDataKey*","kms:DescribeKey"],
  "Resource":"*"},
 {"Sid":"Allow attachment of persistent resources","Effect":"Allow",
  "Principal":{"AWS":["arn:aws:iam::111122223333:user/ana"]},
  "Action":["kms:CreateGrant","kms:ListGrants","kms:RevokeGrant"],"Resource":"*",
  "Condition":{"Bool":{"kms:GrantIsForAWSResource":"true"}}}]}
"""
)


@pytest.fixture
def policy() -> dict[str, Any]:
    return copy.deepcopy(CONSOLE)


def test_the_policy_is_the_consoles_to_the_letter() -> None:
    assert console_policy(ACCOUNT, [ADMIN], [ANA]) == CONSOLE


def test_a_statement_that_would_name_nobody_is_left_out() -> None:
    assert [one["Sid"] for one in console_policy(ACCOUNT)["Statement"]] == ["Enable IAM User Permissions"]


def test_a_user_is_added_to_two_statements_and_nothing_else(policy: dict[str, Any]) -> None:
    after = with_user(policy, BEN)
    assert users_of(after) == [ANA, BEN]
    assert changed_statements(policy, after) == [ATTACHMENT_SID, USE_SID]
    assert after["Statement"][3]["Principal"] == {"AWS": [ANA, BEN]}
    assert policy == CONSOLE


def test_a_user_is_taken_out_of_both_again(policy: dict[str, Any]) -> None:
    assert same_meaning(without_user(with_user(policy, BEN), BEN), policy)


def test_a_user_who_is_there_is_not_added_twice(policy: dict[str, Any]) -> None:
    assert with_user(policy, ANA) == policy


def test_one_who_is_not_there_is_not_missed(policy: dict[str, Any]) -> None:
    assert without_user(policy, BEN) == policy
    assert without_user(console_policy(ACCOUNT, [ADMIN]), BEN) == console_policy(ACCOUNT, [ADMIN])


def test_a_single_principal_may_come_back_as_a_string(policy: dict[str, Any]) -> None:
    for statement in policy["Statement"][2:]:
        statement["Principal"] = {"AWS": ANA}
    assert users_of(policy) == [ANA]
    assert users_of(with_user(policy, BEN)) == [ANA, BEN]
    assert users_of(without_user(policy, BEN)) == [ANA]


def test_the_last_users_statements_go_and_come_back(policy: dict[str, Any]) -> None:
    nobody = without_user(policy, ANA)
    assert users_of(nobody) == []
    assert nobody == console_policy(ACCOUNT, [ADMIN])
    assert with_user(nobody, ANA) == policy


@pytest.mark.parametrize("missing", [2, 3])
@pytest.mark.parametrize("change", [with_user, without_user])
def test_a_policy_that_lost_the_consoles_shape_is_not_guessed_at(
    policy: dict[str, Any], missing: int, change: Any
) -> None:
    sid = policy["Statement"].pop(missing)["Sid"]
    with pytest.raises(PolicyError, match=f"no statement `{sid}`"):
        change(policy, BEN)


def reordered(policy: dict[str, Any]) -> None:
    policy["Statement"].reverse()
    policy["Statement"][0]["Action"].reverse()


def unlisted(policy: dict[str, Any]) -> None:
    policy["Statement"][0]["Action"] = ["kms:*"]
    policy["Statement"][2]["Principal"]["AWS"] = ANA
    policy["Statement"][3]["Condition"] = {"Bool": {"kms:GrantIsForAWSResource": [True]}}


def recased(policy: dict[str, Any]) -> None:
    policy["Statement"][2]["Action"][1] = "kms:decrypt"
    policy["Statement"][3]["Condition"] = {"bool": {"KMS:GrantIsForAWSResource": "true"}}


def by_account_id(policy: dict[str, Any]) -> None:
    policy["Statement"][0]["Principal"] = {"AWS": ACCOUNT}


def renamed(policy: dict[str, Any]) -> None:
    policy["Id"] = "another"


@pytest.mark.parametrize("rewrite", [reordered, unlisted, recased, by_account_id, renamed])
def test_another_wording_is_the_same(policy: dict[str, Any], rewrite: Any) -> None:
    rewrite(policy)
    assert same_meaning(policy, CONSOLE)
    assert changed_statements(policy, CONSOLE) == []


def another_action(policy: dict[str, Any]) -> None:
    policy["Statement"][2]["Action"][1] = "kms:DeriveSharedSecret"


def a_deny(policy: dict[str, Any]) -> None:
    policy["Statement"][2]["Effect"] = "Deny"


def no_condition(policy: dict[str, Any]) -> None:
    del policy["Statement"][3]["Condition"]


def another_value(policy: dict[str, Any]) -> None:
    policy["Statement"][3]["Condition"]["Bool"]["kms:GrantIsForAWSResource"] = "false"


def everybody(policy: dict[str, Any]) -> None:
    policy["Statement"][2]["Principal"] = "*"


def all_but(policy: dict[str, Any]) -> None:
    policy["Statement"][2]["NotPrincipal"] = policy["Statement"][2].pop("Principal")


def other_case_of_a_name(policy: dict[str, Any]) -> None:
    policy["Statement"][2]["Principal"] = {"AWS": ANA.replace("ana", "Ana")}


def one_more(policy: dict[str, Any]) -> None:
    policy["Statement"].append({**policy["Statement"][2], "Sid": "more"})


def old_version(policy: dict[str, Any]) -> None:
    policy["Version"] = "2008-10-17"


@pytest.mark.parametrize(
    "rewrite",
    [
        another_action,
        a_deny,
        no_condition,
        another_value,
        everybody,
        all_but,
        other_case_of_a_name,
        one_more,
        old_version,
    ],
)
def test_another_meaning_is_not(policy: dict[str, Any], rewrite: Any) -> None:
    rewrite(policy)
    assert not same_meaning(policy, CONSOLE)


def test_everybody_is_everybody(policy: dict[str, Any]) -> None:
    other = copy.deepcopy(policy)
    policy["Statement"][2]["Principal"] = "*"
    other["Statement"][2]["Principal"] = {"AWS": "*"}
    assert same_meaning(policy, other)


@pytest.mark.parametrize(
    "junk",
    [
        {"Version": 2012},
        {"Statement": "x"},
        {"Statement": [None]},
        {"Statement": {"Sid": 7}},
        {"Statement": {"Effect": ["Allow"]}},
        {"Statement": {"Condition": []}},
        {"Statement": {"Condition": {"Bool": "true"}}},
    ],
)
def test_what_is_no_policy_is_told(policy: dict[str, Any], junk: dict[str, Any]) -> None:
    for compare in (same_meaning, changed_statements):
        with pytest.raises(PolicyError, match=r"`(other|after)`: "):
            compare(policy, {**policy, **junk})
