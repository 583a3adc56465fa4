"""Trust policies: what IAM says of each, as it was measured on AWS; and whom a policy may name."""

from __future__ import annotations

import json
from typing import Any

import pytest
from helpers.fake_account import ACCOUNT, FakeAccount

from pytest_kmslab.calls.api_call import ServiceError
from pytest_kmslab.calls.rules.principals import is_known_principal, is_service_principal
from pytest_kmslab.calls.rules.trust_documents import check_trust_document

ROOT = f"arn:aws:iam::{ACCOUNT}:root"
NOT_STS = "AssumeRole policy may only specify STS AssumeRole actions."
FEDERATED = "Federated principals must be valid domain names or SAML metadata ARNs"
NOBODY = "The passed in policy has a statement with no principals!"
COGNITO = {"Federated": "cognito-identity.amazonaws.com"}
SAML = f"arn:aws:iam::{ACCOUNT}:saml-provider/idp"
OIDC = f"arn:aws:iam::{ACCOUNT}:oidc-provider/token.actions.githubusercontent.com"


def fault(principal: Any, action: Any = "sts:AssumeRole", **more: Any) -> str:
    """What IAM says of a role's trust policy; empty where it takes it."""
    return said_of({"Effect": "Allow", "Principal": principal, "Action": action, **more})


def said_of(*statements: dict[str, Any]) -> str:
    """The same of a trust policy of these statements."""
    view = FakeAccount(unknown_principals={f"arn:aws:iam::{ACCOUNT}:user/ghost"})
    try:
        check_trust_document(json.dumps({"Version": "2012-10-17", "Statement": statements}), view, "aws")
    except ServiceError as error:
        return str(error).removeprefix("MalformedPolicyDocument: ")
    return ""


@pytest.mark.parametrize(
    "principal",
    [
        {"AWS": "*"},
        {"AWS": ["*", ROOT]},
        {"AWS": "111122223333"},
        {"AWS": "1111-2222-3333"},
        {"AWS": f"arn:aws:iam::{ACCOUNT}:user/path/ana"},
        {"AWS": f"arn:aws:sts::{ACCOUNT}:assumed-role/app/s1"},
        {"Service": "lambda.amazonaws.com"},
        {"Service": ["ecs-tasks.amazonaws.com", "states.us-east-1.amazonaws.com"], "AWS": ROOT},
        {"AWS": [], "Service": "lambda.amazonaws.com"},
        {"Federated": "accounts.google.com"},
        {"Federated": SAML},
        {"Federated": OIDC.replace("token.actions.githubusercontent.com", "id.example.com")},
    ],
)
def test_principals_that_iam_takes(principal: Any) -> None:
    assert fault(principal) == ""


@pytest.mark.parametrize(
    ("principal", "said"),
    [
        ("*", 'AssumeRolepolicy contained an invalid principal: "STAR":"*"'),
        ({"AWS": "12345"}, 'Invalid principal in policy: "AWS":"12345"'),
        *(
            ({"AWS": arn}, f'Invalid principal in policy: "AWS":"{arn}"')
            for arn in (
                f"arn:aws:iam::{ACCOUNT}:user/*",
                f"arn:aws:iam::{ACCOUNT}:*",
                f"arn:aws:iam::{ACCOUNT}:user/ghost",
                f"arn:aws:iam::{ACCOUNT}:group/devs",
                f"arn:aws-cn:iam::{ACCOUNT}:root",
                f"{ROOT} ",
                f"arn:aws:sts::{ACCOUNT}:assumed-role/app",
                "arn:aws:s3:::b",
            )
        ),
        ({"Service": "*"}, 'Invalid principal in policy: "SERVICE":"*"'),
        ({"Service": "lambda.example.com"}, 'Invalid principal in policy: "SERVICE":"lambda.example.com"'),
        (
            {"Service": ["lambda.amazonaws.com", "nosuch.amazonaws.com"]},
            'Invalid principal in policy: "SERVICE":"nosuch.amazonaws.com"',
        ),
        ({"CanonicalUser": "79a5"}, 'Invalid principal in policy: "CANONICALUSER":"79a5"'),
        ({}, "Missing required field Principal cannot be empty!"),
        ({"AWS": []}, NOBODY),
        ({"Federated": []}, NOBODY),
        ({"AWS": [], "Service": []}, NOBODY),
        *(
            ({"AWS": account}, f'Invalid principal in policy: "AWS":"{account}"')
            for account in ("12345678901-2", "1111-2222-3333-", "111122223333-", "-111122223333")
        ),
        ({"Federated": "anything at all"}, FEDERATED),
        ({"Federated": "*"}, FEDERATED),
        ({"Federated": f"arn:aws:iam::{ACCOUNT}:user/ana"}, FEDERATED),
        ({"Federated": SAML.replace("arn:aws:", "arn:aws-cn:")}, FEDERATED),
        (COGNITO, "A condition block must be present for the Cognito provider"),
    ],
)
def test_principals_that_iam_does_not_take(principal: Any, said: str) -> None:
    assert fault(principal) == said


