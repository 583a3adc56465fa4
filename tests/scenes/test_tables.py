"""DynamoDB's own rights: its condition keys and the policies of tables."""

from __future__ import annotations

from helpers.world import DENIED, FULL_ACCESS, ITEM_KEY, World, allow, document, refused, to, unique


def test_leading_keys(world: World) -> None:
    own = {"ForAllValues:StringEquals": {"dynamodb:LeadingKeys": ["1"]}}
    table, db = world.table(), world.user(allow("dynamodb:GetItem", Condition=own)).dynamodb
    db.get_item(TableName=table, Key=ITEM_KEY)
    with refused(DENIED, "no identity-based policy allows the dynamodb:GetItem action"):
        db.get_item(TableName=table, Key={"id": {"S": "2"}})
    with refused(DENIED, "dynamodb:Scan"):
        db.scan(TableName=table)


def test_attributes(world: World) -> None:
    some = {
        "ForAllValues:StringEquals": {"dynamodb:Attributes": ["id", "team"]},
        "StringEquals": {"dynamodb:Select": "SPECIFIC_ATTRIBUTES"},
    }
    table, db = world.table(), world.user(allow("dynamodb:GetItem", Condition=some)).dynamodb
    db.get_item(TableName=table, Key=ITEM_KEY, ProjectionExpression="id, team")
    for more in ({"ProjectionExpression": "id, secret"}, {}):
        with refused(DENIED):
            db.get_item(TableName=table, Key=ITEM_KEY, **more)


def test_the_policy_of_a_table_allows_and_denies(world: World) -> None:
    table, user, full = world.table(), world.user(), world.user(managed=FULL_ACCESS)
    arn = world.table_arn(table)
    with refused(DENIED):
        user.dynamodb.get_item(TableName=table, Key=ITEM_KEY)
    reading = {**to(user.arn, "dynamodb:GetItem"), "Resource": arn}
    keeping = {**to(full.arn, "dynamodb:DeleteTable", "Deny"), "Resource": arn}
    world.put_table_policy(arn, reading, keeping)
    user.dynamodb.get_item(TableName=table, Key=ITEM_KEY)
    text = f"dynamodb:DeleteTable on resource: {arn} with an explicit deny in a resource-based policy"
    with refused(DENIED, text):
        full.dynamodb.delete_table(TableName=table)
    world.dynamodb.delete_resource_policy(ResourceArn=arn)
    with refused(DENIED):
        user.dynamodb.get_item(TableName=table, Key=ITEM_KEY)


def test_the_policy_of_a_table_is_looked_at_before_it_is_put(world: World) -> None:
    table, user = world.table(), world.user(managed=FULL_ACCESS)
    arn = world.table_arn(table)
    with refused("ValidationException", "grants unbounded access in one or more elements"):
        world.put_table_policy(arn, {**to("*", "dynamodb:GetItem"), "Resource": arn})
    with refused("ValidationException", 'The following action names are invalid: "dynamodb:GetRecords"'):
        world.put_table_policy(arn, {**to(user.arn, "dynamodb:GetRecords"), "Resource": arn})
    ghost = f"arn:aws:sts::{world.account}:assumed-role/ghost/s1"
    with refused("ValidationException", "Invalid principal in policy document."):
        world.put_table_policy(arn, {**to(ghost, "dynamodb:GetItem"), "Resource": arn})
    closing = document({**to("*", "dynamodb:*", "Deny"), "Resource": arn})
    with refused(DENIED, "will not allow you to update the resource policy in the future"):
        user.dynamodb.put_resource_policy(ResourceArn=arn, Policy=closing)
    user.dynamodb.put_resource_policy(ResourceArn=arn, Policy=closing, ConfirmRemoveSelfResourceAccess=True)
    with refused(DENIED, "with an explicit deny in a resource-based policy"):
        user.dynamodb.delete_resource_policy(ResourceArn=arn)
    world.dynamodb.delete_resource_policy(ResourceArn=arn)
    user.dynamodb.get_item(TableName=table, Key=ITEM_KEY)
    again = user.dynamodb.delete_resource_policy(ResourceArn=arn)
    assert not again.get("RevisionId")


def test_a_table_made_with_a_policy_has_it_from_the_start(world: World) -> None:
    name, user = unique("table"), world.user(managed=FULL_ACCESS)
    arn = world.table_arn(name)
    shut = document({**to(user.arn, "dynamodb:GetItem", "Deny"), "Resource": arn})
    world.make_table(name, ResourcePolicy=shut)
    with refused(DENIED, "with an explicit deny in a resource-based policy"):
        user.dynamodb.get_item(TableName=name, Key=ITEM_KEY)
    world.dynamodb.delete_table(TableName=name)
    world.make_table(name)
    user.dynamodb.get_item(TableName=name, Key=ITEM_KEY)
    world.dynamodb.delete_table(TableName=name)


def test_a_write_reaches_no_other_item_than_was_decided(world: World) -> None:
    own = {"ForAllValues:StringEquals": {"dynamodb:LeadingKeys": ["1"]}}
    table, db = world.table(), world.user(allow("dynamodb:*", Condition=own)).dynamodb
    before = world.dynamodb.scan(TableName=table)["Items"]
    for text in (
        f"UPDATE \"{table}\" SET id = '2' WHERE id = '1'",
        f"UPDATE \"{table}\" SET note = 'x'",
        f"DELETE FROM \"{table}\" WHERE id BETWEEN '0' AND '9'",
        f'DELETE FROM "{table}"',
    ):
        with refused("ValidationException"):
            db.execute_statement(Statement=text)
    with refused("ValidationException", "This attribute is part of the key"):
        new = {"id": {"Action": "PUT", "Value": {"S": "2"}}}
        db.update_item(TableName=table, Key=ITEM_KEY, AttributeUpdates=new)
    with refused("DuplicateItemException"):
        db.execute_statement(Statement=f"INSERT INTO \"{table}\" VALUE {{'id': '1'}}")
    assert world.dynamodb.scan(TableName=table)["Items"] == before


def test_a_statement_changes_the_item_that_it_names(world: World) -> None:
    table, db = world.table(), world.user(managed=FULL_ACCESS).dynamodb
    db.execute_statement(Statement=f"INSERT INTO \"{table}\" VALUE {{'id': '7', 'age': 19}}")
    db.execute_statement(Statement=f"UPDATE \"{table}\" SET age=20 WHERE id='7'")
    got = db.execute_statement(Statement=f'SELECT age FROM "{table}" WHERE id = ?', Parameters=[{"S": "7"}])
    assert got["Items"] == [{"age": {"N": "20"}}]
    db.execute_statement(Statement=f"DELETE FROM \"{table}\" WHERE id = '7'")
    assert "Item" not in db.get_item(TableName=table, Key={"id": {"S": "7"}})


def test_no_more_comes_back_than_was_decided(world: World) -> None:
    some = {"ForAllValues:StringEquals": {"dynamodb:Attributes": ["id"]}}
    table, db = world.table(), world.user(allow("dynamodb:*", Condition=some)).dynamodb
    key = {"id": {"S": "1"}}
    assert db.get_item(TableName=table, Key=key, AttributesToGet=["id"])["Item"] == key
    assert db.scan(TableName=table, AttributesToGet=["id"])["Items"] == [key]
    get = {"TableName": table, "Key": key, "ProjectionExpression": "id"}
    assert db.transact_get_items(TransactItems=[{"Get": get}])["Responses"] == [{"Item": key}]
