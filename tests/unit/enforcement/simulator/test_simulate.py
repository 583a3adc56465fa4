from __future__ import annotations

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError
from helpers.account import ACCOUNT, Account, allow

TABLE_ARN = f"arn:aws:dynamodb:us-east-1:{ACCOUNT}:table/orders"
ANA = f"arn:aws:iam::{ACCOUNT}:user/ana"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/r"
KEY = f"arn:aws:kms:us-east-1:{ACCOUNT}:key/1234abcd-12ab-34cd-56ef-1234567890ab"
ANYTHING = json.dumps(allow("*"))


@pytest.fixture
def iam(account: Account) -> Any:
    return account.root.client("iam")


def custom(iam: Any, *documents: Any, actions: tuple[str, ...] = ("dynamodb:GetItem",), **more: Any) -> Any:
    texts = [document if isinstance(document, str) else json.dumps(document) for document in documents]
    answer = iam.simulate_custom_policy(
        PolicyInputList=texts, ActionNames=list(actions), CallerArn=ANA, **more
    )
    assert not answer["IsTruncated"]
    return answer["EvaluationResults"]


def deny(*actions: str, **more: Any) -> dict[str, Any]:
    document = allow(*actions, **more)
    document["Statement"][0]["Effect"] = "Deny"
    return document


def test_one_result_an_action_in_the_order_asked(iam: Any) -> None:
    results = custom(iam, allow("dynamodb:GetItem"), actions=("dynamodb:PutItem", "dynamodb:GetItem"))
    assert [(one["EvalActionName"], one["EvalDecision"]) for one in results] == [
        ("dynamodb:PutItem", "implicitDeny"),
        ("dynamodb:GetItem", "allowed"),
    ]
    assert results[1]["EvalResourceName"] == "*"


def test_an_explicit_deny_is_the_only_statement_matched(iam: Any) -> None:
    (result,) = custom(iam, allow("dynamodb:*"), deny("dynamodb:GetItem", Sid="No"))
    assert result["EvalDecision"] == "explicitDeny"
    (matched,) = result["MatchedStatements"]
    assert matched["SourcePolicyId"] == "PolicyInputList.2"
    assert matched["SourcePolicyType"] == "IAM Policy"


def test_matched_statements_say_where_they_stand(iam: Any) -> None:
    text = '{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}'
    (result,) = custom(iam, text)
    (matched,) = result["MatchedStatements"]
    assert matched["StartPosition"] == {"Line": 1, "Column": 41}
    assert matched["EndPosition"] == {"Line": 1, "Column": len(text) - 1}


def test_several_resources_the_worst_decides_and_each_is_told(iam: Any) -> None:
    document = {
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Action": "dynamodb:GetItem", "Resource": TABLE_ARN}],
    }
    (result,) = custom(iam, document, ResourceArns=[TABLE_ARN, f"{TABLE_ARN}2"])
    assert result["EvalDecision"] == "implicitDeny"
    specific = {
        one["EvalResourceName"]: one["EvalResourceDecision"] for one in result["ResourceSpecificResults"]
    }
    assert specific == {TABLE_ARN: "allowed", f"{TABLE_ARN}2": "implicitDeny"}


def test_context_entries_decide_and_missing_ones_are_named(iam: Any) -> None:
    document = allow("dynamodb:GetItem", Condition={"StringEquals": {"aws:PrincipalTag/team": "red"}})
    (without,) = custom(iam, document)
    assert without["EvalDecision"] == "implicitDeny"
    assert without["MissingContextValues"] == ["aws:PrincipalTag/team"]
    entry = {
        "ContextKeyName": "aws:PrincipalTag/team",
        "ContextKeyValues": ["red"],
        "ContextKeyType": "string",
    }
    (with_it,) = custom(iam, document, ContextEntries=[entry])
    assert with_it["EvalDecision"] == "allowed"
    assert with_it["MissingContextValues"] == []


def test_a_boundary_limits(iam: Any) -> None:
    boundary = json.dumps(allow("kms:*"))
    (result,) = custom(iam, allow("dynamodb:*"), PermissionsBoundaryPolicyInputList=[boundary])
    assert result["EvalDecision"] == "implicitDeny"
    assert result["PermissionsBoundaryDecisionDetail"] == {"AllowedByPermissionsBoundary": False}


