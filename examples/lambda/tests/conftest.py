"""The roles of the function, made of the policy files that are deployed, and its configuration."""

import json
import os
from pathlib import Path

import pytest

# In Lambda the Region is in the environment before the function is imported.
os.environ.setdefault("AWS_DEFAULT_REGION", "us-east-1")

POLICIES = Path(__file__).parent.parent / "policies"


@pytest.fixture
def make_role(kmslab):
    """A role that only Lambda may assume, with a policy file of the project."""

    def make(name):
        policy, trust = POLICIES / f"{name}.json", POLICIES / "trust.json"
        return kmslab.create_role(name, inline={name: policy}, trust=trust)

    return make


@pytest.fixture
def writer(make_role, kms_key, cards):
    """The function that saves customers: it may use both keys."""
    role = make_role("writer")
    kms_key.add_user(role)
    cards.add_user(role)
    return role


@pytest.fixture
def reader(make_role, kms_key):
    """The function that shows them: it may use the table's key, and not the one of the cards."""
    role = make_role("reader")
    kms_key.add_user(role)
    return role


@pytest.fixture
def cards(kmslab):
    return kmslab.create_key("cards")


@pytest.fixture(autouse=True)
def configuration(encrypted_table, cards, monkeypatch):
    monkeypatch.setenv("CUSTOMERS_TABLE", encrypted_table.name)
    monkeypatch.setenv("CARDS_KEY", cards.arn)


@pytest.fixture
def call():
    """Call the function as API Gateway does."""
    from customers.handler import handler

    def call(method, path, **body):
        event = {
            "httpMethod": method,
            "path": path,
            "pathParameters": {"customer": path.split("/")[2]},
            "body": json.dumps(body) if body else None,
        }
        response = handler(event, None)
        return response["statusCode"], json.loads(response["body"])

    return call


@pytest.fixture
def mara(kmslab, writer, call):
    """A customer, saved by the function itself."""
    with kmslab.environ(writer):
        status, _ = call("PUT", "/customers/mara", name="Mara", card="4111")
    assert status == 200
