from __future__ import annotations

from typing import Any

import pytest

from pytest_kmslab import IamUser


@pytest.fixture
def anyio_backend() -> str:
    """aiobotocore runs on asyncio only."""
    return "asyncio"


@pytest.fixture
def signing() -> Any:
    """The keywords by which a client signs as a user."""

    def keywords(user: IamUser) -> dict[str, str]:
        return {
            "aws_access_key_id": user.credentials.access_key_id,
            "aws_secret_access_key": user.credentials.secret_access_key,
        }

    return keywords
