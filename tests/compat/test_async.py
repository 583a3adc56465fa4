"""pytest-asyncio and anyio: blocks in a coroutine see what it, its tasks and its threads were denied."""

from __future__ import annotations

import asyncio
from typing import Any

import anyio.to_thread
import pytest

from pytest_kmslab import DynamoDBTable, IamUser, Lab, allowed, denied


@pytest.fixture
def scan(kmslab: Lab, encrypted_table: DynamoDBTable) -> Any:
    return lambda user: kmslab.as_(user).client("dynamodb").scan(TableName=encrypted_table.name)


@pytest.mark.asyncio
async def test_asyncio(scan: Any, outsider: IamUser, key_user: IamUser) -> None:
    with denied("kms:Decrypt", by=outsider):
        await asyncio.to_thread(scan, outsider)
    with allowed("kms:Decrypt", by=key_user):
        await asyncio.gather(asyncio.to_thread(scan, key_user), asyncio.to_thread(scan, key_user))


@pytest.mark.anyio
async def test_anyio(scan: Any, outsider: IamUser, key_user: IamUser) -> None:
    with denied("kms:Decrypt", by=outsider):
        await anyio.to_thread.run_sync(scan, outsider)
    with allowed("kms:Decrypt", by=key_user):
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(anyio.to_thread.run_sync, scan, key_user)


@pytest.mark.asyncio
async def test_a_denial_in_a_task_group_carries_through(scan: Any, outsider: IamUser) -> None:
    async def read() -> None:
        scan(outsider)

    with denied("kms:Decrypt"):
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(read)
