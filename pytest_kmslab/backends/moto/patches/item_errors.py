"""Makes of moto's failures over the values of a request on items what a client can read.

moto reads expressions and conditions as they come and meets what it has not thought of with a bare Python
exception: AWS answers ValidationException to nearly all of it.
https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Programming.Errors.html
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any
from unittest.mock import patch

from moto.dynamodb.exceptions import MockValidationException
from moto.dynamodb.responses import DynamoHandler

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


@contextmanager
def readable_item_errors() -> Iterator[None]:
    """While this is open, moto refuses requests on items that it cannot read with a ValidationException."""
    with ExitStack() as patched:
        for name in _OPERATIONS:
            patched.enter_context(patch.object(DynamoHandler, name, _guarded(getattr(DynamoHandler, name))))
        yield


def _guarded(operation: Operation) -> Operation:
    def guarded(handler: DynamoHandler) -> Any:
        try:
            return operation(handler)
        except _FAILURES as failure:
            # AWS answers ValidationException to nearly all of what moto meets with a bare exception.
            text = f"moto cannot do this request: {type(failure).__name__}: {failure} (said by pytest-kmslab)"
            raise MockValidationException(text) from failure

    return guarded
