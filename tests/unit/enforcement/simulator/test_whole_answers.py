"""Whole answers of the simulator, of an account in memory."""

from __future__ import annotations

import json
from typing import Any

import pytest
from helpers.fake_account import ACCOUNT, FakeAccount, call, key_arn, policy

from pytest_kmslab.authz.policy import NamedPolicy, Policies
from pytest_kmslab.calls.api_call import ServiceError
from pytest_kmslab.enforcement.simulator.context_key_names import context_key_names
from pytest_kmslab.enforcement.simulator.positions import statement_positions
from pytest_kmslab.enforcement.simulator.simulate import simulate

PATHS = {kind: f"arn:aws:iam::{ACCOUNT}:{kind}/team/blue/one" for kind in ("user", "role", "group")}
DECRYPT = NamedPolicy("own", policy({"Sid": "Mine", "Action": "kms:Decrypt"}))
NO_KMS = NamedPolicy("no-kms", policy({"Action": "*"}, {"Effect": "Deny", "Action": "kms:*"}))
ALLOWED = {"SourcePolicyId": "own", "SourcePolicyType": "IAM Policy"}


def answer(policies: Policies, kind: str = "user", **params: Any) -> Any:
    view = FakeAccount()
    view.policies_by_resource["*"] = policies
    view.iam_arns[kind, "one"] = PATHS[kind]
    given = {"PolicySourceArn": PATHS[kind], "ActionNames": ["kms:Decrypt"], **params}
    return simulate(call("iam", "SimulatePrincipalPolicy", given), view)


@pytest.mark.parametrize("kind", PATHS)
def test_whoever_has_a_path_is_simulated(kind: str) -> None:
    assert answer(Policies(identity=(DECRYPT,)), kind) == {
        "EvaluationResults": [
            {
                "EvalActionName": "kms:Decrypt",
                "EvalResourceName": "*",
                "EvalDecision": "allowed",
                "MatchedStatements": [ALLOWED],
                "MissingContextValues": [],
            }
        ],
        "IsTruncated": False,
    }


@pytest.mark.parametrize("resources", [["*"], [key_arn()]])
def test_the_organization_and_the_boundary_limit_on_keys_too(resources: list[str]) -> None:
    limited = Policies(
        identity=(DECRYPT,),
        service_control=((NO_KMS,),),
        permissions_boundary=NamedPolicy("b", DECRYPT.policy),
    )
    (result,) = answer(limited, ResourceArns=resources)["EvaluationResults"]
    assert result["EvalDecision"] == "explicitDeny"
    assert result["OrganizationsDecisionDetail"] == {"AllowedByOrganizations": False}
    assert result["PermissionsBoundaryDecisionDetail"] == {"AllowedByPermissionsBoundary": True}
    bounded = Policies(identity=(DECRYPT,), permissions_boundary=NamedPolicy("b", policy({"Action": "s3:*"})))
    (result,) = answer(bounded, ResourceArns=resources)["EvaluationResults"]
    assert result["EvalDecision"] == "implicitDeny"
    assert "OrganizationsDecisionDetail" not in result