@pytest.mark.parametrize("who", ["root", "administrator"])
def test_what_is_simulated_does_not_depend_on_who_asks(account: Account, who: str) -> None:
    session = account.root if who == "root" else account.user("administrator", allow("*"))
    answer = session.client("iam").simulate_custom_policy(
        PolicyInputList=[json.dumps(allow("dynamodb:*")), json.dumps(deny("dynamodb:Scan"))],
        ActionNames=["dynamodb:GetItem", "dynamodb:Scan", "kms:Decrypt"],
    )
    decisions = [one["EvalDecision"] for one in answer["EvaluationResults"]]
    assert decisions == ["allowed", "explicitDeny", "implicitDeny"]


def test_a_boundary_is_told_by_itself(iam: Any) -> None:
    boundary = [json.dumps(allow("kms:*"))]
    (result,) = custom(iam, deny("dynamodb:*"), PermissionsBoundaryPolicyInputList=boundary)
    assert result["EvalDecision"] == "explicitDeny"
    assert result["PermissionsBoundaryDecisionDetail"] == {"AllowedByPermissionsBoundary": False}
    (result,) = custom(iam, deny("kms:*"), PermissionsBoundaryPolicyInputList=boundary, actions=("kms:Sign",))
    assert result["PermissionsBoundaryDecisionDetail"] == {"AllowedByPermissionsBoundary": True}


@pytest.mark.parametrize(("owner", "expected"), [(ACCOUNT, "allowed"), ("999999999999", "implicitDeny")])
def test_the_owner_of_a_resource_is_the_arn_of_an_account(iam: Any, owner: str, expected: str) -> None:
    """Within the account the key policy that names the user is enough, from another it is not."""
    statement = {"Effect": "Allow", "Principal": {"AWS": ANA}, "Action": "kms:*", "Resource": "*"}
    more = {
        "ResourceArns": [KEY],
        "ResourcePolicy": json.dumps({"Version": "2012-10-17", "Statement": [statement]}),
        "ResourceOwner": f"arn:aws:iam::{owner}:root",
    }
    (result,) = custom(iam, allow("dynamodb:*"), actions=("kms:Decrypt",), **more)
    assert result["EvalDecision"] == expected


def test_a_resource_policy_allows(iam: Any) -> None:
    policy = {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Principal": {"AWS": ANA},
                "Action": "dynamodb:GetItem",
                "Resource": TABLE_ARN,
            }
        ],
    }
    more = {"ResourceArns": [TABLE_ARN], "ResourcePolicy": json.dumps(policy)}
    (result,) = custom(iam, allow("s3:ListBucket"), **more)
    assert result["EvalDecision"] == "allowed"
    assert result["MatchedStatements"][0]["SourcePolicyType"] == "Resource Policy"


def test_a_key_is_decided_by_iam_alone_where_no_key_policy_is_given(iam: Any) -> None:
    for document, expected in ((allow("kms:Decrypt"), "allowed"), (allow("kms:Encrypt"), "implicitDeny")):
        (result,) = custom(iam, document, actions=("kms:Decrypt",), ResourceArns=[KEY])
        assert result["EvalDecision"] == expected
        assert len(result["MatchedStatements"]) == (expected == "allowed")


def test_a_principals_own_policies_are_simulated(account: Account, iam: Any) -> None:
    account.user("ana", allow("dynamodb:GetItem"))
    authorization = iam.simulate_principal_policy
    answer = authorization(PolicySourceArn=ANA, ActionNames=["dynamodb:GetItem", "dynamodb:PutItem"])
    decisions = [one["EvalDecision"] for one in answer["EvaluationResults"]]
    assert decisions == ["allowed", "implicitDeny"]
    assert answer["EvaluationResults"][0]["MatchedStatements"][0]["SourcePolicyId"] == "p0"
    extra = authorization(
        PolicySourceArn=ANA, ActionNames=["dynamodb:PutItem"], PolicyInputList=[json.dumps(allow("*"))]
    )
    assert extra["EvaluationResults"][0]["EvalDecision"] == "allowed"


def test_a_groups_policies_can_be_simulated(iam: Any) -> None:
    arn = iam.create_group(GroupName="readers")["Group"]["Arn"]
    iam.put_group_policy(
        GroupName="readers", PolicyName="p", PolicyDocument=json.dumps(allow("kms:ListKeys"))
    )
    answer = iam.simulate_principal_policy(PolicySourceArn=arn, ActionNames=["kms:ListKeys"])
    assert answer["EvaluationResults"][0]["EvalDecision"] == "allowed"


