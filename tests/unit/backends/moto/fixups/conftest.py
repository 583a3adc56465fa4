"""A table of two owners for the tests of PartiQL, and a client that sends what botocore would refuse."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.config import Config
from helpers.account import Account
from helpers.owned_items import filled, owner_of_mine


@pytest.fixture
def root(account: Account) -> Any:
    return filled(account)


@pytest.fixture
def mine(account: Account, root: Any) -> Any:
    return owner_of_mine(account)


@pytest.fixture
def unchecked(account: Account) -> Any:
    """DynamoDB as root, of whose requests botocore checks nothing."""
    return account.root.client("dynamodb", config=Config(parameter_validation=False))
