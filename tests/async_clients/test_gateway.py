"""aiobotocore and aioboto3 through `kmslab_endpoint`, under pytest-asyncio and under anyio."""

from __future__ import annotations

from typing import Any

import aioboto3
import aiobotocore.session
import anyio
import pytest

from pytest_kmslab import DynamoDBTable, IamUser, Lab, Trail, allowed, denied


def client(url: str, **keywords: Any) -> Any:
    session = aiobotocore.session.get_session()
    return session.create_client("dynamodb", endpoint_url=url, region_name="us-east-1", **keywords)


@pytest.mark.asyncio
async def test_a_client_of_aiobotocore_is_decided(
    kmslab_endpoint: str,
    encrypted_table: DynamoDBTable,
    outsider: IamUser,
    key_user: IamUser,
    signing: Any,
) -> None:
    async with client(kmslab_endpoint, **signing(outsider)) as dynamodb:
        with denied("kms:Decrypt", by=outsider):
            await dynamodb.scan(TableName=encrypted_table.name)
    async with client(kmslab_endpoint, **signing(key_user)) as dynamodb:
        with allowed("kms:Decrypt", by=key_user):
            await dynamodb.scan(TableName=encrypted_table.name)


@pytest.mark.asyncio
async def test_a_resource_of_aioboto3_follows_environ(
    kmslab: Lab, kmslab_endpoint: str, encrypted_table: DynamoDBTable, outsider: IamUser, key_user: IamUser
) -> None:
    session = aioboto3.Session()
    async with session.resource("dynamodb", endpoint_url=kmslab_endpoint) as dynamodb:
        table = await dynamodb.Table(encrypted_table.name)
        with kmslab.environ(outsider), denied("kms:Decrypt", by=outsider):
            await table.put_item(Item={"id": "1"})
        with kmslab.environ(key_user), allowed("kms:Decrypt", by=key_user):
            await table.put_item(Item={"id": "1"})


@pytest.mark.anyio
async def test_tasks_of_anyio_are_decided_each_as_its_own_user(
    kmslab_endpoint: str,
    encrypted_table: DynamoDBTable,
    outsider: IamUser,
    key_user: IamUser,
    signing: Any,
    kmslab_trail: Trail,
) -> None:
    async def scan(user: IamUser) -> None:
        async with client(kmslab_endpoint, **signing(user)) as dynamodb:
            if user is outsider:
                with pytest.raises(dynamodb.exceptions.ClientError, match="kms:Decrypt"):
                    await dynamodb.scan(TableName=encrypted_table.name)
            else:
                await dynamodb.scan(TableName=encrypted_table.name)

    async with anyio.create_task_group() as tasks:
        for user in (outsider, key_user) * 5:
            tasks.start_soon(scan, user)
    assert len(kmslab_trail.denied("kms:Decrypt", by=outsider)) == 5
    assert len(kmslab_trail.allowed("kms:Decrypt", by=key_user)) == 5
    assert kmslab_trail.denied(by=key_user) == []
