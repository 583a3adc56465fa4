"""Roles as a user's tests have them: lambda's, which nobody but the service may assume."""

from __future__ import annotations

import pytest

HELPERS = """
    import boto3
    import pytest
    from pytest_kmslab import ResourceError, allowed, denied

    def trust(*services, action="sts:AssumeRole", **condition):
        statement = {"Effect": "Allow", "Principal": {"Service": list(services)}, "Action": action}
        return {"Version": "2012-10-17", "Statement": [{**statement, "Condition": condition}]}
"""


def run(project: pytest.Pytester, tests: str, passed: int, *options: str) -> None:
    project.makepyfile(HELPERS + tests)
    project.runpytest_subprocess(*options).assert_outcomes(passed=passed)


def test_a_function_acts_as_the_role_that_lambda_gives_it(project: pytest.Pytester) -> None:
    tests = """
    def handler(event, context):
        return boto3.client("dynamodb").get_item(TableName=event["table"], Key={"id": {"S": "1"}})

    def test_the_handler_needs_the_key(kmslab, kms_key, encrypted_table):
        lambda_may = trust("lambda.amazonaws.com")
        role = kmslab.create_role("fn", trust=lambda_may, policies="AmazonDynamoDBFullAccess")
        with kmslab.environ(role):
            with denied("kms:Decrypt", by=role, on=kms_key):
                handler({"table": encrypted_table.name}, None)
            kms_key.add_user(role)
            with allowed("kms:Decrypt", by=role):
                handler({"table": encrypted_table.name}, None)
    """
    run(project, tests, 1)


def test_the_trust_policy_decides_by_where_the_service_acts(project: pytest.Pytester) -> None:
    tests = """
    ARN = "arn:aws:lambda:us-east-1:{account}:function:reader"

    @pytest.mark.parametrize("account, source_arn, lets", [
        ("own", ARN, True), ("own", None, False), ("444455556666", ARN, False),
    ])
    def test_it(kmslab, account, source_arn, lets):
        own = kmslab.account
        arn = ARN.format(account=own)
        policy = trust(
            "lambda.amazonaws.com",
            StringEquals={"aws:SourceAccount": own if account == "own" else account},
            ArnEquals={"aws:SourceArn": arn},
        )
        role = kmslab.create_role(trust=policy)
        given = source_arn and source_arn.format(account=own)
        if lets:
            kmslab.as_(role, source_arn=given).client("sts").get_caller_identity()
        else:
            with pytest.raises(ResourceError, match="`lambda.amazonaws.com`.*aws:SourceAccount"):
                kmslab.as_(role, source_arn=given)
    """
    run(project, tests, 3)


@pytest.mark.parametrize(
    ("condition", "lets"),
    [
        ('StringEquals={"aws:PrincipalServiceName": "lambda.amazonaws.com"}', True),
        ('Bool={"aws:PrincipalIsAWSService": "true"}', True),
        ('Null={"aws:PrincipalArn": "true", "aws:PrincipalAccount": "true"}', True),
        ('Bool={"aws:PrincipalIsAWSService": "false"}', False),
        ('StringEquals={"aws:PrincipalType": "AssumedRole"}', False),
    ],
)
def test_a_service_is_nobody_of_the_account(project: pytest.Pytester, condition: str, lets: bool) -> None:
    tests = f"""
    def test_it(kmslab):
        role = kmslab.create_role(trust=trust("lambda.amazonaws.com", {condition}))
        if {lets}:
            kmslab.as_(role).client("sts").get_caller_identity()
        else:
            with pytest.raises(ResourceError, match="cannot be assumed as"):
                kmslab.as_(role)
    """
    run(project, tests, 1)


def test_a_service_that_is_not_trusted_does_not_get_in(project: pytest.Pytester) -> None:
    tests = """
    def test_of_two_one_is_to_be_named(kmslab):
        role = kmslab.create_role(trust=trust("lambda.amazonaws.com", "ecs-tasks.amazonaws.com"))
        with pytest.raises(ResourceError, match="`service=` which of them"):
            kmslab.as_(role)
        kmslab.as_(role, service="ecs-tasks.amazonaws.com").client("sts").get_caller_identity()

    def test_another(kmslab):
        role = kmslab.create_role(trust=trust("lambda.amazonaws.com"))
        with pytest.raises(ResourceError, match="cannot be assumed as `ec2.amazonaws.com`"):
            kmslab.as_(role, service="ec2.amazonaws.com")

    def test_a_role_of_the_account_is_no_services(kmslab):
        with pytest.raises(ResourceError, match="cannot be assumed as `lambda.amazonaws.com`"):
            kmslab.as_(kmslab.create_role(policies="AdministratorAccess"), service="lambda.amazonaws.com")

    def test_tags_need_to_be_allowed_too(kmslab):
        role = kmslab.create_role(trust=trust("lambda.amazonaws.com"))
        with pytest.raises(ResourceError, match="sts:TagSession"):
            role.session(tags={"team": "red"})
    """
    run(project, tests, 4)
