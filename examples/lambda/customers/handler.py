"""The function. It handles every error, so that nobody sees from outside what was denied to it."""

import json

from botocore.exceptions import ClientError

from customers import store

FORBIDDEN = {"AccessDenied", "AccessDeniedException"}


def handler(event, context):
    try:
        return answer(200, act(event))
    except ClientError as error:
        code = error.response["Error"]["Code"]
        return answer(403 if code in FORBIDDEN else 500, {"error": "this cannot be done"})


def act(event):
    customer = event["pathParameters"]["customer"]
    if event["httpMethod"] == "PUT":
        body = json.loads(event["body"])
        store.save(customer, body["name"], body["card"])
        return {"saved": customer}
    if event["path"].endswith("/card"):
        return {"card": store.card_of(customer)}
    return {"name": store.read(customer)["name"]}


def answer(status, body):
    return {"statusCode": status, "body": json.dumps(body)}