EVERYTHING = json.dumps({"Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]})
ALL_BUT_KMS = json.dumps(
    {
        "Statement": [
            *json.loads(EVERYTHING)["Statement"],
            {"Effect": "Deny", "Action": "kms:*", "Resource": "*"},
        ]
    }
)


@pytest.mark.parametrize(
    ("levels", "decision"),
    [
        ([[EVERYTHING], [EVERYTHING]], "allowed"),
        ([[EVERYTHING], [EVERYTHING, ALL_BUT_KMS]], "explicitDeny"),
        ([[EVERYTHING], []], "implicitDeny"),
        ([[ALL_BUT_KMS.replace("*", "s3:*", 1)], [EVERYTHING]], "explicitDeny"),
    ],
)
def test_service_control_policies_that_are_given_limit(levels: list[list[str]], decision: str) -> None:
    """https://docs.aws.amazon.com/IAM/latest/APIReference/API_SimulateCustomPolicy.html"""
    given = [{"ServiceControlPolicyInputList": policies} for policies in levels]
    asked = {"PolicyInputList": [EVERYTHING], "ActionNames": ["kms:Decrypt"]}
    asked_call = call("iam", "SimulateCustomPolicy", {**asked, "OrderedOrganizationPolicyInputList": given})
    (result,) = simulate(asked_call, FakeAccount())["EvaluationResults"]  # type: ignore[index]
    assert result["EvalDecision"] == decision
    assert result["OrganizationsDecisionDetail"] == {"AllowedByOrganizations": decision == "allowed"}
    # Statements of the organization are not told.
    assert len(result["MatchedStatements"]) == (decision == "allowed")


@pytest.mark.parametrize(
    ("excluded", "decision"),
    [
        ([], "explicitDeny"),
        (["permission-boundary", "rcp"], "explicitDeny"),
        (["scp"], "implicitDeny"),
        (["scp", "permission-boundary"], "allowed"),
    ],
)
def test_policies_are_excluded_by_their_type(excluded: list[str], decision: str) -> None:
    """https://docs.aws.amazon.com/IAM/latest/APIReference/API_PolicyIdentifier.html"""
    limited = Policies(
        identity=(DECRYPT,),
        service_control=((NO_KMS,),),
        permissions_boundary=NamedPolicy("b", policy({"Action": "s3:*"})),
    )
    (result,) = answer(limited, PolicyExclusionList=[{"PolicyType": kind} for kind in excluded])[
        "EvaluationResults"
    ]
    assert result["EvalDecision"] == decision


def test_each_resource_is_answered() -> None:
    other = "arn:aws:s3:::b"
    own = Policies(identity=(NamedPolicy("own", policy({"Action": "kms:*", "Resource": key_arn()})),))
    (result,) = answer(own, ResourceArns=[key_arn(), other])["EvaluationResults"]
    parts = [
        {
            "EvalResourceName": resource,
            "EvalResourceDecision": decision,
            "MatchedStatements": matched,
            "MissingContextValues": [],
            "EvalDecisionDetails": {},
        }
        for resource, decision, matched in ((key_arn(), "allowed", [ALLOWED]), (other, "implicitDeny", []))
    ]
    assert result == {
        "EvalActionName": "kms:Decrypt",
        "EvalResourceName": "*",
        "EvalDecision": "implicitDeny",
        "MatchedStatements": [],
        "MissingContextValues": [],
        "EvalDecisionDetails": {},
        "ResourceSpecificResults": parts,
    }


ENTITY = "Invalid Entity Arn: {} does not clearly define entity type and name."
DOCUMENT = json.dumps({"Version": "2012-10-17", "Statement": []})


@pytest.mark.parametrize(
    ("params", "told"),
    [
        *(
            ({"PolicySourceArn": source}, ENTITY.format(source))
            for source in (
                f"arn:aws:iam::{ACCOUNT}:root",
                f"arn:aws:iam::{ACCOUNT}:user/",
                f"arn:aws:sts::{ACCOUNT}:user/one",
                f"arn:aws:iam::{ACCOUNT}:policy/one",
            )
        ),
        (
            {"PolicyExclusionList": [{"PolicyType": "inline"}]},
            "pytest-kmslab does not simulate without a policy of a user, group or role: "
            '{"PolicyType": "inline"}',
        ),
        (
            {"PermissionsBoundaryPolicyInputList": [DOCUMENT, DOCUMENT]},
            "You can input only one permissions boundary.",
        ),
        ({"ActionNames": ["kms:*"]}, "Invalid action name: kms:*"),
        ({"ResourceArns": ["b"]}, "Invalid resource ARN: b"),
        (
            {"CallerArn": f"arn:aws:iam::{ACCOUNT}:role/r"},
            f"Invalid CallerArn: arn:aws:iam::{ACCOUNT}:role/r is not the ARN of an IAM user.",
        ),
        (
            {"ContextEntries": [{"ContextKeyName": "a", "ContextKeyType": "text"}]},
            "Invalid context key type: text",
        ),
        (
            {"ContextEntries": [{"ContextKeyType": "string"}]},
            "Invalid context entry: ContextKeyName is missing.",
        ),
    ],
)
def test_what_is_not_simulated(params: dict[str, Any], told: str) -> None:
    with pytest.raises(ServiceError) as refused:
        answer(Policies(), **params)
    assert (str(refused.value), refused.value.status) == (f"InvalidInput: {told}", 400)


@pytest.mark.parametrize(
    ("operation", "params"),
    [
        ("SimulateCustomPolicy", {"PolicyInputList": [DOCUMENT, "{"], "ActionNames": ["a:b"]}),
        ("GetContextKeysForCustomPolicy", {"PolicyInputList": [DOCUMENT, "{"]}),
        (
            "GetContextKeysForPrincipalPolicy",
            {"PolicyInputList": [DOCUMENT, "{"], "PolicySourceArn": PATHS["user"]},
        ),
        (
            "SimulateCustomPolicy",
            {
                "PermissionsBoundaryPolicyInputList": [DOCUMENT, "{"],
                "PolicyInputList": [DOCUMENT],
                "ActionNames": ["a:b"],
            },
        ),
    ],
)
def test_a_policy_that_cannot_be_read_is_named(operation: str, params: dict[str, Any]) -> None:
    member = next(name for name in params if name.endswith("InputList"))
    asked = call("iam", operation, params)
    with pytest.raises(ServiceError) as refused:
        simulate(asked, FakeAccount()) or context_key_names(asked, FakeAccount())
    assert refused.value.code == "InvalidInput"
    assert refused.value.message.startswith(f"Invalid policy document {member}.2: ")


def test_where_statements_stand() -> None:
    text = '{"Version": "2012-10-17",\n "Statement": [\n  {"Sid": "One", "Effect": "Allow"},\n {"a":\n1}]}'
    assert statement_positions(text) == {
        "One": ({"Line": 3, "Column": 3}, {"Line": 3, "Column": 36}),
        "Statement[1]": ({"Line": 4, "Column": 2}, {"Line": 5, "Column": 3}),
    }
    alone = '{"Condition": {"Statement": {}},\n"Statement": {"Sid": "One"}, "Id": "x"}'
    assert statement_positions(alone) == {"One": ({"Line": 2, "Column": 14}, {"Line": 2, "Column": 28})}
