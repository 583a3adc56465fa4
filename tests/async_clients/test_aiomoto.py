"""aiobotocore in this process, which reaches moto by aiomoto."""

from __future__ import annotations

from typing import Any

import aiobotocore.session
import pytest
from aiomoto import mock_aws

from pytest_kmslab import BackendError, DynamoDBTable, IamUser, KmsKey, Lab, Trail, allowed, denied

pytestmark = pytest.mark.asyncio


def client(service: str, **keywords: Any) -> Any:
    return aiobotocore.session.get_session().create_client(service, region_name="us-east-1", **keywords)


async def test_a_call_is_denied(
    kmslab: Lab, encrypted_table: DynamoDBTable, outsider: IamUser, signing: Any
) -> None:
    with mock_aws():
        async with client("dynamodb", **signing(outsider)) as dynamodb:
            with denied("kms:Decrypt", by=outsider):
                await dynamodb.scan(TableName=encrypted_table.name)


async def test_a_call_is_allowed_and_done_once(
    kmslab: Lab, encrypted_table: DynamoDBTable, key_user: IamUser, signing: Any, kmslab_trail: Trail
) -> None:
    item = {"id": {"S": "1"}}
    with mock_aws():
        async with client("dynamodb", **signing(key_user)) as dynamodb:
            with allowed("kms:Decrypt", by=key_user):
                await dynamodb.update_item(
                    TableName=encrypted_table.name,
                    Key=item,
                    UpdateExpression="ADD counted :one",
                    ExpressionAttributeValues={":one": {"N": "1"}},
                )
            answer = await dynamodb.get_item(TableName=encrypted_table.name, Key=item)
    assert answer["Item"]["counted"] == {"N": "1"}
    asked = [entry.request.action for entry in kmslab_trail.for_(key_user)]
    assert asked == ["dynamodb:UpdateItem", "kms:Decrypt", "dynamodb:GetItem", "kms:Decrypt"]


async def test_what_the_plugin_answers_itself_reaches_the_client(
    kmslab: Lab, key_user: IamUser, kms_key: KmsKey
) -> None:
    with mock_aws(), kmslab.environ(kmslab.admin):
        async with client("iam") as iam:
            answer = await iam.simulate_principal_policy(
                PolicySourceArn=key_user.arn, ActionNames=["dynamodb:Scan"]
            )
    assert answer["EvaluationResults"][0]["EvalDecision"] == "allowed"


async def test_a_client_without_credentials_follows_environ(
    kmslab: Lab, outsider: IamUser, key_user: IamUser
) -> None:
    with mock_aws():
        async with client("sts") as sts:
            for user in (outsider, key_user, kmslab.admin):
                with kmslab.environ(user):
                    assert (await sts.get_caller_identity())["Arn"] == user.arn


async def test_credentials_that_are_given_in_code_stay(
    kmslab: Lab, outsider: IamUser, key_user: IamUser, signing: Any
) -> None:
    with mock_aws(), kmslab.environ(outsider):
        async with client("sts", **signing(key_user)) as sts:
            assert (await sts.get_caller_identity())["Arn"] == key_user.arn


async def test_without_aiomoto_an_error_says_how(kmslab: Lab) -> None:
    async with client("dynamodb") as dynamodb:
        with pytest.raises(BackendError, match="give its client the address of fixture `kmslab_endpoint`"):
            await dynamodb.describe_limits()
