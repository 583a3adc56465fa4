"""Orders, by asynchronous clients."""

import aiobotocore.session

SESSION = aiobotocore.session.get_session()


def client(**options):
    return SESSION.create_client("dynamodb", region_name="us-east-1", **options)


async def place(table, order, article, **options):
    async with client(**options) as dynamodb:
        item = {"id": {"S": order}, "article": {"S": article}}
        await dynamodb.put_item(TableName=table, Item=item)


async def article_of(table, order, **options):
    async with client(**options) as dynamodb:
        answer = await dynamodb.get_item(TableName=table, Key={"id": {"S": order}})
        return answer["Item"]["article"]["S"]
