"""DynamoDB's own rights: its condition keys and the policies of tables."""

from __future__ import annotations

from support.world import DENIED, FULL_ACCESS, ITEM_KEY, World, allow, refused, to


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
