"""Makes of moto's failures over the values of a request on items what a client can read.

moto reads expressions and conditions as they come and meets what it has not thought of with a bare Python
exception: AWS answers ValidationException to nearly all of it.
https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Programming.Errors.html
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from moto.dynamodb.exceptions import MockValidationException
from moto.dynamodb.responses import DynamoHandler

from pytest_kmslab.backends.moto.patches.replacing import Replaced, Replacement

_OPERATIONS = (
    "batch_get_item",
    "batch_write_item",
    "delete_item",
    "get_item",
    "put_item",
    "query",
    "scan",
    "transact_get_items",
    "transact_write_items",
    "update_item",
)
_FAILURES = (
    ArithmeticError,
    AssertionError,
    AttributeError,
    LookupError,
    NotImplementedError,
    TypeError,
    ValueError,
)

Operation = Callable[[DynamoHandler], Any]


def readable_item_errors() -> Replaced:
    """While this is open, moto refuses requests on items that it cannot read with a ValidationException."""
    return Replaced(*(Replacement(DynamoHandler, name, guarded) for name, guarded in _GUARDED.items()))


def _guarded(operation: Operation) -> Operation:
    def guarded(handler: DynamoHandler) -> Any:
        try:
            return operation(handler)
        except _FAILURES as failure:
            text = f"moto cannot do this request: {type(failure).__name__}: {failure} (said by pytest-kmslab)"
            raise MockValidationException(text) from failure

    return guarded


_GUARDED = {name: _guarded(getattr(DynamoHandler, name)) for name in _OPERATIONS}
