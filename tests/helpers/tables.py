"""Tables as CreateTable takes them, for tests of what DynamoDB refuses of them."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError

from helpers.account import ACCOUNT, REGION

P = "One or more parameter values were invalid: "
ARN = f"arn:aws:dynamodb:{REGION}:{ACCOUNT}:table/orders"
Params = dict[str, Any]


def keys(*names: str) -> list[dict[str, str]]:
    """A key schema: the first name is its partition key."""
    kinds = ("HASH", "RANGE")
    return [{"AttributeName": name, "KeyType": kind} for name, kind in zip(names, kinds, strict=False)]


def key(name: str, kind: str) -> dict[str, str]:
    return {"AttributeName": name, "KeyType": kind}


def defined(*names: str) -> list[dict[str, str]]:
    return [{"AttributeName": name, "AttributeType": "S"} for name in names]


def index(name: str = "ix1", *of: str, **more: Any) -> Params:
    return {
        "IndexName": name,
        "KeySchema": keys(*(of or ("a",))),
        "Projection": {"ProjectionType": "ALL"},
        **more,
    }


def table(*of: str, extra: tuple[str, ...] = (), **more: Any) -> Params:
    """A table billed by request with these keys; `extra` attributes are defined besides."""
    names = of or ("id",)
    return {
        "TableName": "orders",
        "KeySchema": keys(*names),
        "AttributeDefinitions": defined(*names, *extra),
        "BillingMode": "PAY_PER_REQUEST",
        **more,
    }


def indexed(*indexes: Params, local: bool = False, **more: Any) -> Params:
    member = "LocalSecondaryIndexes" if local else "GlobalSecondaryIndexes"
    names = {k["AttributeName"] for i in indexes for k in i["KeySchema"]} - {"id", "r"}
    return table("id", "r", extra=tuple(sorted(names)), **{member: list(indexes)}, **more)


def projected(**projection: Any) -> Params:
    return indexed(index(Projection=projection))


UNITS = {"ReadCapacityUnits": 5, "WriteCapacityUnits": 5}
PROVISIONED: Params = {"BillingMode": "PROVISIONED", "ProvisionedThroughput": UNITS}
NO_UNITS = (
    f"{P}Neither ReadCapacityUnits nor WriteCapacityUnits can be specified when BillingMode is "
    "PAY_PER_REQUEST"
)


def error(act: Any, params: Params) -> tuple[str, str]:
    with pytest.raises(ClientError) as caught:
        act(**params)
    error = caught.value.response["Error"]
    return error["Code"], error["Message"]
