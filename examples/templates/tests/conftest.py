"""The stacks under test, and the template's own key and table in place of the plugin's."""

from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent


@pytest.fixture(scope="module")
def orders(kmslab):
    """What `cdk synth` wrote."""
    return kmslab.deploy(ROOT / "cdk.out" / "OrdersStack.template.json")


@pytest.fixture(scope="module")
def kms_key(orders):
    return orders.resources["Key961B73FD"]


@pytest.fixture(scope="module")
def encrypted_table(orders):
    return orders.resources["OrdersA9B65338"]
