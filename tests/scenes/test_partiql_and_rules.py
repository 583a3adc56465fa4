"""PartiQL does what it was decided for, and DynamoDB's own rules hold, whatever is behind the gateway."""

from __future__ import annotations

from typing import Any

import pytest
from helpers.tables import P, defined, index, indexed, key, keys, table
from helpers.world import FULL_ACCESS, World, refused, unique

OWNERS = ("mine", "yours")
CONDITIONS: dict[str, list[str]] = {
    "id = 'mine'": ["mine"],
    "('mine' = id)": ["mine"],
    "(('mine' = id) AND n = 3)": ["mine"],
    "id IN ['mine', 'x']": ["mine"],
    "id = 'mine' AND n BETWEEN 4 AND 9": [],
    "n = 3 AND NOT id = 'mine'": ["yours"],
    "begins_with(\"id\", 'y')": ["yours"],
    "v IS MISSING OR n < 4": ["mine", "yours"],
    "id = 'mine' AND size(v) = 4": ["mine"],
}
CHANGES = {
    "UPDATE {} SET v = 'x' WHERE id = 'mine' AND r = '1' AND n > 5": "ConditionalCheckFailedException",
    "UPDATE {} SET v = 'x' WHERE id = 'mine' AND r = '9'": "ConditionalCheckFailedException",
    "DELETE FROM {} WHERE id = 'mine' AND r = '1' AND n = 4": "ConditionalCheckFailedException",
    "DELETE FROM {} WHERE id = 'mine' AND NOT r = '2'": "ValidationException",
    "UPDATE {} SET v = 'x' WHERE id = 'mine' OR r = '1'": "ValidationException",
}


@pytest.fixture(scope="module")
def shared(world: World) -> Any:
    """A table with a sort key and an index that carries keys only, and an item of each owner; its name."""
    name = unique("table")
    carried = index("by-owner", "v", Projection={"ProjectionType": "KEYS_ONLY"})
    world.dynamodb.create_table(**indexed(carried) | {"TableName": name})
    world.dynamodb.get_waiter("table_exists").wait(TableName=name)
    for owner in OWNERS:
        item = {"id": {"S": owner}, "r": {"S": "1"}, "v": {"S": owner}, "n": {"N": "3"}}
        world.dynamodb.put_item(TableName=name, Item=item)
    return name


@pytest.mark.parametrize(("where", "owners"), CONDITIONS.items(), ids=CONDITIONS)
def test_a_select_reads_what_its_condition_says(
    world: World, shared: str, where: str, owners: list[str]
) -> None:
    user = world.user(managed=FULL_ACCESS)
    items = user.dynamodb.execute_statement(Statement=f'SELECT id FROM "{shared}" WHERE {where}')["Items"]
    assert sorted(item["id"]["S"] for item in items) == owners


def test_an_index_answers_what_it_carries(world: World, shared: str) -> None:
    db = world.user(managed=FULL_ACCESS).dynamodb
    read = db.execute_statement(Statement=f'SELECT * FROM "{shared}"."by-owner" WHERE v = \'mine\'')["Items"]
    assert read == [{"id": {"S": "mine"}, "r": {"S": "1"}, "v": {"S": "mine"}}]
    assert all("n" not in item for item in db.scan(TableName=shared, IndexName="by-owner")["Items"])


@pytest.mark.parametrize(("text", "code"), CHANGES.items(), ids=CHANGES)
def test_a_condition_that_fails_changes_nothing(world: World, shared: str, text: str, code: str) -> None:
    db = world.user(managed=FULL_ACCESS).dynamodb
    before = world.dynamodb.scan(TableName=shared)["Items"]
    with refused(code):
        db.execute_statement(Statement=text.format(f'"{shared}"'))
    assert world.dynamodb.scan(TableName=shared)["Items"] == before


def test_a_batch_answers_each_statement(world: World, shared: str) -> None:
    db = world.user(managed=FULL_ACCESS).dynamodb
    texts = ["DELETE FROM {} WHERE id = 'mine'", "INSERT INTO {} VALUE {{'id': 'mine', 'r': '1'}}"]
    statements = [{"Statement": text.format(f'"{shared}"')} for text in texts]
    answers = db.batch_execute_statement(Statements=statements)["Responses"]
    assert [answer["Error"]["Code"] for answer in answers] == ["ValidationError", "DuplicateItem"]


RULES = {
    "two partition keys": (
        table("id", "r", KeySchema=[key("id", "HASH"), key("r", "HASH")]),
        "Invalid KeySchema: The second KeySchemaElement is not a RANGE key type",
    ),
    "an index named twice": (indexed(index("dup"), index("dup")), f"{P}Duplicate index name: dup"),
    "an attribute of no key": (
        table(extra=("x",)),
        "Number of attributes in KeySchema does not exactly match",
    ),
    "throughput by request": (
        table(ProvisionedThroughput={"ReadCapacityUnits": 1, "WriteCapacityUnits": 1}),
        "when BillingMode is PAY_PER_REQUEST",
    ),
    "a key that is not defined": (
        table(KeySchema=keys("other"), AttributeDefinitions=defined("id")),
        "are not defined in AttributeDefinitions",
    ),
    "a reserved tag": (table(Tags=[{"Key": "aws:x", "Value": "y"}]), "cannot be prefixed with aws:"),
}


@pytest.mark.parametrize(("params", "text"), RULES.values(), ids=RULES)
def test_no_such_table_is_made(world: World, params: dict[str, Any], text: str) -> None:
    name = unique("table")
    with refused("ValidationException", text):
        world.dynamodb.create_table(**params | {"TableName": name})
    assert name not in world.dynamodb.list_tables()["TableNames"]


def test_a_table_changes_one_thing_at_a_time(world: World) -> None:
    name = world.table()
    stream = {"StreamEnabled": True, "StreamViewType": "NEW_IMAGE"}
    with refused("ValidationException", "DeletionProtection modification must be the only operation"):
        world.dynamodb.update_table(
            TableName=name, DeletionProtectionEnabled=True, StreamSpecification=stream
        )
    with refused("ValidationException", "Table has no stream to disable"):
        world.dynamodb.update_table(TableName=name, StreamSpecification={"StreamEnabled": False})
    with refused("ValidationException", "Invalid AWS region in"):
        world.dynamodb.describe_table(TableName=world.table_arn(name).replace("us-east-1", "eu-west-1"))
