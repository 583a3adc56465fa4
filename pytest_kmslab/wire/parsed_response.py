"""A backend's response, parsed only if somebody looks: most calls need no mending at all."""

from __future__ import annotations

from collections import UserDict
from copy import deepcopy
from typing import TYPE_CHECKING, Any

from pytest_kmslab.wire.http_message import Reply

if TYPE_CHECKING:
    from botocore.model import OperationModel


class ParsedResponse(UserDict[str, Any]):
    """The response as botocore parses it, read from the wire at the first look.

    It tells whether it `changed` since: only then it has to be written anew.
    """

    def __init__(self, operation: OperationModel, reply: Reply) -> None:
        self._operation = operation
        self._reply = reply
        self._data: dict[str, Any] | None = None
        self._before: dict[str, Any] = {}

    @property
    def data(self) -> dict[str, Any]:  # type: ignore[override]
        """The members of the response."""
        if self._data is None:
            self._data = self._parse()
            self._before = deepcopy(self._data)
        return self._data

    @property
    def changed(self) -> bool:
        """Whether anything in it is not as the backend answered."""
        # Most responses are not even parsed.
        return self._data is not None and self._data != self._before

    def _parse(self) -> dict[str, Any]:
        from botocore.parsers import create_parser

        reply, model = self._reply, self._operation
        raw = {
            "status_code": reply.status,
            "headers": {name.lower(): value for name, value in reply.headers},
            "body": reply.body,
        }
        parser = create_parser(model.service_model.resolved_protocol)
        parsed: dict[str, Any] = parser.parse(raw, model.output_shape)  # type: ignore[arg-type]  # None: no members
        return parsed