@pytest.mark.parametrize(
    ("operation", "params", "code"),
    [
        ("simulate_custom_policy", {"PolicyInputList": ["{"]}, "InvalidInput"),
        ("simulate_principal_policy", {"PolicySourceArn": f"{ANA}-nobody"}, "NoSuchEntity"),
        ("simulate_principal_policy", {"PolicySourceArn": f"{ANA.replace('user', 'group')}"}, "NoSuchEntity"),
        ("simulate_principal_policy", {"PolicySourceArn": f"arn:aws:iam::{ACCOUNT}:root"}, "InvalidInput"),
        ("simulate_custom_policy", {"PolicyInputList": [ANYTHING], "CallerArn": ROLE}, "InvalidInput"),
        ("simulate_custom_policy", {"PolicyInputList": [ANYTHING], "ActionNames": ["kms"]}, "InvalidInput"),
        ("simulate_custom_policy", {"PolicyInputList": [ANYTHING], "ActionNames": ["kms:*"]}, "InvalidInput"),
        ("simulate_custom_policy", {"PolicyInputList": [], "ResourcePolicy": ANYTHING}, "InvalidInput"),
    ],
)
def test_bad_input_is_the_services_own_error(iam: Any, operation: str, params: Any, code: str) -> None:
    with pytest.raises(ClientError) as refused:
        getattr(iam, operation)(**{"ActionNames": ["dynamodb:GetItem"], **params})
    assert refused.value.response["Error"]["Code"] == code


def test_results_come_in_pages(iam: Any) -> None:
    params = {"PolicyInputList": [json.dumps(allow("*"))], "ActionNames": ["kms:A", "kms:B", "kms:C"]}
    first = iam.simulate_custom_policy(MaxItems=2, **params)
    assert first["IsTruncated"]
    second = iam.simulate_custom_policy(MaxItems=2, Marker=first["Marker"], **params)
    assert [one["EvalActionName"] for one in second["EvaluationResults"]] == ["kms:C"]
    assert not second["IsTruncated"]


def test_the_condition_keys_that_policies_ask_for_are_listed(account: Account, iam: Any) -> None:
    """Of conditions and of policy variables, each once."""
    wanted = {
        "StringEquals": {"kms:ViaService": "x", "aws:PrincipalTag/team": "${aws:username, 'nobody'}${*}"}
    }
    own = allow("kms:Decrypt", Condition=wanted)
    answer = iam.get_context_keys_for_custom_policy(PolicyInputList=[json.dumps(own)] * 2)
    names = ["kms:ViaService", "aws:PrincipalTag/team", "aws:username"]
    assert sorted(answer["ContextKeyNames"]) == sorted(names)
    account.user("ana", own)
    more = [json.dumps(allow("kms:Encrypt", Condition={"Bool": {"aws:SecureTransport": "true"}}))]
    answer = iam.get_context_keys_for_principal_policy(PolicySourceArn=ANA, PolicyInputList=more)
    assert sorted(answer["ContextKeyNames"]) == sorted([*names, "aws:SecureTransport"])
    with pytest.raises(ClientError) as refused:
        iam.get_context_keys_for_principal_policy(PolicySourceArn=f"{ANA}-nobody")
    assert refused.value.response["Error"]["Code"] == "NoSuchEntity"


@pytest.mark.parametrize(
    ("more", "code"),
    [
        ({"Marker": "abc"}, "ValidationError"),
        ({"Marker": "-1"}, "ValidationError"),
        ({"Marker": "7"}, "ValidationError"),
        ({"ContextEntries": [{"ContextKeyType": "string", "ContextKeyValues": ["a"]}]}, "InvalidInput"),
    ],
)
def test_what_the_simulator_does_not_take(account: Account, more: dict[str, Any], code: str) -> None:
    iam = account.root.client("iam")
    document = json.dumps(allow("kms:*"))
    with pytest.raises(ClientError) as refused:
        iam.simulate_custom_policy(PolicyInputList=[document], ActionNames=["kms:Decrypt"], **more)
    assert refused.value.response["Error"]["Code"] == code


def test_a_resource_is_an_arn(iam: Any) -> None:
    for resource in ("foo", "arn:aws:kms"):
        with pytest.raises(ClientError, match="InvalidInput"):
            custom(iam, ANYTHING, actions=("kms:Decrypt",), ResourceArns=[resource])
    for resource in ("arn:aws:s3:::bucket", "arn:aws:kms:*:*:key/*", KEY, "*"):
        (result,) = custom(iam, ANYTHING, actions=("kms:Decrypt",), ResourceArns=[resource])
        assert result["EvalActionName"] == "kms:Decrypt"
