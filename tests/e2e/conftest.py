"""What the steps share."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from e2e.item_calls import ITEM

from pytest_kmslab.config.options import Settings
from pytest_kmslab.lab.kinds.table import DynamoDBTable
from pytest_kmslab.lab.kinds.user import IamUser
from pytest_kmslab.lab.lab import Lab
from pytest_kmslab.session.run import RUN

if TYPE_CHECKING:
    from collections.abc import Callable


@pytest.fixture(scope="session")
def settings(request: pytest.FixtureRequest) -> Settings:
    """What this run was asked for; by default the names of the document."""
    return request.config.stash[RUN].settings


@pytest.fixture
def client(kmslab: Lab) -> Callable[[IamUser, str], Any]:
    """A client of somebody: `client(outsider, "dynamodb")`."""
    return lambda actor, service: kmslab.as_(actor).client(service)


@pytest.fixture
def encrypted_item(kmslab: Lab, iam_admin: IamUser, encrypted_table: DynamoDBTable) -> None:
    """The item with id 1 in the encrypted table, whatever an earlier test did to it."""
    kmslab.as_(iam_admin).client("dynamodb").put_item(TableName=encrypted_table.name, Item=ITEM)


@pytest.fixture
def plain_table(kmslab: Lab, iam_admin: IamUser) -> DynamoDBTable:
    """A table with default encryption, under the key that DynamoDB owns, and with the item in it."""
    table = kmslab.create_table()
    kmslab.as_(iam_admin).client("dynamodb").put_item(TableName=table.name, Item=ITEM)
    return table
