"""Operations on items done by moto's own handler in this process, for what is made of several of them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from botocore import xform_name
from moto.core.exceptions import JsonRESTError
from moto.dynamodb.responses import DynamoHandler

from pytest_kmslab.calls.api_call import ServiceError

_MEMBERS = ("CancellationReasons", "Item")
"""What an error of DynamoDB says besides its code and text."""


def do_on_items(account: str, region: str, operation: str, params: Mapping[str, Any]) -> dict[str, Any]:
    """Do an operation of DynamoDB in an account and Region; raises ServiceError with what moto answers."""
    handler = DynamoHandler()
    handler.current_account, handler.region = account, region
    handler.body = dict(params)
    try:
        result: dict[str, Any] = getattr(handler, xform_name(operation))().result
    except JsonRESTError as error:
        told = json.loads(error.description)
        members = {name: told[name] for name in _MEMBERS if name in told}
        raise ServiceError(error.relative_error_type, str(error.message), members=members) from None
    return result
