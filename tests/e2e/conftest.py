"""What the steps share."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from e2e.item_calls import ITEM
from e2e.story import Story, StoryTeller

from pytest_kmslab import DynamoDBTable, IamUser, Lab, Settings

if TYPE_CHECKING:
    from collections.abc import Callable


def pytest_configure(config: pytest.Config) -> None:
    """Tell the document as a story."""
    config.pluginmanager.register(StoryTeller(config))


@pytest.fixture
def story(record_property: Callable[[str, object], None]) -> Story:
    """Tells what is done, and what AWS says to it."""
    return Story(record_property)


@pytest.fixture(scope="session")
def settings(kmslab_settings: Settings) -> Settings:
    """What this run was asked for; by default the names of the document."""
    return kmslab_settings


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
