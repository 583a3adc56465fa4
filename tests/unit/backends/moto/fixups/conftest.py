"""A table of two owners for the tests of PartiQL; tests of other operations have their own."""

from __future__ import annotations

from typing import Any

import pytest
from helpers.account import Account
from helpers.owned_items import filled, owner_of_mine


@pytest.fixture
def root(account: Account) -> Any:
    return filled(account)


@pytest.fixture
def mine(account: Account, root: Any) -> Any:
    return owner_of_mine(account)