def test_cognito_with_a_condition() -> None:
    aud = {"StringEquals": {"cognito-identity.amazonaws.com:aud": "us-east-1:1"}}
    assert fault(COGNITO, "sts:AssumeRoleWithWebIdentity", Condition=aud) == ""
    assert fault({"Federated": "accounts.google.com"}, "sts:AssumeRoleWithWebIdentity") == ""


GITHUB = "token.actions.githubusercontent.com"
EVALUATES = (
    f"Trust policy with trusted principal {OIDC} must evaluate, using StringEquals, StringLike or "
    f"StringEqualsIgnoreCase, {GITHUB}:sub or {GITHUB}:job_workflow_ref which is not scoped to all."
)


@pytest.mark.parametrize(
    ("conditions", "said"),
    [
        ({}, EVALUATES),
        ({"StringEquals": {f"{GITHUB}:aud": "sts.amazonaws.com"}}, EVALUATES),
        ({"StringLike": {f"{GITHUB}:sub": "*"}}, EVALUATES),
        ({"StringLike": {f"{GITHUB}:sub": ["repo:me/mine:*", "**"]}}, EVALUATES),
        ({"StringLike": {f"{GITHUB}:sub": []}}, EVALUATES),
        ({"StringLikeIfExists": {f"{GITHUB}:sub": "repo:me/mine:*"}}, EVALUATES),
        ({"StringNotEquals": {f"{GITHUB}:sub": "repo:me/mine:*"}}, EVALUATES),
        ({"StringLike": {f"{GITHUB}/other:sub": "repo:me/mine:*"}}, EVALUATES),
        ({"StringLike": {f"{GITHUB}:sub": "repo:*"}}, ""),
        ({"StringEquals": {f"{GITHUB}:SUB": "repo:me/mine:ref:refs/heads/main"}}, ""),
        ({"ForAnyValue:StringLike": {f"{GITHUB}:job_workflow_ref": ["me/*"]}}, ""),
    ],
)
def test_a_provider_that_many_share_needs_whose_tokens_are_taken(
    conditions: dict[str, Any], said: str
) -> None:
    assert fault({"Federated": OIDC}, "sts:AssumeRoleWithWebIdentity", Condition=conditions) == said


def test_other_shared_providers_and_those_of_ones_own() -> None:
    arn, action = OIDC.rpartition("/")[0], "sts:AssumeRoleWithWebIdentity"
    pulumi = f"{arn}/api.pulumi.com/oidc"
    assert fault({"Federated": pulumi}, action).endswith(
        " api.pulumi.com/oidc:aud which is not scoped to all."
    )
    tenant = {"StringEquals": {"api.pulumi.com/oidc:aud": "mine"}}
    assert fault({"Federated": pulumi}, action, Condition=tenant) == ""
    assert fault({"Federated": f"{arn}/oidc.eks.us-east-1.amazonaws.com/id/AB"}, action) == ""
    assert fault({"Federated": OIDC}, action, Effect="Deny") == ""


def test_an_operator_that_is_none() -> None:
    conditions = {"ForAllValuesStringEquals": {"aws:PrincipalTag/team": "a"}}
    said = "Invalid Condition type : ForAllValuesStringEquals"
    assert fault({"AWS": ROOT}, Condition=conditions) == said


@pytest.mark.parametrize(
    "action",
    [
        *("s3:GetObject", "sts:*", "*", "sts:AssumeRoot", "sts:GetCallerIdentity", "sts:GetSessionToken"),
        *("sts:assumerole", "STS:AssumeRole", "sts:AssumeRole*"),
        ["sts:AssumeRole", "sts:GetFederationToken"],
    ],
)
def test_actions_that_a_trust_policy_cannot_name(action: Any) -> None:
    assert fault({"AWS": ROOT}, action) == NOT_STS


@pytest.mark.parametrize(
    "action",
    [
        *("sts:AssumeRole", "sts:AssumeRoleWithWebIdentity", "sts:AssumeRoleWithSAML", "sts:SetContext"),
        ["sts:AssumeRole", "sts:TagSession", "sts:SetSourceIdentity"],
    ],
)
def test_actions_that_it_can(action: Any) -> None:
    assert fault({"AWS": ROOT}, action) == ""


def test_a_condition_value_that_cannot_be_read() -> None:
    assert fault({"AWS": ROOT}, Condition={"ArnLike": {"aws:SourceArn": "nope"}}) == (
        "The policy failed legacy parsing"
    )
    assert fault({"AWS": ROOT}, Condition={"ArnLike": {"aws:SourceArn": "arn:aws:s3:::b*"}}) == ""


@pytest.mark.parametrize("named", ["*", {"AWS": ROOT}, {"AWS": f"arn:aws:iam::{ACCOUNT}:user/ghost"}])
def test_it_cannot_say_whom_it_is_not_about(named: Any) -> None:
    assert said_of({"Effect": "Allow", "NotPrincipal": named, "Action": "sts:AssumeRole"}) == (
        "Allow with NotPrincipal is not allowed."
    )
    assert said_of({"Effect": "Deny", "NotPrincipal": named, "Action": "sts:AssumeRole"}) == (
        "AssumeRole policy must not contain NotPrincipal field."
    )


@pytest.mark.parametrize("effect", [None, 5, ["Allow"], {"Allow": []}])
def test_an_effect_that_is_no_text(effect: Any) -> None:
    for element in ("Principal", "NotPrincipal"):
        said = said_of({"Effect": effect, element: {"AWS": ROOT}, "Action": "sts:AssumeRole"})
        assert said == "Syntax errors in policy."


def test_its_statements_have_different_ids_and_there_is_one() -> None:
    statement = {"Sid": "A", "Effect": "Allow", "Principal": {"AWS": ROOT}, "Action": "sts:AssumeRole"}
    assert said_of(statement, statement) == "The Statement Ids in the policy are not unique"
    assert said_of(statement, {**statement, "Sid": "a"}) == ""
    assert said_of({**statement, "Sid": ""}, {**statement, "Sid": ""}) == ""
    assert said_of() == "Could not parse the policy: Statement is empty!"


def test_nor_can_not_action() -> None:
    assert fault({"AWS": ROOT}, "sts:AssumeRole", NotAction="s3:*") == NOT_STS


@pytest.mark.parametrize(
    ("name", "partition", "expected"),
    [
        ("lambda.amazonaws.com", "aws", True),
        ("lambda.amazonaws.com", "aws-cn", True),
        ("lambda.amazonaws.com", "aws-us-gov", True),
        ("ec2.amazonaws.com.cn", "aws-cn", True),
        ("elasticmapreduce.amazonaws.com.cn", "aws-cn", True),
        ("logs.cn-north-1.amazonaws.com.cn", "aws-cn", True),
        ("lambda.amazonaws.com.cn", "aws-cn", False),
        ("monitoring.rds.amazonaws.com.cn", "aws-cn", False),
        ("monitoring.rds.amazonaws.com", "aws-cn", True),
        ("ec2.amazonaws.com.cn", "aws", False),
        ("logs.us-gov-west-1.amazonaws.com", "aws-us-gov", True),
        ("replicator.lambda.amazonaws.com", "aws", True),
        ("resources.cloudformation.amazonaws.com", "aws", True),
        ("anything.aws.internal", "aws", True),
        ("notreal.amazonaws.com", "aws", False),
        ("lambda", "aws", False),
        ("amazonaws.com", "aws", False),
        ("xlambda.amazonaws.com", "aws", False),
        ("lambda.amazonaws.com.evil.example", "aws", False),
    ],
)
def test_names_of_services(name: str, partition: str, expected: bool) -> None:
    assert is_service_principal(name, partition) is expected


@pytest.mark.parametrize(
    ("principal", "expected"),
    [
        ("*", True),
        (ACCOUNT, True),
        (ROOT, True),
        (f"arn:aws:sts::{ACCOUNT}:federated-user/f", True),
        ("1234-5678-9012", False),
        (f"arn:aws:iam::{ACCOUNT}:user/", False),
        (f"arn:aws:iam::{ACCOUNT}:user/a?", False),
        (f"arn:aws-us-gov:iam::{ACCOUNT}:root", False),
    ],
)
def test_principals_of_key_and_table_policies(principal: str, expected: bool) -> None:
    assert is_known_principal(principal, FakeAccount(), "aws") is expected
